"""Instants as reports group them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.model.periods import STEPS, key_of
from crmcli.store.index.report_functions import offer

ZONES = ("UTC", "Europe/Moscow", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe",
         "Pacific/Chatham", "America/New_York", "Pacific/Kiritimati")  # fmt: skip


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
