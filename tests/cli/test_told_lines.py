"""What commands say in several lines, and who acted, in words."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.model.event import told_actor
from tests.kit import Run

Crm = Callable[..., Run]


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("robot:hello", "robot hello"),
        ("trigger:call.in", "trigger call.in"),
        ("schedule:sales/late", "schedule sales/late"),
        ("anna", "anna"),
        ("crm", "crm"),
        ("other:one", "other:one"),
        ("robot:", "robot:"),
    ],
)
def test_actors_are_told_in_words(actor: str, said: str) -> None:
    assert told_actor(actor) == said


def test_jobs_are_cancelled_in_the_language_spoken(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_LANG", "ru")
    for done in (
        crm("jobs", "cancel", "--where", "state = waiting", "--dry-run"),
        crm("jobs", "retry", "--where", "state = waiting", "--dry-run"),
    ):
        assert "Cancelled" not in done.out
        assert "Will be" not in done.out


def test_lines_of_an_answer_stay_lines_on_a_terminal(folder: Path) -> None:
    pid, screen = pty.fork()
    if not pid:
        os.chdir(folder)
        os.environ |= {"COLUMNS": "80", "CRM_LANG": "en"}
        os.execvp("python", ["python", "-m", "crmcli", "tick", "--status"])
    said = b""
    while True:
        try:
            if not (more := os.read(screen, 4096)):
                break
        except OSError:  # the other end is closed
            break
        said += more
    os.waitpid(pid, 0)
    starts = [line.partition(":")[0] for line in said.decode().splitlines() if ":" in line]
    assert starts[:3] == ["Last finished", "Crontab", "Clone"]
