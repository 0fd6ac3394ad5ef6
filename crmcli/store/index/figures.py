"""What reports ask of the index: measures of rows by dimensions, and the records behind each cell."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crmcli.dataclass import replace
from crmcli.model.figures import Place
from crmcli.model.report import Asked, Behind, First, Group, Measure
from crmcli.store.index.columns import Columns
from crmcli.store.index.measured import Measured, Rank
from crmcli.store.index.pieces import ALWAYS, Part, joined
from crmcli.store.index.query import Parameter
from crmcli.store.index.ready import Ask, Frame, make_ready, prepared
from crmcli.store.index.sources import source
from crmcli.store.index.spans import Span, spans
from crmcli.store.index.spreading import spread_out
from crmcli.store.index.tallies import APART, QUANTILES, Tally, quantile


def groups(
    connection: sqlite3.Connection, columns: Columns, asked: Asked, frame: Frame
) -> list[Group]:
    """The measures of each group of rows that have the same keys; of all rows, without dimensions."""
    question, ask = _on_index(connection, columns, asked, frame)
    return question.groups(ask)


def behind(
    connection: sqlite3.Connection,
    columns: Columns,
    asked: Asked,
    frame: Frame,
    keys: Sequence[str | float | None],
) -> list[Behind]:
    """What one measure counts in the group of those keys, by record."""
    question, ask = _on_index(connection, columns, asked, frame)
    return question.behind(ask, keys)


def tables_of(columns: Columns, asked: Asked, frame: Frame) -> set[str]:
    """The words of the SQL by which it is answered, among which are the tables that are asked."""
    question = Question(columns, asked, frame, source(asked.source, asked.entity, columns))
    said: list[str] = []

    def hear(sql: str, _parameters: Sequence[Parameter]) -> list[Any]:
        said.append(sql)
        return []

    question.groups(hear)
    said += [question.source.ready[name] for name in question.needs]
    return {*re.findall(r"\w+", " ".join(said))}


def _on_index(
    connection: sqlite3.Connection, columns: Columns, asked: Asked, frame: Frame
) -> tuple[Question, Ask]:
    """A question with all ready that it needs, and what answers it."""
    question = Question(columns, asked, frame, source(asked.source, asked.entity, columns))
    ask = prepared(connection, frame)
    make_ready(connection, frame, question.source, question.needs)
    return question, ask


class Question(Measured):
    """One question as SQL: the rows that are kept, the keys by which they are grouped, what is measured."""

    def groups(self, ask: Ask) -> list[Group]:
        """All groups, with sums of money by currency; and one without keys for what is told of all rows."""
        measures = self._asked.measures
        names = [one.name for one in measures]
        tally = Tally(self._asked.total if self._keys else names)
        ranks = self._ranks() if self._is_columnar else []
        groups = self._add_up(ask, tally, [] if self._money else ranks)
        if self._asked.first is not None and self._keys:
            tally.keep(self._asked.first)
        if apart := [one for one in measures if one.how in APART]:
            self._tell_apart(ask, tally, apart, groups)
        if self._is_columnar:
            self._rank_there(ask, tally, ranks, is_of_all=not self._money)
        else:
            for some in self._of_one_column():
                self._rank_here(ask, tally, some)
        money = [one for one in measures if self._is_money(one)]
        averages = [one.name for one in money if one.how == "average"]
        tally.convert(averages, self._asked.rates, self._asked.currency)
        return tally.groups(measures, [one.name for one in money])

    def keep_first(self, ask: Ask, first: First) -> int:
        """Keep to the rows of the groups with most of a measure; how many groups there are."""
        [key], order = self._keys, next(m for m in self._asked.measures if m.name == first.order)
        of, counts = self._cell(order.of).sql if order.of else "*", self._counted(order)
        size = f"{order.how}({of}) FILTER (WHERE {counts.text})"
        code = (self.source.currency or "NULL") if self._is_money(order) else "NULL"
        where = joined("AND", [self._kept, self._of_any(self._asked.measures)])
        rows = f"{self._tables(key + size + where.text)} WHERE {where.text} GROUP BY 1, {code}"
        sql = (
            f"SELECT key, count(*) OVER () FROM (SELECT {key} AS key, {size} AS size FROM {rows}) AS sized"
            f" GROUP BY 1 ORDER BY coalesce(max(size), 0) DESC, key IS NULL, key LIMIT {first.most}"
        )
        found = ask(sql, [*counts.parameters, *where.parameters])
        self._kept = joined("AND", [self._kept, _among(key, [one for one, _ in found])])
        return found[0][1] if found else 0

    def behind(self, ask: Ask, keys: Sequence[str | float | None]) -> list[Behind]:
        """What one cell is made of: each row's value, or how many rows of each record it counts."""
        given = [
            Part(f"({key}) = ?", (value,)) if value is not None else Part(f"({key}) IS NULL")
            for key, value in zip(self._keys, keys, strict=True)
        ]
        measure = self._asked.measures[0]
        where = joined("AND", [self._kept, self._counted(measure), self._has(measure), *given])
        is_money, code = self._is_of_money(measure), self.source.currency or "NULL"
        told = f"{self._cell(measure.of).sql}, {code}" if measure.of else "count(*), NULL"
        by = "1, 2" if measure.of else "1"
        sql = f"SELECT {self.source.record}, {told} FROM {self._tables(told + where.text)}"
        sql += f" WHERE {where.text}" + ("" if measure.of else " GROUP BY 1") + f" ORDER BY {by}"
        found = ask(sql, where.parameters)
        return [
            Behind(row, Decimal(v) / 100, (code or "").upper()) if is_money else Behind(row, v)
            for row, v, code in found
            if row
        ]

    # --- what is asked -----------------------------------------------------------------------------

    def _add_up(self, ask: Ask, tally: Tally, ranks: Sequence[Rank]) -> int:
        """Look through all rows once for what can be added up, and for which groups there are, with the order
        of values beside; says how many groups at most."""
        measures, counted = self._asked.measures, self._every_counted()
        added = [(m, self._added(m)) for m in measures]
        has_money = any(found and self._is_money(m) for m, found in added)
        keys = [*self._keys, *([self.source.currency or "NULL"] if has_money else [])]
        cells = [Part(f"min({self.source.record})" if self._is_folded else "NULL")]
        for measure, found in added:
            which = self._counted(measure)
            only = Part(f" FILTER (WHERE {which.text})", which.parameters)
            only = only if len(counted) > 1 and which != ALWAYS else Part("")
            cells += [Part(cell + only.text, only.parameters) for cell in found]
        apart = self._told_with()
        cells += [self._apart(ask, one, 0, is_alone=len(counted) == 1) for one in apart]
        cells += [one.cell for one in ranks]
        size = len(self._keys)
        where = joined("AND", [self._kept, self._of_any(measures)])
        rows = self._spread(ask, keys, cells[0], added) or self._select(ask, keys, cells, where)
        for row in rows:
            place, code = row[:size], row[size] if has_money else ""
            if self._keys:
                tally.see(place, row[len(keys)] or "")
            at = len(keys) + 1
            for measure, found in added:
                if found:
                    own = (code or "") if self._is_money(measure) else ""
                    tally.add(place, measure.name, own, row[at : at + len(found)])
                    at += len(found)
            for one, value in zip(apart, row[at:], strict=False):
                tally.put(place, one, value)
            self._put_ranks(tally, tuple(place), None, ranks, row[at + len(apart) :])
        return len(rows)

    def _spread(
        self,
        ask: Ask,
        keys: Sequence[str],
        example: Part,
        added: Sequence[tuple[Measure, Sequence[str]]],
    ) -> list[tuple[Any, ...]] | None:
        """The same rows, added up before they are spread; None where that cannot be."""
        rest = {self._counted(replace(measure, when="")) for measure, _ in added}
        if self.source.spread is None or len(rest) != 1:
            return None
        where = joined("AND", [self._kept, *rest])
        cells = [
            (cell, self._cell(measure.when).sql if measure.when else "")
            for measure, found in added
            for cell in found
        ]
        asked = " ".join([*keys, *(cell for cell, _ in cells), where.text])
        tables = self._tables(asked).replace(self.source.tables, self.source.spread.tables, 1)
        rows = f"{tables} WHERE {where.text}"
        sql = spread_out(self.source.spread, keys, cells, example.text, rows)
        return ask(sql, where.parameters) if sql and cells else None

    def _tell_apart(self, ask: Ask, tally: Tally, measures: Sequence[Measure], groups: int) -> None:
        """Count each record, or each value, once, in its groups and among all; tell first and last days."""
        counted = [*dict.fromkeys(map(self._counted, measures))]
        where = joined("AND", [self._kept, self._of_any(measures)])
        for keys in self._places(measures)[bool(self._told_with()) :]:
            maps = (groups if keys else 1) * len(measures)
            cells = [self._apart(ask, one, maps, is_alone=len(counted) == 1) for one in measures]
            here = [where]
            if len(keys) == 1 and tally.kept:
                here.append(_among(keys[0], [key for (key,) in tally.kept]))
            for row in self._select(ask, keys, cells, joined("AND", here)):
                place = tuple(row[: len(keys)])
                for one, found in zip(measures, row[len(keys) :], strict=True):
                    tally.put(place, one, found)

    def _places(self, measures: Sequence[Measure]) -> list[Sequence[str]]:
        """By what measures are asked for that cannot be added up: the keys, and nothing for all rows."""
        is_of_all = self._keys and any(one.name in self._asked.total for one in measures)
        return [self._keys, *([[]] if is_of_all else [])]

    def _rank_here(self, ask: Ask, tally: Tally, measures: Sequence[Measure]) -> None:
        """Fetch the values of a column once, for all that is told of their order."""
        cells, where = self._ranked(measures[0])
        values: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
        for row in self._select(ask, self._keys, cells, where, is_grouped=False):
            if row[-1] is not None:
                values[row[:-1]].append(row[-1])
        if self._keys and any(one.name in self._asked.total for one in measures):
            for (*_, code), some in [*values.items()]:
                values[code,] += some
        for (*place, code), some in values.items():
            if not tally.wants(tuple(place)):
                continue
            some.sort()
            for one in measures:
                self._put(tally, tuple(place), code, one, quantile(some, QUANTILES[one.how]))

    def _rank_there(
        self, ask: Ask, tally: Tally, ranks: Sequence[Rank], *, is_of_all: bool
    ) -> None:
        """Let the database put columns in order, those of money and the others each in one go; of all rows
        alone, where groups are told already."""
        for code in dict.fromkeys(one.code for one in ranks):
            some = [one for one in ranks if one.code == code]
            cells = [one.cell for one in some]
            counted = [*dict.fromkeys(one.which for one in some)]
            where = joined("AND", [self._kept, joined("OR", counted)])
            for keys in self._places([one for rank in some for one in rank.measures]):
                if not is_of_all or keys != self._keys:
                    for row in self._select(ask, [*keys, code], cells, where):
                        at = len(keys)
                        self._put_ranks(tally, tuple(row[:at]), row[at], some, row[at + 1 :])

    def _put_ranks(
        self,
        tally: Tally,
        place: Place,
        code: str | None,
        ranks: Sequence[Rank],
        found: Sequence[Sequence[float] | None],
    ) -> None:
        for rank, numbers in zip(ranks, found, strict=True):
            for one, number in zip(rank.measures, numbers or (), strict=False):
                self._put(tally, place, code, one, number)

    def _put(
        self, tally: Tally, place: Place, code: str | None, measure: Measure, value: float | None
    ) -> None:
        if value is not None:
            tally.put(place, measure, value, (code or "") if self._is_money(measure) else None)

    def _select(
        self,
        ask: Ask,
        keys: Sequence[str],
        cells: Sequence[Part],
        where: Part,
        *,
        is_grouped: bool = True,
    ) -> list[tuple[Any, ...]]:
        place, parts = self._parts(ask) if keys else (0, [])
        if not parts:
            by = [*range(len(keys))] if is_grouped else []
            return ask(*self._query(keys, cells, where, by))
        rows: list[tuple[Any, ...]] = []
        keys, at = [*keys[:place], "?", *keys[place + 1 :]], self._cell(self.source.at).sql
        by = [n for n in range(len(keys)) if n != place] or [place]
        for key, *span in parts:  # said before all else, so that the index is asked for this
            within = Part(f"{at} >= ? AND {at} < ?", tuple(span))
            sql, given = self._query(
                keys, cells, joined("AND", [within, where]), by if is_grouped else []
            )
            rows += ask(sql, [key, *given])
        return rows

    def _query(
        self, keys: Sequence[str], cells: Sequence[Part], where: Part, by: Sequence[int]
    ) -> tuple[str, list[Parameter]]:
        """Rows as SQL, grouped by some of their keys, with what stands for its question marks."""
        told = ", ".join([*keys, *(cell.text for cell in cells)])
        sql = f"SELECT {told} FROM {self._tables(told + where.text)} WHERE {where.text}"
        if by:
            numbers = ", ".join(str(n + 1) for n in by)
            sql += f" GROUP BY {numbers} ORDER BY {numbers}"
        return sql, [value for part in (*cells, where) for value in part.parameters]

    def _parts(self, ask: Ask) -> tuple[int, list[Span]]:
        """The key that is a part of a calendar, and all parts in which there are rows, where an index finds
        these by that. A condition on records would be looked up anew for each."""
        asked, source = self._asked, self.source
        by = next((n for n, one in enumerate(asked.dimensions) if one.step and not one.name), None)
        is_own = (asked.measures[0].at or source.at) == source.at
        is_plain = is_own and asked.condition is None and not asked.whens
        if by is None or not (source.is_timely and is_plain) or self._is_columnar:
            return 0, []
        rows, step = f"{source.tables} WHERE {source.where}", asked.dimensions[by].step
        return by, [*spans(ask, rows, self._cell(source.at).sql, step, self._env.zone)]


def _among(key: str, values: Sequence[str | float | None]) -> Part:
    """Whether a key is one of these."""
    known = [one for one in values if one is not None]
    given = Part(f"({key}) IN (SELECT value FROM json_each(?))", (json.dumps(known),))
    none = Part(f"({key}) IS NULL")
    if not known:
        return none
    return given if len(known) == len(values) else joined("OR", [given, none])
