"""What stands ready before a report asks: clock and zone, the declared stages, tables that are made once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from crmcli.store.index import query
from crmcli.store.index.report_functions import offer
from crmcli.store.index.rows_of_reports import DECLARED, Source, Stages

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env


class Frame(NamedTuple):
    """What every question of one report is asked with: its clock and zone, its conditions' surroundings, and
    the stages that pipelines.yaml declares."""

    env: Env
    stages: Stages
    made: dict[str, int]
    """What has been made ready for all questions, each by the connection in which it stands."""


Ask: TypeAlias = "Callable[[str, Sequence[query.Parameter]], list[Any]]"
"""What gives all rows that a query finds: of the index, or of a snapshot of it."""


def prepared(connection: sqlite3.Connection, frame: Frame) -> Ask:
    """What asks the index, with the functions and the stages that sources ask for."""
    if _is_made(connection, frame, "declared"):
        return lambda sql, parameters: connection.execute(sql, parameters).fetchall()
    offer(connection, frame.env.now, frame.env.zone)
    connection.execute("DROP TABLE IF EXISTS temp.declared")
    connection.execute(DECLARED)
    connection.executemany(
        "INSERT OR IGNORE INTO temp.declared VALUES (?, ?, ?, ?, ?, ?, ?, ?)", frame.stages
    )
    return lambda sql, parameters: connection.execute(sql, parameters).fetchall()


def _is_made(connection: sqlite3.Connection, frame: Frame, name: str) -> bool:
    """Whether something was made ready in this connection already; from now on it is."""
    is_made = frame.made.get(name) == id(connection)
    frame.made[name] = id(connection)
    return is_made


def make_ready(
    connection: sqlite3.Connection, frame: Frame, rows: Source, needs: Iterable[str]
) -> None:
    """Make the tables that rows need, found by their first column; but for those that were made already."""
    for name in needs:
        if not _is_made(connection, frame, name):
            connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
            connection.execute(f"CREATE TEMP TABLE {name} AS {rows.ready[name]}")
            by = connection.execute(f"SELECT * FROM temp.{name} LIMIT 0").description[0][0]
            connection.execute(f"CREATE INDEX temp.{name}_{by} ON {name} ({by})")
