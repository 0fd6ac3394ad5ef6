"""What measures ask of rows as SQL: sums, values that count once, the order of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from crmcli.model.report import Measure
from crmcli.store.index.pieces import ALWAYS, Part, Pieces, joined
from crmcli.store.index.ready import Ask
from crmcli.store.index.rows_of_reports import Cell
from crmcli.store.index.tallies import APART, DISTINCT, QUANTILES, cells_of

MOST_BITS = 2**31
"""As many bits stand in the maps of all groups at most, for each processor: 256 MB."""


class Rank(NamedTuple):
    """What is told of the order of values: their currency, the cell, of which rows, for which measures."""

    code: str
    cell: Part
    which: Part
    measures: Sequence[Measure]


class Measured(Pieces):
    """The cells of one question, measure by measure."""

    @property
    def _is_folded(self) -> bool:
        """Whether the keys are those of fields, whose spelling a record tells."""
        return any(not one.step and not self._is_cell(one.name) for one in self._asked.dimensions)

    def _added(self, measure: Measure) -> list[str]:
        of = self._cell(measure.of).sql if measure.of else ""
        return cells_of(measure, of, is_money=self._is_money(measure))

    def _every_counted(self) -> list[Part]:
        """The ways in which measures count rows, each once."""
        return [*dict.fromkeys(map(self._counted, self._asked.measures))]

    def _told_with(self) -> list[Measure]:
        """What cannot be added up and yet is told of each group in the same go: of the index, where rows are
        not split further, by currency or before they are spread."""
        measures = self._asked.measures
        has_money = any(self._added(one) and self._is_money(one) for one in measures)
        if has_money or self._is_columnar or self.source.spread is not None:
            return []
        return [one for one in measures if one.how in APART]

    def _apart(self, ask: Ask, measure: Measure, maps: int, *, is_alone: bool) -> Part:
        """What tells of each group; of values that have numbers by a map of bits, one for each that there may
        be, as long as so many maps are not too great."""
        cell = self._cell(measure.of) if measure.of else Cell(self.source.record)
        which = ALWAYS if is_alone else self._counted(measure)
        only = f" FILTER (WHERE {which.text})" if which != ALWAYS else ""
        number = self.source.numbers.get(cell.sql, "") if measure.how in DISTINCT else ""
        found = APART[measure.how].format(number or cell.sql) + only
        if measure.how in ("first", "last"):
            found = self._local(found, cell.kind, "day", is_plain=not only)
        elif number and (last := self._last(ask, number)) * maps <= MOST_BITS:
            found = f"ifnull(bit_count(bitstring_agg({number}, 0, {last}){only}), 0)"
        return Part(found, which.parameters)

    def _last(self, ask: Ask, number: str) -> int:
        """The greatest of the numbers of values."""
        if number not in self._greatest:
            [[found]] = ask(f"SELECT max({number}) FROM {self.source.tables}", ())
            self._greatest[number] = found or 0
        return self._greatest[number]

    def _of_one_column(self) -> list[list[Measure]]:
        """The measures that put rows in order, those of the same values together."""
        found: dict[Any, list[Measure]] = {}
        for one in self._asked.measures:
            if one.how in QUANTILES:
                found.setdefault((one.of, self._counted(one)), []).append(one)
        return [*found.values()]

    def _ranked(self, measure: Measure) -> tuple[list[Part], Part]:
        """The currency of a row and what is put in order; and of which rows."""
        where = joined("AND", [self._kept, self._counted(measure)])
        value = self._cell(measure.of).sql
        if not self._is_money(measure):
            return [Part("NULL"), Part(value)], where
        return [*map(Part, self._in_one(self.source.currency or "NULL", value))], where

    def _ranks(self) -> list[Rank]:
        """What a database of columns is asked of the order of values, each column in one go."""
        found = []
        for some in self._of_one_column():
            (code, value), _ = self._ranked(some[0])
            which, shares = self._counted(some[0]), [QUANTILES[one.how] for one in some]
            sql = f"quantile_cont({value.text}, {shares}) FILTER (WHERE {which.text})"
            found.append(Rank(code.text, Part(sql, which.parameters), which, some))
        return found
