"""Rights: teams, roles, and what they come to for one user.

A role says for each noun and verb how far it reaches: to nothing, to what the user owns, to the team, to
the teams below as well, to all. Of several roles the one that reaches farthest counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from crmcli.dataclass import dataclass, field, replace
from crmcli.model.conditions.tree import And, Empty, In, Node, Not, Or, Text
from crmcli.model.durations import Duration
from crmcli.model.entities import ENTITIES
from crmcli.model.event import is_machine
from crmcli.model.fields import Record
from crmcli.model.values import fold

NONE, OWN, TEAM, SUBTREE, ALL = "none", "own", "team", "subtree", "all"
LEVELS = (NONE, OWN, TEAM, SUBTREE, ALL)
"""How far a right reaches, each farther than the one before."""
READ, ADD, EDIT, MOVE, CONVERT, DELETE, EXPORT, IMPORT, MERGE = VERBS = (
    "read", "add", "edit", "move", "convert", "delete", "export", "import", "merge",
)  # fmt: skip
"""What is done with records."""
SETTINGS, ROBOTS, RUN, ACT_AS = POWERS = ("settings", "robots", "run", "act_as")
"""What is done with the workspace itself: its settings and rights, its rules and templates, what comes in
and is due, acting for others."""
HIDDEN, READONLY = SHOWN_AS = ("hidden", "readonly")
"""What a field may be to a role that does not change it."""

Reach: TypeAlias = frozenset[str] | None
"""Whose records: the ids of their owners, "" for those that nobody owns; None for all."""
Place: TypeAlias = tuple[Literal["pipeline", "stage"], str]
NOBODY: Reach = frozenset()
BUDGET = 500


@dataclass(frozen=True, slots=True)
class Grant:
    """How far one verb reaches: as a rule, and in some pipelines or stages otherwise."""

    level: str = NONE
    places: Mapping[Place, str] = field(default_factory=dict)

    def at(self, pipeline: str, stage: str) -> str:
        """How far it reaches where a record stands; a stage says more than its pipeline."""
        here = self.places.get(("pipeline", fold(pipeline)), self.level)
        return self.places.get(("stage", fold(stage)), here)


@dataclass(frozen=True, slots=True)
class Role:
    """What its users may do."""

    id: str
    name: str = ""
    grants: Mapping[tuple[str, str], Grant] = field(default_factory=dict)
    """By noun and verb; what is not there reaches nothing."""
    powers: frozenset[str] = frozenset()
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By noun and field what is hidden from it, or not for it to change."""


@dataclass(frozen=True, slots=True)
class Team:
    """Some users under a head; `above` is the team of which it is a part."""

    id: str
    name: str = ""
    head: str = ""
    members: tuple[str, ...] = ()
    above: str = ""

    @property
    def everybody(self) -> frozenset[str]:
        """Its members and its head."""
        return frozenset(filter(None, (self.head, *self.members)))


@dataclass(frozen=True, slots=True)
class Access:
    """What access.yaml says."""

    roles: Mapping[str, Role]
    teams: Mapping[str, Team] = field(default_factory=dict)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The roles of each user."""
    off: frozenset[str] = frozenset()
    """Users who have left: no door opens for them."""
    budget: int = BUDGET
    """How many records a user without the right to export is shown a day before phones are masked."""
    audit_keep: Duration | None = None
    """How long the audit is kept; None is for good."""
    audit_letter: str = ""
    """Who gets the heads of the audit once a day."""

    def teams_below(self, team: str) -> Iterator[Team]:
        """A team and all that are parts of it."""
        yield self.teams[team]
        for other in self.teams.values():
            if other.above == team:
                yield from self.teams_below(other.id)


class Link(NamedTuple):
    """A noun and the field by which its records name others."""

    entity: str
    field: str


@dataclass(frozen=True)
class Rights:
    """What one user may do. `is_narrow` is whether anything is kept from this user at all."""

    user: str
    access: Access

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the user."""
        return tuple(self.access.roles[role] for role in self.access.users.get(self.user, ()))

    @cached_property
    def _owners(self) -> Mapping[str, Reach]:
        own = {self.user}
        mine = [team for team in self.access.teams.values() if self.user in team.everybody]
        team = own.union(*(one.everybody for one in mine))
        below = (t for one in mine for t in self.access.teams_below(one.id))
        subtree = team.union({""}, *(one.everybody for one in below))
        found: dict[str, Reach] = {NONE: NOBODY, ALL: None}
        for level, users in ((OWN, own), (TEAM, team), (SUBTREE, subtree)):
            found[level] = frozenset(map(fold, users))
        return found

    def owners(self, level: str) -> Reach:
        """Whose records a level reaches."""
        return self._owners[level]

    def reach(self, entity: str, verb: str, pipeline: str = "", stage: str = "") -> Reach:
        """Whose records of a noun the user may do that with, where they stand."""
        found = frozenset[str]()
        for role in self.roles:
            grant = role.grants.get((entity, verb), Grant())
            owners = self._owners[grant.at(pipeline, stage)]
            if owners is None:
                return None
            found |= owners
        return found

    def may(self, entity: str, verb: str, owner: str, pipeline: str = "", stage: str = "") -> bool:
        """Whether the user may do that with a record of that owner that stands there."""
        owners = self.reach(entity, verb, pipeline, stage)
        return owners is None or fold(owner) in owners

    def may_with(self, verb: str, record: Record) -> bool:
        """Whether the user may do that with a record for its own sake."""
        where = (getattr(record, name, "") for name in ("owner", "pipeline", "stage"))
        return self.may(record.entity, verb, *where)

    def may_any(self, entity: str, verb: str) -> bool:
        """Whether there can be a record with which the user may do that."""
        grants = (role.grants.get((entity, verb), Grant()) for role in self.roles)
        return any({grant.level, *grant.places.values()} != {NONE} for grant in grants)

    def has(self, power: str) -> bool:
        """Whether the user may do that with the workspace."""
        return any(power in role.powers for role in self.roles)

    @cached_property
    def is_narrow(self) -> bool:
        """Whether there is anything that this user does not see."""
        return not self.may_all(READ) or bool(self.hidden)

    def may_all(self, verb: str) -> bool:
        """Whether the user may do that with every record that there is."""
        return all(self._reaches_all(entity, verb) for entity in ENTITIES)

    @cached_property
    def exports_what_it_reads(self) -> bool:
        """Whether all that this user sees may also leave in bulk."""
        return all(self._reaches_all(one, EXPORT) or self._exports(one) for one in ENTITIES)

    def _exports(self, entity: str) -> bool:
        grants = [role.grants.get((entity, verb)) for role in self.roles for verb in (READ, EXPORT)]
        if any(grant.places for grant in grants if grant):
            return False  # which of them reaches farther differs from place to place
        read, export = self.reach(entity, READ), self.reach(entity, EXPORT)
        return export is None or (read is not None and read <= export)

    def _reaches_all(self, entity: str, verb: str) -> bool:
        grants = (role.grants.get((entity, verb), Grant()) for role in self.roles)
        return any({grant.level, *grant.places.values()} == {ALL} for grant in grants)

    @cached_property
    def hidden(self) -> frozenset[tuple[str, str]]:
        """The fields, by noun and name, that every role of the user hides."""
        return self._kept(HIDDEN)

    @cached_property
    def unchangeable(self) -> frozenset[tuple[str, str]]:
        """The fields that no role of the user may change."""
        return self._kept(HIDDEN, READONLY)

    def _kept(self, *ways: str) -> frozenset[tuple[str, str]]:
        kept = [{place for place, way in role.fields.items() if way in ways} for role in self.roles]
        return frozenset(set.intersection(*kept)) if kept else frozenset()

    def node(self, entity: str, verb: str) -> Node:
        """The same as `may`, as a condition on records of the noun."""
        return Or(tuple(_of_role(role, entity, verb, self._owners) for role in self.roles))


_MACHINE = Role(
    "robot:",
    grants={(noun, verb): Grant(ALL) for noun in ENTITIES for verb in VERBS},
    powers=frozenset((RUN, ACT_AS)),
)
"""What a program of a robot may do: all with records, as robots do, and nothing with settings and rules."""


def rights_of(user: str, rules: Access) -> Rights:
    """What somebody may do, or the robot as whose program crm was called."""
    if is_machine(user):
        roles, users = {**rules.roles, _MACHINE.id: _MACHINE}, {**rules.users, user: (_MACHINE.id,)}
        return Rights(user, replace(rules, roles=roles, users=users))
    return Rights(user, rules)


def _of_role(role: Role, entity: str, verb: str, owners: Mapping[str, Reach]) -> Node:
    """What one role lets through: a stage's own rule before that of its pipeline, that before all."""
    grant = role.grants.get((entity, verb), Grant())
    stages = {value: level for (what, value), level in grant.places.items() if what == "stage"}
    lines = {value: level for (what, value), level in grant.places.items() if what == "pipeline"}
    ways: list[Node] = [
        And((_among("stage", [stage]), _owned(owners[level]))) for stage, level in stages.items()
    ]
    outside: tuple[Node, ...] = (Not(_among("stage", stages)),) if stages else ()
    for pipeline, level in lines.items():
        ways.append(And((_among("pipeline", [pipeline]), *outside, _owned(owners[level]))))
    if lines:
        outside = (*outside, Not(_among("pipeline", lines)))
    ways.append(And((*outside, _owned(owners[grant.level]))))
    return Or(tuple(ways))


def _among(name: str, values: Mapping[str, str] | list[str]) -> Node:
    return In((name,), tuple(map(Text, values)))


def _owned(owners: Reach) -> Node:
    """Whether one of these owns it."""
    if owners is None:
        return And(())
    named: list[Node] = [In(("owner",), tuple(Text(one) for one in sorted(owners) if one))]
    return Or(tuple(named + ([Empty(("owner",))] if "" in owners else [])))
