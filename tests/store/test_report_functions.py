"""Instants as reports group them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.model.periods import STEPS, key_of
from crmcli.store.index.report_functions import local_of, offer
from tests import kit

ZONES = ("UTC", "Europe/Moscow", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe",
         "Pacific/Chatham", "America/New_York", "Pacific/Kiritimati", "Africa/Casablanca", "Pacific/Apia")  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=40))
def test_days_are_those_of_the_zone_in_any_order(zone: str, moments: list[datetime]) -> None:
    connection = sqlite3.connect(":memory:")
    offer(connection, datetime(2026, 11, 28, tzinfo=UTC), ZoneInfo(zone))
    for moment in moments:
        at = moment.replace(microsecond=0, tzinfo=UTC)
        text = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        for step in STEPS:
            (found,) = connection.execute("SELECT local(?, ?)", (text, step)).fetchone()
            assert found == key_of(at.astimezone(ZoneInfo(zone)).date(), step)
        (seconds, back) = connection.execute(
            "SELECT unixepoch(?1), instant(unixepoch(?1))", (text,)
        ).fetchone()
        assert (seconds, back) == (at.timestamp(), text)


def test_a_day_that_begins_within_an_hour() -> None:
    connection = sqlite3.connect(":memory:")
    offer(connection, datetime(2026, 11, 28, tzinfo=UTC), ZoneInfo("Asia/Kathmandu"))
    texts = ["2026-11-27T18:30:00Z", "2026-11-27T18:00:00Z", "2026-11-27T18:14:59Z", "2026-11-27"]
    days = [connection.execute("SELECT local(?, 'day')", (text,)).fetchone()[0] for text in texts]
    assert days == ["2026-11-28", "2026-11-27", "2026-11-27", "2026-11-27"]


@pytest.mark.parametrize("zone", kit.some(ZONES[::-1], 6))
def test_sqlite_itself_finds_the_same_days(zone: str) -> None:
    connection = sqlite3.connect(":memory:")
    offer(connection, datetime(2026, 11, 28, tzinfo=UTC), ZoneInfo(zone))
    connection.execute("CREATE TABLE act (at TEXT)")
    hours = [
        datetime(1999, 12, 30, tzinfo=UTC) + n * timedelta(hours=5, minutes=59)
        for n in range(59_000)
    ]
    texts = [f"{hour:%Y-%m-%dT%H:%M:%SZ}" for hour in hours]
    odd = ["2026-11-27", "", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
    connection.executemany("INSERT INTO act VALUES (?)", [(one,) for one in [*texts, *odd, None]])
    connection.execute(
        "CREATE TABLE stay AS SELECT unixepoch(at) AS since FROM act WHERE at > '1900'"
    )
    connection.execute("INSERT INTO stay SELECT since + 0.5 FROM stay WHERE since % 7 = 0")
    for step in STEPS:
        found = local_of("act.at", step, ZoneInfo(zone))
        asked = f"SELECT at, {found}, local(at, '{step}') FROM act WHERE {found} IS NOT local(at, '{step}')"
        assert connection.execute(asked).fetchall() == []
        found, slow = (
            local_of("since", step, ZoneInfo(zone), is_moment=True),
            f"local(instant(since), '{step}')",
        )
        asked = f"SELECT since, {found}, {slow} FROM stay WHERE {found} IS NOT {slow}"
        assert connection.execute(asked).fetchall() == []
