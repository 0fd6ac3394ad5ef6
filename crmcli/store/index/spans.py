"""The parts of a calendar in which rows lie, each asked by itself: no row is sorted by them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from typing import NamedTuple

from crmcli.model.local_times import local_day
from crmcli.model.periods import Period, key_of, next_start, start_of
from crmcli.model.values import format_instant, parse_instant
from crmcli.store.index.ready import Ask
from crmcli.store.index.report_functions import SINCE, UNTIL


class Span(NamedTuple):
    """A day, week, month, …: as figures call it, from which instant on, before which."""

    key: str
    since: str
    until: str


def spans(ask: Ask, table: str, at: str, step: str, zone: tzinfo) -> Iterator[Span]:
    """Those in which rows of a table lie, whose instants an index has; none where one of these is written so
    that texts do not tell which is earlier."""
    found = ask(
        f"SELECT (SELECT min({at}) FROM {table}), (SELECT max({at}) FROM {table}),"
        f" EXISTS (SELECT 1 FROM {table} AND length({at}) != {len('2026-11-28T12:00:00Z')})",
        [],
    )
    for first, last, is_odd in found:
        if is_odd or not first or first < f"{SINCE:%Y}" or last >= f"{UNTIL:%Y}":
            return
        day, end = (local_day(parse_instant(one), zone) for one in (first, last))
        edge = _beginning(start_of(day, step), zone)
        while (day := start_of(day, step)) <= end:
            after = next_start(day, step)
            since, edge = edge, _beginning(after, zone)
            yield Span(key_of(day, step), since, edge)
            day = after


def _beginning(day: date, zone: tzinfo) -> str:
    since, _ = Period(day, day).instants(zone)
    return format_instant(since) if since else ""
