"""Learning a table: the odds of each group with counts, and how much of them each field may say.

A score is the odds of all, times those of each group in which a record is. Fields that say the same (a
source and its UTM mark) would count twice; so each has a weight between nothing and all, which is fitted
to the records (a logistic regression over the logarithms of odds, as lenders make their score cards).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.scoring.features import FILLED, Feature
from crmcli.model.scoring.grouping import Key, counted, grouped
from crmcli.model.scoring.tables import UNIT, Group, Term, Trial, effect_of, score_of
from crmcli.model.scoring.trials import judged

LEAST_RECORDS, LEAST_OF_EACH = 100, 20
"""Closed records without which nothing is learned, and those among them that are won, and lost."""
FOLDS = 5
_ALIKE = 10
"""A group begins with so many records that are as all are: a few do not say much (Laplace's way)."""
_MOST_FITTED = 4000
"""Records to which the few weights are fitted; the counts are of all."""
_ROUNDS, _SWEEPS, _RIDGE, _NEAR = 6, 30, 1.0, 1e-4
_LEAST_WEIGHT = 0.1
_LEAST_EFFECT = UNIT // 20
"""A field that nowhere changes the odds by more than about five in a hundred is left out."""
_LEAST_ABSENT, _ONE_SIDED = 10, 0.98


@dataclass(frozen=True, slots=True)
class Ended:
    """One record that has ended: its id, whether it was won, its key for each feature."""

    id: str
    won: bool
    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Learned:
    """The odds to begin with, and the fields that change them."""

    start: Decimal
    terms: Sequence[Term]


def learned(records: Sequence[Ended], features: Sequence[Feature], currency: str) -> Learned:
    """What ended records teach."""
    won = [one.won for one in records]
    base = sum(won) / len(won)
    found: list[tuple[int, Term]] = []
    for n, feature in enumerate(features):
        keys = [one.keys[n] for one in records]
        term = grouped(feature, keys, currency)
        if term is not None:
            found.append((n, counted(term, keys, won)))
    sample = sorted(records, key=lambda one: _hash(one.id))[:_MOST_FITTED]
    columns = [[_without(term, one.keys[n], one.won, base) for one in sample] for n, term in found]
    first, weights = _fitted(columns, [one.won for one in sample])
    terms = [
        _weighted(term, weight, base)
        for (_, term), weight in zip(found, weights, strict=True)
        if weight >= _LEAST_WEIGHT
    ]
    kept = [term for term in terms if any(abs(g.effect) > _LEAST_EFFECT for g in term.groups)]
    return Learned(_odds(first), kept)


def trial(records: Sequence[Ended], features: Sequence[Feature], currency: str) -> Trial:
    """What scores are worth: each fifth of the records, told apart by their ids, is scored by what the
    other four teach."""
    told: list[tuple[int, bool]] = []
    places = {feature.name: n for n, feature in enumerate(features)}
    for fold in range(FOLDS):
        kept = [one for one in records if _hash(one.id) % FOLDS == fold]
        others = [one for one in records if _hash(one.id) % FOLDS != fold]
        if not kept or not 0 < sum(one.won for one in others) < len(others):
            continue
        taught = learned(others, features, currency)
        start = effect_of(taught.start)
        for one in kept:
            groups = (term.group(one.keys[places[term.feature]]) for term in taught.terms)
            total = start + sum(group.effect for group in groups if group is not None)
            told.append((total, one.won))
    return judged([(total, score_of(total) or 0, won) for total, won in told])


def told_at_end(records: Sequence[Ended], features: Sequence[Feature]) -> list[Feature]:
    """The fields, one's own and those that are looked at for being filled in, that look as if they were
    because a record had ended: nearly all that have them ended one way."""
    share = sum(one.won for one in records) / len(records)
    found = []
    for n, feature in enumerate(features):
        if not feature.field.custom and feature.part != FILLED:
            continue
        none = "no" if feature.part == FILLED else None
        filled = [one.won for one in records if one.keys[n] != none]
        if min(len(filled), len(records) - len(filled)) < _LEAST_ABSENT:
            continue
        good = sum(filled) / len(filled)
        is_one_sided = good >= _ONE_SIDED > share or good <= 1 - _ONE_SIDED < share
        found += [feature] if is_one_sided else []
    return found


def _hash(record_id: str) -> int:
    """A number by which records are told apart, the same on all machines."""
    return int.from_bytes(hashlib.sha256(record_id.encode()).digest()[:8], "big")


def _strength(group: Group, base: float, without: int = 0, won: bool = False) -> float:
    """The logarithm of how many times the odds of all a group has, or would have without one record."""
    good = group.won - (without and won) + _ALIKE * base
    bad = group.of - without - (group.won - (without and won)) + _ALIKE * (1 - base)
    return math.log(good / bad) - math.log(base / (1 - base))


def _without(term: Term, key: Key, won: bool, base: float) -> float:
    """What the others in its group say of a record: its own end must not speak for itself."""
    group = term.group(key)
    return 0.0 if group is None else _strength(group, base, 1, won)


def _weighted(term: Term, weight: float, base: float) -> Term:
    groups = [replace(g, odds=_odds(weight * _strength(g, base))) for g in term.groups]
    return Term(term.feature, groups, term.currency)


def _odds(strength: float) -> Decimal:
    """Odds of three digits, as the file has them."""
    return Decimal(f"{Decimal(f'{math.exp(strength):.2e}'):f}")


def _fitted(columns: list[list[float]], won: Sequence[bool]) -> tuple[float, list[float]]:
    """Where to begin, and the weight of each column, 0 or more: Newton's steps, each by coordinates."""
    size = len(columns) + 1
    rows = [[1.0] * len(won), *columns]
    base = sum(won) / len(won)
    weights = [math.log(base / (1 - base)), *([0.0] * len(columns))]
    sums = [weights[0]] * len(won)
    for _ in range(_ROUNDS):
        chances = [1 / (1 + math.exp(-one)) for one in sums]
        spread = [max(p * (1 - p), 1e-6) for p in chances]
        missed = [y - p for y, p in zip(won, chances, strict=True)]
        slope = [sum(map(_times, row, missed)) for row in rows]
        scaled = [[*map(_times, row, spread)] for row in rows]
        bend = [[sum(map(_times, scaled[i], rows[j])) for j in range(i + 1)] for i in range(size)]
        full = [[bend[max(i, j)][min(i, j)] for j in range(size)] for i in range(size)]
        new = _stepped(weights, slope, full)
        if _apart(new, weights) < _NEAR:
            break
        weights = new
        sums = [weights[0]] * len(won)
        for weight, row in zip(weights[1:], rows[1:], strict=True):
            if weight:
                sums = [one + weight * x for one, x in zip(sums, row, strict=True)]
    return weights[0], weights[1:]


def _stepped(weights: list[float], slope: list[float], bend: list[list[float]]) -> list[float]:
    """The best weights by what a parabola says, none below 0 but the first."""
    new = [*weights]
    for _ in range(_SWEEPS):
        last = [*new]
        for i, row in enumerate(bend):
            pull = slope[i] - sum(row[j] * (new[j] - weights[j]) for j in range(len(new)))
            if i == 0:
                new[i] += pull / row[i]
            else:
                new[i] = max(0.0, new[i] + (pull - _RIDGE * new[i]) / (row[i] + _RIDGE))
        if _apart(new, last) < _NEAR / 10:
            break
    return new


def _apart(some: Sequence[float], others: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(some, others, strict=True))


def _times(a: float, b: float) -> float:
    return a * b
