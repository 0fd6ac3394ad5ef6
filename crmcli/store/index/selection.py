"""Reads records out of the index: those that fit a condition, their number, sums, and look-ups by content."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from crmcli.errors import BadUsage, Problem
from crmcli.language import tr
from crmcli.model.conditions.paths import routes
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import kind_of
from crmcli.model.values import Raw, entity_of, fold
from crmcli.store.index.answers import Total
from crmcli.store.index.columns import Columns
from crmcli.store.index.documents import Documents
from crmcli.store.index.query import Sql

_SPLIT = 1_000_000  # SQLite's sums are exact up to 2^63; parts of them never come near
_SCAN = 500


def numbers(
    connection: sqlite3.Connection,
    entity: str,
    where: Sql,
    order: str,
    limit: int | None,
) -> list[int]:
    """The numbers of the records that fit, in order."""
    rows = connection.execute(
        f"SELECT num FROM {entity} WHERE {where.text} ORDER BY {order} LIMIT ?",
        [*where.parameters, -1 if limit is None else limit],
    )
    return [num for (num,) in rows]


def numbers_of(connection: sqlite3.Connection, records: Sequence[str]) -> list[int]:
    """The numbers of the records of these ids."""
    found: list[int] = []
    wanted = json.dumps(list(records))
    for entity in sorted({entity_of(record_id) for record_id in records} - {""}):
        rows = connection.execute(
            f"SELECT num FROM {entity} WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
        )
        found += [num for (num,) in rows]
    return found


def documents(connection: sqlite3.Connection, found: Sequence[int]) -> Documents[dict[str, Raw]]:
    """The raw records of these numbers, in their order."""
    docs: Documents[dict[str, Raw]] = Documents(lambda raw: raw)
    for start in range(0, len(found), _SCAN):
        part = found[start : start + _SCAN]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            f"SELECT num, CAST(doc AS BLOB) FROM doc WHERE num IN ({marks})", part
        )
        texts = dict(rows.fetchall())
        docs.add(texts[num] for num in part if num in texts)
    return docs


def count(connection: sqlite3.Connection, entity: str, where: Sql) -> int:
    """How many records fit."""
    statement = f"SELECT count(*) FROM {entity} WHERE {where.text}"
    return int(connection.execute(statement, where.parameters).fetchone()[0])


def totals(
    connection: sqlite3.Connection, columns: Columns, entity: str, by: Sequence[str], where: Sql
) -> list[Total]:
    """Groups of the records that fit; BadUsage for a field that is unknown or holds several values."""
    groups = [_grouping(columns, entity, name) for name in by]
    placed = columns.columns(entity)
    money = [column for column in placed.values() if column.cents]
    money.sort(key=lambda column: column.field.name != "amount")
    cents = money[0].cents if money and not money[0].field.custom else "NULL"
    currency = placed["currency"].name if "currency" in placed else "NULL"
    grouped = ", ".join([*groups, currency])
    rows = connection.execute(
        f"SELECT {grouped}, count(*), min(id), num, ifnull(sum({cents} / {_SPLIT}), 0),"
        f" ifnull(sum({cents} % {_SPLIT}), 0) FROM {entity} WHERE {where.text}"
        f" GROUP BY {grouped} ORDER BY {', '.join(f'{key} IS NULL, {key}' for key in [*groups, currency])}",
        where.parameters,
    ).fetchall()
    found = []
    for *group, code, number, _, example, high, low in rows:  # the num is that of the least id
        spelled = (
            _spelling(connection, example, by) if any(key is not None for key in group) else None
        )
        names = tuple(spelled or [""] * len(by))
        amount = Decimal(high * _SPLIT + low) / 100
        found.append(Total(names, number, (code or "").upper(), amount))
    return found


def _grouping(columns: Columns, entity: str, name: str) -> str:
    (route, *_), field = routes((name,), columns.schema, entity), name
    column = columns.column(route[0])
    if not column:
        raise BadUsage(
            tr("cannot group by {!r}: it may hold several values", field),
            "group by a field that holds one, like stage, owner or source",
        )
    return column


def _spelling(connection: sqlite3.Connection, example: int, by: Sequence[str]) -> list[str]:
    """How a record of the group writes the values that the group was made by."""
    (doc,) = documents(connection, [example])
    values = [doc.get(name, "") for name in by]
    return [value if isinstance(value, str) else "" for value in values]


def lookup(
    connection: sqlite3.Connection, columns: Columns, kind: str, text: str, entities: Sequence[str]
) -> list[str]:
    """The records that have this phone, e-mail, INN, site or exact name, however it is written."""
    if kind not in _LOOK_UPS:
        raise BadUsage(tr("cannot look up by {!r}", kind), tr("there are {}", ", ".join(_LOOK_UPS)))
    if kind == "phone":
        from crmcli.model.phones import key as phone_key

        given = _with_key(connection, columns, kind, text, entities) if text.isdecimal() else []
        key = phone_key(text, columns.country)
        return given or _with_key(connection, columns, kind, key, entities)
    key = str(kind_of("url").literal(text, "")) if kind == "site" else fold(text)
    return _with_key(connection, columns, kind, key, entities)


_NAMES = ("name", "legal_name")
_LOOK_UPS = ("phone", "email", "inn", "site", "name")


def _with_key(
    connection: sqlite3.Connection, columns: Columns, kind: str, key: str, entities: Sequence[str]
) -> list[str]:
    found: list[str] = []
    for entity in entities or ENTITIES:
        singles, lists = columns.found_by(entity, kind)
        if kind == "name":
            singles = [c.name for c in columns.columns(entity).values() if c.field.name in _NAMES]
        terms = [f"{column} = ?" for column in singles]
        terms += [f"num IN (SELECT num FROM item WHERE field = {n} AND key = ?)" for n in lists]
        if terms and key:
            rows = connection.execute(
                f"SELECT id FROM {entity} WHERE {' OR '.join(terms)} ORDER BY made, id",
                [key] * len(terms),
            )
            found += [record_id for (record_id,) in rows]
    return found


def merged(connection: sqlite3.Connection, survivor: str = "") -> list[tuple[str, str]]:
    """The records that went into others, each with the one into which; of one of these if named."""
    terms, parameters = ("survivor = ?", [survivor]) if survivor else ("1", [])
    rows = connection.execute(
        f"SELECT id, survivor FROM merged WHERE {terms} ORDER BY id", parameters
    )
    return rows.fetchall()


def problems(connection: sqlite3.Connection) -> list[Problem]:
    """What is wrong in the files, by place."""
    rows = connection.execute("SELECT path, line, message, hint FROM problem ORDER BY path, line")
    return [Problem(*row) for row in rows]
