"""Scoring records by the tables of their entity, and telling where a score comes from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import tzinfo
from decimal import Decimal
from math import floor
from typing import NamedTuple

from crmcli.model.fields import Record
from crmcli.model.schema import Schema
from crmcli.model.scoring.features import Feature, feature_named
from crmcli.model.scoring.tables import UNIT, Group, Table, Term, chance_of, effect_of, score_of
from crmcli.model.values import fold

GONE, HIDDEN, UNSEEN = "gone", "hidden", "unseen"
"""Why a field adds nothing: there is no such field any more, it is hidden from who asks, the value is new."""


class Line(NamedTuple):
    """One field of a record: its feature, its group, why it adds nothing if it does, what it adds to the sum
    of effects."""

    term: Term
    feature: Feature | None
    group: Group | None
    why: str
    effect: int


class Explained(NamedTuple):
    """How a score comes about: what it begins with, what each line adds, in tenths exactly, and itself."""

    table: Table
    begin: int
    lines: Sequence[tuple[Line, Decimal]]
    score: int


class Scorer:
    """The tables of an entity, read for one workspace and one user."""

    def __init__(
        self,
        tables: Sequence[Table],
        schema: Schema,
        hidden: Collection[tuple[str, str]],
        zone: tzinfo,
        first: str = "",
    ) -> None:
        self.tables = tables
        self.zone = zone
        self.first = first
        """The pipeline of records that name none."""
        self._schema = schema
        self._hidden = hidden
        self._features: dict[tuple[str, str], Feature | None] = {}

    def table(self, record: Record) -> Table | None:
        """The table for a record; None where nothing was learned for its pipeline."""
        place = fold(str(record.get("pipeline") or "")) if self.first else ""
        own = place or fold(self.first)
        found = {fold(table.pipeline): table for table in self.tables}
        return found.get(own) or found.get("")

    def feature(self, entity: str, term: Term) -> tuple[Feature | None, str]:
        """The feature of a term, or why it says nothing here."""
        place = (entity, term.feature)
        if place not in self._features:
            self._features[place] = feature_named(self._schema, *place)
        found = self._features[place]
        if found is None:
            return None, GONE
        return found, HIDDEN if (entity, found.field.name) in self._hidden else ""

    def lines(self, table: Table, record: Record) -> list[Line]:
        """What each field of a record adds."""
        return [self._line(table, term, record) for term in table.terms]

    def _line(self, table: Table, term: Term, record: Record) -> Line:
        feature, why = self.feature(table.entity, term)
        if feature is None or why:
            return Line(term, feature, None, why, 0)
        group = term.group(feature.key(record, self.zone, term.currency))
        return Line(term, feature, group, "" if group else UNSEEN, group.effect if group else 0)

    def score(self, record: Record) -> int | None:
        """The score of a record; None where nothing was learned for it."""
        table = self.table(record)
        if table is None:
            return None
        lines = self.lines(table, record)
        return score_of(effect_of(table.start) + sum(line.effect for line in lines))

    def explained(self, record: Record) -> Explained | None:
        """The same with where it comes from, the greatest effects first."""
        table = self.table(record)
        if table is None:
            return None
        start = effect_of(table.start)
        lines = self.lines(table, record)
        effects = [line.effect for line in lines]
        begin, end = score_of(start) or 0, score_of(start + sum(effects)) or 0
        added = shares(begin, end, start, effects)
        told = sorted(zip(lines, added, strict=True), key=lambda pair: -abs(pair[1]))
        return Explained(table, begin, told, end)


def shares(begin: int, end: int, start: int, effects: Sequence[int]) -> list[Decimal]:
    """What each effect adds to a score, in proportion, rounded to tenths so that they add up exactly."""
    total = sum(effects)
    if abs(total) < UNIT // 10:  # they cancel each other: what each would add alone
        slope = 1000 * chance_of(start) * (1 - chance_of(start)) / UNIT
    else:
        slope = 1000 * (chance_of(start + total) - chance_of(start)) / total
    exact = [slope * effect for effect in effects]
    tenths = [floor(one) for one in exact]
    left = 10 * (end - begin) - sum(tenths)
    moved = (n for n, effect in enumerate(effects) if effect)
    order = sorted(moved, key=lambda n: tenths[n] - exact[n])
    for n in range(abs(left) if order else 0):
        tenths[order[n % len(order)]] += 1 if left > 0 else -1
    return [Decimal(one) / 10 for one in tenths]
