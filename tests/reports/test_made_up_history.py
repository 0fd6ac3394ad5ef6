"""The base with a past on which reports are judged and measured: a workspace as crm itself leaves one."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.sales.checks.check import problems
from crmcli.store.timeline import csv_lines
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace
from tests.reports import histories


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return histories.opened(histories.made(tmp_path_factory.mktemp("past") / "ws", 120, seed=5))


def test_it_has_no_faults(past: Workspace) -> None:
    assert [str(problem) for problem in problems(past)] == []


def test_files_are_as_crm_writes_them(past: Workspace) -> None:
    for path in (past.root / "data").glob("*/?/*.yaml"):
        content = path.read_bytes()
        assert codec.dump(codec.load(content, path.name)).encode() == content
    for path in (past.root / "data/timeline").glob("*/*.csv"):
        read = csv_lines.read_file(path)
        assert not read.problems
        events = [row.event for row in read.rows]
        assert csv_lines.lines(events, csv_lines.Tail(0, "", "")) == path.read_bytes()


def test_the_same_seed_gives_the_same_base(past: Workspace, tmp_path: Path) -> None:
    again = histories.made(tmp_path / "ws", 120, seed=5)
    for path in (past.root / "data").rglob("*"):
        if path.is_file():
            other = again / path.relative_to(past.root)
            assert other.read_bytes() == path.read_bytes()
