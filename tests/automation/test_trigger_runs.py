from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation.event_subjects import subjects
from crmcli.automation.trigger_runs import hearing
from crmcli.model.event import ACTIVITIES
from crmcli.sales import activities, stages, tasks
from crmcli.sales.history import undo
from crmcli.sales.records import remove
from crmcli.store.timeline.event_ids import EventIds
from tests import kit
from tests.automation.conftest import UNTOLD

DEALS = """
    stages:
      - id: new
        name: Новая
        triggers: [{on: back_again, back: yes}]
      - id: talks
        name: Переговоры
        triggers:
          - {on: call.in}
          - {on: field.changed, fields: [amount], when: amount > 1000}
          - {on: task.done}
      - id: paid
        name: Оплачено
        requires: [amount]
        triggers: [{on: paid}, {on: call.in}]
"""
LEADS = """
    stages:
      - {id: new, name: Новый}
      - {id: working, name: В работе, triggers: [{on: call.in}]}
      - {id: done, name: Успех, kind: won}
      - {id: junk, name: Брак, kind: lost}
"""


@pytest.fixture
def rules(house: Any) -> Any:
    house.rules(DEALS, LEADS)
    return house


def call(house: Any, record_id: str) -> str:
    return activities.log(house.ws, record_id, "call.in", "Алло")


def stage(house: Any, record: Any) -> str:
    return str(house.get(record.id).stage)


def test_a_call_moves_a_deal_forward_once(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    event = call(rules, deal.id)
    assert rules.tick().said == [f"{deal.id}: from new to talks by a trigger"]
    assert stage(rules, deal) == "talks"
    entry = rules.events("stage.entered")[-1]
    assert (entry.actor, entry.cause, entry.depth) == ("trigger:call.in", event, 1)
    assert entry.data["by"] == "trigger"
    assert rules.tick("1h").said == []
    assert stage(rules, deal) == "talks"


def test_the_cursor_is_written_only_when_something_happened(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.tick()
    assert rules.events("triggers.read") == []
    call(rules, deal.id)
    rules.tick()
    assert len(rules.events("triggers.read")) == 1
    rules.tick()
    assert len(rules.events("triggers.read")) == 1
    left = [unheard.event.kind for unheard in hearing(rules.ws).events]
    assert left == ["stage.entered"]  # of moves that concern nobody a few are looked at again


def test_events_of_a_new_kind_of_trigger_are_not_dug_up(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    activities.log(rules.ws, deal.id, "mail.in", "давно")
    rules.tick()
    rules.rules(DEALS.replace("- {on: call.in}", "- {on: mail.in}"), LEADS)
    rules.tick()
    assert stage(rules, deal) == "new"
    activities.log(rules.ws, deal.id, "mail.in", "теперь")
    rules.tick()
    assert stage(rules, deal) == "talks"


def test_a_changed_field_and_its_condition(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.edit(deal.id, amount="500")
    rules.tick()
    assert stage(rules, deal) == "new"
    rules.edit(deal.id, name="Чёрный чай")
    rules.tick()
    assert stage(rules, deal) == "new"
    rules.edit(deal.id, amount="5000")
    rules.tick()
    assert stage(rules, deal) == "talks"


def test_a_finished_task_moves_what_it_is_for(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    task = rules.add("task", name="Позвонить", about=deal.id)
    tasks.finish(rules.ws, task.id)
    rules.tick()
    assert stage(rules, deal) == "talks"


def test_a_code_fires(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="10")
    activities.fire(rules.ws, deal.id, "paid")
    rules.tick()
    assert stage(rules, deal) == "paid"
    activities.fire(rules.ws, deal.id, "back_again")
    rules.tick()
    assert stage(rules, deal) == "new"


def test_a_refused_move_is_told_and_not_tried_again(rules: Any) -> None:
    rules.write("settings.yaml", UNTOLD)
    deal = rules.add("deal", name="Чай")
    activities.fire(rules.ws, deal.id, "paid")
    result = rules.tick()
    [said] = result.said
    assert "without amount" in said
    assert result.failures == [said]  # cron mails it: the event will not come back
    [notice] = rules.events("notice", deal.id)
    assert notice.data["to"] == "anna"
    assert notice.data["text"].startswith("paid did not move it: ")
    assert stage(rules, deal) == "new"
    [read] = rules.events("triggers.read")
    [refused] = read.data["refused"]
    assert refused["record"] == deal.id
    assert "without amount" in refused["why"][-1]
    rules.edit(deal.id, amount="10")
    assert rules.tick().failures == []
    assert stage(rules, deal) == "new"


def test_an_event_from_before_a_persons_move_does_not_count(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="5")
    call(rules, deal.id)
    rules.wait("1m")
    stages.move(rules.ws, deal.id, "paid")
    rules.wait("1m")
    stages.move(rules.ws, deal.id, "new")
    rules.tick()
    assert stage(rules, deal) == "new"
    [read] = rules.events("triggers.read")
    assert "anna has moved the record since" in read.data["passed"][0]["why"][0]


def test_two_events_move_twice_but_one_event_once(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="5")
    call(rules, deal.id)
    rules.tick()
    assert stage(rules, deal) == "talks"
    call(rules, deal.id)
    rules.tick()
    assert stage(rules, deal) == "paid"
    other = rules.add("deal", name="Кофе", amount="5")
    call(rules, other.id), call(rules, other.id)
    rules.tick()
    assert stage(rules, other) == "paid"


def test_a_closed_record_stays_closed(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    stages.move(rules.ws, deal.id, "lost")
    activities.fire(rules.ws, deal.id, "back_again")
    rules.tick()
    assert stage(rules, deal) == "lost"
    rules.rules(
        DEALS.replace("{on: back_again, back: yes}", "{on: back_again, back: yes, on_closed: yes}"),
        LEADS,
    )
    rules.wait("1m")
    activities.fire(rules.ws, deal.id, "back_again")
    rules.tick()
    assert stage(rules, deal) == "new"


def test_an_event_on_a_client_counts_for_the_open_deal_with_the_latest_activity(rules: Any) -> None:
    contact = rules.add("contact", name="Ольга", phones="+79161234567")
    first = rules.add("deal", name="Первая", contacts=contact.id)
    second = rules.add("deal", name="Вторая", contacts=contact.id)
    lead = rules.add("lead", name="Заявка", contact=contact.id)
    activities.log(rules.ws, first.id, "note", "свежее")
    call(rules, contact.id)
    rules.tick()
    assert [stage(rules, r) for r in (first, second, lead)] == ["talks", "new", "new"]
    for deal in (first, second):
        stages.move(rules.ws, deal.id, "lost")
    call(rules, contact.id)
    rules.tick()
    assert stage(rules, lead) == "working"


def test_an_event_on_a_company_finds_its_deal(rules: Any) -> None:
    company = rules.add("company", name="ООО «Ромашка»")
    deal = rules.add("deal", name="Чай", company=company.id)
    call(rules, company.id)
    rules.tick()
    assert stage(rules, deal) == "talks"


def test_an_event_on_something_that_is_gone_is_passed_over(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    call(rules, deal.id)
    remove.remove(rules.ws, deal.id)
    assert rules.tick().failures == []
    ws = rules.ws
    [event] = rules.events("call.in")
    assert subjects(ws, event) == []


def test_robots_of_the_new_stage_follow_and_those_of_the_old_are_called_off(rules: Any) -> None:
    rules.rules(DEALS.replace("name: Новая", "name: Новая\n        robots: [{id: wait, do: task, with: {title: Ждём}, after: 1h}]")
                .replace("name: Переговоры", "name: Переговоры\n        robots: [{id: call, do: task, with: {title: Ответить}}]"))  # fmt: skip
    deal = rules.add("deal", name="Чай")
    rules.tick()
    call(rules, deal.id)
    rules.tick("1m")
    assert rules.titles() == ["Ответить"]
    rules.tick("2h")
    assert rules.titles() == ["Ответить"]


def test_a_robot_and_a_trigger_that_chase_each_other_are_stopped(rules: Any) -> None:
    rules.rules("""
    stages:
      - id: new
        name: Новая
        robots: [{id: say, do: comment, with: {text: я}}]
      - {id: talks, name: Переговоры, triggers: [{on: note}], robots: [{id: back, do: move, with: {stage: new}}]}
    """)
    rules.add("deal", name="Чай")
    rules.tick()
    assert len(rules.events("stage.entered")) < 12
    assert rules.tick("1h").said == []


def test_what_another_clone_says_late_is_heard_once(rules: Any) -> None:
    """Its events carry older ids than the cursor of ours."""
    deal = rules.add("deal", name="Чай")
    call(rules, deal.id)
    ours = rules.root / "data/timeline/2026-11"
    [journal] = ours.glob("*.csv")
    rules.wait("1h")
    rules.tick()
    stages.move(rules.ws, deal.id, "new")
    rules.tick()
    assert stage(rules, deal) == "new"
    lines = journal.read_text("utf-8").splitlines()
    late = next(line for line in lines if "call.in" in line)
    head, _, rest = late.partition(",")
    at = rest.split(",", 1)[0]
    then = EventIds(rules.now + timedelta(minutes=30)).next()
    moved = late.replace(head, then).replace(at, "2026-11-23T10:30:00Z")
    (ours / "abcdefgh.csv").write_text(f"{lines[0]}\n{moved}\n", "utf-8")
    rules.tick("1h")
    assert stage(rules, deal) == "talks"
    stages.move(rules.ws, deal.id, "new")
    rules.tick()
    assert stage(rules, deal) == "new"


def test_a_call_with_an_id_is_told_once(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="5")
    assert activities.fire(rules.ws, deal.id, "paid", "pay-1")
    assert activities.fire(rules.ws, deal.id, "paid", "pay-1") == ""
    rules.tick()
    assert stage(rules, deal) == "paid"
    assert activities.fire(rules.ws, deal.id, "paid", "pay-1") == ""
    assert activities.fire(rules.ws, deal.id, "paid", "pay-2")
    assert activities.fire(rules.ws, deal.id, "back_again", "pay-1")  # another code, another call
    other = rules.add("deal", name="Кофе", amount="5")
    assert activities.fire(rules.ws, other.id, "paid", "pay-1")


def test_a_call_that_was_undone_may_be_told_again(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="5")
    activities.fire(rules.ws, deal.id, "paid", "pay-1")
    undo.undo(rules.ws)
    assert activities.fire(rules.ws, deal.id, "paid", "pay-1")


def test_a_call_told_in_two_clones_moves_once(rules: Any, clone: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="5")
    rules.tick()
    other = clone()
    activities.fire(rules.ws, deal.id, "back_again", "c-1")
    activities.fire(other.ws, deal.id, "back_again", "c-1")
    for house in (rules, other):
        kit.save(house.root, "fired")
    stages.move(rules.ws, deal.id, "talks")
    kit.save(rules.root, "moved")
    kit.git(other.root, "pull", "-q", "--no-rebase", "--no-edit")
    rules.user = other.user = "boris"
    first = other.events("signal")
    assert len(first) == 2
    result = other.tick("1h")
    read = [e.data for e in other.events("triggers.read")]
    lines = [line for data in read for word in ("moved", "passed") for line in data.get(word, ())]
    assert len(lines) == 1, result.said


@pytest.mark.parametrize("ref", ["deal", "contact", "lead"])
def test_a_code_that_nobody_waits_for_is_refused(rules: Any, ref: str) -> None:
    record = rules.add(ref, name="Чай")
    with pytest.raises(activities.NobodyWaits) as refused:
        activities.fire(rules.ws, record.id, "payd")
    assert "waits for 'payd'" in refused.value.message
    assert "did you mean 'paid'?" in refused.value.hint
    assert refused.value.exit_code == 3
    assert rules.events("signal") == []


def test_a_code_that_only_another_pipeline_waits_for_is_refused_too(rules: Any) -> None:
    lead = rules.add("lead", name="Чай")
    with pytest.raises(activities.NobodyWaits) as refused:
        activities.fire(rules.ws, lead.id, "paid")
    assert refused.value.message == "no trigger of leads waits for 'paid'"
    assert refused.value.hint == "sales waits for it"


@pytest.mark.parametrize("kind", ACTIVITIES)
def test_every_activity_can_be_waited_for(house: Any, kind: str) -> None:
    new, talks = "{id: new, name: Новая}", f"{{id: talks, name: Т, triggers: [{{on: {kind}}}]}}"
    house.rules(f"stages:\n  - {new}\n  - {talks}\n")
    assert house.ws.faults_of_rules() == ()
    deal = house.add("deal", name="Чай")
    activities.log(house.ws, deal.id, kind, "Алло")
    house.tick()
    assert stage(house, deal) == "talks"
