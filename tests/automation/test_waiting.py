from __future__ import annotations

import random
from typing import Any

import pytest

from crmcli.automation import waiting
from crmcli.automation.explain import RobotLine
from crmcli.automation.record_plan import with_robots
from crmcli.sales import stages
from crmcli.workspace import Workspace
from tests import kit

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: Позвонить}, after: 1h}
          - {id: again, do: comment, with: {text: Опять}, after: 2d, wait: previous}
          - {id: letter, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}, after: 3h}
      - id: talks
        name: Переговоры
        robots:
          - {id: close, do: comment, with: {text: Скоро}, before: {field: close_by, by: 3d}}
          - {id: born, do: comment, with: {text: Праздник}, at: {field: contacts.birthday, time: '10:00', every: y}}
      - {id: quiet, name: Тихо}
"""


def by_looking_at_all(ws: Workspace) -> list[RobotLine]:
    lines = [line for one in sorted(with_robots(ws)) for line in waiting.waiting(ws, one)]
    return sorted(lines, key=lambda line: (line.due_at is None, line.due_at or ws.now, line.record))


@pytest.mark.parametrize("seed", range(3))
def test_the_first_lines_are_those_of_the_whole(house: Any, seed: int) -> None:
    """Whatever was done, ticked or not: the agenda, messages, dates, edits by hand, other rules."""
    dice = random.Random(seed)
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(RULES)
    contact = house.add("contact", name="Ольга", birthday="1990-12-05").id
    made: list[str] = []

    def add() -> None:
        made.append(house.add("deal", name=f"Чай {len(made)}", contacts=[contact]).id)

    def move() -> None:
        one, stage = dice.choice(made), dice.choice(["new", "talks", "quiet"])
        stages.move(house.ws, one, stage)

    def date() -> None:
        house.edit(dice.choice(made), close_by=f"2026-12-{dice.randint(10, 30)}")

    def born() -> None:
        [file] = (house.root / "data").rglob(f"*{contact}*")
        file.write_text(file.read_text("utf-8").replace("12-05", "12-08"), "utf-8")

    def rules() -> None:
        house.rules(RULES.replace("after: 2d", f"after: {dice.randint(1, 9)}d"))

    acts = [add, move, date, lambda: house.tick("1h"), lambda: house.tick("1d"), born, rules]
    add()
    for _ in range(14):
        dice.choice(acts)()
        whole = by_looking_at_all(house.ws)
        assert waiting.waiting(house.ws) == whole
        for limit in (1, 2, 5):
            assert waiting.waiting(house.ws, limit=limit) == whole[:limit]


def test_only_those_that_are_shown_are_thought_over(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.rules(RULES)
    for n in range(12):
        house.add("deal", name=f"Чай {n}")
        house.wait("10m")
    house.tick()
    looked: list[str] = []
    plan_for = waiting.plan_for
    monkeypatch.setattr(
        waiting, "plan_for", lambda ws, one: looked.append(one) or plan_for(ws, one)
    )
    assert len(waiting.waiting(house.ws, limit=2)) == 2
    assert len(looked) < 6


def test_of_many_that_changed_the_last_tick_counts(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmcli.automation.waiting_counts import waiting_counts

    house.rules(kit.robots("{id: late, do: comment, with: {text: A}, after: 2d}"))
    for name in "ab":
        house.add("deal", name=name)
    house.tick()
    house.add("deal", name="c")
    assert waiting_counts(house.ws) == ({"sales/new/late": 3}, 0)
    monkeypatch.setattr("crmcli.automation.waiting_counts.MANY", 0)
    assert waiting_counts(house.ws) == ({"sales/new/late": 2}, 1)
    monkeypatch.setattr("crmcli.automation.waiting_counts.MANY", 1)
    house.rules(kit.robots("{id: late, do: comment, with: {text: A}, after: 3d}"))
    assert waiting_counts(house.ws) == (
        {"sales/new/late": 2},
        2,
    )  # of more it is not known how many
