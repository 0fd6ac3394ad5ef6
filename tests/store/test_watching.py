"""A change of the folder is noticed at once, also that of a file that is written in its place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.store.index.watching import watch
from crmcli.workspace import Workspace
from tests.kit import contact


def written_in_place(path: Path) -> None:
    with path.open("r+", encoding="utf-8") as file:
        file.write("x")


def renamed(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.parametrize("change", [Path.unlink, renamed, written_in_place])
def test_a_change_is_noticed_once(
    ws: Workspace, folder: Path, change: Callable[[Path], object]
) -> None:
    if change is written_in_place and sys.platform != "linux":
        pytest.skip("the system does not tell")
    contact(ws, name="Анна")
    signs = watch(folder)
    before = signs()
    assert signs() == before
    change(next(folder.glob("data/contacts/*/*.yaml")))
    after = signs()
    assert after != before
    assert signs() == after


def test_a_new_folder_of_records_is_watched_too(ws: Workspace, folder: Path) -> None:
    signs = watch(folder)
    signs()
    contact(ws, name="Анна")
    before = signs()
    written_in_place(next(folder.glob("data/contacts/*/*.yaml")))
    assert signs() != before or sys.platform != "linux"
