"""A base with the clients of others and one without them look the same to whoever may not see those."""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.two_bases import ACCESS, sameness


@pytest.mark.slow
def test_no_command_tells_that_others_have_clients(tmp_path: Path) -> None:
    """A sample of what `python -m torture sameness` calls; another one each month would be no test."""
    score = sameness(tmp_path, every_option=True, most=40)
    assert score.runs == 40
    assert score.faults == []


def test_the_comparison_notices_who_sees_more(tmp_path: Path) -> None:
    rules = ACCESS + "roles: {manager: {all: {read: all}}}\n"
    assert sameness(tmp_path, every_option=False, most=20, rules=rules).faults
