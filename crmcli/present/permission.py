"""Users, roles, teams and permissions as people see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from crmcli.language import counted, together, tr
from crmcli.model import verdict
from crmcli.model.access import (
    ALL,
    LEVELS,
    NONE,
    OWN,
    POWERS,
    SUBTREE,
    TEAM,
    VERBS,
    Access,
    Grant,
    Role,
)
from crmcli.model.entities import ENTITIES
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales.permission import Permission
from crmcli.sales.settings.leaving import HandedOver
from crmcli.store.layout import ACCESS
from crmcli.workspace import Workspace

ADVICE = "in a folder or clone that a person can read, rights are advice: see crm help rights"
WORDS = {
    NONE: "not at all",
    OWN: "only one's own",
    TEAM: "those of the team",
    SUBTREE: "those of the team, of teams below it and of nobody",
    ALL: "all",
}
USERS = [
    Column("id", "User", keep=True), Column("name", "Full name"), Column("email", "E-mail"),
    Column("roles", "Roles", keep=True), Column("teams", "Teams"), Column("state", "State", keep=True),
]  # fmt: skip
TEAMS = [
    Column("id", "Team", keep=True), Column("name", "Name"), Column("head", "Head"),
    Column("members", "Members", whole=True), Column("in", "Part of"),
]  # fmt: skip
ROLES = [
    Column("id", "Role", keep=True), Column("name", "Name"), Column("users", "Users"),
    Column("powers", "Powers", whole=True), Column("fields", "Fields closed", "count"),
]  # fmt: skip
HAS_LEFT, ACTS, LACKS = "has left", "acts now", "no rights"


def user_rows(ws: Workspace, rules: Access, *, has_rights: bool) -> list[dict[str, Any]]:
    """A row of each user."""
    return [
        {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "roles": [*rules.users.get(user.id, ())],
            "teams": [one.id for one in rules.teams.values() if user.id in one.everybody],
            "state": _state(ws, rules, user.id, has_rights=has_rights),
        }
        for user in ws.settings.users.values()
    ]


def _state(ws: Workspace, rules: Access, user: str, *, has_rights: bool) -> str:
    if user in rules.off:
        return tr(HAS_LEFT)
    if has_rights and not rules.users.get(user):
        return tr(LACKS)
    return tr(ACTS) if user == ws.user else ""


def team_rows(rules: Access) -> list[dict[str, Any]]:
    """A row of each team."""
    return [
        {
            "id": one.id,
            "name": one.name,
            "head": one.head,
            "members": [*one.members],
            "in": one.above,
        }
        for one in rules.teams.values()
    ]


def role_rows(rules: Access) -> list[dict[str, Any]]:
    """A row of each role."""
    return [
        {
            "id": role.id,
            "name": tr(role.name),
            "users": [user for user, roles in rules.users.items() if role.id in roles],
            "powers": [power for power in POWERS if power in role.powers],
            "fields": len(role.fields),
        }
        for role in rules.roles.values()
    ]


def role_table(role: Role) -> Listing:
    """How far a role reaches, by verb and noun; `+` where some place has another level."""

    def told(entity: str, verb: str) -> str:
        grant = role.grants.get((entity, verb), Grant())
        return grant.level + "+" * bool(grant.places)

    rows = [{"verb": verb} | {noun: told(noun, verb) for noun in ENTITIES} for verb in VERBS]
    return Listing(rows, [Column("verb", "Verb", keep=True), *map(Column, ENTITIES)])


def handed_over(ws: Workspace, user: str, heir: str, done: HandedOver) -> Told:
    """What went to another, and what did not."""
    name, to = ws.owner_name(user), ws.owner_name(heir)
    if heir:
        went = _counts(done.records) or tr("no records")
        text = tr("{} may no longer work here; {} gets {}.", name, to, went)
    else:
        text = tr("{} may no longer work here.", name)
    notes = []
    if done.stays:
        stays = tr("{} keeps {}", name, _counts(done.stays))
        way = tr("closed, --closed passes them on") if heir else tr("--give-to USER passes them on")
        notes.append(f"{stays} ({way})")
    would = "{} would change too" if ws.dry_run else "{} was changed too"
    notes += [tr(would, path) for path in done.files if path != ACCESS]
    notes += [tr("{} still mentions it", place) for place in done.named]
    row = {
        "user": user,
        "to": heir,
        "records": dict(done.records),
        "stays": dict(done.stays),
        "files": done.files,
        "named": done.named,
    }
    return Told(text, row, notes)


def _counts(found: Counter[str]) -> str:
    return together([counted(n, e, ENTITIES[e].plural) for e, n in found.items()])


# --- crm can ----------------------------------------------------------------------------------------


def permission(ws: Workspace, found: Permission, *, why: bool) -> Told:
    """The answer of crm can, with what decided it."""
    lines = [*_why(ws, found)]
    row: Mapping[str, object] = {
        "user": found.user,
        "verb": found.verb,
        "about": found.about,
        "may": found.may,
        "why": lines,
        "roles": [
            {
                "role": one.role,
                "level": one.level,
                "place": dict([one.place]) if one.place else {},
                "reaches": one.reaches,
            }
            for one in found.reasons
        ],
    }
    answer = tr("yes") if found.may else tr("no")
    if found.may and not why and found.is_for_some:
        answer = tr("yes, for some: --why says which")
    return Told("\n".join([answer, *(f"  {line}" for line in lines)] if why else [answer]), row)


def _why(ws: Workspace, found: Permission) -> Iterator[str]:
    if found.rights is None:
        yield tr("there is no access.yaml: everybody may do everything")
        return
    name = ws.owner_name(found.user)
    if found.left:
        yield tr("{} has left", name)
    elif not found.rights.roles:
        yield tr("{} has no role", name)
    if found.where is not None:
        owner = found.where.owner
        yield tr("its owner is {}", ws.owner_name(owner)) if owner else tr("nobody owns it")
    for one in found.reasons:
        yield _reason(found, one)
    if found.hangs_on:
        yield tr("a deal or lead that {} sees hangs on it", name)
    if found.unseen and found.verb != "read":
        yield tr("{} does not see it", name)
    for entity, field in found.fields:
        label = tr(ws.schema.field(entity, field).label)
        is_hidden = (entity, field) in found.rights.hidden
        yield (
            tr("not the field {}, which is hidden", label)
            if is_hidden
            else tr("not the field {}", label)
        )


def _reason(found: Permission, one: verdict.Reason) -> str:
    assert found.rights is not None
    if found.verb in POWERS:
        return tr("role {} has it", one.role) if one.reaches else tr("role {} lacks it", one.role)
    words = tr(WORDS[one.level])
    people = verdict.whose(found.rights, one.level)
    if people and LEVELS.index(one.level) > LEVELS.index(OWN):
        words += f" ({', '.join(people)})"
    if one.place:
        what, name = one.place
        by = tr("in stage {}", name) if what == "stage" else tr("in pipeline {}", name)
        return tr("role {} {}: {}", one.role, by, words)
    return tr("role {}: {}", one.role, words)
