"""Checklists and participants of tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.errors import NotFound
from crmcli.model.kinds import InputContext, kind_of
from crmcli.model.kinds.base import Field
from crmcli.model.task import Task
from crmcli.sales import tasks
from crmcli.sales.records import edit as editing
from crmcli.store import layout
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def made(ws: Workspace, *lines: str) -> Task:
    task = kit.add(ws, "task", name=["Подготовить"], checklist=[*lines])
    assert isinstance(task, Task)
    return task


def marks(task: Task) -> list[str]:
    return [str(line) for line in task.checklist]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Счёт", ["[ ] Счёт"]),
        ("[x] Счёт\n[ ] Договор", ["[x] Счёт", "[ ] Договор"]),
        ("- [X] Счёт; договор, акт\r\n* [ ]Звонок", ["[x] Счёт; договор, акт", "[ ] Звонок"]),
        ("[х] русская икс", ["[x] русская икс"]),
        ("[] пусто\n\n  \n+ плюс", ["[ ] пусто", "[ ] плюс"]),
        ("[срочно] позвонить", ["[ ] [срочно] позвонить"]),
        ("-5 градусов", ["[ ] -5 градусов"]),
    ],
)
def test_a_checklist_is_read_as_it_is_written(written: str, read: list[str]) -> None:
    kind = kind_of("checklist")
    field = Field("checklist", kind)
    found = kind.parse(field.read(written, InputContext(NOW, NOW.tzinfo)))  # type: ignore[arg-type]
    assert [str(line) for line in found] == read  # type: ignore[union-attr]
    raw = kind.dump(found)
    assert field.read(kind.write_cell(raw), InputContext(NOW, NOW.tzinfo)) == raw  # type: ignore[arg-type]


def test_a_line_stands_in_the_file_and_one_line_changes(ws: Workspace, folder: Path) -> None:
    task = made(ws, "Счёт", "Договор", "Звонок")
    path = folder / layout.record_path(task.id)
    before = path.read_text("utf-8").splitlines()
    checked, is_changed = tasks.check_lines(ws, task.id, ["2"], done=True)
    assert (marks(checked), is_changed) == (["[ ] Счёт", "[x] Договор", "[ ] Звонок"], True)
    after = path.read_text("utf-8").splitlines()
    assert [line for line in after if line not in before] == ["    done: 'yes'"]
    assert len(after) == len(before) + 1
    assert tasks.check_lines(ws, task.id, ["договор"], done=True)[1] is False
    assert marks(tasks.check_lines(ws, task.id, ["дого"], done=False)[0])[1] == "[ ] Договор"


def test_a_hand_may_write_plain_lines(ws: Workspace, folder: Path) -> None:
    task = made(ws, "Счёт")
    path = folder / layout.record_path(task.id)
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("  - text: Счёт", "  - Счёт\n  - {text: Звонок, done: yes}"), "utf-8"
    )
    found = ws.get(task.id)
    assert isinstance(found, Task)
    assert marks(found) == ["[ ] Счёт", "[x] Звонок"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("3", "no line '3'"),
        ("0", "no line '0'"),
        ("акт", "no line 'акт'"),
        ("о", "'о' may be several lines"),
    ],
)
def test_what_is_no_line_is_told_with_the_lines(ws: Workspace, word: str, told: str) -> None:
    task = made(ws, "Договор", "Звонок")
    with pytest.raises(NotFound, match=told) as refused:
        tasks.check_lines(ws, task.id, ["1", word], done=True)
    assert "Договор" in (refused.value.hint or "")
    assert marks(ws.get(task.id)) == ["[ ] Договор", "[ ] Звонок"]  # type: ignore[arg-type]


def test_a_task_without_one_says_how_to_add_it(ws: Workspace) -> None:
    task = made(ws)
    with pytest.raises(NotFound, match="has no checklist"):
        tasks.check_lines(ws, task.id, ["1"], done=True)


def test_its_record_is_told_once_by_whatever_door_the_last_line_comes(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    task = kit.task(ws, name="Подготовить", about="Лид", checklist="Счёт")
    told = lambda: [e.data["task"] for e in ws.events(record=lead.id, kinds=["checklist.done"])]  # noqa: E731
    assert told() == []
    editing.edit(ws, task.id, editing.Edit({}, {"checklist": ["[x] счёт"]}, {}))
    assert told() == [task.id]
    tasks.check_lines(ws, task.id, ["1"], done=True)
    editing.edit(ws, task.id, editing.Edit({"name": ["Другое"]}, {}, {}))
    assert told() == [task.id]
    editing.edit(ws, task.id, editing.Edit({}, {"checklist": ["Договор"]}, {}))
    tasks.check_lines(ws, task.id, ["2"], done=True)
    assert told() == [task.id, task.id]


def test_participants_are_users(ws: Workspace) -> None:
    task = kit.add(ws, "task", name=["Встреча"], participants=["anna", "boris, anna"])
    assert task.get("participants") == ("anna", "boris")
