"""Which jobs must be looked at: those of which something was written since, and open ones at their time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from crmcli.store.index import base

OPEN = ("job.queued", "job.started", "job.failed", "job.resolved", "job.deferred")
"""The kinds of a last event after which a job may still need somebody."""


class Plan(NamedTuple):
    """What came of a look at a job: when it needs the next one (None: never), through which channel.

    `mark` is that of the look: what was written of the job since then is not settled by it.
    """

    mark: int
    next_at: str | None
    channel: str = ""


def touch(connection: sqlite3.Connection, jobs: Iterable[str]) -> None:
    """Let these jobs be looked at."""
    connection.executemany(
        "INSERT OR REPLACE INTO pending (job, next_at, channel) VALUES (?, '', '')",
        [(job,) for job in jobs],
    )


def touch_all(connection: sqlite3.Connection) -> None:
    """Let every job be looked at that may be open, as in an index that is new."""
    marks = ", ".join("?" * len(OPEN))
    rows = connection.execute(
        "SELECT job FROM (SELECT job, kind, max(id) FROM event WHERE job IS NOT NULL GROUP BY job)"
        f" WHERE kind IN ({marks})",
        OPEN,
    )
    touch(connection, [job for (job,) in rows.fetchall()])


def touched(connection: sqlite3.Connection, limit: int = 500) -> list[tuple[int, str]]:
    """Some jobs that were not looked at since something was written of them, each with its mark."""
    rows = connection.execute(
        "SELECT mark, job FROM pending WHERE next_at = '' ORDER BY mark LIMIT ?", (limit,)
    )
    return rows.fetchall()


def unsettled(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Every job that was not looked at since then or may need somebody later, each with its mark."""
    return connection.execute("SELECT mark, job FROM pending ORDER BY mark").fetchall()


def plan(connection: sqlite3.Connection, plans: Sequence[Plan]) -> None:
    """Note what came of looks."""
    over = [(plan.mark,) for plan in plans if plan.next_at is None]
    later = [(plan.next_at, plan.channel, plan.mark) for plan in plans if plan.next_at is not None]
    with base.transaction(connection):
        connection.executemany("DELETE FROM pending WHERE mark = ?", over)
        connection.executemany("UPDATE pending SET next_at = ?, channel = ? WHERE mark = ?", later)


def channels(connection: sqlite3.Connection, until: str) -> list[str]:
    """Through which channels jobs are to leave by an instant."""
    rows = connection.execute(
        "SELECT DISTINCT channel FROM pending WHERE next_at > '' AND next_at <= ?", (until,)
    )
    return [channel for (channel,) in rows]


def count(connection: sqlite3.Connection, until: str, channel: str) -> int:
    """How many jobs are to leave through a channel by an instant."""
    rows = connection.execute(
        "SELECT count(*) FROM pending WHERE next_at > '' AND next_at <= ? AND channel = ?",
        (until, channel),
    )
    return int(rows.fetchone()[0])


def ready(
    connection: sqlite3.Connection,
    until: str,
    after: tuple[str, str] = ("", ""),
    resting: Collection[str] = (),
    limit: int = 100,
) -> list[tuple[str, str]]:
    """The jobs that need somebody by an instant, the longest waiting first, behind this place in the
    order and not through these channels: each with its time."""
    rows = connection.execute(
        "SELECT next_at, job FROM pending WHERE next_at > '' AND next_at <= ?"
        " AND (next_at, job) > (?, ?) AND channel NOT IN (SELECT value FROM json_each(?))"
        " ORDER BY next_at, job LIMIT ?",
        (until, *after, json.dumps(list(resting)), limit),
    )
    return rows.fetchall()
