"""One policy three ways: as views of the index, as a question about one record, and as plain reckoning."""

from __future__ import annotations

import random

import pytest

from crmcli.errors import InvalidData, NotFound
from crmcli.model import access
from crmcli.model.access import VERBS, Rights
from crmcli.model.entities import ENTITIES
from crmcli.sales.checks.check import problems
from tests import kit
from tests.rights.conftest import ACCESS, USERS, Base
from torture.policies import STAGES, made_up, readable, reckoned


@pytest.mark.parametrize("seed", range(3))
def test_views_and_questions_and_reckoning_agree(base: Base, seed: int) -> None:
    """`python -m torture policies` has 100,000 cases of it."""
    rng = random.Random(seed)
    ws = base.open("root")
    for record in list(base.records.values()):
        if record.entity in ("deal", "lead") and rng.random() < 0.5:
            path = kit.file_of(ws, record.id)
            stage = str(record.get("stage"))
            kit.replace(path, f"stage: {stage}\n", f"stage: {rng.choice(STAGES)}\n")
    ws.look_again()
    everything = [ws.get(record.id) for record in base.records.values()]
    for _ in range(12):
        rules = made_up(rng)
        for user in USERS:
            ws = base.open("root")
            ws.rights = Rights(user, rules)
            readers = readable(rules, user, everything)
            for entity in ENTITIES:
                shown = {str(row["id"]) for row in ws.rows(entity)}
                for record in (r for r in everything if r.entity == entity):
                    wanted = record.id in readers
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
    ("roles: {a: {like: b}, b: {like: a}}", "a and b are like each other in a ring"),
    ("roles: {c: {like: a}, a: {like: b}, b: {like: a}}", ": a and b are"),
    ("roles: {c: {like: a}, a: {like: a}}", "'a' cannot be like itself"),
    ("roles: {manager: {like: a}, a: {like: manager}}", "in a ring"),
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


def test_a_stage_that_is_not_there_is_told_by_check(base: Base) -> None:
    rules = (
        "users: {root: [administrator]}\nroles: {seller: {deal: {stages: {wonn: {edit: none}}}}}\n"
    )
    kit.write(base.root, "access.yaml", rules)
    found = [str(one) for one in problems(base.open("root"))]
    assert [one for one in found if "access.yaml:2" in one and "'wonn'" in one], found


def test_the_roles_that_ship_can_be_bent(base: Base) -> None:
    bent = ACCESS + "roles: {manager: {deal: {read: all}, settings: yes}}\n"
    kit.write(base.root, "access.yaml", bent)
    ws = base.open("anna")
    assert ws.count("deal") == len(USERS)
    assert ws.rights is not None
    assert ws.rights.has(access.SETTINGS)
    assert not ws.rights.may_any("deal", access.EXPORT)
    assert ws.rights.may_any("deal", access.EDIT)
