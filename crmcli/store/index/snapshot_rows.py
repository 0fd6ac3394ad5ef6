"""The rows of reports as a snapshot keeps them: wide tables, with all ready that needs no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.model.entities import ENTITIES, having
from crmcli.store.index import derived, sources
from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import Cell, Source, Stages

LAYOUT = 2
"""Counts up whenever what stands in the tables changes."""
_CLOCK = "now()"
_TYPES = {
    "flag": "BOOLEAN",
    "number": "DOUBLE",
    "days": "DOUBLE",
    "money": "BIGINT",
    "moment": "BIGINT",
}
_INDEX_TYPES = {"INTEGER": "BIGINT", "REAL": "DOUBLE"}


class Made(NamedTuple):
    """A column of a table: its type, and what the index answers for it."""

    type: str
    sql: str


class Table(NamedTuple):
    """A table of a snapshot: its columns, and of which rows of the index they are. With `beside` each row has
    the columns of the record, in the table of that name, too. Beside the values of `numbered` columns stand
    whole numbers for them."""

    name: str
    columns: Mapping[str, Made]
    rows: str
    beside: str = ""
    numbered: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [*self.columns, *(f"{name}_no" for name in self.numbered)]

    @property
    def select(self) -> str:
        """What the index is asked for it."""
        cells = (f"{made.sql} AS {name}" for name, made in self.columns.items())
        return f"SELECT {', '.join(cells)} FROM {self.rows}"


def tables(columns: Columns) -> Iterator[Table]:
    """All tables of a snapshot, those of records first."""
    ready: dict[str, dict[str, Made]] = {
        entity: own_columns(entity, columns) for entity in ENTITIES
    }
    rows = {entity: entity for entity in ENTITIES}
    numbered: dict[str, list[str]] = {}
    others = []
    for name, entity in _asked():
        found = sources.source(name, entity, columns)
        table = _table(name, found, columns)
        if table == found.entity:
            ready[table] |= _ready(name, found)
            rows[table] = found.tables + "".join(found.joins.values())
            numbered[table] = [f"{name}_{cell}" for cell in _numbered(found)]
            continue
        number = {"num": Made("BIGINT", f"{found.entity}.num")}
        record = {"record": Made("VARCHAR", found.record)}
        keys = number | (record if found.is_loose else {}) if found.entity else record
        cells = keys | _ready(name, found)
        beside = "".join(found.joins.values())
        rows_of = f"{found.tables}{found.link}{beside} WHERE {found.where}"
        others.append(Table(table, cells, rows_of, found.entity, [*(cells.keys() & {"record"})]))
    for entity, cells in ready.items():
        yield Table(entity, cells, rows[entity], numbered=numbered.get(entity, ()))
    item = {"field": "BIGINT", "key": "VARCHAR", "num": "BIGINT"}
    yield Table("item", {name: Made(kind, name) for name, kind in item.items()}, "item")
    yield from {table.name: table for table in others}.values()


def sources_of(columns: Columns) -> Iterator[Source]:
    """All rows of which reports are."""
    return (sources.source(name, entity, columns) for name, entity in _asked())


def own_columns(entity: str, columns: Columns) -> dict[str, Made]:
    """The columns of records, as the index has them, and what is derived of them."""
    found = {"num": Made("BIGINT", f"{entity}.num"), "made": Made("VARCHAR", f"{entity}.made")}
    for column in columns.columns(entity).values():
        for cell in column.cells:
            name, _, kind = cell.partition(" ")
            found[name] = Made(_INDEX_TYPES.get(kind, "VARCHAR"), f"{entity}.{name}")
    return found | {name: Made(kind, sql) for name, kind, sql in _derived(entity, columns)}


def source(name: str, entity: str, columns: Columns) -> Source:
    """The rows of that name in a snapshot."""
    plain = sources.source(name, entity, columns)
    row = plain.entity or "event"
    ready = _ready(name, plain)
    parts = {part.sql: f"{row}.{name}_{own}" for own, part in plain.parts.items()}
    cells = {
        cell: found._replace(
            sql=f"{row}.{name}_{cell}" if f"{name}_{cell}" in ready else swapped(found.sql, parts),
            ready=(),
        )
        for cell, found in plain.cells.items()
    }
    is_own = plain.entity and not plain.is_loose
    record = f"{row}.{'id' if is_own else 'record'}"
    numbers = {record: f"{row}.num" if is_own else f"{record}_no"}
    for cell in _numbered(plain):
        numbers[cells[cell].sql] = f"{row}.{ENTITIES[plain.entity].plural}_{cell}_no"
    return replace(
        plain,
        tables=f"{_table(name, plain, columns)} AS {row}",
        record=record,
        cells=cells,
        pipeline=f"{row}.{name}_pipeline" if plain.pipeline else "",
        where="1",
        link="",
        ready={},
        needs=(),
        joins={},
        spread=None,
        numbers=numbers,
    )


def swaps(columns: Columns) -> dict[str, str]:
    """What conditions say of derived fields, each with the column that has it ready."""
    every = ((entity, *one) for entity in ENTITIES for one in _derived(entity, columns))
    return {sql: f"{entity}.{name}" for entity, name, _, sql in every if sql != "NULL"}


def swapped(sql: str, ready: Mapping[str, str]) -> str:
    """SQL with what is ready in the place of how it is found; the longest pieces first."""
    for long in sorted(ready, key=len, reverse=True):
        sql = sql.replace(long, ready[long])
    return sql


def signature(columns: Columns, stages: Stages) -> str:
    """What a snapshot must have been made for: the same fields, stages and ways of reckoning."""
    facts = [LAYOUT, columns.signature(), list(stages), *(one.select for one in tables(columns))]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _asked() -> Iterator[tuple[str, str]]:
    """Each source with each noun of whose records it may be."""
    for name in sources.names():
        for entity in having("staged"):
            yield name, entity


def _table(name: str, found: Source, columns: Columns) -> str:
    """In which table the rows of a source stand: those that are one a record, in that of the records."""
    if not found.entity:
        return name
    of_records = sources.source(ENTITIES[found.entity].plural, found.entity, columns)
    if (found.tables, found.where) == (of_records.tables, of_records.where):
        return found.entity
    return f"{name}_{found.entity}"


def _numbered(found: Source) -> list[str]:
    return [cell for cell, one in found.cells.items() if one.is_numbered]


def _ready(name: str, found: Source) -> dict[str, Made]:
    """The columns of what a source has that needs no clock."""
    cells = {cell: one for cell, one in found.cells.items() if _CLOCK not in one.sql}
    cells |= found.parts
    if found.pipeline:
        cells["pipeline"] = Cell(found.pipeline)
    return {
        f"{name}_{cell}": Made(_TYPES.get(one.kind, "VARCHAR"), f"({one.sql})")
        for cell, one in cells.items()
    }


def _derived(entity: str, columns: Columns) -> Iterator[tuple[str, str, str]]:
    for field in columns.schema.askable(entity):
        if field.derived:
            kind = _INDEX_TYPES.get(field.kind.column, "VARCHAR")
            try:
                found = derived.expression(field, columns, entity, entity)
            except Refused:  # no score was learned: none is kept
                continue
            yield field.name, kind, found
