"""The holidays of a country in the calendar, with its moved days, kept beside what stands there."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage
from crmcli.sales.history.undo import undo
from crmcli.sales.settings.holidays import NoHolidays, take
from tests import kit

SETTINGS = """
users: {anna: {}}
calendar:
  holidays:      # ours
    - 2026-01-01 # new year
    - 2026-10-05 # our birthday
  # workdays: [2026-02-20]
"""
WORKED = {
    2024: ["2024-04-27", "2024-11-02", "2024-12-28"],
    2025: ["2025-11-01"],
    2026: [],
    2027: ["2027-02-20"],
}
MOVED = {
    2024: ["2024-04-29", "2024-04-30", "2024-05-10", "2024-12-30", "2024-12-31"],
    2025: ["2025-05-02", "2025-05-08", "2025-06-13", "2025-11-03", "2025-12-31"],
    2026: ["2026-01-09", "2026-03-09", "2026-05-11", "2026-12-31"],
    2027: ["2027-02-22", "2027-05-03", "2027-05-10", "2027-06-14", "2027-11-05", "2027-12-31"],
}  # fmt: skip
"""By the decrees of the government and article 112 of the labour code."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return kit.workspace(tmp_path, kit.pipelines(), SETTINGS)


def test_without_the_extra_it_says_what_is_missing(root: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(NoHolidays, match="need the package holidays"):
        take(kit.opened(root), "RU", [2026])


@pytest.mark.parametrize("year", WORKED)
def test_russian_days(root: Path, year: int) -> None:
    pytest.importorskip("holidays")
    take(kit.opened(root), "RU", [year])
    ws = kit.opened(root)
    calendar = ws.settings.calendar
    assert sorted(map(str, calendar.workdays)) == WORKED[year]
    assert {*MOVED[year]} <= {str(day) for day in calendar.holidays}
    assert all(calendar.is_open(date.fromisoformat(day)) for day in WORKED[year])
    assert not any(calendar.is_open(date.fromisoformat(day)) for day in MOVED[year])


def test_what_stands_there_stays(root: Path) -> None:
    pytest.importorskip("holidays")
    ws = kit.opened(root)
    before = (root / "settings.yaml").read_text()
    days = take(ws, "ru", [2026])
    assert [one.is_new for one in days if str(one.day) == "2026-01-01"] == [False]
    assert any("does not know 2026-10-05, which stay" in note for note in ws.notes)
    after = (root / "settings.yaml").read_text()
    assert [line for line in after.split("\n") if line in before.split("\n")] == before.split("\n")
    assert not any(one.is_new for one in take(kit.opened(root), "RU", [2026]))
    assert (root / "settings.yaml").read_text() == after
    undo(kit.opened(root))
    assert (root / "settings.yaml").read_text() == before


def test_a_year_of_which_the_moves_are_not_known(root: Path) -> None:
    pytest.importorskip("holidays")
    ws = kit.opened(root)
    take(ws, "RU", [2026, 2099])
    [told] = [note for note in ws.notes if "not of 2099" in note]
    last = int(told.split(" until ")[1][:4])
    ws = kit.opened(root)
    take(ws, "RU", [last])
    assert not [note for note in ws.notes if "not of" in note]


def test_a_working_day_of_ones_own_is_told_and_stays(root: Path) -> None:
    pytest.importorskip("holidays")
    kit.replace(root / "settings.yaml", "# workdays: [2026-02-20]", "workdays: [2026-02-21]")
    ws = kit.opened(root)
    take(ws, "RU", [2026])
    assert any("does not know 2026-02-21, 2026-10-05, which stay" in note for note in ws.notes)
    assert [str(day) for day in kit.opened(root).settings.calendar.workdays] == ["2026-02-21"]


@pytest.mark.parametrize(
    ("place", "year", "told"),
    [("XX", 2026, "no country"), ("DE-XX", 2026, "no part"), ("RU", 1999, "is not a year"), ("", 2026, "no country")],
)  # fmt: skip
def test_what_is_refused(root: Path, place: str, year: int, told: str) -> None:
    pytest.importorskip("holidays")
    with pytest.raises(BadUsage, match=told):
        take(kit.opened(root), place, [year])
