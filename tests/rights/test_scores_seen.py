"""Scores by rights: nothing hidden speaks, nobody is given away by a handful, and only some may learn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.automation.tick import tick
from crmcli.dataclass import replace
from crmcli.errors import Forbidden
from crmcli.model.scoring.tables import OTHER, Group, Table, Tenth, Term, Trial
from crmcli.sales.settings import scores
from tests import kit
from tests.kit import NOW, Run
from tests.rights.conftest import ACCESS, Base

HIDING = ACCESS.replace("anna: [manager]", "anna: [blind]") + (
    "roles:\n  blind: {like: manager, lead: {hidden: [source]}}\n"
)


def _odds(value: str, won: int, of: int, odds: str) -> Group:
    return Group(value, won=won, of=of, odds=Decimal(odds))


TERMS = [
    Term("source", [_odds("web", 20, 40, "3"), _odds("call", 1, 3, "0.5")]),
    Term("owner", [_odds("anna", 30, 50, "2"), _odds("olga", 10, 50, "0.4"), Group(what=OTHER)]),
]
TABLE = Table("lead", "", NOW, 103, 41, Decimal(1), TERMS, Trial(0, 0, 0.5, Tenth(0, 0, 0), ()))


@pytest.fixture
def run(base: Base, crm: Callable[..., Run]) -> Callable[..., Run]:
    scores.save(base.open("root"), ["lead"], [TABLE])
    return partial(crm, cwd=base.root, CRM_LANG="en")


def _rows(done: Run) -> list[dict[str, object]]:
    assert done.code == 0, done.err
    rows: list[dict[str, object]] = json.loads(done.out)
    return rows


def test_a_hidden_field_adds_nothing_and_says_so(base: Base, run: Callable[..., Run]) -> None:
    lead = base.records["lead anna"].id
    kit.edit(base.open("root"), lead, source="web")
    shown = partial(run, "lead", "list", "--columns", "id,score", "--json")
    by_id = {row["id"]: row["score"] for row in _rows(shown(CRM_USER="root"))}
    assert by_id[lead] == 86  # odds of 3 x 2
    kit.write(base.root, "access.yaml", HIDING)
    [row] = [r for r in _rows(shown(CRM_USER="anna")) if r["id"] == lead]
    assert row["score"] == 67  # of 2 alone
    assert base.open("anna").env.derive(base.open("anna").get(lead), "score") == 67
    assert run("lead", "list", "--where", "score > 70", "--ids", CRM_USER="anna").out == ""
    told = {
        r["feature"]: r for r in _rows(run("score", "explain", lead, "--json", CRM_USER="anna"))
    }
    assert (told["source"]["value"], told["source"]["adds"]) == ("hidden from you: adds nothing", 0)
    assert told["source"]["of"] is None
    assert told["score"]["adds"] == 67
    listed = _rows(run("score", "list", "--json", CRM_USER="anna"))
    assert {row["feature"] for row in listed} == {"owner"}


def test_who_sees_a_part_sees_no_handful_and_no_colleague(
    base: Base, run: Callable[..., Run]
) -> None:
    def seen(user: str) -> dict[object, object]:
        return {
            row["value"]: row["of"] for row in _rows(run("score", "list", "--json", CRM_USER=user))
        }

    every = seen("root")
    assert every["call"] == 3
    assert {every["Анна Петрова"], every["Ольга Чайкина"]} == {50}
    part = seen("anna")
    assert (part["call"], part["web"]) == (None, None)  # of all these are, not of hers
    for line in (("score", "list"), ("score", "explain", base.records["lead anna"].id)):
        done = run(*line, CRM_USER="anna")
        assert not {"103", "41", "40"} & set(re.findall(r"\d+", done.out + done.err)), done
        every_one = run(*line, CRM_USER="root")
        assert "103" in every_one.out + every_one.err
    assert part["Анна Петрова"] == 50
    assert "Ольга Чайкина" not in part
    lead = base.records["lead anna"].id
    kit.edit(base.open("root"), lead, source="call")
    for user, of in (("root", 3), ("anna", None)):
        rows = _rows(run("score", "explain", lead, "--json", CRM_USER=user))
        assert [row["of"] for row in rows if row["feature"] == "source"] == [of]
    other = base.records["lead olga"].id
    hidden, nothing = (
        run("score", "explain", ref, CRM_USER="anna") for ref in (other, "lead-00000000")
    )
    assert (hidden.code, hidden.err.replace(other, "")) == (
        3,
        nothing.err.replace("lead-00000000", ""),
    )


def test_only_who_may_change_settings_lets_it_learn(base: Base, run: Callable[..., Run]) -> None:
    done = run("score", "train", CRM_USER="anna")
    assert done.code == 4
    assert "takes the right 'settings'" in done.err
    assert "a score needs 100" in run("score", "train", CRM_USER="root").err
    with pytest.raises(Forbidden):
        scores.save(base.open("anna"), ["lead"], [TABLE, replace(TABLE, pipeline="sales")])


def test_robots_go_by_scores_of_the_house(base: Base) -> None:
    rules = kit.pipelines(
        leads=kit.robots("{id: hot, do: task, with: {title: Звонить}, when: score > 80}")
    )
    kit.write(base.root, "pipelines.yaml", rules)
    ws = kit.opened(base.root, user="root")
    scores.save(ws, ["lead"], [TABLE])
    hot = kit.lead(ws, name="Горячий", source="web", owner="anna")
    cold = kit.lead(ws, name="Холодный", source="web", owner="olga")
    tick(kit.opened(base.root, user="root"))
    tasks = [task.get("about") for task in kit.opened(base.root, user="root").select("task")]
    assert hot.id in tasks
    assert cold.id not in tasks


def test_a_robot_without_scores_says_so(base: Base) -> None:
    rules = kit.pipelines(
        leads=kit.robots("{id: hot, do: task, with: {title: Звонить}, when: score > 80}")
    )
    kit.write(base.root, "pipelines.yaml", rules)
    ws = kit.opened(base.root, user="root")
    kit.lead(ws, name="Горячий", source="web", owner="anna")
    again = kit.opened(base.root, user="root")
    tick(again)
    assert again.notes.count("there are no scores yet; learn them: crm score train") == 1
    [odd] = [one for one in look_through(base.root, NOW).oddities if "scores" in one.message]
    assert odd.message == "robot 'hot' asks for scores, and there are none yet"
    assert odd.line > 0
