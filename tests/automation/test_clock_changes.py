from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmcli.automation import jobs
from crmcli.automation.health import automation_problems
from crmcli.sales import stages
from tests import kit

JUMPS = [timedelta(minutes=20), timedelta(hours=1), timedelta(days=1), timedelta(days=40),
         timedelta(days=365), timedelta(days=3653), timedelta(days=25_000)]  # fmt: skip
SOME_JUMPS = kit.some(JUMPS, 4)
LEADS = """
    stages:
      - id: new
        name: Новый
        robots:
          - {id: soon, do: task, with: {title: Сразу}}
          - {id: later, do: task, with: {title: Через три дня}, after: 3d}
          - {id: chained, do: task, with: {title: Следом}, after: 1h, wait: previous}
      - id: working
        name: В работе
        robots:
          - {id: visit, do: task, with: {title: К встрече}, before: {field: closed_at, by: 1h}}
"""
DEALS = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: date, do: task, with: {title: К дате}, before: {field: close_by, by: 2d}, max_late: 1d}
          - {id: late, do: task, with: {title: Вовремя}, after: 2d, max_late: 1h}
          - {id: refused, do: comment, with: {text: "{{ deal.nothing }}"}}
      - {id: talks, name: Переговоры}
    schedules:
      - {id: daily, cron: '0 9 * * *', do: notify, with: {text: День, to: anna}, once: true}
      - {id: hourly, cron: '0 * * * *', do: task, with: {title: Час}, catch_up: none}
"""
LEADS = LEADS.replace("before: {field: closed_at, by: 1h}", "after: 1h")


def stepped(house: Any) -> list[dict[str, Any]]:
    return [event.data for event in house.events("clock.stepped")]


def ticks(house: Any, hours: float, every: int = 30) -> list[str]:
    """Ticks in their usual way; what they complained of."""
    told = []
    for _ in range(int(hours * 60 / every)):
        told += house.tick(f"{every}m").failures
    return told


@pytest.mark.parametrize("jump", SOME_JUMPS, ids=str)
def test_a_tick_at_a_wrong_future_time_is_got_out_of(house: Any, jump: timedelta) -> None:
    house.rules(leads=LEADS, deals=DEALS.replace("- {id: refused", "# - {id: refused"))
    house.add("lead", name="До")
    ticks(house, 2)
    house.now += jump
    house.add("lead", name="Тогда")
    spell = min(jump / 2, timedelta(hours=2)) / timedelta(hours=1)
    ticks(house, spell, every=10)
    house.now -= jump
    told = house.tick("5m").failures
    [seen] = stepped(house)
    assert told[0].startswith("the clock went back from")
    assert datetime.fromisoformat(seen["to"]) == house.now
    assert "the clock went back" in " ".join(p.message for p in automation_problems(house.ws))
    before = len(house.events())
    assert house.tick("5m").said == []
    assert len(house.events()) == before  # nothing happens, nothing is written
    assert house.titles().count("Через три дня") == (1 if jump > timedelta(days=3) else 0)
    # Where the clock was wrong by an hour, ticks that are an hour apart look like one more.
    every = 30 if jump < timedelta(days=1) else 60
    ticks(house, 71 - spell, every)  # three days since "До" came, and two hours less since "Тогда"
    assert house.titles().count("Через три дня") == 1
    ticks(house, 2.5)
    assert house.titles().count("Через три дня") == 2
    ticks(house, 2)
    assert house.titles().count("Следом") == 2
    assert house.titles().count("Сразу") == 2
    assert len(stepped(house)) == 1


@pytest.mark.parametrize("jump", SOME_JUMPS, ids=str)
def test_a_clock_that_was_behind_lets_nobody_act_at_once(house: Any, jump: timedelta) -> None:
    house.rules(leads=LEADS)
    house.add("lead", name="До")
    ticks(house, 2, every=5)
    house.now -= jump
    house.add("lead", name="Тогда")
    spell = min(jump / 4, timedelta(hours=2))
    ticks(house, spell / timedelta(hours=1), every=5)
    house.now += jump
    told = house.tick("5m").failures
    back, forth = stepped(house)
    assert back["to"] < back["from"]
    assert forth["to"] > forth["from"]
    assert told[0].startswith("the clock jumped forward")
    assert house.titles().count("Через три дня") == 0
    ticks(house, 69.5 - spell / timedelta(hours=1), every=60)
    assert house.titles().count("Через три дня") == 0
    ticks(house, 1)  # 72 hours since "До" came
    assert house.titles().count("Через три дня") == 1
    ticks(house, 2)
    assert house.titles().count("Через три дня") == 2
    assert len(stepped(house)) == 2


def test_verdicts_of_a_wrong_clock_are_void(house: Any) -> None:
    house.rules(deals=DEALS)
    deal = house.add("deal", name="А", close_by="2026-12-10", amount="5")
    house.tick()
    assert house.state("refused") == "failed"
    house.now += timedelta(days=365)
    house.tick()
    house.tick("1d")
    assert {job.robot: job.state for job in house.jobs()}["late"] == "missed"
    assert {job.robot: job.state for job in house.jobs()}["date"] == "missed"
    assert house.state("refused") == "dead"
    house.now -= timedelta(days=366) - timedelta(minutes=10)
    [told] = [line for line in house.tick().failures if "clock" in line]
    assert "rescheduled: the robots of 1 record, 1 try" in told
    shown = {job.robot: job for job in jobs.listed(house.ws, ("failed", "missed"), deal.id)}
    assert shown["refused"].state == "failed"
    ticks(house, 47, every=120)
    ticks(house, 3)
    assert house.titles().count("Вовремя") == 1
    ticks(house, 24 * 15, every=480)
    assert house.titles().count("К дате") == 1


def test_schedules_go_on_and_no_slot_comes_twice(house: Any) -> None:
    house.rules(deals=DEALS)
    house.add("deal", name="А", amount="5")
    house.tick()
    ticks(house, 3)
    house.now += timedelta(days=2)
    ticks(house, 3)  # the daily slots of two days on, and the hourly ones of then
    house.now -= timedelta(days=2)
    ticks(house, 4 * 24, every=60)
    days = [event for event in house.events("notice") if event.data.get("text") == "День"]
    # The slot of the wrong day was run then; those of the four right days, but for that one, now.
    assert len(days) == 5 - 1
    hours = [e.data["key"] for e in house.events("job.done") if e.data["robot"].endswith("hourly")]
    assert len(hours) == len(set(hours)) >= 4 * 24 - 3


def test_a_clock_that_swings_writes_one_line_a_swing(house: Any) -> None:
    house.rules(leads=LEADS)
    house.add("lead", name="А")
    ticks(house, 1, every=5)
    for n in range(6):
        house.now += timedelta(days=3653) * (1 if n % 2 == 0 else -1)
        ticks(house, 1, every=5)
    assert len(stepped(house)) == 5  # the first leap ahead looks like a long absence
    assert house.titles().count("Через три дня") == 1


def test_a_lead_that_came_while_no_tick_saw_the_wrong_clock(house: Any) -> None:
    house.rules(leads=LEADS)
    house.tick()
    house.now += timedelta(days=3653)
    house.add("lead", name="А")
    house.now -= timedelta(days=3653)
    messages = " ".join(problem.message for problem in automation_problems(house.ws))
    assert "ahead of the clock" in messages
    house.tick("1h")
    assert house.titles() == ["Сразу"]
    house.tick("3d")
    assert house.titles().count("Через три дня") == 1


def test_moving_on_after_a_wrong_clock(house: Any) -> None:
    house.rules(leads=LEADS)
    lead = house.add("lead", name="А")
    house.tick()
    house.now += timedelta(days=3653)
    stages.move(house.ws, lead.id, "working")
    house.tick()
    house.now -= timedelta(days=3653) - timedelta(minutes=30)
    house.tick()
    assert "К встрече" not in house.titles()
    house.tick("45m")
    assert "К встрече" not in house.titles()
    house.tick("20m")
    assert house.titles().count("К встрече") == 1


def test_letters_are_tried_again_and_leave_once(house: Any) -> None:
    mail = """
        stages:
          - {id: new, name: Новый, robots: [{id: hello, do: email, with: {template: mail/hello.j2}}]}
    """
    house.rules(leads=mail)
    house.write(
        "settings.yaml",
        "company: {email: a@b.example}\nchannels: {mail: {deliver: 'smtp://127.0.0.1:1', from: a@b.example}}\n",
    )
    house.user = ""
    house.now += timedelta(days=3653)
    house.add("lead", name="А", emails="anna@chai.example")
    house.tick()
    assert house.state("hello") == "failed"
    house.now -= timedelta(days=3653)
    house.write(
        "settings.yaml",
        "company: {email: a@b.example}\nchannels: {mail: {deliver: 'maildir:outbox', from: a@b.example}}\n",
    )
    house.tick("10m")
    house.tick("10m")
    assert house.state("hello") == "done"
    house.tick("2d")
    assert len(house.letters()) == 1


def test_the_late_tick_is_measured_by_what_is_possible(house: Any) -> None:
    house.rules(leads=LEADS)
    ticks(house, 1, every=5)
    house.now += timedelta(days=3653)
    house.tick()
    house.now -= timedelta(days=3653)
    assert [p for p in automation_problems(house.ws) if "tick finished" in p.message] == []
    house.wait("3h")
    [late] = [p for p in automation_problems(house.ws) if "tick finished" in p.message]
    assert "3 hours ago" in late.message
    house.tick()
    house.wait("3h")
    assert [p for p in automation_problems(house.ws) if "tick finished" in p.message]


@pytest.mark.parametrize("year", kit.some([1900, 2199, 1970, 2106, 2038], 2))
def test_years_at_the_edge(house: Any, year: int) -> None:
    house.rules(leads=LEADS, deals=DEALS)
    house.add("lead", name="До")
    house.tick()
    right = house.now
    house.now = datetime(year, 12, 31, 23, 59, 50, tzinfo=UTC)
    house.add("lead", name="Тогда")
    house.tick()
    house.now += timedelta(seconds=20) if year != 2199 else timedelta()
    house.tick()
    list(automation_problems(house.ws))
    house.now = right + timedelta(minutes=10)
    house.tick()
    house.tick("10m")
    assert house.titles().count("Сразу") == 2
    assert house.titles().count("Через три дня") == (1 if year > 2026 else 0)
