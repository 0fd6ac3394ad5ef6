"""From the values of many records to a few groups, none of which is so small that it tells of somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from crmcli.dataclass import replace
from crmcli.model.scoring.features import HOUR, Feature
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Term

Key = str | float | None
LEAST = 5
"""Records that a group has at least: smaller ones go into the others."""
_MOST = 30
"""Values of a field that stand alone."""
_BANDS = 5
_HOURS = (6, 9, 12, 15, 18, 21)


def grouped(feature: Feature, keys: Sequence[Key], currency: str) -> Term | None:
    """The groups of a feature, without counts; None where they would tell nothing."""
    counts = Counter(keys)
    groups = _bands(feature, counts) if feature.is_banded else _values(feature, counts)
    absent = counts[None]
    others = counts[OTHER] if feature.is_banded else _rest(counts, groups)
    if 0 < absent < LEAST:
        others, absent = others + absent, 0
    if others and others < LEAST and groups:
        if feature.is_banded:
            others = 0
        else:  # the rarest of the named joins them
            others += counts[groups.pop().value]
    groups += [Group(what=ABSENT)] if absent >= LEAST else []
    groups += [Group(what=OTHER)] if others >= LEAST else []
    if len(groups) < 2:
        return None
    money = currency if feature.is_banded and feature.field.kind.is_money else ""
    return Term(feature.name, groups, money)


def _values(feature: Feature, counts: Counter[Key]) -> list[Group]:
    """A group of each value that comes often enough, the most frequent first."""
    known = [(str(key), n) for key, n in counts.items() if key is not None]
    often = sorted((pair for pair in known if pair[1] >= LEAST), key=lambda p: (-p[1], p[0]))
    if feature.is_open and 2 * sum(n for _, n in often) < sum(n for _, n in known):
        return []  # nearly each record says something else
    return [Group(value=key) for key, _ in often[:_MOST]]


def _rest(counts: Counter[Key], groups: Sequence[Group]) -> int:
    named = {group.value for group in groups}
    return sum(n for key, n in counts.items() if key is not None and key not in named)


def _bands(feature: Feature, counts: Counter[Key]) -> list[Group]:
    """Bands with about as many records each, with round bounds."""
    numbers = {key: n for key, n in counts.items() if isinstance(key, float)}
    total = sum(numbers.values())
    if feature.part == HOUR:
        edges = [Decimal(hour) for hour in _HOURS]
    else:
        edges, seen = [], 0
        for key, n in sorted(numbers.items()):
            if seen and seen * _BANDS >= total * (len(edges) + 1):
                edges.append(_round(key))
            seen += n
    kept: list[Decimal] = []
    for edge in sorted(set(edges)):
        below = sum(n for k, n in numbers.items() if k < edge and not (kept and k < kept[-1]))
        above = sum(n for k, n in numbers.items() if k >= edge)
        if below >= LEAST and above >= LEAST:
            kept.append(edge)
    if not kept:
        return []
    bounds = [None, *kept, None]
    return [Group(low=a, high=b) for a, b in pairwise(bounds)]


def _round(number: float) -> Decimal:
    """A number of two digits near another one."""
    rounded = Decimal(f"{number:.1e}")
    return Decimal(f"{rounded:f}")


def counted(term: Term, keys: Sequence[Key], won: Sequence[bool]) -> Term:
    """The same with how many records each group has, and how many of them were won."""
    of: Counter[int] = Counter()
    good: Counter[int] = Counter()
    place = {id(group): n for n, group in enumerate(term.groups)}
    for key, is_won in zip(keys, won, strict=True):
        group = term.group(key)
        if group is not None:
            number = place[id(group)]
            of[number] += 1
            good[number] += is_won
    groups = [replace(g, of=of[n], won=good[n]) for n, g in enumerate(term.groups)]
    return Term(term.feature, groups, term.currency)
