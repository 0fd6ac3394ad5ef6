from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from crmcli.automation import jobs
from crmcli.automation.explain import explain
from crmcli.automation.waiting import waiting
from crmcli.errors import Ambiguous, BadUsage, NotFound
from crmcli.sales import stages

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
    assert lines["call"].why == "after on"
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
    jobs.retry(house.ws, job(house).key[:6])
    house.tick()
    assert house.get(deal.id).stage == "talks"
    assert job(house).state == "done"


def test_retry_of_what_was_left_behind_is_refused(house: Any, deal: Any) -> None:
    give_up(house)
    stages.move(house.ws, deal.id, "lost")
    with pytest.raises(jobs.JobIsOver, match="has left the stage"):
        jobs.retry(house.ws, job(house).key)


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
    jobs.retry(house.ws, stopped.key)
    house.tick()
    assert len(house.events("stage.entered")) == before + 10
    assert len(jobs.listed(house.ws, ["stopped"])) == 1


def test_cancel_lets_the_chain_go_on(house: Any, deal: Any) -> None:
    house.tick()
    jobs.cancel(house.ws, job(house).key)
    house.tick()
    assert house.titles() == ["Позвонить"]
    assert house.get(deal.id).stage == "new"


def test_cancel_calls_off_a_robot_that_only_waits(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="500", close_by="2026-11-24")
    house.rules(RULES.replace("{id: on, do: move", "{id: on, enabled: no, do: move"))
    house.tick()
    [line] = [line for line in waiting(house.ws) if line.robot == "wait"]
    jobs.cancel(house.ws, line.key)
    house.tick("10d")
    assert house.titles() == ["К сроку", "Позвонить"]
    assert house.state("wait") == "cancelled"


@pytest.mark.parametrize("verb", [jobs.retry, jobs.cancel])
def test_what_is_done_is_done(house: Any, deal: Any, verb: Any) -> None:
    house.edit(deal.id, amount="5")
    house.tick()
    with pytest.raises(jobs.JobIsOver, match="is done"):
        verb(house.ws, job(house).key)
    with pytest.raises(NotFound):
        verb(house.ws, "zzzz")


def test_only_what_is_unknown_or_dead_is_resolved(house: Any, deal: Any) -> None:
    house.tick()
    with pytest.raises(jobs.JobIsOver, match="is failed, not unknown"):
        jobs.resolve(house.ws, job(house).key, "sent")
    with pytest.raises(BadUsage, match="not a way to resolve"):
        jobs.resolve(house.ws, job(house).key, "vielleicht")


def test_a_beginning_that_means_several_is_refused(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="5")
    house.rules(RULES.replace("wait: previous", "after: 0m"))
    for n in range(20):
        house.add("deal", name=f"{n}", amount="5")
    house.tick()
    keys = sorted(j.key for j in house.jobs())
    twice = next(a[0] for a, b in pairwise(keys) if a[0] == b[0])
    with pytest.raises(Ambiguous, match="is the beginning of several"):
        jobs.retry(house.ws, twice)


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
    jobs.cancel(house.ws, missed.key)
    assert jobs.listed(house.ws) == []
