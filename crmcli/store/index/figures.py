"""What reports ask of the index: measures of rows by dimensions, and the records behind each cell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.paths import routes
from crmcli.model.figures import Dimension
from crmcli.model.report import ANY_TIME, Asked, Group, Measure
from crmcli.model.sums import rounded
from crmcli.store.index import query
from crmcli.store.index.columns import Columns
from crmcli.store.index.report_functions import offer, seconds
from crmcli.store.index.rows_of_reports import DECLARED, Cell, Source, Stages
from crmcli.store.index.sources import source

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env
    from crmcli.model.conditions.tree import Condition

_SPLIT = 1_000_000  # as in selection.py: SQLite's sums are exact up to 2^63, parts never come near
_AGGREGATES = {
    "count": "count(*)", "records": "count(DISTINCT {record})", "sum": "sum({})",
    "average": "avg({})", "median": "quantile_cont({}, 0.5)", "p90": "quantile_cont({}, 0.9)",
}  # fmt: skip
QUANTILES = ("median", "p90")


class Frame(NamedTuple):
    """What every question of one report is asked with: its clock and zone, its conditions' surroundings, and
    the stages that pipelines.yaml declares."""

    env: Env
    stages: Stages
    made: dict[str, int]
    """What has been made ready for all questions, each by the connection in which it stands."""


Ask: TypeAlias = "Callable[[str, Sequence[query.Parameter]], list[Any]]"
"""What gives all rows that a query finds: of the index, or of a snapshot of it."""


class Part(NamedTuple):
    """A piece of SQL with what stands for its question marks."""

    text: str
    parameters: tuple[query.Parameter, ...] = ()


def groups(
    connection: sqlite3.Connection, columns: Columns, asked: Asked, frame: Frame
) -> list[Group]:
    """The measures of each group of rows that have the same keys; of all rows, without dimensions."""
    question, ask = _on_index(connection, columns, asked, frame)
    return question.groups(ask)


def records(
    connection: sqlite3.Connection,
    columns: Columns,
    asked: Asked,
    frame: Frame,
    keys: Sequence[str | float | None],
) -> list[str]:
    """The records whose rows one measure counts in the group of those keys, by id."""
    question, ask = _on_index(connection, columns, asked, frame)
    return question.records(ask, keys)


def _on_index(
    connection: sqlite3.Connection, columns: Columns, asked: Asked, frame: Frame
) -> tuple[Question, Ask]:
    """A question with all ready that it needs, and what answers it."""
    question = Question(columns, asked, frame, source(asked.source, asked.entity, columns))
    ask = prepared(connection, frame)
    make_ready(connection, frame, question.source, question.needs)
    return question, ask


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


_WITHIN_DAY = "T10:00:00Z"
"""With this a date is an instant of its own day, from Honolulu to Auckland."""


def _is_made(connection: sqlite3.Connection, frame: Frame, name: str) -> bool:
    """Whether something was made ready in this connection already; from now on it is."""
    is_made = frame.made.get(name) == id(connection)
    frame.made[name] = id(connection)
    return is_made


def make_ready(
    connection: sqlite3.Connection, frame: Frame, rows: Source, needs: Iterable[str]
) -> None:
    """Make the tables that rows need, but for those that were made for the same report already."""
    for name in needs:
        if not _is_made(connection, frame, name):
            connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
            connection.execute(f"CREATE TEMP TABLE {name} AS {rows.ready[name]}")
            connection.execute(f"CREATE INDEX temp.{name}_record ON {name} (record)")


class Question:
    """One question as SQL: the rows that are kept, the keys by which they are grouped, what is measured."""

    def __init__(self, columns: Columns, asked: Asked, frame: Frame, source: Source) -> None:
        self._columns = columns
        self._asked = asked
        self._env = frame.env
        self.source = source
        self._joins = ""
        self.needs = list(self.source.needs)
        """What must be made ready before it is asked."""
        self._keys = [self._key(n, one) for n, one in enumerate(asked.dimensions)]
        self._kept = self._rows()
        for measure in asked.measures:
            self._counted(measure), self._has(measure)

    def groups(self, ask: Ask) -> list[Group]:
        """All groups, with sums of money by currency."""
        money = [one for one in self._asked.measures if self._is_money(one)]
        plain = [one for one in self._asked.measures if one not in money]
        found = self._plain(ask, plain)
        for measure in money:
            amounts = self._amounts(ask, measure)
            for keys, group in found.items():
                sums = {**group.sums, measure.name: amounts.get(keys, {})}
                found[keys] = group._replace(sums=sums)
        return list(found.values())

    def records(self, ask: Ask, keys: Sequence[str | float | None]) -> list[str]:
        """The records behind one cell."""
        given = [
            Part(f"({key}) = ?", (value,)) if value is not None else Part(f"({key}) IS NULL")
            for key, value in zip(self._keys, keys, strict=True)
        ]
        measure = self._asked.measures[0]
        where = _joined("AND", [self._kept, self._counted(measure), self._has(measure), *given])
        tables = self._tables(where.text)
        sql = f"SELECT DISTINCT {self.source.record} FROM {tables} WHERE {where.text} ORDER BY 1"
        return [row[0] for row in ask(sql, where.parameters) if row[0]]

    # --- what is asked -----------------------------------------------------------------------------

    def _plain(self, ask: Ask, measures: Sequence[Measure]) -> dict[tuple[Any, ...], Group]:
        """All groups, with what is no money."""
        example = f"min({self.source.record})" if self._keys else "NULL"
        cells = [Part(example), *map(self._aggregate, measures)]
        some = _joined("OR", [self._counted(one) for one in self._asked.measures])
        found = {}
        for row in self._select(ask, self._keys, cells, _joined("AND", [self._kept, some])):
            keys, (example, *values) = row[: len(self._keys)], row[len(self._keys) :]
            named = {one.name: value for one, value in zip(measures, values, strict=True)}
            found[keys] = Group(keys, example or "", named)
        return found

    def _amounts(self, ask: Ask, measure: Measure) -> dict[tuple[Any, ...], dict[str, Decimal]]:
        """The sums of one measure by keys and currency, exactly."""
        cents = self._cell(measure.of).sql
        keys = [*self._keys, self.source.currency or "NULL"]
        is_quantile = measure.how in QUANTILES
        high = _AGGREGATES[measure.how].format(cents) if is_quantile else f"sum({cents} / {_SPLIT})"
        cells = [Part(high), Part(f"sum({cents} % {_SPLIT})"), Part("count(*)")]
        where = _joined("AND", [self._kept, self._counted(measure), self._has(measure)])
        found: dict[tuple[Any, ...], dict[str, Decimal]] = {}
        for *group, code, high, low, number in self._select(ask, keys, cells, where):
            if number:
                total = Decimal(high if is_quantile else high * _SPLIT + low) / 100
                parts = number if measure.how == "average" else 1
                amount = total if measure.how == "sum" else rounded(total / parts, code or "")
                found.setdefault(tuple(group), {})[(code or "").upper()] = amount
        return {keys: dict(sorted(sums.items())) for keys, sums in found.items()}

    def _select(
        self,
        ask: Ask,
        keys: Sequence[str],
        cells: Sequence[Part],
        where: Part,
    ) -> list[tuple[Any, ...]]:
        by = ", ".join(str(n + 1) for n in range(len(keys)))
        told = ", ".join([*keys, *(cell.text for cell in cells)])
        sql = f"SELECT {told} FROM {self._tables(told + where.text)}"
        sql += f" WHERE {where.text}" + (f" GROUP BY {by} ORDER BY {by}" if by else "")
        given = [value for part in (*cells, where) for value in part.parameters]
        return ask(sql, given)

    def _tables(self, asked: str) -> str:
        """The tables in which that stands; the records' own only where something of them is asked."""
        is_linked = (
            bool(self._joins)
            or self._asked.condition is not None
            or bool(self._asked.whens)
            or f"{self.source.entity}." in asked
        )
        return self.source.tables + (self.source.link if is_linked else "") + self._joins

    # --- pieces ------------------------------------------------------------------------------------

    def _aggregate(self, measure: Measure) -> Part:
        counted = self._counted(measure)
        of = self._cell(measure.of).sql if measure.of else ""
        found = _AGGREGATES[measure.how].format(of, record=self.source.record)
        return Part(f"{found} FILTER (WHERE {counted.text})", counted.parameters)

    def _is_money(self, measure: Measure) -> bool:
        return bool(measure.of) and self._cell(measure.of).kind == "money"

    def _has(self, measure: Measure) -> Part:
        """Whether a row has what is measured."""
        return Part(f"({self._cell(measure.of).sql}) IS NOT NULL") if measure.of else Part("1")

    def _counted(self, measure: Measure) -> Part:
        """Whether a measure counts a row: by its condition, and the instant by which it is of the period."""
        terms = [Part(f"({self._cell(measure.when).sql})")] if measure.when else []
        if measure.where:
            terms.append(self._holds(self._asked.whens[measure.where]))
        at = measure.at or self.source.at
        if at != ANY_TIME:
            cell = self._cell(at)
            sql = f"{cell.sql} || '{_WITHIN_DAY}'" if cell.kind == "date" else cell.sql
            for bound, sign in ((self._asked.since, ">="), (self._asked.until, "<")):
                edge = seconds(bound) if cell.kind == "moment" else bound
                terms += [Part(f"{sql} {sign} ?", (edge,))] if edge else []
        return _joined("AND", terms)

    def _rows(self) -> Part:
        """Which rows are kept at all."""
        terms = [Part(self.source.where)]
        if self._asked.pipeline and self.source.pipeline:
            terms.append(Part(f"{self.source.pipeline} = ?", (self._asked.pipeline,)))
        if self._asked.condition is not None:
            terms.append(self._holds(self._asked.condition))
        return _joined("AND", terms)

    def _holds(self, condition: Condition) -> Part:
        """Rows of records that fit; of what has no records of its own in the tables, those about such."""
        entity = self.source.entity or self._asked.entity
        found = query.where(condition, self._env, self._columns, entity)
        text = found.text
        if not self.source.entity:
            text = f"{self.source.record} IN (SELECT {entity}.id FROM {entity} WHERE {text})"
        return Part(f"({text})", tuple(found.parameters))

    def _cell(self, name: str) -> Cell:
        """A column of the rows, or a field of their records, also along a path; BadUsage if unknown."""
        if name in self.source.cells:
            cell = self.source.cells[name]
            self.needs += [one for one in cell.ready if one not in self.needs]
            return cell
        entity = self.source.entity
        if not entity:
            known = ", ".join(self.source.cells)
            raise BadUsage(
                tr("{} have no {!r}", self._asked.source, name), tr("there are {}", known)
            )
        path = tuple(name.split("."))
        ways = routes(path, self._columns.schema, entity)
        kind = ways[0][-1].field.kind
        if kind.is_money and len(path) == 1:
            column = self._columns.columns(entity)[name]
            return Cell(f"{entity}.{column.cents}", "money")
        keys = [query.key_along(way, self._columns, entity) for way in ways]
        return Cell(keys[0] if len(keys) == 1 else f"coalesce({', '.join(keys)})", kind.name)

    def _key(self, n: int, dimension: Dimension) -> str:
        """By what rows are grouped: a column, an instant's month, each item of a list."""
        if dimension.step:
            at = dimension.name or self._asked.measures[0].at or self.source.at
            cell = self._cell(self.source.at if at == ANY_TIME else at)
            instant = f"instant({cell.sql})" if cell.kind == "moment" else cell.sql
            return f"local({instant}, '{dimension.step}')"
        entity = self.source.entity
        number = self._columns.list_number(entity, dimension.name) if entity else 0
        if number and dimension.name not in self.source.cells:
            item = f"item{n}"
            same = f"{item}.num = {entity}.num AND +{item}.field = {number}"
            self._joins += f" LEFT JOIN item AS {item} ON {same}"
            return f"{item}.key"
        return self._cell(dimension.name).sql


def _joined(word: str, parts: Sequence[Part]) -> Part:
    if not parts:
        return Part("1")
    text = f" {word} ".join(part.text for part in parts)
    return Part(f"({text})", tuple(value for part in parts for value in part.parameters))
