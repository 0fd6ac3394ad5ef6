"""What an editor or git changed in records is told of as what a command changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from crmcli.sales.history import undo
from tests import kit
from tests.automation.test_ticking import move

RULES = """
    stages:
      - {id: new, name: Новая}
      - id: talks
        name: Переговоры
        triggers: [{on: field.changed, fields: [amount]}]
      - id: terms
        name: Условия
        triggers: [{on: field.changed, fields: [close_by, tags], when: amount > 100}]
"""


@pytest.fixture
def rules(house: Any) -> Any:
    house.rules(RULES)
    return house


def by_hand(house: Any, record_id: str, old: str, new: str) -> None:
    kit.replace(kit.file_of(house.ws, record_id), old, new)


def told(house: Any, record_id: str = "") -> list[Any]:
    return [e for e in house.events("field.changed", record_id) if e.actor == "edit"]


def test_a_field_edited_by_hand_moves_as_one_edited_by_a_command(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50", close_by="2026-12-01")
    rules.tick()
    by_hand(rules, deal.id, "amount: '50'", "amount: 500")
    assert rules.tick().said[0] == f"{deal.id}: edited by hand"
    [event] = told(rules)
    assert event.data == {"changes": {"amount": ["50", "500"]}}
    assert rules.get(deal.id).stage == "talks"
    by_hand(rules, deal.id, "2026-12-01", "2026-12-24")
    rules.tick("1h")
    assert rules.get(deal.id).stage == "terms"
    assert rules.tick("1h").said == []
    assert len(told(rules)) == 2


def test_what_commands_and_robots_write_is_not_told_again(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    rules.edit(deal.id, amount="70")
    rules.edit(deal.id, name="Кофе", amount="90")
    rules.tick("1h")
    rules.edit(deal.id, amount="80")
    undo.undo(rules.ws)
    move(rules, deal.id, "new", reopen=True)
    rules.tick("1h")
    assert told(rules) == []


def test_between_commands_it_is_seen_too(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    by_hand(rules, deal.id, "amount: '50'", "amount: '60'")
    rules.edit(deal.id, name="Кофе")
    rules.tick()
    assert [e.data["changes"] for e in told(rules)] == [{"amount": ["50", "60"]}]


def test_what_was_changed_and_put_back_by_hand_is_told_as_it_was(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    rules.edit(deal.id, amount="90")
    by_hand(rules, deal.id, "amount: '90'", "amount: '50'")
    rules.tick()
    assert [e.data["changes"] for e in told(rules)] == []  # as it was when somebody last looked
    by_hand(rules, deal.id, "amount: '50'", "amount: '70'")
    rules.tick()
    assert [e.data["changes"] for e in told(rules)] == [{"amount": ["90", "70"]}]


def test_the_same_value_written_otherwise_is_no_change(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    by_hand(rules, deal.id, "amount: '50'", "amount: 50.00  # about")
    rules.tick()
    assert told(rules) == []


def test_a_client_edited_by_hand_counts_for_its_deal(rules: Any) -> None:
    rules.rules(RULES.replace(", fields: [amount]", ""))
    contact = rules.add("contact", name="Ольга Ким", phones="+79161234567")
    deal = rules.add("deal", name="Чай", contacts=contact.id)
    rules.tick()
    by_hand(rules, contact.id, "+79161234567", "+79161234568")
    rules.tick()
    assert [e.record for e in told(rules)] == [contact.id]
    assert rules.get(deal.id).stage == "talks"


def test_a_file_broken_meanwhile_is_told_when_it_can_be_read(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    by_hand(rules, deal.id, "amount: '50'", "amount: [500")
    rules.tick()
    by_hand(rules, deal.id, "amount: [500", "amount: '500'")
    rules.tick("1h")
    assert [e.data["changes"] for e in told(rules)] == [{"amount": ["50", "500"]}]


def test_two_clones_are_told_of_it_once(rules: Any, clone: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    other = clone()
    other.tick()
    by_hand(rules, deal.id, "amount: '50'", "amount: '500'")
    rules.tick()
    kit.save(rules.root, "edited")
    kit.git(other.root, "pull", "-q")
    other.tick("1h")
    assert len(told(other)) == 1
    assert other.get(deal.id).stage == "talks"


def test_a_stage_and_a_value_edited_at_once(rules: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    rules.tick()
    by_hand(rules, deal.id, "stage: new", "stage: terms")
    by_hand(rules, deal.id, "amount: '50'", "amount: '500'")
    rules.tick()
    kinds = [(e.kind, e.actor) for e in rules.events(record=deal.id) if e.actor == "edit"]
    assert kinds == [("stage.entered", "edit"), ("field.changed", "edit")]
    assert rules.get(deal.id).stage == "terms"


def test_an_edit_made_while_the_index_is_away_is_told(rules: Any, clone: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50", close_by="2026-12-01")
    other = rules.add("deal", name="Кофе", amount="50")
    rules.edit(other.id, amount="60")
    rules.tick()
    fresh = clone()
    by_hand(fresh, deal.id, "amount: '50'", "amount: 500")
    fresh.tick("1h")
    assert [e.data["changes"] for e in told(fresh)] == [{"amount": ["50", "500"]}]
    assert fresh.get(deal.id).stage == "talks"
    shutil.rmtree(fresh.root / ".crm")
    fresh.tick("2h")
    assert len(told(fresh)) == 1
    fresh.edit(other.id, amount="70")
    shutil.rmtree(fresh.root / ".crm")
    by_hand(fresh, deal.id, "2026-12-01", "2026-12-24")
    fresh.tick("3h")
    assert [[*e.data["changes"]] for e in told(fresh)] == [["amount"], ["close_by"]]
    assert fresh.get(deal.id).stage == "terms"


def test_what_a_clone_brings_along_is_how_it_was(rules: Any, clone: Any) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    clone()
    by_hand(rules, deal.id, "amount: '50'", "amount: '500'")
    kit.save(rules.root, "edited")
    fresh = clone("fresh")
    fresh.tick("1h")
    assert told(fresh) == []
    assert fresh.get(deal.id).stage == "new"


def test_what_was_due_on_coming_in_is_done_though_a_hand_moved_the_record_on(house: Any) -> None:
    """Of a robot that waits nobody knows whether the edit came before its time."""
    house.rules("""
    stages:
      - id: new
        name: Новая
        robots:
          - {id: a, do: task, with: {title: сразу}}
          - {id: b, do: task, with: {title: потом}, after: 10m}
          - {id: c, do: task, with: {title: следом}, wait: previous}
      - {id: talks, name: Переговоры}
""")
    deal = house.add("deal", name="Чай")
    by_hand(house, deal.id, "stage: new", "stage: talks")
    house.tick("1h")
    house.tick("9h")
    assert [task.name for task in house.ws.select("task")] == ["сразу"]


def test_git_runs_nothing_that_the_folder_names(rules: Any, clone: Any, tmp_path: Path) -> None:
    deal = rules.add("deal", name="Чай", amount="50")
    fresh = clone()
    (fresh.root / ".gitattributes").write_text("* filter=x diff=x\n", encoding="utf-8")
    for key in ("filter.x.clean", "filter.x.process", "diff.x.command", "diff.x.textconv",
                "diff.external", "core.fsmonitor"):  # fmt: skip
        kit.git(fresh.root, "config", key, f"sh -c 'touch {tmp_path}/ran; cat'")
    kit.git(fresh.root, "config", "filter.x.required", "true")
    by_hand(fresh, deal.id, "amount: '50'", "amount: '60'")
    fresh.tick("1h")
    assert not (tmp_path / "ran").exists()
    assert [e.record for e in told(fresh)] == [deal.id]
