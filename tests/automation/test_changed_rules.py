"""What becomes of jobs when the rules in pipelines.yaml change: cancelled, moved, paused, kept, begun anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from crmcli.automation import waiting
from crmcli.automation.explain import explain
from crmcli.model.automation import Robot
from tests import kit
from tests.automation.conftest import START, UNTOLD, House

NOTE = "{{id: {id}, do: comment, with: {{text: {text}}}{more}}}"
EARLIER = "planned by an earlier form of this rule"


def note(robot: str = "late", more: str = ", after: 2d", text: str = "A") -> str:
    return NOTE.format(id=robot, text=text, more=more)


def rules(house: House, new: str = "", talks: str = "") -> None:
    house.rules(
        f"""
        stages:
          - {{id: new, name: Новая, robots: [{new}]}}
          - {{id: talks, name: Переговоры, robots: [{talks}]}}
        """
    )


def due(house: House) -> dict[str, datetime | None]:
    return {line.robot: line.due_at for line in waiting.waiting(house.ws)}


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "new", "talks", "expected"),
    [
        ("nothing", note(), "", {"late": START + 2 * DAY}),
        ("another delay", note(more=", after: 5d"), "", {"late": START + 5 * DAY}),
        ("a delay that is over", note(more=""), "", {"late": START}),
        ("another text", note(text="B"), "", {"late": START + 2 * DAY}),
        ("deleted", "", "", {}),
        ("disabled", note(more=", after: 2d, enabled: no"), "", {}),
        ("another place", f"{note('first', '')}, {note()}", "", {"late": START + 2 * DAY}),
        ("another stage", "", note(), {}),
        ("another id", note("later"), "", {}),
        ("a condition", note(more=", after: 2d, when: amount > 1"), "", {"late": START + 2 * DAY}),
    ],
)  # fmt: skip
def test_what_waits_follows_the_rules_as_they_are_now(
    house: Any, name: str, new: str, talks: str, expected: dict[str, datetime]
) -> None:
    rules(house, note())
    house.add("deal", name="Чай")
    house.tick("1h")
    assert due(house) == {"late": START + 2 * DAY}
    rules(house, new, talks)
    house.tick("1h")
    still = {robot: at for robot, at in expected.items() if at > house.now}
    assert due(house) == still, name
    house.tick("9d")
    acted = {event.actor for event in house.events("note")}
    done = set() if name == "a condition" else {f"robot:{robot}" for robot in expected}
    assert acted == done, name


def test_a_robot_that_is_enabled_again_goes_on_where_it_was(house: Any) -> None:
    rules(house, note())
    house.add("deal", name="Чай")
    house.tick()
    rules(house, note(more=", after: 2d, enabled: no"))
    house.tick("5d")
    assert house.events("note") == []
    rules(house, note())
    house.tick()
    house.tick()
    assert [event.actor for event in house.events("note")] == ["robot:late"]


def test_a_robot_knows_by_its_id_that_it_has_acted(house: Any) -> None:
    """Neither another text nor another place lets it act once more; another id does, for who comes later."""
    rules(house, note(more=""))
    deal = house.add("deal", name="Чай")
    house.tick()
    for new in (
        note(more="", text="B"),
        f"{note('first', '')}, {note(more='')}",
        note("other", ""),
    ):
        rules(house, new)
        house.tick("1h")
        house.tick()
    assert [event.actor for event in house.events("note", deal.id)] == ["robot:late"]
    house.add("deal", name="Кофе")
    house.tick()
    assert {event.actor for event in house.events("note")} == {"robot:late", "robot:other"}


def calls(port: int = 9, url: str = "a") -> str:
    return f"{{id: hook, do: webhook, with: {{url: 'http://127.0.0.1:{port}/{url}'}}}}"


def test_what_a_deleted_robot_had_begun_is_cancelled_and_told(house: Any, hook: Any) -> None:
    hook.status = 500
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    rules(house, calls(hook.port), note())
    deal = house.add("deal", name="Чай")
    house.tick()
    assert house.state("hook") == "failed", house.jobs()
    rules(house, "", f"{note()}, {calls(hook.port)}")  # in another stage it is the same robot
    house.tick("1m")
    assert house.state("hook") == "failed"
    rules(house, "", note())
    result = house.tick("1m")
    assert house.state("hook") == "cancelled"
    [line] = house.events("job.cancelled", deal.id)
    assert line.data["reason"] == "its robot is no longer in pipelines.yaml"
    assert any("robot hook, webhook: cancelled (its robot" in said for said in result.said)
    rules(house, calls(hook.port), note())
    house.tick("1d")
    assert house.state("hook") == "cancelled"


@pytest.mark.parametrize("once", ["", ", once: yes"])
def test_what_a_deleted_schedule_has_queued_is_called_off(house: Any, hook: Any, once: str) -> None:
    hook.status = 500
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    digest = f"{{id: hook, cron: '0 9 * * *', do: webhook{once}, with: {{url: 'http://127.0.0.1:{hook.port}/a'}}}}"
    stages = "stages:\n  - {id: new, name: Новая}\nschedules: [%s]\n"
    house.rules(stages % digest)
    house.add("deal", name="Чай")
    house.tick()
    house.tick("1d")
    assert house.state("schedule:sales/hook") == "failed"
    house.write("pipelines.yaml", kit.pipelines(stages % digest).replace("id: sales", "id: big"))
    house.tick("1m")  # the same schedule of a pipeline that is called otherwise
    assert house.state("schedule:sales/hook") == "failed"
    house.rules(stages % "")
    said = house.tick("1m").said
    assert house.state("schedule:sales/hook") == "cancelled"
    assert any("cancelled (its schedule is no longer in pipelines.yaml)" in line for line in said)
    calls = len(hook.calls)
    house.rules(stages % digest)
    house.tick("1h")
    assert len(hook.calls) == calls


def robot_of(house: House) -> Robot:
    return next(iter(house.ws.pipelines.deals[0].stages[0].robots))


@pytest.mark.parametrize(
    ("written", "is_same"),
    [
        ("{id: r, do: comment, after: 2d, when: amount > 1, with: {text: A}}", True),
        ("{with: {'text': \"A\"}, when: 'amount>1', after: '2d', do: comment, id: \"r\"}", True),
        ("{id: r, do: comment, after: 2 days, when: (amount > 1), with: {text: A}, enabled: no}", True),
        ("{id: r, do: comment, after: 2d, when: amount > 1, with: {text: A}, on_error: continue}", True),
        ("{id: r, do: comment, after: 3d, when: amount > 1, with: {text: A}}", False),
        ("{id: r, do: comment, after: 2d, when: amount > 2, with: {text: A}}", False),
        ("{id: r, do: comment, after: 2d, when: amount > 1, with: {text: B}}", False),
        ("{id: s, do: comment, after: 2d, when: amount > 1, with: {text: A}}", False),
        ("{id: r, do: notify, after: 2d, when: amount > 1, with: {text: A}}", False),
        ("{id: r, do: comment, after: 2d, workdays: yes, when: amount > 1, with: {text: A}}", False),
        ("{id: r, do: comment, after: 2d, when: amount > 1, with: {text: A}, split: 30%}", False),
        ("{id: r, do: comment, after: 2d, when: amount > 1, with: {text: A}, goal: amount > 5}", False),
    ],
)  # fmt: skip
def test_the_hash_is_that_of_what_a_rule_means(house: Any, written: str, is_same: bool) -> None:
    rules(house, "{id: r, do: comment, after: 2d, when: amount > 1, with: {text: A}}")
    usual = robot_of(house).digest
    rules(house, written)
    assert (robot_of(house).digest == usual) is is_same


def test_every_job_keeps_the_hash_and_explain_tells_of_another(house: Any) -> None:
    house.write("settings.yaml", UNTOLD)
    rules(house, f"{note(more='')}, {calls()}, {note('skip', ', when: amount > 9')}")
    deal = house.add("deal", name="Чай")
    house.tick()
    digests = {robot.id: robot.digest for robot in house.ws.pipelines.deals[0].stages[0].robots}
    assert {job.robot: job.rule for job in house.jobs()} == digests
    assert not [line for line in explain(house.ws, deal.id) if EARLIER in line.why]
    rules(
        house, f"{note(more='', text='B')}, {calls(url='b')}, {note('skip', ', when: amount > 9')}"
    )
    told = {line.robot: EARLIER in line.why for line in explain(house.ws, deal.id)}
    assert told == {"late": True, "hook": True, "skip": False}
