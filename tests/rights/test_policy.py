"""One policy three ways: as views of the index, as a question about one record, and as plain reckoning."""

from __future__ import annotations

import random

import pytest

from crmcli.errors import InvalidData, NotFound
from crmcli.model import access
from crmcli.model.access import LEVELS, VERBS, Access, Grant, Rights, Role, Team
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from tests import kit
from tests.rights.conftest import ACCESS, USERS, Base

STAGES = ("new", "won", "lost")


def made_up(rng: random.Random) -> Access:
    """Teams in a tree, roles with levels by noun, pipeline and stage, users with several of them."""
    teams: dict[str, Team] = {}
    for number in range(rng.randrange(4)):
        above = rng.choice(["", *teams])
        members = tuple(rng.sample(USERS, rng.randrange(3)))
        teams[f"t{number}"] = Team(f"t{number}", "", rng.choice(["", *USERS]), members, above)
    roles = {}
    for number in range(3):
        grants = {}
        for entity, verb in ((e, v) for e in ENTITIES for v in VERBS):
            places = {
                ("stage", rng.choice(STAGES)): rng.choice(LEVELS) for _ in range(rng.randrange(2))
            }
            places |= {("pipeline", "sales"): rng.choice(LEVELS)} if rng.random() < 0.2 else {}
            staged = "staged" in ENTITIES[entity].traits
            grants[entity, verb] = Grant(rng.choice(LEVELS), places if staged else {})
        roles[f"r{number}"] = Role(f"r{number}", "", grants)
    users = {user: tuple(rng.sample([*roles], rng.randrange(1, 3))) for user in USERS}
    return Access(roles, teams, users)


def reckoned(rules: Access, user: str, verb: str, record: Record) -> bool:
    """The same by hand: over all roles, teams and places, one by one."""
    owner = record.get("owner") or ""
    mine = [t for t in rules.teams.values() if user == t.head or user in t.members]
    for name in rules.users[user]:
        grant = rules.roles[name].grants[record.entity, verb]
        level = grant.level
        for what in ("pipeline", "stage"):
            level = grant.places.get((what, getattr(record, what, "")), level)  # type: ignore[call-overload]  # any words
        if level == access.ALL or (level != access.NONE and owner == user):
            return True
        if level == access.TEAM and any(owner in (t.head, *t.members) for t in mine if owner):
            return True
        if level == access.SUBTREE and (not owner or _below(rules, mine, owner)):
            return True
    return False


def _below(rules: Access, mine: list[Team], owner: str) -> bool:
    seen, left = set(), [team.id for team in mine]
    while left:
        team = rules.teams[left.pop()]
        if team.id not in seen:
            seen.add(team.id)
            left += [other.id for other in rules.teams.values() if other.above == team.id]
    return any(owner in (rules.teams[t].head, *rules.teams[t].members) for t in seen)


def readable(rules: Access, user: str, record: Record, everything: list[Record]) -> bool:
    """Whether the user sees it for its own sake, or for what it hangs on."""
    if reckoned(rules, user, access.READ, record):
        return True
    grants = [rules.roles[r].grants[record.entity, access.READ] for r in rules.users[user]]
    if all({g.level, *g.places.values()} == {access.NONE} for g in grants):
        return False
    parent = ENTITIES[record.entity].parent
    above = str(record.get(parent)) if parent else ""
    for other in everything:
        if not reckoned(rules, user, access.READ, other):
            continue
        if other.id == above:
            return True
        links = (
            *getattr(other, "contacts", ()),
            getattr(other, "company", ""),
            getattr(other, "contact", ""),
        )
        if (
            other.entity in ("deal", "lead")
            and record.entity in ("contact", "company")
            and record.id in links
        ):
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_views_and_questions_and_reckoning_agree(base: Base, seed: int) -> None:
    rng = random.Random(seed)
    ws = base.open("root")
    for record in list(base.records.values()):
        if record.entity in ("deal", "lead") and rng.random() < 0.5:
            path = kit.file_of(ws, record.id)
            stage = str(record.get("stage"))
            kit.replace(path, f"stage: {stage}\n", f"stage: {rng.choice(STAGES)}\n")
    ws.look_again()
    everything = [ws.get(record.id) for record in base.records.values()]
    for _ in range(20):
        rules = made_up(rng)
        for user in USERS:
            ws = base.open("root")
            ws.rights = Rights(user, rules)
            for entity in ENTITIES:
                shown = {str(row["id"]) for row in ws.rows(entity)}
                for record in (r for r in everything if r.entity == entity):
                    wanted = readable(rules, user, record, everything)
                    assert (record.id in shown) is wanted, (user, record, rules)
                    assert ws.is_seen(record.id) is wanted
                    try:
                        ws.get(record.id)
                    except NotFound:
                        assert not wanted
                    else:
                        assert wanted
                    for verb in VERBS:
                        assert ws.rights.may_with(verb, record) is reckoned(
                            rules, user, verb, record
                        )


FAULTS = [
    ("users: {anna: [boss]}", "no role 'boss'"),
    ("users: {anna: [manger]}", "manager"),
    ("users: {ann: [administrator]}", "no user 'ann'"),
    ("users: {anna: [manager]}", "nobody could change these rights"),
    ("users: {root: [administrator], root: [manager]}", "root"),
    ("users: {root: [administrator]}\noff: [root]", "nobody could change"),
    ("teams: {a: {in: b}, b: {in: a}}", "ring"),
    ("teams: {a: {in: a}}", "ring"),
    ("teams: {a: {in: nowhere}}", "no team 'nowhere'"),
    ("teams: {a: {head: nobody}}", "'nobody' is not among the users"),
    ("teams: {a: {members: [anna, anna]}}", "twice"),
    ("roles: {seller: {deal: {read: mine}}}", "own"),
    ("roles: {seller: {deals: {read: own}}}", "unknown key 'deals'"),
    ("roles: {seller: {deal: {steal: all}}}", "unknown key 'steal'"),
    ("roles: {seller: {like: boss}}", "no role 'boss'"),
    ("roles: {a: {like: b}, b: {like: a}}", "to be like"),
    ("roles: {seller: {deal: {hidden: [amuont]}}}", "amount"),
    ("roles: {seller: {deal: {hidden: [owner]}}}", "no field 'owner'"),
    ("budget: many", "whole number"),
    ("user: {}", "unknown key 'user'"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_what_is_wrong_in_the_file_opens_nothing_and_is_told_with_its_line(
    base: Base, text: str, said: str
) -> None:
    begun = (
        ""
        if text.startswith("users")
        else "users: {root: [administrator], anna: [manager], ivan: [manager]}\n"
    )
    kit.write(base.root, "access.yaml", f"{begun}{text}\n")
    with pytest.raises(InvalidData) as refused:
        base.open("anna")
    told = " ".join(map(str, (refused.value, *refused.value.problems)))
    assert said in told
    assert "access.yaml:" in told


def test_the_roles_that_ship_can_be_bent(base: Base) -> None:
    bent = ACCESS + "roles: {manager: {deal: {read: all}, settings: yes}}\n"
    kit.write(base.root, "access.yaml", bent)
    ws = base.open("anna")
    assert ws.count("deal") == len(USERS)
    assert ws.rights is not None
    assert ws.rights.has(access.SETTINGS)
    assert not ws.rights.may_any("deal", access.EXPORT)
    assert ws.rights.may_any("deal", access.EDIT)
