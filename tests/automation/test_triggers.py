from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmcli.automation.triggers import Decision, choose
from crmcli.model.automation import Trigger
from crmcli.model.conditions.grammar import parse
from crmcli.model.conditions.holds import Env
from crmcli.model.deal import Deal
from crmcli.model.event import Event
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.schema import Schema

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ENV = Env(NOW, ZoneInfo("Europe/Moscow"), Schema(), lambda _: None)
DEAL = Deal(
    id="deal-7k3qf2m9", name="Поставка чая", pipeline="sales", stage="two", amount=Decimal(100)
)
CALL = Event("e5", NOW, "anna", "call.in", DEAL.id)
KINDS = {"one": "open", "two": "open", "three": "open", "won": "won", "lost": "lost"}


def pipeline(**triggers: list[Trigger]) -> Pipeline:
    stages = tuple(
        Stage(id_, id_, kind, triggers=tuple(triggers.get(id_, ()))) for id_, kind in KINDS.items()
    )
    return Pipeline("sales", "Продажи", "deal", stages)


def on_call(**more: Any) -> list[Trigger]:
    return [Trigger("call.in", **more)]


def target(decision: Decision) -> str:
    return decision.stage.id if decision.stage else ""


@pytest.mark.parametrize(
    ("stage", "back", "moves"),
    [
        ("one", False, False),
        ("one", True, True),
        ("two", False, False),
        ("two", True, False),
        ("three", False, True),
        ("three", True, True),
        ("won", False, True),
        ("won", True, True),
        ("lost", False, True),
        ("lost", True, True),
    ],
)
def test_truth_table_for_a_record_in_the_second_stage(stage: str, back: bool, moves: bool) -> None:
    decision = choose(pipeline(**{stage: on_call(back=back)}), DEAL, CALL, ENV)
    assert target(decision) == (stage if moves else "")
    assert len(decision.passed) == (0 if moves else 1)


def test_one_that_goes_back_is_tried_before_any_forward_one() -> None:
    rules = pipeline(one=on_call(back=True), three=on_call())
    assert target(choose(rules, DEAL, CALL, ENV)) == "one"


def test_the_nearest_forward_one_wins_and_within_a_stage_the_first() -> None:
    rules = pipeline(won=on_call(), three=[Trigger("call.in", line=1), Trigger("call.in", line=2)])
    decision = choose(rules, DEAL, CALL, ENV)
    assert decision.trigger is not None
    assert (target(decision), decision.trigger.line) == ("three", 1)


def test_one_whose_condition_fails_is_passed_over_with_the_reason() -> None:
    rules = pipeline(
        three=on_call(when=parse("amount > 1000")), won=on_call(when=parse("amount = 100"))
    )
    decision = choose(rules, DEAL, CALL, ENV)
    assert target(decision) == "won"
    assert tuple(map(str, decision.passed)) == (
        "three: condition not met: amount > 1000 [no: 100]",
    )


def test_a_closed_record_is_left_alone_unless_the_trigger_says_otherwise() -> None:
    lost = replace(DEAL, stage="lost")
    assert target(choose(pipeline(two=on_call(back=True)), lost, CALL, ENV)) == ""
    rules = pipeline(two=on_call(back=True, on_closed=True))
    assert target(choose(rules, lost, CALL, ENV)) == "two"
    assert target(choose(pipeline(two=on_call(on_closed=True)), lost, CALL, ENV)) == ""


def test_in_a_stage_that_is_not_declared_nothing_fires() -> None:
    decision = choose(pipeline(three=on_call()), replace(DEAL, stage="gone"), CALL, ENV)
    assert (target(decision), len(decision.passed)) == ("", 1)


def test_other_events_are_not_even_considered() -> None:
    mail = replace(CALL, kind="mail.in")
    assert choose(pipeline(three=on_call()), DEAL, mail, ENV) == Decision()


def test_a_signal_is_known_by_its_code() -> None:
    rules = pipeline(three=[Trigger("paid")])
    assert (
        target(choose(rules, DEAL, replace(CALL, kind="signal", data={"code": "paid"}), ENV))
        == "three"
    )
    assert (
        target(choose(rules, DEAL, replace(CALL, kind="signal", data={"code": "lost"}), ENV)) == ""
    )


def test_a_changed_field_may_be_named() -> None:
    changed = replace(
        CALL, kind="field.changed", data={"changes": {"amount": ["1", "2"], "name": ["", "x"]}}
    )
    assert target(choose(pipeline(three=[Trigger("field.changed")]), DEAL, changed, ENV)) == "three"
    named = pipeline(three=[Trigger("field.changed", filters={"fields": ("close_by", "amount")})])
    assert target(choose(named, DEAL, changed, ENV)) == "three"
    other = pipeline(three=[Trigger("field.changed", filters={"fields": ("close_by",)})])
    decision = choose(other, DEAL, changed, ENV)
    assert (target(decision), *map(str, decision.passed)) == ("", "three: none of close_by changed")


# -- section 2b of the research, row by row -------------------------------------------------


def closed(stage: str) -> Deal:
    return replace(DEAL, stage=stage)


MAIL = replace(CALL, kind="mail.in", data={"from": "anna@chai.example", "subject": "Срочный заказ"})
ROWS_2B: dict[str, tuple[dict[str, list[Trigger]], Deal, Event, str]] = {
    "1 stage not in the list": ({"three": on_call()}, closed("gone"), CALL, ""),
    "2 forward qualifies": ({"three": on_call()}, DEAL, CALL, "three"),
    "2 back does not": ({"one": on_call()}, DEAL, CALL, ""),
    "2 back if allowed": ({"one": on_call(back=True)}, DEAL, CALL, "one"),
    "2 never the stage itself": ({"two": on_call(back=True)}, DEAL, CALL, ""),
    "3 back before forward": ({"one": on_call(back=True), "three": on_call()}, DEAL, CALL, "one"),
    "3 the nearest forward": ({"three": on_call(), "won": on_call()}, DEAL, CALL, "three"),
    "4 the first that passes": (
        {"three": [Trigger("mail.in", filters={"subject": ("счёт",)})],
         "won": [Trigger("mail.in", filters={"subject": ("ЗАКАЗ",)})]}, DEAL, MAIL, "won",
    ),
    "4 any of several values": (
        {"three": [Trigger("mail.in", filters={"from": ("@nobody", "@chai")})]}, DEAL, MAIL, "three",
    ),
    "6 lower stages come no more": ({"one": on_call()}, closed("three"), CALL, ""),
    "closed ignores": ({"won": on_call(), "one": on_call(back=True)}, closed("lost"), CALL, ""),
    "closed if allowed": (
        {"one": on_call(back=True, on_closed=True)}, closed("lost"), CALL, "one",
    ),
    "won and lost are later stages": ({"lost": on_call()}, DEAL, CALL, "lost"),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS_2B)
def test_section_2b(row: str) -> None:
    rules, deal, event, wanted = ROWS_2B[row]
    decision = choose(pipeline(**rules), deal, event, ENV)
    assert target(decision) == wanted
    if not wanted:
        assert len(decision.passed) == sum(len(triggers) for triggers in rules.values())
