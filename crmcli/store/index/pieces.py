"""The pieces of a report's question as SQL: its keys, which rows are kept, which ones a measure counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.paths import routes, step_of
from crmcli.model.conditions.tree import BadCondition
from crmcli.model.figures import Dimension
from crmcli.model.listed import allowed_hint
from crmcli.model.report import ANY_TIME, Asked, Measure
from crmcli.store.index import query
from crmcli.store.index.columns import Columns
from crmcli.store.index.ready import Frame
from crmcli.store.index.report_functions import local_of, seconds
from crmcli.store.index.rows_of_reports import Cell, Source
from crmcli.store.index.tallies import APART

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

_PLAIN = re.compile(r"[a-z_]+\.[a-z_]+")
"""A column, which costs nothing however often it is named."""
_WORDS = ("text", "word", "stage", "user")
_WITHIN_DAY = "T10:00:00Z"
"""With this a date is an instant of its own day, from Honolulu to Auckland."""


class Part(NamedTuple):
    """A piece of SQL with what stands for its question marks."""

    text: str
    parameters: tuple[query.Parameter, ...] = ()


ALWAYS = Part("1")


class Pieces:
    """One question taken apart: what its fields, periods and conditions are in SQL."""

    def __init__(
        self,
        columns: Columns,
        asked: Asked,
        frame: Frame,
        source: Source,
        *,
        is_columnar: bool = False,
    ) -> None:
        self._columns = columns
        self._asked = asked
        self._env = frame.env
        self.source = source
        self._is_columnar = is_columnar
        self._joins = ""
        self._greatest: dict[str, int] = {}
        self.needs = list(self.source.needs)
        """What must be made ready before it is asked."""
        self._keys = [self._key(n, one) for n, one in enumerate(asked.dimensions)]
        self._kept = self._rows()
        for measure in asked.measures:
            self._counted(measure), self._has(measure)
        self._money = {
            m.name for m in asked.measures if m.how not in APART and self._is_of_money(m)
        }

    def _tables(self, asked: str) -> str:
        """The tables in which that stands; the records' own only where something of them is asked."""
        is_linked = (
            bool(self._joins)
            or self._asked.condition is not None
            or bool(self._asked.whens)
            or f"{self.source.entity}." in asked
        )
        beside = [join for name, join in self.source.joins.items() if name in self.needs]
        link = self.source.link if is_linked else ""
        return "".join([self.source.tables, link, *beside, self._joins])

    def _is_money(self, measure: Measure) -> bool:
        """Whether what is measured is told by currency: how many amounts there are is a number."""
        return measure.name in self._money

    def _is_of_money(self, measure: Measure) -> bool:
        return bool(measure.of) and self._cell(measure.of).kind == "money"

    def _in_one(self, code: str, value: str) -> tuple[str, str]:
        """A currency and an amount, in the one currency that is asked for as far as rates are known."""
        others = self._asked.rates.items()
        if not others:
            return code, value
        own, into = f"upper(ifnull({code}, ''))", self._asked.currency.lower()
        known = ", ".join(f"'{name}'" for name, _ in others)
        rate = " ".join(f"WHEN '{name}' THEN {float(rate)!r}" for name, rate in others)
        return (
            f"CASE WHEN {own} IN ({known}) THEN '{into}' ELSE {code} END",
            f"({value}) * CASE {own} {rate} ELSE 1 END",
        )

    def _has(self, measure: Measure) -> Part:
        """Whether a row has what is measured."""
        return Part(f"({self._cell(measure.of).sql}) IS NOT NULL") if measure.of else Part("1")

    def _counted(self, measure: Measure) -> Part:
        """Whether a measure counts a row."""
        return joined("AND", self._terms(measure))

    def _of_any(self, measures: Sequence[Measure]) -> Part:
        """Whether one of some measures counts a row: what all of them ask for is said once, and so is looked
        at first."""
        every = [*dict.fromkeys(tuple(self._terms(one)) for one in measures)]
        common = [term for term in every[0] if all(term in terms for terms in every)]
        rest = [[term for term in terms if term not in common] for terms in every]
        some = [joined("OR", [joined("AND", terms) for terms in rest])] if all(rest) else []
        return joined("AND", [*common, *some])

    def _terms(self, measure: Measure) -> list[Part]:
        """What must hold for it: its condition, and the instant by which a row is of the period."""
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
        return terms

    def _rows(self) -> Part:
        """Which rows are kept at all."""
        terms = [Part(self.source.where)]
        if self._asked.pipeline and self.source.pipeline:
            terms.append(Part(f"{self.source.pipeline} = ?", (self._asked.pipeline,)))
        if self._asked.condition is not None:
            terms.append(self._holds(self._asked.condition))
        return joined("AND", terms)

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
        return self._field(name)

    def _field(self, name: str) -> Cell:
        entity, schema = self.source.entity, self._columns.schema
        if not entity or (
            self.source.is_loose and not step_of((name.split(".")[0],), schema, entity)
        ):
            hint = allowed_hint(name, self.source.cells, tr("there are"))
            raise BadUsage(tr("{} have no {!r}", self._asked.source, name), hint)
        path = tuple(name.split("."))
        try:
            ways = routes(path, schema, entity)
        except BadCondition as error:
            if len(path) > 1:
                raise
            names = [*self._words(), *(one.name for one in schema.askable(entity))]
            raise BadUsage(error.message, allowed_hint(name, names, tr("there are"))) from None
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
            if not cell.is_time:
                said = tr("{!r} is no date and has no {!r}", at, dimension.step)
                raise BadUsage(said, "e.g. --by month, close_by.month")
            step = self._local(
                cell.sql, cell.kind, dimension.step, is_plain=bool(_PLAIN.fullmatch(cell.sql))
            )
            is_word = f"{cell.sql} > ':'"  # of some the day is not known, which a word says
            return (
                f"CASE WHEN {is_word} THEN {cell.sql} ELSE {step} END"
                if cell.kind == "due"
                else step
            )
        entity = self.source.entity
        number = self._columns.list_number(entity, dimension.name) if entity else 0
        if number and not self._is_cell(dimension.name):
            item, same = f"item{n}", f"item{n}.num = {entity}.num AND +item{n}.field = {number}"
            self._joins += f" LEFT JOIN item AS {item} ON {same}"
            return f"{item}.key"
        is_field = entity and not self._is_cell(dimension.name)
        cell = (self._field if is_field else self._cell)(dimension.name)
        is_cents = cell.kind == "money" and "." not in dimension.name
        return f"({cell.sql}) / 1e2" if is_cents else cell.sql

    def _local(self, sql: str, kind: str, step: str, *, is_plain: bool) -> str:
        """The day, month, … of an instant; what is cheap to repeat, in SQLite's own words."""
        is_moment = kind == "moment"
        if is_plain and not self._is_columnar:
            return local_of(sql, step, self._env.zone, is_moment=is_moment)
        if is_moment and self._is_columnar:
            return f"local_moment({sql}, '{step}')"
        return f"local({f'instant({sql})' if is_moment else sql}, '{step}')"

    def _words(self) -> list[str]:
        """The columns of the rows by which people split them: words and times, not numbers and states."""
        return [
            name for name, cell in self.source.cells.items() if cell.is_time or cell.kind in _WORDS
        ]

    def _is_cell(self, name: str) -> bool:
        """Whether rows are split by a column of theirs; a custom field of the same name comes first."""
        custom = self._columns.schema.custom.get(self.source.entity, ())
        return name in self.source.cells and all(name != one.name for one in custom)


def joined(word: str, parts: Sequence[Part]) -> Part:
    """Pieces with a word between each two; what always holds, of none."""
    told = [part for part in parts if part != ALWAYS]
    if not told or (word == "OR" and len(told) < len(parts)):
        return ALWAYS
    text = f" {word} ".join(part.text for part in told)
    return Part(f"({text})", tuple(value for part in told for value in part.parameters))
