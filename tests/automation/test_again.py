"""once, again and split: who gets what, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.explain import explain
from crmcli.errors import InvalidData
from crmcli.model.schema import Schema
from crmcli.model.split import read_split
from crmcli.sales import stages
from crmcli.store.config.pipelines import load_pipelines
from tests import kit

NOTE = "{{id: note, do: comment, with: {{text: Раз}}{}}}"


def rules(house: Any, more: str = "") -> None:
    house.rules(kit.robots(NOTE.format(more and f", {more}")))


def days(house: Any, count: int) -> list[int]:
    """On which days the robot acted."""
    begin, found = house.now, []
    for _ in range(count):
        before = len(house.events("note"))
        house.tick("1d")
        found += [(house.now - begin).days] * (len(house.events("note")) - before)
    return found


def come_back(house: Any, deal: Any) -> None:
    stages.move(house.ws, deal.id, "talks")
    house.tick()
    stages.move(house.ws, deal.id, "new")
    house.tick()


@pytest.mark.parametrize(
    ("more", "acts"),
    [
        ("", 3),
        ("once: visit", 3),
        ("once: visit, again: never", 3),
        ("once: record", 1),
        ("once: ever", 1),
        ("once: record, again: never", 1),
        ("once: record, again: after 30d", 2),  # the third time comes 31 days after the first
        ("once: ever, again: 1w", 2),
    ],
)
def test_how_often_for_a_record_that_comes_back(house: Any, more: str, acts: int) -> None:
    rules(house, more)
    deal = house.add("deal", name="Чай")
    house.tick()
    house.wait("1d")
    come_back(house, deal)
    house.wait("30d")
    come_back(house, deal)
    assert len(house.events("note")) == acts


@pytest.mark.parametrize(("more", "acts"), [("once: record", 2), ("once: ever", 1)])
def test_how_often_for_a_client(house: Any, more: str, acts: int) -> None:
    rules(house, more)
    olga = house.add("contact", name="Ольга")
    for name in ("Чай", "Кофе"):
        house.add("deal", name=name, contacts=olga.id)
        house.tick("1h")
    house.add("deal", name="Чужая")
    house.tick()
    assert len(house.events("note")) == acts + 1
    reasons = [job.reason for job in house.jobs() if job.state == "skipped"]
    assert len(reasons) == 2 - acts
    assert all("it acted on 2026-11-23 already" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("more", "on"),
    [
        ("again: after 3d", [3, 6, 9]),
        ("again: через 3д", [3, 6, 9]),
        ("again: after 1w, after: 1d", [1, 8]),
        ("again: after 3d, once: record", []),
        ("again: never", []),
    ],
)
def test_again_and_again_while_the_record_stays(house: Any, more: str, on: list[int]) -> None:
    rules(house, more)
    house.add("deal", name="Чай")
    house.tick()
    assert days(house, 10) == on


def test_a_robot_that_waits_for_one_that_repeats_acts_once(house: Any) -> None:
    after = "{id: then, do: task, with: {title: Дальше}, wait: previous}"
    house.rules(kit.robots(NOTE.format(", again: after 2d"), after))
    house.add("deal", name="Чай")
    house.tick()
    assert days(house, 5) == [2, 4]
    assert house.titles() == ["Дальше"]


def test_a_goal_ends_what_repeats(house: Any) -> None:
    rules(house, "again: after 2d, goal: amount > 100")
    deal = house.add("deal", name="Чай")
    house.tick()
    assert days(house, 2) == [2]
    house.edit(deal.id, amount="500")
    assert days(house, 5) == []


@pytest.mark.parametrize(
    ("again", "acts"), [("on_event", 3), ("never", 1), ("after 2d", 2), ("", 3)]
)
def test_how_often_an_event_starts_it(house: Any, again: str, acts: int) -> None:
    rules(house, f"on: field.changed, fields: [amount]{again and f', again: {again}'}")
    deal = house.add("deal", name="Чай")
    house.tick()
    for n in range(1, 4):
        house.edit(deal.id, amount=str(n))
        house.tick("1d")
        house.tick()
    assert len(house.events("note")) == acts


IDS = [f"deal-{n:08}" for n in range(4000)]


@pytest.mark.parametrize(
    ("text", "part"), [("30%", 0.3), ("30-100%", 0.7), ("a/b", 0.5), ("b/a", 0.5), ("a/b/c", 1 / 3)]
)
def test_how_many_a_split_takes(text: str, part: float) -> None:
    taken = sum(map(read_split(text).takes, IDS))
    assert abs(taken / len(IDS) - part) < 0.03


@pytest.mark.parametrize(
    "parts", [("30%", "30-100%"), ("a/b", "b/a"), ("a/b/c", "b/c/a", "c/a/b"), ("0-10%", "10-100%")]
)
def test_each_record_is_in_one_part(parts: tuple[str, ...]) -> None:
    for one in IDS[:500]:
        assert sum(read_split(part).takes(one) for part in parts) == 1


def test_a_split_is_the_same_in_every_clone_and_of_other_names_another() -> None:
    assert [n for n in range(12) if read_split("a/b").takes(IDS[n])] == [0, 2, 4, 5, 6, 11]
    both = sum(read_split("a/b").takes(one) and read_split("x/y").takes(one) for one in IDS)
    assert abs(both / len(IDS) - 0.25) < 0.03


def test_who_is_not_in_its_part_is_told_so(house: Any) -> None:
    house.rules(
        kit.robots(NOTE.format(", split: a/b"), NOTE.format(", split: b/a").replace("note", "b"))
    )
    for n in range(8):
        deal = house.add("deal", name=f"Чай {n}")
    told = [line.why for line in explain(house.ws, deal.id)]
    assert sum("not in its part" in why for why in told) == 1
    house.tick()
    assert len(house.events("note")) == 8
    assert {job.reason for job in house.jobs() if job.state == "skipped"} <= {
        "not in its part: a/b",
        "not in its part: b/a",
    }


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("once: twice", "'twice' is not allowed"),
        ("again: sometimes", "'sometimes' is not never, on_event or a time"),
        ("again: on_event", "'on_event' needs on:"),
        ("split: 0%", "'0%' is not a part"),
        ("split: 101%", "is not a part"),
        ("split: 50-20%", "is not a part"),
        ("split: a/a", "is not a part"),
        ("split: half", "is not a part"),
    ],
)
def test_what_is_wrong_is_told(house: Any, more: str, fault: str) -> None:
    rules(house, more)
    with pytest.raises(InvalidData) as caught:
        load_pipelines(house.root, Schema())
    assert fault in "\n".join(problem.message for problem in caught.value.problems)
