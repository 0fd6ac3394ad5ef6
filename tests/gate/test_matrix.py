"""Commands x roles x records: a part of them; `python -m torture gate` runs all."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.workspace.approving import approve
from tests.gate.matrix import cells, made, wrong


def test_who_may_not_see_a_record_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root, ids = made(tmp_path)
    approve(root)
    tried = [*cells(users=("anna",), owners=("olga",), of_all=("deal",))]
    assert len(tried) > 60
    found = {
        f"{cell.user} {' '.join(cell.words)} ({cell.owner}'s {cell.entity})": why
        for cell in tried
        if (why := wrong(root, ids, cell))
    }
    assert found == {}


def test_all_cells_are_more_than_a_thousand() -> None:
    assert len([*cells()]) > 1000
