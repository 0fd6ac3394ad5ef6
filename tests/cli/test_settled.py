"""What fails after everything is saved is told, and is no reason to do it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import Refused
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


def stage(crm: Crm, record: str) -> str:
    return str(json.loads(crm("lead", "show", record, "--json").out)["stage"])


def test_a_conversion_that_cannot_be_told_whole_is_saved(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Анна Ким", "--phone", "8 916 123-45-67").out.strip()
    (folder / "data/blocklist.csv").mkdir()
    run = crm("lead", "convert", lead)
    assert (run.code, stage(crm, lead)) == (0, "converted")
    assert "blocklist.csv is not a regular file" in run.err
    assert "the change itself is saved" in run.err


def test_the_tick_follows_a_change_that_could_not_be_told(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Анна Ким").out.strip()
    (folder / "data/blocklist.csv").mkdir()
    crm("lead", "convert", lead, "--tick")
    assert (stage(crm, lead), (folder / ".crm/tick.lock").exists()) == ("converted", True)


def test_what_fails_before_anything_is_saved_fails(crm: Crm, folder: Path) -> None:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/blocklist.csv").mkdir()
    run = crm("lead", "add", "--name", "Анна", "--phone", "8 916 123-45-67")
    assert (run.code != 0, "saved" in run.err) == (True, False)
    assert list(folder.glob("data/leads/*/*")) == []


def test_all_tasks_are_found_before_one_is_done(crm: Crm) -> None:
    task = crm("task", "add", "Позвонить").out.strip()
    run = crm("task", "done", task, "task-00000000")
    assert run.code == 3
    assert json.loads(crm("task", "show", task, "--json").out).get("done_at") is None
    assert crm("task", "done", task).code == 0
    assert json.loads(crm("task", "show", task, "--json").out)["done_at"]


def stop() -> None:
    raise Refused("no further")


def test_several_changes_are_settled_when_all_are_saved(folder: Path) -> None:
    ws = Workspace.open(folder)
    seen: list[bool] = []

    def break_off() -> None:
        with ws.series():
            kit.lead(ws, name="Борис")
            seen.append(ws.is_settled)
            stop()

    kit.lead(ws, name="Анна")
    seen.append(ws.is_settled)
    with pytest.raises(Refused):
        break_off()
    seen.append(ws.is_settled)
    with ws.series():
        kit.lead(ws, name="Вера")
    seen.append(ws.is_settled)
    with pytest.raises(Refused), ws.change("lead add"):
        stop()
    seen.append(ws.is_settled)
    with ws.series():
        with ws.series():
            kit.lead(ws, name="Глеб")
        seen.append(ws.is_settled)
    seen.append(ws.is_settled)
    assert seen == [True, False, False, True, False, False, True]
