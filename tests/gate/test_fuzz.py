"""Commands at random; `python -m torture gate` makes a hundred thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.workspace.approving import approve
from tests.gate.matrix import made
from torture.gate import fuzzed
from torture.score import Score


def test_commands_at_random_end_as_commands_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root, ids = made(tmp_path)
    approve(root)
    score = Score("gate")
    fuzzed(score, root, ids, 1_000, seed=2026)
    assert score.faults == []
