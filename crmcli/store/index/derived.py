"""What is derived of a record, its activities and tasks: as SQL of a row, with the keys of its field."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from crmcli.model.entities import ENTITIES
from crmcli.model.event import ACTIVITIES, EDITED, Event, edited_event
from crmcli.model.kinds import Field
from crmcli.model.schema import SCORED, has_activities, has_field, own_fields
from crmcli.store.index.columns import Columns
from crmcli.store.index.events import COLUMNS, event_of
from crmcli.store.index.tables import IS_AMENDED

_KINDS = ", ".join(repr(kind) for kind in (*ACTIVITIES, EDITED))
HAPPENED = """
CASE WHEN json_valid(event.data) AND json_extract(event.data, '$.at') IS NOT NULL
THEN json_extract(event.data, '$.at') ELSE substr(event.at, 1, 19) || 'Z' END
"""
"""When an activity was, of its row in `event`."""
KIND_NOW, ACTOR_NOW = (
    f"CASE event.kind WHEN '{EDITED}' THEN json_extract(event.data, '$.{name}') ELSE event.{name} END"
    for name in ("kind", "actor")
)
"""Of an activity, also as it was edited since."""
IS_CURRENT = f"event.kind IN ({_KINDS}) AND NOT {IS_AMENDED}"
"""Whether a row of `event` is an activity as it is now."""
_LAST = f"""
(SELECT max({HAPPENED}) FROM event WHERE event.record IN ({{records}}) AND +{IS_CURRENT})
"""
"""The plus keeps SQLite from looking through all activities for those of a record."""
_NEXT = """
(SELECT min(t.f_due) FROM task AS t WHERE t.f_about IN ({records}) AND t.f_done_at IS NULL)
"""
_SQL = {"last_activity": _LAST, "next_task": _NEXT}


def expression(field: Field, columns: Columns, entity: str, row: str) -> str:
    """The key of a derived field of a row of the entity's table; NULL where there is none."""
    if field.name == SCORED.name:
        return _score(columns, entity, row)
    records = " UNION ALL ".join(_concerned(columns, entity, row))
    return _SQL[field.name].format(records=records).replace("\n", " ")


def _score(columns: Columns, entity: str, row: str) -> str:
    scorer = columns.scorer(entity)
    if scorer is None:
        return "NULL"
    from crmcli.store.index import scoring

    return scoring.expression(scorer, columns, entity, row)


def _concerned(columns: Columns, entity: str, row: str) -> Iterator[str]:
    """Whose activities and tasks are those of a record: its own, those of what it came from, of what went
    into it, and of what links to it."""
    yield f"SELECT {row}.id"
    yield from (f"SELECT {row}.{name}" for name in _origins(columns, entity))
    for related, record, tables in _linking(columns, entity):
        yield f"SELECT {related} FROM {tables} WHERE {record} = {row}.id"


def kin(columns: Columns, entity: str) -> str:
    """The same of all records of an entity: pairs of `record` and `related`."""
    pairs = [("own.id", "own.id", f"{entity} AS own")]
    pairs += [(f"own.{n}", "own.id", f"{entity} AS own") for n in _origins(columns, entity)]
    pairs += _linking(columns, entity)
    return " UNION ALL ".join(
        f"SELECT {record} AS record, {related} AS related FROM {tables} WHERE {related} IS NOT NULL"
        f" AND {record} IS NOT NULL"
        for related, record, tables in pairs
    )


def _origins(columns: Columns, entity: str) -> list[str]:
    """The columns that say what a record came from."""
    own = columns.columns(entity)
    fields = [f for f in own_fields(entity) if f.system and f.entities and f.name in own]
    return [own[field.name].name for field in fields]


def _linking(columns: Columns, entity: str) -> Iterator[tuple[str, str, str]]:
    """What went into records of an entity, and what links to them: its id, theirs, and the tables."""
    yield "m.id", "m.survivor", " AS ".join(("merged", "m"))
    for other in filter(has_activities, ENTITIES):
        for field in own_fields(other):
            if entity not in field.entities or field.system:
                continue
            column = columns.columns(other).get(field.name)
            if column:
                yield "o.id", f"o.{column.name}", f"{other} AS o"
            else:
                number = columns.list_number(other, field.name)
                same = f"o.num = i.num AND i.field = {number}"
                yield "o.id", "i.key", f"item AS i JOIN {other} AS o ON {same}"


def read_for(entity: str) -> set[str]:
    """The entities whose files tell the derived fields of a record, beside its own file."""
    linking = {
        other
        for other in filter(has_activities, ENTITIES)
        for field in own_fields(other)
        if entity in field.entities and not field.system
    }
    return {*linking, *(other for other in ENTITIES if has_field(other, "done_at"))}


def values(
    connection: sqlite3.Connection,
    columns: Columns,
    entity: str,
    fields: Sequence[Field],
    records: Sequence[str],
) -> dict[str, dict[str, str]]:
    """The derived fields of some records, raw, by id and name; absent ones are ""."""
    cells = ", ".join(expression(field, columns, entity, entity) for field in fields)
    sql = f"SELECT id, {cells} FROM {entity} WHERE id IN (SELECT value FROM json_each(?))"
    names = [field.name for field in fields]
    return {
        row[0]: {
            name: "" if key is None else str(key) for name, key in zip(names, row[1:], strict=True)
        }
        for row in connection.execute(sql, [json.dumps(list(records))])
    }


def activities(
    connection: sqlite3.Connection, record: str = "", since: str = "", until: str = ""
) -> list[Event]:
    """Activities as they are now, of a record or of all, oldest first."""
    terms = [IS_CURRENT]
    parameters = []
    for term, value in (
        ("event.record = ?", record),
        (f"{HAPPENED} >= ?", since),
        (f"{HAPPENED} <= ?", until),
    ):
        if value:
            terms.append(term)
            parameters.append(value)
    sql = f"SELECT {COLUMNS} FROM event WHERE {' AND '.join(terms)} ORDER BY {HAPPENED}, id"
    return [edited_event(event_of(row)) for row in connection.execute(sql, parameters)]
