"""sequences: in pipelines.yaml: robots that act from when they are started, whatever the stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval, approve
from crmcli.automation.explain import explain
from crmcli.automation.sequences import start_in, stop_in
from crmcli.automation.simulate import rehearse
from crmcli.automation.waiting import waiting
from crmcli.errors import CrmError, InvalidData
from crmcli.sales import stages
from crmcli.sales.history.undo import redo, undo
from crmcli.sales.settings import stages as stage_settings
from tests import kit

WELCOME = """
sequences:
  welcome:
    {more}
    robots:
      - {{id: first, do: comment, with: {{text: Раз}}}}
      - {{id: second, do: comment, with: {{text: Два}}, after: 2d, wait: previous}}
      - {{id: third, do: comment, with: {{text: Три}}, after: 2d, wait: previous}}
"""
START = "{id: begin, do: start_sequence, with: {sequence: welcome}}"


def rules(house: Any, more: str = "for: deal", robot: str = START, extra: str = "") -> None:
    own = kit.pipelines(kit.robots(robot), "") + WELCOME.format(more=more) + extra
    house.write("pipelines.yaml", own)


def notes(house: Any) -> list[str]:
    return [event.data["text"] for event in house.events("note")]


def days(house: Any, count: int) -> None:
    for _ in range(count):
        house.tick("1d")


def by_hand(house: Any, act: Any, record_id: str, name: str = "welcome") -> Any:
    ws = house.ws
    with ws.change("robots start") as change:
        return act(change, ws, record_id, name)


def test_a_robot_starts_it_and_it_goes_on_across_stages(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    assert notes(house) == ["Раз"]
    stages.move(house.ws, deal.id, "talks")
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]


@pytest.mark.parametrize(
    ("more", "stage", "left"),
    [
        ("for: deal", "talks", ["Раз", "Два", "Три"]),
        ("for: deal", "lost", ["Раз"]),
        ("for: deal", "won", ["Раз"]),
        ("ends: closing", "lost", ["Раз"]),
        ("ends: stage", "talks", ["Раз"]),
        ("ends: stage", "", ["Раз", "Два", "Три"]),
        ("ends: never", "lost", ["Раз", "Два", "Три"]),
        ("ends: never", "talks", ["Раз", "Два", "Три"]),
    ],
)
def test_what_ends_it(house: Any, more: str, stage: str, left: list[str]) -> None:
    rules(house, more)
    deal = house.add("deal", name="Чай", amount="5")
    house.tick()
    if stage:
        why = {"reason": "price"} if stage == "lost" else {}
        stages.move(house.ws, deal.id, stage, **why)
    days(house, 6)
    assert notes(house) == left


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ("goal: amount > 100", ["Раз"]),
        ("exit_when: amount > 100", ["Раз"]),
        ("exit_when: amount > 1000", ["Раз", "Два", "Три"]),
        ("exit_when: stage = won", ["Раз", "Два", "Три"]),
        ("exit_when: stage = Новая and amount > 100", ["Раз"]),
    ],
)
def test_a_goal_and_an_exit_end_all_of_it(house: Any, more: str, left: list[str]) -> None:
    rules(house, more)
    deal = house.add("deal", name="Чай")
    house.tick()
    house.edit(deal.id, amount="500")
    days(house, 6)
    assert notes(house) == left


@pytest.mark.parametrize(
    ("again", "after", "why"),
    [
        ("for: deal", 1, "under way"),
        ("for: deal", 6, "ran already"),
        ("again: never", 40, "ran already"),
        ("again: on_event", 1, "under way"),
        ("again: on_event", 6, ""),
        ("again: after 30d", 6, "again after 30d"),
        ("again: after 30d", 30, ""),
        ("again: after 30d", 29, "again after 30d"),
    ],
)
def test_starting_it_again(house: Any, again: str, after: int, why: str) -> None:
    rules(house, again)
    deal = house.add("deal", name="Чай")
    house.tick()
    days(house, after)
    done = by_hand(house, start_in, deal.id)
    assert (done.moved, why in done.why) == (not why, True)
    days(house, 6)
    assert notes(house) == ["Раз", "Два", "Три"] * (2 if done.moved else 1)


@pytest.mark.parametrize("more", ["ends: stage", "for: deal"])
def test_a_move_that_was_undone_does_not_end_it(house: Any, more: str) -> None:
    rules(house, more)
    deal = house.add("deal", name="Чай", amount="5")
    house.tick()
    stages.move(house.ws, deal.id, "talks" if "stage" in more else "won")
    undo(house.ws)
    days(house, 6)
    assert notes(house) == ["Раз", "Два", "Три"]


def test_a_robot_that_is_paused_keeps_it_under_way_for_nobody(house: Any) -> None:
    rules(house, "again: on_event")
    kit.replace(house.root / "pipelines.yaml", "Три}", "Три}, enabled: no")
    deal = house.add("deal", name="Чай")
    house.tick()
    days(house, 3)
    assert by_hand(house, start_in, deal.id).moved
    days(house, 3)
    assert notes(house) == ["Раз", "Два"] * 2


def test_by_hand_it_is_started_and_stopped(house: Any) -> None:
    rules(house, robot="{id: x, do: comment, with: {text: Х}}")
    deal = house.add("deal", name="Чай")
    assert by_hand(house, start_in, deal.id).moved
    assert not by_hand(house, start_in, deal.id).moved
    house.tick()
    assert sorted(notes(house)) == ["Раз", "Х"]
    assert by_hand(house, stop_in, deal.id).moved
    assert not by_hand(house, stop_in, deal.id).moved
    days(house, 6)
    assert sorted(notes(house)) == ["Раз", "Х"]
    told = {line.robot: (line.stage, line.state, line.why) for line in explain(house.ws, deal.id)}
    assert told["first"] == ("sequences/welcome", "done", "at once")
    assert told["second"] == ("sequences/welcome", "cancelled", "stopped by anna")


def test_a_robot_stops_it(house: Any) -> None:
    stop = "{id: stop, do: stop_sequence, after: 3d}"
    rules(house)
    house.write(
        "pipelines.yaml",
        kit.pipelines(kit.robots(START, stop), "") + WELCOME.format(more="for: deal"),
    )
    house.add("deal", name="Чай")
    house.tick()
    days(house, 6)
    assert notes(house) == ["Раз", "Два"]


def test_what_waits_is_told_and_played_ahead(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    ahead = [line.what for line in rehearse(house.ws, house.now + timedelta(days=10))]
    assert ahead == ["start_sequence: welcome", "comment: Раз", "comment: Два", "comment: Три"]
    house.tick()
    lines = waiting(house.ws)
    assert [(one.robot, one.stage, one.state) for one in lines] == [
        ("second", "sequences/welcome", "waiting"),
        ("third", "sequences/welcome", "waiting_for_previous"),
    ]
    assert [one.robot for one in waiting(house.ws, deal.id)] == ["second", "third"]


def test_an_undone_start_did_not_happen(house: Any) -> None:
    rules(house, robot="{id: x, do: comment, with: {text: Х}, enabled: no}")
    deal = house.add("deal", name="Чай")
    by_hand(house, start_in, deal.id)
    assert "taken back" in undo(house.ws).stays[0]
    house.tick()
    assert notes(house) == []
    redo(house.ws)
    house.tick()
    assert notes(house) == ["Раз"]
    undo(house.ws)
    days(house, 3)
    assert notes(house) == ["Раз"]
    assert by_hand(house, start_in, deal.id).moved  # for it was never started
    days(house, 5)
    assert notes(house) == ["Раз", "Раз", "Два", "Три"]


def test_an_undone_stop_lets_it_go_on(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    by_hand(house, stop_in, deal.id)
    house.tick("1d")
    undo(house.ws)
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]


def test_a_closing_that_was_undone_does_not_end_it(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    stages.move(house.ws, deal.id, "lost", reason="price")
    undo(house.ws)
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]


def test_what_was_due_before_the_closing_is_done(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    house.wait("3d")
    stages.move(house.ws, deal.id, "lost", reason="price")
    days(house, 5)
    assert notes(house) == ["Раз", "Два"]


def test_a_robot_added_later_is_not_for_those_under_way(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    more = "      - {id: fourth, do: comment, with: {text: Четыре}}\n"
    rules(house, extra=more)
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]
    told = {line.robot: line.why for line in explain(house.ws, deal.id)}
    assert told["fourth"] == "added after the sequence was started: acts when it is started again"


def test_two_sequences_that_start_each_other_stop_at_the_depth(house: Any) -> None:
    ring = """
sequences:
  a:
    again: on_event
    robots: [{id: go, do: start_sequence, with: {sequence: b}}]
  b:
    again: on_event
    robots: [{id: go, do: start_sequence, with: {sequence: a}}]
"""
    start = "{id: begin, do: start_sequence, with: {sequence: a}}"
    house.write("pipelines.yaml", kit.pipelines(kit.robots(start), "") + ring)
    house.add("deal", name="Чай")
    house.tick()
    house.tick()
    assert house.events("automation.stopped")
    assert len(house.events("sequence.started")) <= 11


def test_two_clones_that_started_it_run_it_once(house: Any, clone: Any) -> None:
    rules(house, robot="{id: x, do: comment, with: {text: Х}, enabled: no}")
    deal = house.add("deal", name="Чай")
    other = clone()
    by_hand(house, start_in, deal.id)
    by_hand(other, start_in, deal.id)
    kit.git(other.root, "add", "-A")
    kit.git(other.root, "commit", "-qm", "start")
    kit.git(house.root, "add", "-A")
    kit.git(house.root, "commit", "-qm", "start")
    kit.git(house.root, "pull", "-q", "--no-edit", "--no-rebase", str(other.root))
    house.tick()
    days(house, 5)
    assert notes(house) == ["Раз", "Два", "Три"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sequences: [a]", "sequences"),
        ("sequences: {A: {robots: []}}", "is not an id"),
        ("sequences: {a: {robot: []}}", "robot"),
        ("sequences: {a: {for: task}}", "for"),
        ("sequences: {a: {ends: later}}", "ends"),
        ("sequences: {a: {again: often}}", "again"),
        ("sequences: {a: {goal: colour = red}}", "colour"),
        ("sequences: {a: {exit_when: amount >}}", "exit_when"),
        ("sequences: {a: {robots: [{id: x, do: comment}]}}", "text"),
        (
            "sequences: {a: {robots: [{id: x, do: comment, with: {text: a}, on: paid}]}}",
            "has no on:",
        ),
        (
            "sequences: {a: {robots: [{id: x, do: start_sequence, with: {sequence: b}}]}}",
            "no sequence 'b'",
        ),
        ("sequences: {a: {robots: [{id: x, do: start_sequence}]}}", "sequence"),
        (
            "sequences: {a: {for: lead}, b: {robots: [{id: x, do: start_sequence, with: {sequence: a}}]}}",
            "is for a lead",
        ),
        (
            "sequences: {a: {robots: [{id: x, do: stop_sequence}, {id: x, do: stop_sequence}]}}",
            "twice",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(house: Any, text: str, told: str) -> None:
    house.write("pipelines.yaml", kit.pipelines("", "") + "\n" + text + "\n")
    with pytest.raises(InvalidData) as refused:
        house.ws.read_pipelines(forgiving=False)
    assert all(problem.line for problem in refused.value.problems)
    assert told in str(refused.value.problems)


@pytest.mark.parametrize(
    ("name", "entity", "told"),
    [("nothing", "deal", "no sequence 'nothing'"), ("welcome", "lead", "is for a deal")],
)
def test_what_cannot_be_started_is_refused(house: Any, name: str, entity: str, told: str) -> None:
    rules(house)
    record = house.add(entity, name="Чай")
    with pytest.raises(CrmError, match=told):
        by_hand(house, start_in, record.id, name)


def test_a_stage_that_is_renamed_is_renamed_in_it(house: Any) -> None:
    rules(house, "exit_when: stage = talks")
    deal = house.add("deal", name="Чай")
    house.tick()
    stage_settings.rename(house.ws, house.ws.pipelines.deals[0], "talks", "Встреча", "meeting")
    assert "exit_when: stage = meeting" in (house.root / "pipelines.yaml").read_text("utf-8")
    house.tick("1d")
    stages.move(house.ws, deal.id, "meeting")
    days(house, 5)
    assert notes(house) == ["Раз"]


def test_a_closing_counts_whatever_its_stage_is_called_now(house: Any) -> None:
    rules(house)
    deal = house.add("deal", name="Чай")
    house.tick()
    stages.move(house.ws, deal.id, "lost", reason="price")
    stage_settings.rename(house.ws, house.ws.pipelines.deals[0], "lost", "Отказ", "refused")
    days(house, 5)
    assert notes(house) == ["Раз"]


def test_what_is_wrong_with_a_sequence_keeps_no_other_from_working(house: Any) -> None:
    wrong = "\n  broken:\n    exit_when: colour = red\n    robots: [{id: x, do: comment, with: {text: Х}}]\n"
    rules(house, extra=wrong)
    deal = house.add("deal", name="Чай")
    by_hand(house, start_in, deal.id, "broken")
    house.tick()
    assert notes(house) == ["Раз"]
    assert house.state("x") == "failed"


def test_what_came_by_clone_leaves_only_once_it_is_approved(house: Any, clone: Any) -> None:
    letter = "      - {id: fourth, do: email, with: {template: mail/hello.j2, to: a@b.example}}\n"
    rules(house, robot="{id: x, do: comment, with: {text: Х}, enabled: no}", extra=letter)
    house.template("hello", "Subject: Привет\n\nТекст\n")
    other = clone()
    deal = other.add("deal", name="Чай")
    by_hand(other, start_in, deal.id)
    (line,) = other.tick().failures
    assert "sequences/welcome/fourth sends mail/hello.j2 to a@b.example" in line
    assert other.letters() == []
    assert notes(other) == ["Раз"]  # what stays within crm needs no word
    approve(other.ws, approval(other.ws).unapproved)
    other.tick()
    assert len(other.letters()) == 1
