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

RULES = kit.robots(
    "{id: call, do: task, with: {title: 'Позвонить: {{ deal.name }}', due: 1h}}",
    "{id: mark, do: set, with: {tags: +новый, comment: '{{ deal.name }}'}}",
    "{id: again, do: comment, with: {text: 'ещё {{ deal.tags | join }}'}, when: tags has новый}",
    "{id: free, do: comment, with: {text: нет задач}, when: next_task is empty}",
    "{id: share, do: comment, with: {text: '{{ 10 / deal.amount }}'}}",
    "{id: hello, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}, when: amount = 3}",
    "{id: on, do: move, with: {stage: talks}, when: amount > 4, wait: previous}",
)


def filled(root: Path, count: int) -> House:
    house = House(root)
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(RULES)
    folder = house.root / "data/deals/0"
    folder.mkdir(parents=True)
    for n in range(count):
        text = f"id: deal-0{n:07}\nname: Сделка {n}\npipeline: sales\nstage: new\namount: {n % 7}\n"
        made = "created_at: 2026-11-23T08:00:00Z\n"
        (folder / f"deal-0{n:07}.yaml").write_text(text + made, "utf-8")
    return house


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


def test_what_comes_of_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for most in (1, 3, 100):
        monkeypatch.setattr(robot_turns, "TOGETHER", most)
        house = filled(tmp_path / f"ws{most}", 15)
        for _ in range(3):
            house.tick("1m")
        found.append(outcome(house))
    assert found[0] == found[1] == found[2]
    assert len(found[0]["tasks"]) == 15
    assert found[0]["letters"] == 2
    states = [line[0] for key, line in found[0].items() if key.startswith("deal")]
    assert states.count("talks") == 4
    failed = [e for key, line in found[0].items() if key.startswith("deal") for e in line[3]]
    assert [e[1] for e in failed if e[0] == "job.failed"].count("robot:share") >= 3


def test_a_hundred_tasks_take_a_few_transactions(tmp_path: Path) -> None:
    house = filled(tmp_path / "ws", 100)
    house.rules(kit.robots("{id: call, do: task, with: {title: '{{ deal.name }}'}}"))
    profile = cProfile.Profile()
    assert profile.runcall(house.tick, "1m").effects == 100
    counts = {
        f"{Path(path).name}:{name}": count
        for (path, _, name), (_, count, *_) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]  # as the module's own report reads it
    }
    assert len(house.tasks()) == 100
    assert 1 <= counts["transaction.py:commit"] <= 6


def test_after_a_person_stepped_in_nothing_is_done_twice(tmp_path: Path) -> None:
    house = filled(tmp_path / "ws", 10)
    house.tick("1m")
    before = len(house.tasks())
    house.edit("deal-00000001", comment="сам")
    house.tick("1h")
    assert len(house.tasks()) == before == 10
    keys = [e.data["key"] for e in house.events("job.done")]
    assert len(keys) == len(set(keys))
