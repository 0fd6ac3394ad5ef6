"""Acts that are about their record alone share a transaction, and all is as if each had one of its own."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation import robot_turns
from tests import kit
from tests.automation.conftest import House

ROBOTS = (
    "{id: call, do: task, with: {title: 'Позвонить: {{ deal.name }}', due: 1h}}",
    "{id: mark, do: set, with: {tags: +новый, comment: '{{ deal.name }}'}}",
    "{id: again, do: comment, with: {text: 'ещё {{ deal.tags | join }}'}, when: tags has новый}",
    "{id: free, do: comment, with: {text: нет задач}, when: next_task is empty}",
    "{id: hello, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}, when: amount = 3}",
    "{id: on, do: move, with: {stage: talks}, when: amount > 4, wait: previous}",
)
BROKEN = "{id: share, do: comment, with: {text: '{{ 10 / deal.amount }}'}}"
"""Fails for each deal of no amount."""


def filled(root: Path, count: int, made: str = "2026-11-23T08:00:00Z") -> House:
    house = House(root)
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(kit.robots(*ROBOTS))
    folder = house.root / "data/deals/0"
    folder.mkdir(parents=True)
    for n in range(count):
        text = f"id: deal-0{n:07}\nname: Сделка {n}\npipeline: sales\nstage: new\namount: {n % 7}\n"
        (folder / f"deal-0{n:07}.yaml").write_text(f"{text}created_at: {made}\n", "utf-8")
    return house


def commits_of(house: House, after: str) -> int:
    """How many transactions a tick took."""
    profile = cProfile.Profile()
    profile.runcall(house.tick, after)
    counts = {
        f"{Path(path).name}:{name}": count
        for (path, _, name), (_, count, *_) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]  # as the module's own report reads it
    }
    return counts.get("transaction.py:commit", 0)


def outcome(house: House) -> dict[str, Any]:
    """What each record and its timeline say, without ids and moments."""
    told: dict[str, Any] = {}
    for deal in house.ws.select("deal"):
        events = [
            (
                e.kind,
                e.actor,
                e.depth,
                {k: v for k, v in e.data.items() if k not in ("retry_at", "clone")},
            )
            for e in house.events(record=deal.id)
        ]
        told[deal.id] = (deal.get("stage"), deal.get("tags"), deal.get("comment"), events)
    told["tasks"] = sorted((t.id, t.name, t.about, t.due) for t in house.tasks())
    told["letters"] = len(house.letters())
    return told


@pytest.mark.parametrize("more", kit.some([(BROKEN,), ()], 2))
def test_what_comes_of_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    found, commits = [], []
    for most in (1, 3, 100):
        monkeypatch.setattr(robot_turns, "TOGETHER", most)
        house = filled(tmp_path / f"ws{most}", 16)
        house.rules(kit.robots(*ROBOTS[:3], *more, *ROBOTS[3:]))
        commits.append(sum(commits_of(house, "1m") for _ in range(3)))
        found.append(outcome(house))
    assert found[0] == found[1] == found[2]
    assert commits[0] > commits[1] >= commits[2]  # they did share
    assert len(found[0]["tasks"]) == 16
    assert found[0]["letters"] == 2
    deals = [line for key, line in found[0].items() if key.startswith("deal")]
    assert [stage for stage, *_ in deals].count("talks") == 4
    free = [e[0] for *_, events in deals for e in events if e[1] == "robot:free"]
    assert set(free) == {"job.skipped"}  # the task of the same tick is seen
    failed = [e[1] for *_, events in deals for e in events if e[0] == "job.failed"]
    assert set(failed) == ({"robot:share"} if more else set())


@pytest.mark.parametrize(
    "robots",
    [
        (
            "{id: call, do: task, with: {title: '{{ deal.name }}'}}",
            "{id: mark, do: set, with: {tags: +новый}, wait: previous}",
            "{id: say, do: comment, with: {text: да}, wait: previous, when: tags has новый}",
        ),
        (  # a date that was set to a day before is past, though it lies after the record came here
            "{id: mark, do: set, with: {close_by: 2026-11-22}}",
            "{id: say, do: comment, with: {text: да}, at: {field: close_by}, if_past: skip}",
        ),
    ],
)
def test_a_step_sees_what_was_done_in_the_same_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, robots: tuple[str, ...]
) -> None:
    found = []
    for most in (1, 100):
        monkeypatch.setattr(robot_turns, "TOGETHER", most)
        house = filled(tmp_path / f"ws{most}", 6, made="2026-11-20T08:00:00Z")
        house.rules(kit.robots(*robots))
        house.tick("1m")
        kinds = ("job.done", "job.skipped")
        found.append(
            [(e.record, e.kind, e.data["robot"]) for e in house.events() if e.kind in kinds]
        )
    assert len(found[0]) == 6 * len(robots)
    assert found[1] == found[0]


def test_a_hundred_tasks_take_a_few_transactions(tmp_path: Path) -> None:
    house = filled(tmp_path / "ws", 100)
    house.rules(kit.robots("{id: call, do: task, with: {title: '{{ deal.name }}'}}"))
    assert 1 <= commits_of(house, "1m") <= 6
    assert len(house.tasks()) == 100


def test_after_a_person_stepped_in_nothing_is_done_twice(tmp_path: Path) -> None:
    house = filled(tmp_path / "ws", 10)
    house.tick("1m")
    before = len(house.tasks())
    house.edit("deal-00000001", comment="сам")
    house.tick("1h")
    assert len(house.tasks()) == before == 10
    keys = [e.data["key"] for e in house.events("job.done")]
    assert len(keys) == len(set(keys))
