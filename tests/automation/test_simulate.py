from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation.simulate import rehearse
from crmcli.sales import activities

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}}
          - {id: price, do: set, with: {amount: "700"}, after: 1d}
          - {id: on, do: move, with: {stage: talks}, wait: previous, after: 1h}
          - {id: rich, do: comment, with: {text: Крупная}, after: 2d}
          - {id: small, do: comment, with: {text: Мелкая}, after: 23h, when: amount > 100}
      - id: talks
        name: Переговоры
        requires: [amount]
        robots: [{id: letter, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}, after: 1h}]
      - {id: sent, name: Отправлено, triggers: [{on: mail.out}]}
    schedules:
      - {id: digest, cron: '0 9 * * *', do: notify, with: {text: "Доброе утро"}}
"""


@pytest.fixture
def deal(house: Any) -> Any:
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(RULES)
    return house.add("deal", name="Чай")


def play(house: Any, days: int = 0) -> list[tuple[str, str, str]]:
    lines = rehearse(house.ws, house.now + timedelta(days=days))
    return [(line.at.strftime("%d %H:%M"), line.who, line.what) for line in lines]


def contents(house: Any) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(house.root.rglob("*"))
        if path.is_file() and "index." not in path.name
    }


def test_a_week_is_played_through_and_nothing_is_written(house: Any, deal: Any) -> None:
    before = contents(house)
    lines = play(house, days=3)
    assert [line for line in lines if "schedule" not in line[1]] == [
        ("23 09:00", "robot call", "task: «Позвонить: Чай»"),
        (
            "24 08:00",
            "robot small",
            "comment: not done, condition not met: amount > 100 [no: empty]",
        ),
        ("24 09:00", "robot price", "set: amount: 700, currency: RUB"),
        ("24 10:00", "robot on", "move: to talks"),
        ("24 11:00", "robot letter", "email: «О чае» to olga@kafe.example"),
        ("24 11:00", "trigger mail.out", "move to sent"),
    ]
    assert [line for line in lines if "schedule" in line[1]] == [
        (f"{day} 06:00", "schedule:sales/digest", "notify for 1 record") for day in (24, 25, 26)
    ]
    assert contents(house) == before
    assert house.tasks() == []


def test_what_is_played_is_what_comes_to_pass(house: Any, deal: Any) -> None:
    house.rules(RULES.split("    schedules:")[0])
    played = [(line.who, line.record) for line in rehearse(house.ws, house.now + timedelta(days=3))]
    for _ in range(3 * 24):
        house.tick()
        house.wait("1h")
    came = [
        (event.actor.replace(":", " "), event.record)
        for event in house.events()
        if event.kind in ("job.done", "job.skipped") or event.data.get("by") == "trigger"
    ]
    assert played == came


def test_without_a_time_only_what_is_due_now(house: Any, deal: Any) -> None:
    assert [who for _, who, _ in play(house)] == ["robot call"]
    house.tick()
    assert play(house) == []


def test_hand_moves_and_waiting_events_are_played_too(house: Any, deal: Any) -> None:
    house.tick()
    activities.log(house.ws, deal.id, "mail.out", "ушло")
    assert ("23 09:00", "trigger mail.out", "move to sent") in play(house)
    [path] = (house.root / "data/deals").glob("*/*.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: new", "stage: talks"), "utf-8")
    assert ("23 09:00", "edit", "came to talks") in play(house, days=1)


def test_a_refusal_is_foreseen(house: Any, deal: Any) -> None:
    house.rules(RULES.replace('with: {amount: "700"}', "with: {comment: пусто}"))
    [line] = [what for _, who, what in play(house, days=3) if who == "robot on"]
    assert line.startswith("move: refused")
    assert "without amount" in line


def test_rules_that_go_round_for_ever_end(house: Any) -> None:
    house.rules("""
    stages:
      - {id: new, name: Новая, robots: [{id: a, do: move, with: {stage: talks}, after: 1d}]}
      - {id: talks, name: Переговоры, robots: [{id: b, do: move, with: {stage: new}, after: 1d}]}
    """)
    house.add("deal", name="Чай")
    lines = play(house, days=300)
    assert len(lines) == 11
    assert "stopped" in lines[-1][2]


def test_a_move_to_where_it_stands_is_no_change(house: Any, deal: Any) -> None:
    house.rules(
        RULES.replace(
            'do: task, with: {title: "Позвонить: {{ deal.name }}"}', "do: move, with: {stage: new}"
        )
    )
    assert play(house)[0][2] == "move: no change"


def test_whom_a_notice_would_go_to(house: Any, deal: Any) -> None:
    house.rules(
        RULES.replace(
            'do: task, with: {title: "Позвонить: {{ deal.name }}"}',
            "do: notify, with: {text: Новая}",
        )
    )
    assert play(house)[0][2] == "notify: anna: Новая"
