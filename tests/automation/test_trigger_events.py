"""Table 1.7 of the research: every event by its name, raised by what causes it, with the clock standing still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from crmcli.errors import InvalidData
from crmcli.model.schema import Schema
from crmcli.model.trigger_events import EVENTS
from crmcli.sales import activities, stages, tasks
from crmcli.store.config.pipelines import load_pipelines
from tests import kit

DEALS = """
    stages:
      - {{id: new, name: Новая}}
      - id: there
        name: Там
        triggers: [{{on: {on}{more}}}]
"""


class Row(NamedTuple):
    """One event: what causes it, what stays without effect, and the filter of its trigger."""

    causes: Callable[[Any, Any], Any]
    more: str = ""
    other: Callable[[Any, Any], Any] | None = None


def log(kind: str, text: str = "Алло", **data: str) -> Callable[[Any, Any], Any]:
    return lambda house, deal: activities.log(house.ws, deal.id, kind, text, **data)


def fire(code: str, **told: str) -> Callable[[Any, Any], Any]:
    return lambda house, deal: activities.fire(house.ws, deal.id, code, told=told)


def noted(kind: str, **told: str) -> Callable[[Any, Any], Any]:
    def note(house: Any, deal: Any) -> None:
        with house.ws.change("note", actor="crm") as change:
            change.note(kind, deal.id, told)

    return note


def edit(**fields: str) -> Callable[[Any, Any], Any]:
    return lambda house, deal: house.edit(deal.id, **fields)


def task(house: Any, deal: Any, **more: str) -> Any:
    return house.add("task", name="Позвонить", about=deal.id, **more)


def task_done(house: Any, deal: Any) -> None:
    tasks.finish(house.ws, task(house, deal).id)


def task_reopened(house: Any, deal: Any) -> None:
    tasks.reopen(house.ws, tasks.finish(house.ws, task(house, deal).id)[0].id)


def task_overdue(house: Any, deal: Any) -> None:
    task(house, deal, due="2026-11-23 13:00")
    house.wait("2h")


def checklist(house: Any, deal: Any, *done: str) -> None:
    made = task(house, deal, checklist="Счёт\nЗвонок", due="2026-11-23 13:00")
    for word in done:
        tasks.check_lines(house.ws, made.id, [word], done=True)
    house.wait("2h")


def unanswered(house: Any, deal: Any) -> None:
    activities.log(house.ws, deal.id, "message.in", "Где мой заказ?")
    house.wait("2h")


def answered(house: Any, deal: Any) -> None:
    activities.log(house.ws, deal.id, "message.in", "Где мой заказ?")
    house.wait("1h")
    activities.log(house.ws, deal.id, "message.out", "Едет")
    house.wait("1h")


def nothing(house: Any, deal: Any) -> None:
    house.wait("14d")


def returned(house: Any, deal: Any) -> None:
    stages.move(house.ws, deal.id, "lost", reason="price")
    house.tick()
    stages.move(house.ws, deal.id, "new", reopen=True)


ROWS = {
    "record.created": Row(lambda *_: None),
    "record.returned": Row(returned),
    "record.idle": Row(nothing, ", for: 14d", lambda house, _: house.wait("13d")),
    "field.changed": Row(edit(amount="500"), ", fields: [amount], from: '100', to: ['500', '600']",
                         edit(amount="700")),
    "owner.changed": Row(edit(owner="boris"), ", to: boris", edit(name="Кофе")),
    "task.done": Row(task_done, "", task),
    "task.reopened": Row(task_reopened, "", task_done),
    "task.overdue": Row(task_overdue, "", task),
    "checklist.done": Row(lambda *at: checklist(*at, "1", "2"), "", lambda *at: checklist(*at, "2")),
    "checklist.overdue": Row(checklist, "", lambda *at: checklist(*at, "1", "2")),
    "call.in": Row(log("call.in"), "", log("call.out")),
    "call.out": Row(log("call.out"), "", log("call.in")),
    "mail.in": Row(log("mail.in", subject="Срочный заказ"), ", subject: заказ",
                   log("mail.in", subject="Привет")),
    "mail.out": Row(log("mail.out"), "", log("mail.in")),
    "meeting": Row(log("meeting"), "", log("note")),
    "note": Row(log("note"), "", log("meeting")),
    "sms.in": Row(log("sms.in"), "", log("sms.out")),
    "sms.out": Row(log("sms.out"), "", log("sms.in")),
    "message.in": Row(log("message.in"), "", log("message.out")),
    "message.first": Row(log("message.in"), "", log("message.out")),
    "message.unanswered": Row(unanswered, ", for: 2h, subject: заказ", answered),
    "message.out": Row(log("message.out"), "", log("message.in")),
    "form.submitted": Row(log("form.submitted", form="order"), ", form: order",
                          log("form.submitted", form="question")),
    "mail.opened": Row(noted("mail.opened"), "", noted("mail.clicked", link="https://x.example/")),
    "mail.clicked": Row(noted("mail.clicked", link="https://chai.example/price"), ", link: /price",
                        noted("mail.clicked", link="https://chai.example/")),
    "call.missed": Row(fire("call.missed", number="+7 495 123-45-67"), ", number: '84951234567'",
                       fire("call.missed", number="+7 495 000-00-00")),
    "paid": Row(fire("paid", value="5000"), ", value: 5000", fire("paid", value="1")),
}  # fmt: skip


@pytest.mark.parametrize("name", kit.some([*ROWS], 3))
def test_table_1_7(house: Any, name: str) -> None:
    row = ROWS[name]
    house.rules(DEALS.format(on=name, more=row.more))
    deal = house.add("deal", name="Чай", amount="100")
    if name != "record.created":
        house.tick()
        assert house.get(deal.id).stage == "new"
    if row.other:
        other = house.add("deal", name="Другая", amount="100")
        row.other(house, other)
        house.tick()
        assert house.get(other.id).stage == "new"
    if name == "record.idle":
        house.now = house.now.replace(day=23, month=11)
    row.causes(house, deal)
    house.tick()
    assert house.get(deal.id).stage == "there"
    house.tick("1m")
    assert len(house.events("stage.entered", deal.id)) == (3 if name == "record.returned" else 1)


@pytest.mark.parametrize("name", [name for name, row in EVENTS.items() if row.channel])
def test_what_no_channel_raises_yet_is_fired_by_its_name(house: Any, name: str) -> None:
    house.rules(DEALS.format(on=name, more=""))
    deal = house.add("deal", name="Чай")
    activities.fire(house.ws, deal.id, name)
    house.tick()
    assert house.get(deal.id).stage == "there"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("on: mail.inn", "no event 'mail.inn'", "did you mean 'mail.in'?"),
        ("on: invoice.issued", "no event 'invoice.issued'", "did you mean 'invoice.sent'?"),
        ("on: doc.viewed", "no event 'doc.viewed'", "did you mean 'document.viewed'?"),
        ("on: chat.in", "no event 'chat.in'", "did you mean 'message.in'?"),
        ("on: Paid!", "'Paid!' cannot be a code", ""),
        (
            "on: call.in, subject: чай",
            "'subject' does not go with on: call.in",
            "its filters: number",
        ),
        ("on: task.done, from: anna", "'from' does not go with on: task.done", "remove it"),
        ("on: record.idle", "'for' is missing", "write for: 14d"),
        ("on: record.idle, for: долго", "'долго'", ""),
        ("on: field.changed, fields: [amuont]", "no field 'amuont'", "did you mean 'amount'?"),
        ("on: paid, choose: some", "'some' is not allowed", "latest, all, ask"),
    ],
)
def test_what_cannot_be_awaited_is_refused(house: Any, said: str, message: str, hint: str) -> None:
    house.rules(DEALS.format(on="x", more="").replace("{on: x}", f"{{{said}}}"))
    with pytest.raises(InvalidData) as refused:
        load_pipelines(house.root, Schema())
    problem = refused.value.problems[0]
    assert message in problem.message
    assert hint in problem.hint


def test_an_event_of_time_is_told_once_and_not_where_nobody_waits(house: Any) -> None:
    deal = house.add("deal", name="Чай")
    house.add("task", name="Позвонить", about=deal.id, due="2026-11-23 13:00")
    house.tick("2h")
    assert house.events("task.overdue") == []
    house.rules(DEALS.format(on="task.overdue", more=", back: yes"))
    house.tick()
    house.tick("1h")
    assert len(house.events("task.overdue", deal.id)) == 1


WAITING = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: answer, on: mail.in, do: task, with: {title: Ответить}, after: 1h, subject: заказ}
          - {id: thank, do: comment, with: {text: Спасибо}, wait: previous}
"""


def test_an_event_starts_a_robot_without_a_move_each_time_once(house: Any) -> None:
    house.rules(WAITING)
    deal = house.add("deal", name="Чай")
    house.tick("2h")
    assert house.titles() == []
    log("mail.in", subject="Привет")(house, deal)
    log("mail.in", subject="Первый заказ")(house, deal)
    house.tick()
    assert house.titles() == []
    house.tick("61m")
    house.tick("1m")
    assert house.titles() == ["Ответить"]
    assert len(house.events("note", deal.id)) == 1
    log("mail.in", subject="Второй заказ")(house, deal)
    house.tick()
    house.tick("61m")
    house.tick("1d")
    assert house.titles() == ["Ответить"] * 2
    assert [job.robot for job in house.jobs()].count("answer") == 2


@pytest.mark.parametrize(("choose", "moved"), [("latest", 1), ("all", 2), ("ask", 0)])
def test_of_several_open_deals_of_a_client(house: Any, choose: str, moved: int) -> None:
    house.rules(DEALS.format(on="call.in", more=f", choose: {choose}"))
    client = house.add("contact", first_name="Анна")
    deals = [house.add("deal", name=f"Чай {n}", contacts=client.id) for n in range(2)]
    log("note")(house, deals[0])
    activities.log(house.ws, client.id, "call.in", "Алло")
    house.tick()
    house.tick("1m")
    stood = [house.get(deal.id).stage for deal in deals]
    assert stood.count("there") == moved
    if choose == "latest":
        assert stood[0] == "there"
    asked = house.events("notice", deals[0].id)
    assert len(asked) == (choose == "ask")


def test_the_decision_stands_on_the_timeline_with_each_candidate(house: Any) -> None:
    from crmcli.automation.explain import explain

    rules = DEALS.format(on="call.in", more=", when: amount > 1000")
    house.rules(rules.replace("triggers: [", "triggers: [{on: call.in, when: name ~ кофе}, "))
    deal = house.add("deal", name="Чай", amount="10")
    log("call.in")(house, deal)
    house.tick()
    [told] = house.events("trigger.passed", deal.id)
    whys = ["condition not met: name ~ кофе [no: Чай]", "condition not met: amount > 1000 [no: 10]"]
    assert told.data["passed"] == [["there", why] for why in whys]
    lines = [line for line in explain(house.ws, deal.id) if line.action == "trigger"]
    assert [line.why for line in lines] == whys


def test_the_lists_say_what_starts_a_robot(house: Any) -> None:
    from crmcli.automation.approval.gate import Gate
    from crmcli.automation.waiting_counts import waiting_counts
    from crmcli.present.robot_list import RobotRows

    house.rules(WAITING)
    ws = house.ws
    listing = RobotRows(ws, waiting_counts(ws), Gate(ws)).listing(list(ws.pipelines))
    rows = {row["robot"]: row["acts"] for row in listing.rows if row.get("robot")}
    assert rows["answer"] == "by mail.in subject: заказ, after 1h"
