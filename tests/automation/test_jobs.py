from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from crmcli.automation import jobs
from crmcli.automation.explain import explain
from crmcli.automation.waiting import waiting
from crmcli.errors import Ambiguous, BadUsage, NotFound
from crmcli.sales import stages
from crmcli.workspace import Workspace

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: on, do: move, with: {stage: talks}}
          - {id: call, do: task, with: {title: Позвонить}, wait: previous}
          - {id: wait, do: task, with: {title: Ждём}, after: 2d, when: amount > 100}
          - {id: date, do: task, with: {title: К сроку}, at: {field: close_by, time: '10:00'}}
          - {id: off, do: task, with: {title: Никогда}, enabled: no}
      - {id: talks, name: Переговоры, requires: [amount]}
"""


@pytest.fixture
def deal(house: Any) -> Any:
    house.rules(RULES)
    return house.add("deal", name="Чай", owner="anna")


def job(house: Any, robot: str = "on") -> Any:
    return next(j for j in house.jobs() if j.robot == robot)


def give_up(house: Any) -> None:
    """Let the refused move fail until it is given up."""
    for _ in range(100):
        house.tick("1h")
    assert job(house).state == "dead"


def test_what_waits_says_when_and_why(house: Any, deal: Any) -> None:
    house.tick()
    lines = {line.robot: line for line in waiting(house.ws)}
    assert {robot: line.state for robot, line in lines.items()} == {
        "on": "failed", "call": "waiting_for_previous", "wait": "waiting", "date": "waiting_for_field",
    }  # fmt: skip
    assert "without amount" in lines["on"].why
    assert lines["call"].why == "once on is done"
    assert lines["date"].why == "close_by is empty"
    assert (lines["wait"].why, lines["wait"].due_at) == ("after 2d", house.now.replace(day=25))
    assert lines["wait"].name == "Чай"
    assert waiting(house.ws, deal.id) == waiting(house.ws)


def test_explain_tells_each_robot_and_those_that_were_left_behind(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="50")
    house.tick()
    stages.move(house.ws, deal.id, "new")
    lines = explain(house.ws, "Чай")
    assert [(line.robot, line.state) for line in lines] == [
        ("on", "done"), ("call", "cancelled"), ("wait", "cancelled"), ("date", "cancelled"),
        ("off", "paused"), ("on", "due"), ("call", "waiting_for_previous"), ("wait", "waiting"),
        ("date", "waiting_for_field"), ("off", "paused"),
    ]  # fmt: skip
    assert lines[1].why == "the record left for talks"
    assert "if amount > 100 [no: 50] (not met now)" in lines[7].why


def test_retry_begins_anew(house: Any, deal: Any) -> None:
    give_up(house)
    house.edit(deal.id, amount="5")
    jobs.decide(house.ws, "retry", [job(house).key[:6]])
    house.tick()
    assert house.get(deal.id).stage == "talks"
    assert job(house).state == "done"


def test_retry_of_what_was_left_behind_is_refused(house: Any, deal: Any) -> None:
    give_up(house)
    stages.move(house.ws, deal.id, "lost")
    with pytest.raises(jobs.JobIsOver, match="has left the stage"):
        jobs.decide(house.ws, "retry", [job(house).key])


def test_retry_of_a_loop_lets_it_go_on_once(house: Any) -> None:
    house.rules("""
    stages:
      - {id: new, name: Новая, robots: [{id: a, do: move, with: {stage: talks}, when: name ~ чай}]}
      - {id: talks, name: Переговоры, robots: [{id: b, do: move, with: {stage: new}, when: name ~ чай}]}
    """)
    house.add("deal", name="Чай")
    house.tick()
    before = len(house.events("stage.entered"))
    [stopped] = jobs.listed(house.ws, ["stopped"])
    jobs.decide(house.ws, "retry", [stopped.key])
    house.tick()
    assert len(house.events("stage.entered")) == before + 10
    assert len(jobs.listed(house.ws, ["stopped"])) == 1


def test_cancel_lets_the_chain_go_on(house: Any, deal: Any) -> None:
    house.tick()
    jobs.decide(house.ws, "cancel", [job(house).key])
    house.tick()
    assert house.titles() == ["Позвонить"]
    assert house.get(deal.id).stage == "new"


def test_cancel_calls_off_a_robot_that_only_waits(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="500", close_by="2026-11-24")
    house.rules(RULES.replace("{id: on, do: move", "{id: on, enabled: no, do: move"))
    house.tick()
    [line] = [line for line in waiting(house.ws) if line.robot == "wait"]
    jobs.decide(house.ws, "cancel", [line.key])
    house.tick("10d")
    assert house.titles() == ["К сроку", "Позвонить"]
    assert house.state("wait") == "cancelled"


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_what_is_done_is_done(house: Any, deal: Any, verb: Any) -> None:
    house.edit(deal.id, amount="5")
    house.tick()
    with pytest.raises(jobs.JobIsOver, match="is done"):
        jobs.decide(house.ws, verb, [job(house).key])
    with pytest.raises(NotFound):
        jobs.decide(house.ws, verb, ["zzzz"])


def test_only_what_is_unknown_or_dead_is_resolved(house: Any, deal: Any) -> None:
    house.tick()
    with pytest.raises(jobs.JobIsOver, match="is failed, not unknown"):
        jobs.decide(house.ws, "resolve", [job(house).key], how="sent")
    with pytest.raises(BadUsage, match="not a way to resolve"):
        jobs.decide(house.ws, "resolve", [job(house).key], how="vielleicht")


def test_a_beginning_that_means_several_is_refused(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="5")
    house.rules(RULES.replace("wait: previous", "after: 0m"))
    for n in range(20):
        house.add("deal", name=f"{n}", amount="5")
    house.tick()
    keys = sorted(j.key for j in house.jobs())
    twice = next(a[0] for a, b in pairwise(keys) if a[0] == b[0])
    with pytest.raises(Ambiguous, match="is the beginning of several"):
        jobs.decide(house.ws, "retry", [twice])


def test_the_list_has_what_needs_somebody_unless_asked_otherwise(house: Any, deal: Any) -> None:
    other = house.add("deal", name="Кофе", amount="5")
    house.tick()
    assert [j.record for j in jobs.listed(house.ws)] == [deal.id]
    assert [j.record for j in jobs.listed(house.ws, ["done"])] == [other.id]
    assert jobs.listed(house.ws, ["done"], deal.id) == []
    with pytest.raises(BadUsage, match="not a job state"):
        jobs.listed(house.ws, ["lazy"])


def test_a_missed_slot_can_be_taken_off_the_list(house: Any) -> None:
    house.rules(
        RULES
        + "    schedules: [{id: digest, cron: '0 9 * * mon', do: task, once: yes, with: {title: Итог}}]\n"
    )
    house.tick()
    house.tick("9d")
    [missed] = jobs.listed(house.ws)
    assert missed.state == "missed"
    jobs.decide(house.ws, "cancel", [missed.key])
    assert jobs.listed(house.ws) == []


@pytest.mark.parametrize(
    ("text", "robots"),
    [
        ("robot = on", ["on", "on"]),
        ("robot in (on, call) and state = failed", ["on", "on"]),
        ("action = move and record.name = Чай", ["on"]),
        ("record.owner = anna and record.amount is empty", ["on", "on"]),
        ("record.owner = boris", []),
        ("stage = Новая and pipeline = sales", ["on", "on"]),
        ("stage = talks", []),
        ("pipeline = Продажи and stage = переговоры and state = done", ["on"]),
        ("pipeline = leads", []),
        ("state = done", ["on"]),
        ("state in (failed, done)", ["on", "on", "on"]),
        ("age > 1h", []),
        ("age <= 30m", ["on", "on"]),
        ("age < 0.5 and due > now", ["on", "on"]),
        ("due < today", []),
        ("reason ~ amount", ["on", "on"]),
        ("state = waiting", ["call", "call", "date", "date", "wait", "wait"]),
        ("state = waiting and due < today+3d", ["wait", "wait"]),
        ("not robot = on", []),
        ("state != done", ["on", "on"]),  # who waits only is looked at where that is said
        ("to is empty", ["on", "on"]),
    ],
)  # fmt: skip
def test_jobs_are_found_by_a_condition(house: Any, deal: Any, text: str, robots: list[str]) -> None:
    house.add("deal", name="Кофе", owner="anna")
    house.add("deal", name="Сок", owner="anna", amount="5")
    house.tick()
    assert sorted(job.robot for job in jobs.listed(house.ws, text=text)) == robots


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = red", "unknown field 'colour' for jobs"), ("state = lazy", "is not a value"),
        ("stage = nowhere", "is not a value"), ("robot > 3", "cannot be used"),
        ("age > yesterday", "age"), ("record = чай", "is a link"), ("robot =", "expected"),
        ("record.colour = red", "unknown field"), ("age > 1mo", "no fixed length"),
    ],
)  # fmt: skip
def test_a_bad_condition_on_jobs(house: Any, text: str, told: str) -> None:
    with pytest.raises(BadUsage, match=told):
        jobs.listed(house.ws, text=text)


def test_many_are_decided_upon_in_one_transaction(house: Any, deal: Any) -> None:
    others = [house.add("deal", name=name, owner="anna").id for name in ("Кофе", "Сок")]
    give_up(house)
    stages.move(house.ws, others[0], "lost")
    ws = Workspace.open(house.root, user="anna", now=house.now, dry_run=True)
    before = house.kinds()
    assert len(jobs.decide(ws, "retry", text="state = dead")[1].done) == 2
    assert house.kinds() == before
    _, many = jobs.decide(house.ws, "retry", text="robot = on")
    assert sorted(job.record for job in many.done) == sorted([deal.id, others[1]])
    assert [others[0] in str(refusal) for refusal in many.refused] == [True]
    assert {job.state for job in house.jobs() if job.robot == "on"} == {"failed", "dead"}
    _, many = jobs.decide(house.ws, "cancel", text="record.name in (Чай, Сок)")
    assert sorted({job.robot for job in many.done}) == ["call", "date", "on"]
    assert len(many.done) == 6
    house.tick("30d")
    assert house.titles() == []
