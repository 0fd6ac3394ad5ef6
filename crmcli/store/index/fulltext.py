"""The full text: plain tables hold what is searched; the first search makes the trigram indexes of them."""

from __future__ import annotations

import sqlite3

from crmcli.store.index.base import transaction

TEXTS = ("name", "company", "phones", "emails", "rest")
"""The columns in which the searched texts of a record stand."""

SOURCES = {"text": ("words", TEXTS), "said": ("talk", ("text",))}
"""The trigram indexes, each with the table it is of: of records, and of what was said and written."""


def wake(connection: sqlite3.Connection) -> None:
    """Make the trigram indexes if nobody has searched yet; from now on they follow their tables.

    Making them costs as much as a fifth of an index from nothing, and many workspaces are never
    searched, so it waits until then.
    """
    if _is_awake(connection):
        return
    with transaction(connection):
        if not _is_awake(connection):  # another command may have been quicker
            for index, (table, columns) in SOURCES.items():
                for statement in _made(index, table, columns):
                    connection.execute(statement)


def _is_awake(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'text'").fetchone()
    return found is not None


def _made(index: str, table: str, columns: tuple[str, ...]) -> list[str]:
    """An index over the columns of a table, and what keeps it equal to them."""
    names = ", ".join(columns)
    new = ", ".join(f"new.{name}" for name in columns)
    old = ", ".join(f"old.{name}" for name in columns)
    options = f"content='{table}', content_rowid='num', tokenize='trigram'"
    into = f"INSERT INTO {index} (rowid, {names}) VALUES (new.num, {new});"
    out = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', old.num, {old});"
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5({names}, {options})",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",
        f"CREATE TRIGGER {table}_in AFTER INSERT ON {table} BEGIN {into} END",
        f"CREATE TRIGGER {table}_out AFTER DELETE ON {table} BEGIN {out} END",
    ]
