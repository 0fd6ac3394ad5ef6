"""Reads the keys of some fields of many records, page by page: less than their documents, and quicker."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from crmcli.model.kinds import Key
from crmcli.store.index.columns import AS_GIVEN, Columns
from crmcli.store.index.query import Sql


class Facts(NamedTuple):
    """The keys of a record's fields, in the order in which the fields were asked for.

    `num` is the record's place in the index, after which the next page begins.
    """

    num: int
    id: str
    keys: tuple[tuple[Key, ...], ...]


def page(
    connection: sqlite3.Connection,
    columns: Columns,
    entity: str,
    names: Sequence[str],
    where: Sql,
    after: int,
    limit: int,
) -> list[Facts]:
    """The next records that fit, in the order of the index."""
    known = columns.columns(entity)
    single = [name for name in names if name in known]
    cells = ", ".join(["num", "id", *(known[name].name for name in single)])
    rows = connection.execute(
        f"SELECT {cells} FROM {entity} WHERE num > ? AND {where.text} ORDER BY num LIMIT ?",
        [after, *where.parameters, limit],
    ).fetchall()
    if not rows:
        return []
    many = _items(connection, columns, entity, names, rows[0][0], rows[-1][0])
    places = [single.index(name) + 2 if name in known else -1 for name in names]
    return [
        Facts(
            row[0],
            row[1],
            tuple(
                many.get((row[0], name), ())
                if place < 0
                else (() if row[place] is None else (row[place],))
                for name, place in zip(names, places, strict=True)
            ),
        )
        for row in rows
    ]


def _items(
    connection: sqlite3.Connection,
    columns: Columns,
    entity: str,
    names: Sequence[str],
    first: int,
    last: int,
) -> dict[tuple[int, str], tuple[Key, ...]]:
    """The items of lists, by record and field; phones also by what they are in E.164."""
    fields = {
        number: name
        for name in names
        for number in (
            columns.list_number(entity, name),
            columns.list_number(entity, name + AS_GIVEN),
        )
        if number
    }
    found: dict[tuple[int, str], tuple[Key, ...]] = {}
    marks = ", ".join("?" * len(fields))
    rows = connection.execute(
        f"SELECT num, field, key FROM item WHERE num BETWEEN ? AND ? AND field IN ({marks})",
        [first, last, *fields],
    )
    for num, field, key in rows:
        place = (num, fields[field])
        found[place] = (*found.get(place, ()), key)
    return found
