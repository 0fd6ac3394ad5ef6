"""What fields said before a record ended, where they were changed with its end or later."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from crmcli.store.index.columns import Columns


def before(
    connection: sqlite3.Connection, columns: Columns, entity: str
) -> dict[str, dict[str, Any]]:
    """By record and field what stood there before the last end, in raw form, as far as that differs."""
    closed = columns.columns(entity)["closed_at"].name
    sql = (
        f"SELECT event.record, event.data FROM {entity} CROSS JOIN event ON event.record = {entity}.id"
        f" WHERE {entity}.{closed} IS NOT NULL AND substr(event.at, 1, 19) || 'Z' >= {entity}.{closed}"
        " AND instr(event.data, '\"changes\"') ORDER BY event.id"
    )
    found: dict[str, dict[str, Any]] = {}
    for record, data in connection.execute(sql):
        changes = json.loads(data).get("changes")
        for name, change in changes.items() if isinstance(changes, dict) else ():
            if isinstance(change, list) and change:
                found.setdefault(record, {}).setdefault(name, change[0])
    return found
