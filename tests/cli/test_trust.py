"""crm trust: a workspace of another user is worked in only after a word."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]

by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


def test_ones_own_folder_needs_no_word(crm: Crm, folder: Path) -> None:
    run = crm("trust", ".")
    assert run.code == 0
    assert "is waiting for approval" in run.out
    rows = json.loads(crm("trust", "--list", "--json").out)
    assert {row["state"] for row in rows} == {"approved"}


@by_root
def test_the_word_is_asked_for_kept_and_taken_back(crm: Crm, folder: Path, tmp_path: Path) -> None:
    os.chown(folder, 4321, 4321)
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    run = crm("trust", str(folder), cwd=tmp_path, **state)
    assert (run.code, run.out) == (2, "")
    assert "belongs to user 4321" in run.err
    assert "add --yes" in run.err
    assert crm("trust", str(folder), "--yes", cwd=tmp_path, **state).code == 0
    listed = json.loads(crm("trust", "--list", "--json", **state).out)
    assert [row["place"] for row in listed if "trusted" in row["state"]] == [str(folder)]
    assert f"no longer trusted: {folder}" in crm("trust", str(folder), "--revoke", **state).err
    assert str(folder) not in crm("trust", "--list", "--json", **state).out


@by_root
def test_a_tick_in_anothers_folder_says_once_that_it_is_not_ours(crm: Crm, folder: Path) -> None:
    os.chown(folder, 4321, 4321)
    run = crm("tick")
    assert (run.code, run.err.count("belongs to user 4321")) == (4, 1)


def test_the_list_goes_alone(crm: Crm) -> None:
    assert crm("trust", "--list", "--revoke").code == 2
