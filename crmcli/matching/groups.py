"""From pairs to groups: what is one record, however many copies there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

LARGEST = 30
"""Records in one group; more are rather a mistake of ours than copies."""


class Pair(NamedTuple):
    """Two places in the list of profiles, and the weight of what speaks for their being one."""

    weight: float
    one: int
    other: int


class Cluster(NamedTuple):
    """Places that belong together, and the pairs by which they do, the strongest first."""

    members: list[int]
    pairs: list[Pair]


def clusters(pairs: Iterable[Pair], contradict: Callable[[int, int], bool]) -> list[Cluster]:
    """Join pairs, the strongest first, unless some member of one side contradicts one of the other.

    Father and son, who share a phone, stay two, though a record without a first name is like both.
    """
    of: dict[int, Cluster] = {}
    for pair in sorted(pairs, key=lambda pair: (-pair.weight, pair.one, pair.other)):
        left = of.get(pair.one) or Cluster([pair.one], [])
        right = of.get(pair.other) or Cluster([pair.other], [])
        if left is right:
            continue
        if len(left.members) + len(right.members) > LARGEST:
            continue
        if any(
            contradict(one, other)
            for one in left.members
            for other in right.members
            if (one, other) != (pair.one, pair.other)
        ):
            continue
        left.members.extend(right.members)
        left.pairs.extend([pair, *right.pairs])
        for member in left.members:
            of[member] = left
    unique = {id(cluster): cluster for cluster in of.values()}
    return list(unique.values())
