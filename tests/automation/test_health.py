"""Warnings of crm check: a tick that does not come, jobs that wait for a person."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crmcli.automation.health import automation_problems
from crmcli.workspace import Workspace
from crmcli.workspace.tick_times import MOST_KEPT, note_end
from tests.kit import NOW, Run

Crm = Callable[..., Run]


def at(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


def tick_at(crm: Crm, *moments: str) -> None:
    for moment in moments:
        assert crm("tick", CRM_NOW=moment).code == 0


def late(crm: Crm) -> str:
    run = crm("check")
    assert run.code == 0
    assert ("no problems found" in run.err) == ("warning" not in run.err)
    return "".join(line for line in run.err.splitlines() if "crm tick" in line)


def test_a_new_workspace_need_not_have_ticked(crm: Crm) -> None:
    assert late(crm) == ""
    crm("lead", "add", "--name", "Павел")
    assert late(crm) == ""


def test_a_record_has_waited_and_no_tick_ever_came(crm: Crm) -> None:
    crm("lead", "add", "--name", "Павел", CRM_NOW=at(hours=2))
    assert "crm tick has never finished here" in late(crm)


def test_a_tick_of_another_clone_counts(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Павел", CRM_NOW=at(hours=9))
    assert lead.code == 0
    tick_at(crm, at(hours=8))
    acted = json.loads(crm("jobs", "list", "--state", "all", "--json").out)
    assert acted, "the starter has a robot for new leads"
    (folder / ".crm/tick.lock").unlink()
    assert late(crm) == ""


def test_the_last_tick_was_long_ago(crm: Crm) -> None:
    tick_at(crm, at(minutes=130), at(minutes=125))
    assert "the last crm tick finished 2 hours ago" in late(crm)
    tick_at(crm, at(minutes=50))
    assert late(crm) == ""


def test_a_nightly_tick_is_not_late_by_day(crm: Crm) -> None:
    tick_at(crm, at(days=3), at(days=2), at(days=1))
    assert late(crm) == ""


def test_a_nightly_tick_that_fails_for_days_is(crm: Crm) -> None:
    tick_at(crm, at(days=6), at(days=5), at(days=4))
    assert "finished 4 days ago" in late(crm)


def test_without_robots_nobody_waits_for_a_tick(crm: Crm, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(
        "leads:\n  stages:\n    - {id: new, name: Новый, kind: open}\n"
        "    - {id: good, name: Да, kind: won}\n    - {id: junk, name: Нет, kind: lost}\n"
        "deals:\n  - id: sales\n    name: Продажи\n    stages:\n"
        "      - {id: new, name: Новая, kind: open}\n      - {id: won, name: Да, kind: won}\n"
        "      - {id: lost, name: Нет, kind: lost}\n",
        encoding="utf-8",
    )
    crm("lead", "add", "--name", "Павел", CRM_NOW=at(days=9))
    assert late(crm) == ""


def test_a_dry_run_and_a_busy_tick_are_no_tick(crm: Crm, folder: Path) -> None:
    crm("lead", "add", "--name", "Павел", CRM_NOW=at(hours=2))
    crm("tick", "--dry-run")
    assert "never" in late(crm)


def test_only_the_last_ends_are_kept(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "tick.lock", os.O_RDWR | os.O_CREAT)
    for minute in range(20):
        note_end(fd, NOW + timedelta(minutes=minute))
    os.close(fd)
    kept = (tmp_path / "tick.lock").read_text().split()
    assert len(kept) == MOST_KEPT
    assert kept[-1] == "2026-11-23T09:19:00Z"
    assert kept[0] == "2026-11-23T09:12:00Z"


def test_a_damaged_note_is_no_reason_to_fail(crm: Crm, folder: Path) -> None:
    tick_at(crm, at(hours=5))
    with (folder / ".crm/tick.lock").open("ab") as lock:
        lock.write(b"\x00\xff???\n")
    assert "finished 5 hours ago" in late(crm)
    tick_at(crm, NOW.isoformat())
    assert late(crm) == ""


@pytest.mark.parametrize(
    ("state", "words", "hint"),
    [
        ("dead", "1 job was given up", "crm jobs list --state dead"),
        ("unknown", "1 job may or may not have been sent", "crm jobs resolve KEY"),
    ],
)
def test_jobs_in_trouble(ws: Workspace, state: str, words: str, hint: str) -> None:
    with ws.change("tick", actor="robot:hello") as change:
        change.note(f"job.{state}", "", {"key": "a1", "robot": "hello", "action": "email"})
        change.note("job.done", "", {"key": "a2", "robot": "hello", "action": "email"})
    (found,) = automation_problems(ws)
    assert found.message == words
    assert hint in found.hint


def test_warnings_are_marked_for_machines(crm: Crm) -> None:
    crm("lead", "add", "--name", "Павел", CRM_NOW=at(hours=2))
    run = crm("check", "--json")
    (row,) = json.loads(run.out)
    assert (run.code, row["severity"], row["path"]) == (0, "warning", "pipelines.yaml")
