"""Tasks, activities, codes, and what `check` finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.errors import BadUsage, NotFound
from crmcli.sales import activities, tasks
from crmcli.sales.checks.check import problems
from crmcli.store import layout
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def test_a_task_is_finished_once_and_tells_its_record(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    task = kit.task(ws, name="Позвонить", about="Лид", due="tomorrow")
    done, was_open = tasks.finish(ws, task.id)
    assert (done.done_at, was_open) == (NOW, True)
    assert tasks.finish(ws, task.id)[1] is False
    events = [e for e in ws.events(record=lead.id) if e.kind == "task.done"]
    assert [e.data for e in events] == [{"task": task.id, "name": "Позвонить"}]
    opened, was_done = tasks.reopen(ws, task.id)
    assert (opened.is_open, was_done) == (True, True)


def test_only_a_task_is_done(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    with pytest.raises(BadUsage, match="is not a task"):
        tasks.finish(ws, lead.id)


def test_an_activity_stands_on_the_timeline(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    activities.log(ws, lead.id, "call.in", "Просил\nперезвонить", duration=300, subject="")
    [event] = ws.events(record=lead.id, kinds=["call.in"])
    assert event.data == {"text": "Просил\nперезвонить", "duration": 300}
    with pytest.raises(BadUsage, match="is not an activity"):
        activities.log(ws, lead.id, "stage.entered", "x")
    with pytest.raises(NotFound):
        activities.log(ws, "lead-00000000", "call.in", "x")


def test_a_code_is_a_word_without_a_dot(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    with pytest.raises(activities.NobodyWaits, match="no trigger of leads waits for 'paid'"):
        activities.fire(ws, lead.id, "paid")
    assert ws.events(record=lead.id, kinds=["signal"]) == []
    for bad in ("mail.inn", "no.such", "Оплачено", "", "a b"):
        with pytest.raises(BadUsage, match="is not a valid code"):
            activities.fire(ws, lead.id, bad)


def test_check_finds_what_a_person_should_mend(ws: Workspace, folder: Path) -> None:
    company = kit.company(ws, name="Ромашка")
    deal = kit.deal(ws, name="Сделка", company="Ромашка")
    lead = kit.lead(ws, name="Лид")
    assert problems(ws) == []
    (folder / layout.record_path(company.id)).unlink()
    path = folder / layout.record_path(lead.id)
    path.write_text(path.read_text().replace("stage: new", "stage: gone"))
    [journal] = (folder / "data/timeline").rglob("*.csv")
    lines = journal.read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace("anna", "boris")
    journal.write_text("".join(lines))
    ws.look_again()
    found = {p.path: (p.line, p.message) for p in problems(ws)}
    text = (folder / layout.record_path(deal.id)).read_text(encoding="utf-8").splitlines()
    line = text.index(f"company: {company.id}") + 1
    assert found[layout.record_path(deal.id)][0] == line
    assert "which does not exist" in found[layout.record_path(deal.id)][1]
    assert "'gone'" in found[layout.record_path(lead.id)][1]
    assert "never removed" in found[layout.record_path(company.id)][1]
    assert any(path.startswith("data/timeline/") for path in found)
