"""Branches that git joins: what was written in both of them is there, and the next command sees it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.kit import Run

Crm = Callable[..., Run]


def test_branches_of_one_clone_join_without_a_conflict(crm: Crm, tmp_path: Path) -> None:
    base = tmp_path / "base"

    def git(*args: str) -> None:
        names = ("-c", "user.name=a", "-c", "user.email=a@example.ru")
        subprocess.run(["git", "-C", str(base), *names, *args], check=True, capture_output=True)

    def add(name: str) -> str:
        lead = crm("-C", str(base), "lead", "add", "--name", name).out.strip()
        git("add", "-A")
        git("commit", "-qm", name)
        return lead

    assert crm("init", str(base), cwd=tmp_path).code == 0
    first = add("Общий")
    git("checkout", "-qb", "side")
    side = add("В ветке")
    git("checkout", "-q", "-")
    main = add("В главной")
    git("merge", "-q", "--no-edit", "side")
    last = add("После")
    ids = crm("-C", str(base), "lead", "list", "--ids").out.split()
    assert sorted(ids) == sorted([first, side, main, last])
    for lead in ids:
        assert "lead.created" in crm("-C", str(base), "timeline", lead).out
    run = crm("-C", str(base), "check")
    assert (run.code, run.out) == (0, ""), run.out
