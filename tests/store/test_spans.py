"""The parts of a calendar in which instants lie: each instant in the one that its zone says, in no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmcli.model.local_times import local_day
from crmcli.model.periods import STEPS, key_of
from crmcli.model.values import format_instant
from crmcli.store.index.spans import Span, spans


def _spans(instants: Sequence[str], step: str, zone: ZoneInfo) -> list[Span]:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE done (at TEXT)")
    base.executemany("INSERT INTO done VALUES (?)", [(at,) for at in instants])

    def ask(sql: str, _: Sequence[object]) -> list[tuple[str, str, int]]:
        return base.execute(sql).fetchall()

    return [*spans(ask, "done WHERE 1", "at", step, zone)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_each_instant_lies_in_its_own(zone: str, step: str) -> None:
    where = ZoneInfo(zone)
    moments = [
        datetime(2024, 12, 28, 17, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 9000, 5)
    ]
    found = _spans([*map(format_instant, moments)], step, where)
    for moment in moments:
        at = format_instant(moment)
        keys = [key for key, since, until in found if since <= at < until]
        assert keys == [key_of(local_day(moment, where), step)]
    assert [*dict.fromkeys(one.key for one in found)] == [one.key for one in found]


@pytest.mark.parametrize(
    "odd", ["2026-11-01T00:30:00+03:00", "2026-11-01T00:30:00.5Z", "1999-12-31T20:00:00Z", "2040-01-01T00:00:00Z"]
)  # fmt: skip
def test_texts_that_do_not_say_which_is_earlier_have_none(odd: str) -> None:
    assert _spans(["2026-10-30T10:00:00Z"], "month", ZoneInfo("Europe/Moscow"))
    assert _spans(["2026-10-30T10:00:00Z", odd], "month", ZoneInfo("Europe/Moscow")) == []
    assert _spans([], "month", ZoneInfo("Europe/Moscow")) == []
