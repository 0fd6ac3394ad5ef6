"""Tasks of other programs: what for, by when, whose, done or not; twice the same file."""

from __future__ import annotations

import pytest

from crmcli.workspace import Workspace
from tests import kit


def task(ws: Workspace) -> dict[str, object]:
    return kit.one(ws, "task")


def test_a_file_of_tasks_comes_in_and_twice_it_updates(ws: Workspace) -> None:
    kit.contact(ws, name="Анна Орлова", emails="anna@x.ru")
    roof = kit.deal(ws, name="Кровля")
    text = (
        "ID задачи;Название задачи;Крайний срок;Ответственный;Сделка;E-mail;Статус\n"
        "71;Позвонить;01.12.2026 15:00;anna;Кровля;;Ждет выполнения\n"
        "72;Смета;02.12.2026;anna;;anna@x.ru;Завершена\n"
    )
    assert kit.bring(ws, "task", text, preset="bitrix24").created == 2
    call, estimate = kit.all_of(ws, "task")
    assert (call["about"], call["due"], call.get("done_at")) == (
        roof.id,
        "2026-12-01T12:00:00Z",
        None,
    )
    assert ws.get(str(estimate["about"])).get("name") == "Анна Орлова"
    assert estimate["done_at"]
    again = kit.bring(ws, "task", text.replace("15:00", "16:00"), preset="bitrix24")
    assert (again.created, again.replaced, again.unchanged) == (0, 1, 1)
    assert kit.all_of(ws, "task")[0]["due"] == "2026-12-01T13:00:00Z"


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Deal", "Кровля"),
        ("Associated deal", "Кровля (55)"),
        ("Deal ID", "55"),
        ("Related to", "Кровля"),
        ("about", "import:55"),
        ("Сделка", "кровля"),
    ],
)
def test_a_task_finds_its_deal(ws: Workspace, header: str, cell: str) -> None:
    kit.bring(ws, "deal", "id,name\n55,Кровля\n56,Забор\n")
    found = kit.bring(ws, "task", f"Task,{header}\nCall,{cell}\n")
    assert (found.created, ws.get(str(task(ws)["about"])).get("name")) == (1, "Кровля")


def test_of_several_the_one_with_stages_counts_and_the_others_are_noted(ws: Workspace) -> None:
    roof = kit.deal(ws, name="Roof")
    text = "Subject,Contact,Company,Deal,Notes\nCall,Anna Hill,Hilltop,Roof,about tiles\n"
    assert kit.bring(ws, "task", text).made == {}
    assert task(ws)["about"] == roof.id
    lines = str(task(ws)["comment"]).splitlines()
    assert sorted(lines) == ["Company: Hilltop", "Contact: Anna Hill", "about tiles"]


def test_what_is_not_here_is_noted_and_a_person_is_made(ws: Workspace) -> None:
    found = kit.bring(ws, "task", "Task,Deal,Contact\nCall,Nowhere,\nWrite,,Zoë Hill\n")
    assert (found.created, found.made) == (2, {"contact": 1})
    call, write = kit.all_of(ws, "task")
    assert (call.get("about"), call["comment"]) == (None, "Deal: Nowhere")
    assert ws.get(str(write["about"])).get("name") == "Zoë Hill"


@pytest.mark.parametrize(
    ("status", "done", "comment"),
    [
        ("COMPLETED", True, ""),
        ("Not started", False, ""),
        ("Выполнено", True, ""),
        ("yes", True, ""),
        ("нет", False, ""),
        ("erledigt", True, ""),
        ("Deferred", False, "Status: Deferred"),
    ],
)
def test_a_task_is_done_as_its_file_says(
    ws: Workspace, status: str, done: bool, comment: str
) -> None:
    kit.bring(ws, "task", f"Task,Status,Due date\nCall,{status},2026-01-05\n")
    assert (task(ws).get("done_at"), task(ws).get("comment", "")) == (
        task(ws)["due"] if done else None,
        comment,
    )


def test_an_export_of_tasks_comes_back_as_it_was(ws: Workspace) -> None:
    from crmcli.sales.exports.export import export

    roof = kit.deal(ws, name="Кровля")
    kit.task(ws, about=roof.id, due="2026-12-01 15:00", tags="a", comment="x")
    before = kit.all_of(ws, "task")
    text = b"".join(export(ws, "task"))
    found = kit.bring(ws, "task", text, on_duplicate="replace")
    assert (found.unchanged, found.unmapped, found.conflicts) == (1, {}, [])
    assert kit.all_of(ws, "task") == before
