"""Whether a user may do something, and what decides it: which role, by which level, for which place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crmcli.model.access import ALL, NONE, Grant, Place, Rights
from crmcli.model.values import fold


class Reason(NamedTuple):
    """What one role says: how far it reaches, by the rule of which place, and whether that is enough."""

    role: str
    level: str
    place: Place | None
    reaches: bool


class Where(NamedTuple):
    """Of whom a record is, and where it stands."""

    owner: str
    pipeline: str = ""
    stage: str = ""


def of_record(rights: Rights, entity: str, verb: str, where: Where) -> list[Reason]:
    """What each role of a user says of a record."""
    found = []
    for role in rights.roles:
        grant = role.grants.get((entity, verb), Grant())
        place = _deciding(grant.places, where)
        level = grant.places[place] if place else grant.level
        owners = rights.owners(level)
        found.append(Reason(role.id, level, place, owners is None or fold(where.owner) in owners))
    return found


def of_noun(rights: Rights, entity: str, verb: str) -> list[Reason]:
    """What each role says of a noun: farther in some place than as a rule, that place decides."""
    found = []
    for role in rights.roles:
        grant = role.grants.get((entity, verb), Grant())
        place = next((p for p, level in grant.places.items() if level != NONE), None)
        if grant.level != NONE or place is None:
            found.append(Reason(role.id, grant.level, None, grant.level != NONE))
        else:
            found.append(Reason(role.id, grant.places[place], place, True))
    return found


def of_power(rights: Rights, power: str) -> list[Reason]:
    """What each role says of a power."""
    return [
        Reason(role.id, ALL if power in role.powers else NONE, None, power in role.powers)
        for role in rights.roles
    ]


def whose(rights: Rights, level: str) -> list[str]:
    """Whose records a level reaches; nobody is named where it reaches all or none."""
    owners = rights.owners(level)
    return sorted(owners - {""}) if owners else []


def _deciding(places: Mapping[Place, str], where: Where) -> Place | None:
    here: tuple[Place, Place] = ("stage", fold(where.stage)), ("pipeline", fold(where.pipeline))
    return next((place for place in here if place in places), None)
