"""How late the events are dated, to notice a clock that was wrong; asked by each tick, so it reads only
what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from crmcli.model.event import ENTRIES

_META = "latest"
_ENTRY_KINDS = ", ".join(f"'{kind}'" for kind in ENTRIES)
_VERDICTS = "'job.missed', 'job.skipped', 'automation.stopped'"
_TRIES = "'job.failed', 'job.started', 'job.dead', 'job.deferred'"


class Span(NamedTuple):
    """Events that are accounted for: by their ids and their times, first and last of each."""

    first: str
    last: str
    since: str
    until: str


class Beyond(NamedTuple):
    """The events dated after an instant: the span of them, "" where there are none; the last instant
    at or before it; how many records, retries and schedules they are about."""

    span: Span
    before: str
    records: int
    retries: int
    schedules: int


def latest(connection: sqlite3.Connection) -> str:
    """The latest instant of any event that is not accounted for; "" if there is none."""
    num, instant = _known(connection)
    (newest,) = connection.execute("SELECT ifnull(max(num), 0) FROM event").fetchone()
    if newest == num:
        return instant
    since = num if num < newest else 0  # a file was read anew, under lower numbers
    row = connection.execute("SELECT max(at) FROM event WHERE num > ?", (since,)).fetchone()
    return max(instant, row[0] or "")


def seen(connection: sqlite3.Connection) -> str:
    """The greatest id of the events that were there at the last account; "" if there was none."""
    row = connection.execute(
        "SELECT id FROM event WHERE num <= ? ORDER BY id DESC LIMIT 1", _known(connection)[:1]
    ).fetchone()
    return row[0] if row else ""


def _known(connection: sqlite3.Connection) -> tuple[int, str]:
    known = connection.execute("SELECT value FROM meta WHERE key = ?", (_META,)).fetchone()
    num, _, instant = str(known[0]).partition(" ") if known else ("0", "", "")
    return int(num), instant


def account(connection: sqlite3.Connection, instant: str) -> None:
    """Note that no event there is dated after an instant, but for those accounted for."""
    (newest,) = connection.execute("SELECT ifnull(max(num), 0) FROM event").fetchone()
    if _known(connection) != (newest, instant):
        row = (_META, f"{newest} {instant}")
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


def beyond(connection: sqlite3.Connection, limit: str, known: Sequence[Span]) -> Beyond:
    """The events dated after an instant, without those of spans that are accounted for."""
    terms = "at > ?"
    parameters: list[str] = [limit]
    for span in known:
        terms += " AND NOT (id BETWEEN ? AND ? AND at BETWEEN ? AND ?)"
        parameters += span

    def one(what: str, more: str = "1") -> tuple[str | int | None, ...]:
        found = connection.execute(
            f"SELECT {what} FROM event e WHERE {terms} AND {more}", parameters
        )
        row: tuple[str | int | None, ...] = found.fetchone()
        return row

    span = Span(*(str(cell or "") for cell in one("min(id), max(id), min(at), max(at)")))
    before = connection.execute("SELECT max(at) FROM event WHERE at <= ?", (limit,)).fetchone()
    ended = (
        "EXISTS (SELECT 1 FROM event l WHERE l.job = e.job AND l.id > e.id"
        f" AND l.kind NOT IN ({_TRIES}))"
    )
    counts = [
        one("count(DISTINCT record)", f"kind IN ({_ENTRY_KINDS}, {_VERDICTS}) AND record != ''"),
        one("count(DISTINCT job)", f"kind IN ({_TRIES}) AND NOT {ended}"),
        one("count(DISTINCT json_extract(data, '$.schedule'))", "kind = 'schedule.ran'"),
    ]
    return Beyond(span, before[0] or "", *(int(row[0] or 0) for row in counts))


def between(connection: sqlite3.Connection, after: str, until: str, before: str = "f") -> Span:
    """The events with ids after one and before another, dated until an instant; "" where none are."""
    row = connection.execute(
        "SELECT min(id), max(id), min(at), max(at) FROM event WHERE id > ? AND id < ? AND at <= ?",
        (after, before, until),
    ).fetchone()
    return Span(*(cell or "" for cell in row))
