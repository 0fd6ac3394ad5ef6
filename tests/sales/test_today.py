"""What is to be done today."""

from __future__ import annotations

from crmcli.sales import deals, leads, tasks
from crmcli.sales.today import Today, today
from crmcli.workspace import Workspace
from tests import kit


def ids(found: Today) -> dict[str, list[str]]:
    names = ("overdue", "due", "late", "idle_leads", "idle_deals")
    return {name: [str(row["id"]) for row in getattr(found, name)] for name in names}


def test_an_empty_day(ws: Workspace) -> None:
    assert today(ws).is_empty


def test_tasks_by_the_clock_of_the_workspace(ws: Workspace) -> None:
    # NOW is noon in Moscow, where the day ends at 21:00 UTC.
    late = kit.add(ws, "task", name="Позвонить", due="2026-11-23 11:59").id
    soon = kit.add(ws, "task", name="Смета", due="2026-11-23 12:01").id
    night = kit.add(ws, "task", name="Отчёт", due="2026-11-23 23:59").id
    kit.add(ws, "task", name="Завтра", due="2026-11-24 00:00")
    kit.add(ws, "task", name="Когда-нибудь")
    done = kit.add(ws, "task", name="Сделано", due="2026-11-22 10:00").id
    tasks.finish(ws, done)
    found = ids(today(ws))
    assert (found["overdue"], found["due"]) == ([late], [soon, night])


def test_leads_and_deals_for_which_nothing_is_planned(ws: Workspace) -> None:
    idle = kit.add(ws, "lead", name="Кровля").id
    planned = kit.add(ws, "lead", name="Окна").id
    over = kit.add(ws, "lead", name="Спам").id
    leads.junk(ws, over, "wrong")
    deal = kit.add(ws, "deal", name="Фасад", pipeline="service").id
    won = kit.add(ws, "deal", name="Дом", amount="100").id
    deals.win(ws, won)
    task = kit.add(ws, "task", name="Позвонить", about=planned).id
    found = ids(today(ws))
    assert (found["idle_leads"], found["idle_deals"]) == ([idle], [deal])
    tasks.finish(ws, task)
    assert set(ids(today(ws))["idle_leads"]) == {idle, planned}


def test_deals_whose_day_is_past(ws: Workspace) -> None:
    kit.add(ws, "deal", name="Сегодня", close_by="2026-11-23")
    second = kit.add(ws, "deal", name="Вчера", close_by="2026-11-22").id
    first = kit.add(ws, "deal", name="Давно", close_by="2025-01-01").id
    assert ids(today(ws))["late"] == [first, second]


def test_mine_and_everybodys(ws: Workspace) -> None:
    mine = kit.add(ws, "lead", name="Моя", owner="anna").id
    other = kit.add(ws, "lead", name="Чужая", owner="boris").id
    assert ids(today(ws, "anna"))["idle_leads"] == [mine]
    assert set(ids(today(ws))["idle_leads"]) == {mine, other}
