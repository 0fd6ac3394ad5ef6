"""The tables of scores: for each field and value how many ended how, and what that does to the odds."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from crmcli.dataclass import dataclass
from crmcli.model.values import fold

SCORE = "score"
"""The derived field, 0 to 100."""
ABSENT, OTHER = "absent", "other"
"""Groups without a value of their own: nothing stands there; rare values, other currencies, new ones."""
UNIT = 1000
"""Parts of a natural logarithm of odds in which effects are summed up: whole numbers, so that the index
and Python come to the same."""


_FARTHEST = 100 * UNIT
"""Beyond that nothing changes any more, and no number is too large."""


def score_of(total: int | None) -> int | None:
    """The score of a sum of effects: a chance in per cent."""
    return None if total is None else round(100 * chance_of(total))


def chance_of(total: int) -> float:
    """The chance of a sum of effects, 0 to 1."""
    return 1 / (1 + math.exp(-max(-_FARTHEST, min(_FARTHEST, total)) / UNIT))


def effect_of(odds: Decimal) -> int:
    """What odds add to a sum of effects."""
    return round(UNIT * math.log(odds))


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are alike in a field: those of a value, between two bounds, or what it `is` (absent,
    other). `odds` is how many times those of all they have."""

    value: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    what: str = ""
    won: int = 0
    of: int = 0
    odds: Decimal = Decimal(1)

    @property
    def effect(self) -> int:
        """What it adds to a sum of effects."""
        return effect_of(self.odds)


@dataclass(frozen=True)
class Term:
    """What one field, or a part of it, says. `currency` is that of its bounds where they are amounts."""

    feature: str
    groups: Sequence[Group]
    currency: str = ""
    line: int = 0

    @cached_property
    def named(self) -> Mapping[str, Group]:
        """The groups of single values, by their keys."""
        return {fold(group.value): group for group in self.groups if group.value}

    @cached_property
    def bands(self) -> Sequence[Group]:
        """The groups between bounds, from small to great."""
        found = [g for g in self.groups if not (g.low is None and g.high is None)]
        return sorted(found, key=lambda g: -math.inf if g.low is None else g.low)

    @cached_property
    def edges(self) -> Sequence[float]:
        """Where each band but the first begins."""
        return [float(group.low) for group in self.bands[1:] if group.low is not None]

    def what(self, word: str) -> Group | None:
        """The group of what is absent, or other."""
        return next((group for group in self.groups if group.what == word), None)

    def group(self, key: str | float | None) -> Group | None:
        """The group of a key; None if it was never seen, and adds nothing."""
        if key is None:
            return self.what(ABSENT)
        if isinstance(key, str):
            return self.named.get(key) or self.what(OTHER)
        return self.bands[bisect_right(self.edges, key)] if self.bands else self.what(OTHER)


@dataclass(frozen=True, slots=True)
class Tenth:
    """The records kept apart with scores from `low` to below the next ten: how many, how many won."""

    low: int
    of: int
    won: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What scores of records that were kept apart from the learning were worth.

    `auc` is how often, of a won and a lost one, the won one has the higher score; `top` is the tenth with
    the highest scores.
    """

    of: int
    won: int
    auc: float
    top: Tenth
    tenths: Sequence[Tenth]

    @property
    def is_better(self) -> bool:
        """Whether it tells more than the share of all that are won, by more than chance could."""
        lost = self.of - self.won
        if not self.won or not lost:
            return False
        auc, twice = self.auc, 2 * self.auc * self.auc / (1 + self.auc)
        spread = auc * (1 - auc) + (self.won - 1) * (auc / (2 - auc) - auc * auc)
        spread += (lost - 1) * (twice - auc * auc)
        return auc - 2 * math.sqrt(max(spread, 0) / (self.won * lost)) > 0.5  # Hanley and McNeil


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of the ends of leads, or of the deals of a pipeline (those of no table of their own if
    it is ""). `start` are the odds of a record of which nothing speaks."""

    entity: str
    pipeline: str
    trained_at: datetime
    of: int
    won: int
    start: Decimal
    terms: Sequence[Term]
    trial: Trial
