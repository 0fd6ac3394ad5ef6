"""What reports ask of each record is found by the record: no base is looked through for each of its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcli.store.index import ready, snapshot_rows
from crmcli.workspace.frames import frame_of
from tests.reports import histories


def slow(rows: list[tuple[int, int, int, str]]) -> Iterator[str]:
    """The steps within something done for each row that look through a table, or all of one kind."""
    above = {number: parent for number, parent, _, _ in rows}
    said = {number: text for number, _, _, text in rows}

    def is_for_each(number: int) -> bool:
        while number:
            if said.get(number, "").startswith("CORRELATED"):
                return True
            number = above.get(number, 0)
        return False

    for _, parent, _, text in rows:
        if not is_for_each(parent) or "CONSTANT ROW" in text or "json_each" in text:
            continue
        if text.startswith("SCAN") or "event_kind" in text:
            yield text


@pytest.mark.parametrize(
    "table", ["lead", "deal", "stays_deal", "reached_lead", "activities", "jobs", "letters_deal"]
)
def test_each_column_is_found_by_its_record(tmp_path: Path, table: str) -> None:
    ws = histories.opened(histories.made(tmp_path / "ws", 5, seed=2))
    frame, columns = frame_of(ws), ws._index._columns

    def look(connection: sqlite3.Connection) -> list[str]:
        ready.prepared(connection, frame)
        for rows in snapshot_rows.sources_of(columns):
            ready.make_ready(connection, frame, rows, rows.ready)
        found = []
        for one in snapshot_rows.tables(columns):
            if one.name == table:
                plan = connection.execute(f"EXPLAIN QUERY PLAN {one.select}").fetchall()
                assert plan
                found += slow(plan)
        return found

    assert ws._index.read_all(look) == []
