"""access.yaml, who may do what: what may stand in it, the roles that ship, and reading it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.language import together, tr
from crmcli.model.access import (
    ADD,
    ALL,
    BUDGET,
    CONVERT,
    DELETE,
    EDIT,
    EXPORT,
    HIDDEN,
    IMPORT,
    LEVELS,
    MERGE,
    MOVE,
    OWN,
    POWERS,
    READ,
    READONLY,
    RUN,
    SETTINGS,
    SUBTREE,
    TEAM,
    VERBS,
    Access,
    Grant,
    Role,
    Team,
)  # fmt: skip
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema, has_field
from crmcli.store.config import shapes
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, read_marked
from crmcli.store.config.lengths import lasting
from crmcli.store.layout import ACCESS

EACH = "all"
"""Stands for every noun in a role."""
_PLACES = {"pipelines": "pipeline", "stages": "stage"}
MOST_BUDGET = 1_000_000


def _everywhere(level: str, *verbs: str) -> dict[tuple[str, str], Grant]:
    return {(entity, verb): Grant(level) for entity in ENTITIES for verb in verbs}


SHIPPED: Mapping[str, Role] = {
    role.id: role
    for role in (
        Role("administrator", "May do everything", _everywhere(ALL, *VERBS), frozenset(POWERS)),
        Role("head", "Leads a team", _everywhere(SUBTREE, *VERBS)),
        Role(
            "manager",
            "Works with what one owns",
            {
                **_everywhere(OWN, READ, ADD, EDIT, MOVE, CONVERT, MERGE),
                ("task", DELETE): Grant(OWN),
            },
        ),
        Role("assistant", "Helps the team", _everywhere(TEAM, READ, ADD, EDIT)),
        Role("read-only", "Reads everything", _everywhere(ALL, READ)),
        Role("intake", "Runs crm tick, takes in what comes", powers=frozenset({RUN})),
    )
}
"""The roles that need not be declared."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What access.yaml is checked against: fields and users; pipelines and stages where they are known."""

    schema: Schema
    users: Collection[str]
    places: Mapping[str, Collection[str]] | None = None


def load_access(root: Path, ground: Ground, data: bytes | None = None) -> Access | None:
    """What access.yaml says, or would if it held `data`; None if there is none. InvalidData names every
    fault: rights that are half right are no rights."""
    top = read_marked(root, ACCESS, data)
    if top is None:
        return None
    got = SHAPE.read(top, ground)
    roles = {**SHIPPED, **_roles(top.at("roles"), got["roles"], ground)}
    users = _users(top.at("users"), got["users"], roles, ground)
    off = frozenset(got["off"])
    teams = _teams(top.at("teams"), got["teams"], users)
    audit = got["audit"]
    access = Access(roles, teams, users, off, got["budget"], audit["keep"], audit["letter"])
    _check_somebody_rules(top, access)
    top.findings.settle()
    return access


def _check_somebody_rules(top: Cursor, access: Access) -> None:
    rulers = [
        user
        for user, roles in access.users.items()
        if user not in access.off
        and any(SETTINGS in access.roles[role].powers for role in roles if role in access.roles)
    ]
    if not rulers:
        top.at("users").fault("nobody could change these rights", "make somebody administrator")


def _users(
    place: Cursor, got: Mapping[str, tuple[str, ...]], roles: Mapping[str, Role], ground: Ground
) -> dict[str, tuple[str, ...]]:
    for entry in place.entries():
        if ground.users and entry.name not in ground.users:
            entry.fault(tr("no user {!r}", entry.name), allowed_hint(entry.name, [*ground.users]))
        for word, at in entry.texts():
            if word not in roles:
                at.fault(tr("no role {!r}", word), allowed_hint(word, [*roles]))
    return {
        user: tuple(role for role in dict.fromkeys(named) if role in roles)
        for user, named in got.items()
    }


def _teams(
    place: Cursor, got: Mapping[str, Mapping[str, Any]], users: Collection[str]
) -> dict[str, Team]:
    teams = {}
    for entry in place.entries():
        told = got[entry.name]
        named = [(entry.at("head").text(), entry.at("head")), *entry.at("members").texts()]
        for user, at in named:
            if user and user not in users:
                at.fault(tr("{!r} is not among the users here", user), allowed_hint(user, [*users]))
        above = told["in"]
        if above and above not in got:
            entry.at("in").fault(tr("no team {!r}", above), allowed_hint(above, [*got]))
        teams[entry.name] = Team(
            entry.name, told["name"], told["head"], told["members"], above if above in got else ""
        )
    above = {team.id: team.above for team in teams.values()}
    for team in teams:
        if ring := _ring(above, team):
            place.at(team).at("in").fault(
                tr("{} are parts of each other in a ring", together(ring)), "take out one in:"
            )
            return {}
    return teams


def _ring(above: Mapping[str, str], start: str) -> list[str]:
    """Those that stand above each other, where one stands above itself so."""
    way = [start]
    while next_one := above.get(way[-1]):
        if next_one in way:
            return way[way.index(next_one) :]
        way.append(next_one)
    return []


# --- roles ------------------------------------------------------------------------------------------


def _roles(place: Cursor, got: Mapping[str, Mapping[str, Any]], ground: Ground) -> dict[str, Role]:
    """The declared roles; one that is like another is read after it."""
    found: dict[str, Role] = {}
    left = {entry.name: entry for entry in place.entries()}
    likes = {name: got[name]["like"] or (name if name in SHIPPED else "") for name in left}
    while left:
        is_own = {name for name in SHIPPED if likes.get(name) == name}
        ready = [name for name in left if likes[name] not in left or name in is_own]
        if not ready:
            ring = _ring(likes, next(iter(left)))
            said = tr("{} are like each other in a ring", together(ring))
            if len(ring) == 1:
                said = tr("{!r} cannot be like itself", ring[0])
            place.at(ring[0]).at("like").fault(said, "take out one like:")
            return found | {name: Role("") for name in left}
        for name in ready:
            like = likes[name]
            known = SHIPPED if like == name else {**SHIPPED, **found}
            if like and like not in known:
                hint = allowed_hint(like, [*known])
                left[name].at("like").fault(tr("no role {!r} to be like", like), hint)
            base = known.get(like, Role(""))
            found[name] = _role(left[name], got[name], base, ground)
        left = {name: at for name, at in left.items() if name not in found}
    return found


def _role(place: Cursor, got: Mapping[str, Any], base: Role, ground: Ground) -> Role:
    grants, fields = dict(base.grants), dict(base.fields)
    for noun in (EACH, *ENTITIES):
        for entity in ENTITIES if noun == EACH else (noun,):
            grants |= _grants(entity, got[noun], grants)
    for entity in ENTITIES:
        at = place.at(entity)
        for where, what in _PLACES.items():
            _check_places(at.at(where), what, ground)
        for way in (HIDDEN, READONLY):
            for word, here in at.at(way).texts():
                fields[entity, _field(here, entity, word, ground)] = way
    said = {power for power in POWERS if got[power]}
    unsaid = {power for power in base.powers if got[power] is None}
    return Role(place.name, got["name"], grants, frozenset(said | unsaid), fields)


def _grants(
    entity: str, got: Mapping[str, Any], had: Mapping[tuple[str, str], Grant]
) -> Iterator[tuple[tuple[str, str], Grant]] | dict[tuple[str, str], Grant]:
    found = {}
    for verb in VERBS:
        before = had.get((entity, verb), Grant())
        places: dict[Any, str] = dict(before.places) if not got[verb] else {}
        for where, what in _PLACES.items():
            told = got.get(where, {})
            places |= {(what, one): levels[verb] for one, levels in told.items() if levels[verb]}
        found[entity, verb] = Grant(got[verb] or before.level, places)
    return found


def _check_places(place: Cursor, what: str, ground: Ground) -> None:
    known = None if ground.places is None else ground.places[what]
    for entry in place.entries():
        if known is not None and entry.name not in known:
            entry.fault(tr("no {} {!r}", tr(what), entry.name), allowed_hint(entry.name, [*known]))


def _field(place: Cursor, entity: str, word: str, ground: Ground) -> str:
    field = ground.schema.named(entity, word)
    if field is None or field.derived or field.name in ("id", "owner"):
        names = [f.name for f in ground.schema.fields(entity) if f.name not in ("id", "owner")]
        place.fault(tr("a {} has no field {!r}", tr(entity), word), allowed_hint(word, names))
        return word
    return field.name


# --- what may stand there -----------------------------------------------------------------------------

_LEVEL = {
    verb: shapes.word(doc, LEVELS)
    for verb, doc in (
        (READ, "Whose records are seen: none, own, team, subtree (the team and those below), all."),
        (ADD, "For whom records are added."),
        (EDIT, "Whose records are changed."),
        (MOVE, "Whose records are moved between stages."),
        (CONVERT, "Whose leads are converted."),
        (DELETE, "Whose records are removed."),
        (EXPORT, "Whose records may leave in bulk."),
        (IMPORT, "For whom records are imported."),
        (MERGE, "Whose records are merged; that takes the right to edit too."),
    )
}
_PLACE = shapes.keys("Other levels there.", _LEVEL)
_WRONG_ID = ("is not an id", ID_HINT)


def _noun(entity: str) -> shapes.Shape:
    own = {
        HIDDEN: shapes.listed("Fields that the role does not see.", shapes.text("")),
        READONLY: shapes.listed("Fields that the role does not change.", shapes.text("")),
    }
    staged = {
        where: shapes.mapped("Levels by pipeline or stage.", ID_RULE, _WRONG_ID, _PLACE)
        for where in _PLACES
        if has_field(entity, _PLACES[where])
    }
    return shapes.keys("What the role may do with them.", {**_LEVEL, **staged, **own})


def _power(doc: str) -> shapes.Shape:
    return shapes.yes_no(doc, default=None)


ROLE = shapes.keys(
    "",
    {
        "name": shapes.text("Label for people."),
        "like": shapes.text(
            "The role with whose rights it begins; what ships is like itself, others have none."
        ),
        SETTINGS: _power("Whether it changes settings and these rights."),
        "robots": _power("Whether it changes pipelines, robots, triggers and templates."),
        "run": _power("Whether it runs crm tick and crm serve, and takes in mail and forms."),
        "act_as": _power("Whether it may act for others by --as."),
        EACH: shapes.keys("What the role may do with every noun.", _LEVEL),
        **{entity: _noun(entity) for entity in ENTITIES},
    },
)
TEAM_SHAPE = shapes.keys(
    "",
    {
        "name": shapes.text("Label for people."),
        "head": shapes.text("The id of who leads it."),
        "members": shapes.listed("The ids of its members.", shapes.text(""), once="user"),
        "in": shapes.text("The team of which it is a part."),
    },
)
SHAPE = shapes.keys(
    "Who may do what. Without this file everybody may do everything.",
    {
        "users": shapes.needed(
            shapes.mapped(
                "The roles of each user of settings.yaml.",
                r".{1,40}",
                ("is not a user", "write the ids of settings.yaml"),
                shapes.listed("", shapes.text(""), once="role"),
            )
        ),
        "off": shapes.listed("Users who have left: no door opens for them.", shapes.text("")),
        "teams": shapes.mapped("Teams, each with its head.", ID_RULE, _WRONG_ID, TEAM_SHAPE),
        "roles": shapes.mapped(
            "Roles of your own, or other rights for those that ship.", ID_RULE, _WRONG_ID, ROLE
        ),
        "audit": shapes.keys(
            "What is done with the audit.",
            {
                "keep": lasting(
                    "How long it is kept, like 3y; older months go whole, by crm tick."
                ),
                "letter": shapes.matching(
                    "Who gets the ends of its chains by mail once a day.",
                    r"[^@\s,]+@[^@\s,]+",
                    "an e-mail address",
                ),
            },
        ),
        "budget": shapes.whole(
            "How many records a user who may not export is shown a day before phones and e-mails are masked.",
            1,
            MOST_BUDGET,
            BUDGET,
        ),
    },
)
