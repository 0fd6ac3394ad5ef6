"""Searching all leads, contacts or companies for those that are likely one and the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from math import log2
from typing import TYPE_CHECKING, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.errors import NotFound
from crmcli.matching.candidates import Candidates
from crmcli.matching.groups import Cluster, Pair, clusters
from crmcli.matching.profiles import Profile, fields_of
from crmcli.matching.verdict import LEAST
from crmcli.matching.weighing import Scale, score_of
from crmcli.model.entities import having
from crmcli.model.fields import Record
from crmcli.model.values import format_instant
from crmcli.sales.duplicates.marks import Denied, denied, pair_of
from crmcli.sales.duplicates.reasons import reasons
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

SEARCHED = having("client")
"""What duplicates are looked for among."""

CERTAIN = 99
"""The score from which records are merged without a person, if a number or an address agrees too."""


class Alike(NamedTuple):
    """A record of a group: which of the others it is like (the best record: none), how surely, and why."""

    record: Record
    like: str
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are likely one, the best first; `score` is that of the weakest bond."""

    alike: tuple[Alike, ...]
    score: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, the best first."""
        return tuple(alike.record.id for alike in self.alike)


@dataclass
class Search:
    """What was found, as places in the list of profiles.

    `hidden` counts pairs marked as no duplicates, `left_out` records whose name was too common to compare
    all of them. `wanted` are the ids that fit the condition, None without one.
    """

    entity: str
    profiles: list[Profile]
    scale: Scale
    lowest: float
    wanted: set[str] | None = None
    clusters: list[Cluster] = field(default_factory=list)
    hidden: int = 0
    left_out: int = 0

    def is_certain(self, one: str, other: str) -> bool:
        """Whether two records of the groups are one beyond doubt."""
        mine, theirs = self._of[one], self._of[other]
        weight = self.scale.weigh(mine, theirs)
        return score_of(weight) >= CERTAIN and self.scale.has_own(mine, theirs)

    @cached_property
    def _of(self) -> dict[str, Profile]:
        numbers = (number for cluster in self.clusters for number in cluster.members)
        return {self.profiles[number].id: self.profiles[number] for number in numbers}


def search(
    ws: Workspace,
    entity: str,
    condition: Condition | None = None,
    least: int = LEAST,
    *,
    marked_too: bool = False,
    each: Callable[[], None] = lambda: None,
) -> Search:
    """Search for duplicates; at least one record of each group fits the condition.

    `marked_too` includes pairs marked as no duplicates; `each` is called for each record.
    """
    profiles = []
    for profile in _profiles(ws, entity):
        profiles.append(profile)
        each()
    found = Search(entity, profiles, Scale(profiles), _weight_of(least))
    if condition is not None:
        found.wanted = {facts.id for facts in ws.facts(entity, (), condition)}
    apart = frozenset() if marked_too else denied(ws)
    pairs = _pairs(found, apart)

    def contradict(one: int, other: int) -> bool:
        mine, theirs = found.profiles[one], found.profiles[other]
        return pair_of(mine.id, theirs.id) in apart or found.scale.contradict(mine, theirs)

    found.clusters = [c for c in clusters(pairs, contradict) if _is_wanted(found, c)]
    found.clusters.sort(
        key=lambda c: (-min(pair.weight for pair in c.pairs), found.profiles[c.members[0]].id)
    )
    return found


def _profiles(ws: Workspace, entity: str) -> Iterator[Profile]:
    """All records of an entity; leads that were converted are history."""
    names, make = fields_of(ws.schema, entity)
    ended = names.index("converted_at") if "converted_at" in names else -1
    for facts in ws.facts(entity, names):
        if ended < 0 or not facts.keys[ended]:
            yield make(facts.id, facts.keys)


def _pairs(found: Search, apart: Denied) -> list[Pair]:
    """The pairs that weigh enough; those that people have marked are only counted."""
    pairs: list[Pair] = []
    candidates = Candidates(found.profiles, found.scale, found.lowest)
    for one, other in candidates.pairs():
        mine, theirs = found.profiles[one], found.profiles[other]
        weight = found.scale.weigh(mine, theirs, found.lowest)
        if weight < found.lowest:
            continue
        if pair_of(mine.id, theirs.id) in apart:
            found.hidden += 1
        else:
            pairs.append(Pair(weight, one, other))
    found.left_out = candidates.left_out
    return pairs


def _is_wanted(found: Search, cluster: Cluster) -> bool:
    """Whether some record of a group fits the condition."""
    wanted = found.wanted
    return wanted is None or any(found.profiles[number].id in wanted for number in cluster.members)


def _weight_of(score: int) -> float:
    """The weight from which a score is reached."""
    bounded = min(max(score, 1), 99)
    return log2(bounded / (100 - bounded))


def read_groups(ws: Workspace, found: Search, limit: int | None = None) -> list[Group]:
    """The groups with their records and reasons, the surest first, at most so many."""
    groups = []
    for cluster in found.clusters[:limit]:
        try:
            groups.append(_group(ws, found, cluster))
        except NotFound:
            continue  # somebody has removed or merged one of them in this moment
    return groups


def _group(ws: Workspace, found: Search, cluster: Cluster) -> Group:
    records = {number: ws.get(found.profiles[number].id) for number in cluster.members}
    best, *others = sorted(records, key=lambda number: _rank(ws, records[number]))
    bonds = _bonds(found, cluster, best)
    alike = [Alike(records[best], "", 100, ())]
    for number in sorted(others, key=lambda n: (-bonds[n].weight, records[n].id)):
        pair = bonds[number]
        other = pair.one if pair.other == number else pair.other
        pair_profiles = (found.profiles[other], found.profiles[number])
        why = reasons(ws, records[other], records[number], pair_profiles)
        alike.append(Alike(records[number], pair_profiles[0].id, score_of(pair.weight), tuple(why)))
    return Group(tuple(alike), min(one.score for one in alike))


def _bonds(found: Search, cluster: Cluster, best: int) -> dict[int, Pair]:
    """For each member but the best, by which pair it belongs there: straight to the best if that will do."""
    bonds: dict[int, Pair] = {}
    for number in cluster.members:
        weight = found.scale.weigh(found.profiles[best], found.profiles[number])
        if number != best and weight >= found.lowest:
            bonds[number] = Pair(weight, best, number)
    reached, left = {best, *bonds}, list(cluster.pairs)
    while left:
        for pair in left:
            if (pair.one in reached) != (pair.other in reached):
                new = pair.other if pair.one in reached else pair.one
                bonds[new] = pair
                reached.add(new)
        left = [pair for pair in left if not {pair.one, pair.other} <= reached]
    return bonds


def _rank(ws: Workspace, record: Record) -> tuple[object, ...]:
    """Which record of a group is to stay: the fuller, then the older."""
    filled = sum(
        len(value) if isinstance(value := record.get(f.name), tuple) else value != f.kind.empty
        for f in ws.schema.fields(record.entity)
    )
    made = getattr(record, "created_at", None)
    return -filled, format_instant(made) if made else "9999", record.id
