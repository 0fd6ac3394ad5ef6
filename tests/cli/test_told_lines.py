"""What commands say in several lines, and who acted, in words."""

from __future__ import annotations

import json
import os
import pty
import sys
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
        os.execv(sys.executable, [sys.executable, "-m", "crmcli", "tick", "--status"])
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


def test_what_robots_are_given_is_told_by_its_keys(crm: Crm) -> None:
    told = crm("pipeline", "show", "sales").out
    assert "text=" in told
    assert "[ ]" not in told


@pytest.mark.parametrize(("language", "word"), [("en", "deal"), ("ru", "сделка")])
def test_recipes_are_described_in_the_language_spoken(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    monkeypatch.setenv("CRM_LANG", language)
    told = crm("robots", "recipe", "list").out
    assert word in told
    assert ("ответственный" in told) == (language == "ru")


def test_names_of_stages_and_robots_are_whole_in_80_cells(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    crm("robots", "recipe", "add", "meeting-reminder")
    crm("deal", "add", "--name", "Чай для большого офиса на набережной")
    assert "meeting-client" in crm("robots", "waiting").out
    assert "предложение" in crm("stage", "list").out


def test_steps_of_a_recipe_are_in_the_language_spoken(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_LANG", "ru")
    assert "через 20 мин" in crm("robots", "recipe", "show", "welcome").out


def test_a_job_that_waits_for_its_answer_is_open_and_says_so_in_russian(
    crm: Crm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = folder / "robots.d" / "score"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncat > /dev/null\n", encoding="utf-8")
    program.chmod(0o755)
    given = ("--stage", "request", "--do", "own", "--with", "run=score", "--with", "wait=yes")
    assert crm("robots", "add", *given).code == 0
    crm("deal", "add", "--name", "Чай")
    crm("tick")
    monkeypatch.setenv("CRM_LANG", "ru")
    assert "it waits" not in crm("jobs", "list").out
    assert json.loads(crm("tick", "--status", "--json").out)["open_jobs"] == 1
