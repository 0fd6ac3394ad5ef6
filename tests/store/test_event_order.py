"""What was done knowing of an event has a greater id than it, whatever the clocks say."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crmcli.model.event import Event
from crmcli.sales.history import undo
from crmcli.sales.init.create import create_workspace
from crmcli.store import layout
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.event_ids import EVENT_ID, EventIds, are_of_one_change
from crmcli.workspace import Workspace
from tests import kit

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OTHER = "zzzzzzzz"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "ws", language="en", use_git=False)
    return tmp_path / "ws"


def at(root: Path, now: datetime) -> Workspace:
    return Workspace.open(root, user="me", now=now)


def edit(root: Path, lead: str, words: str, now: datetime) -> str:
    """The id of the event that this leaves."""
    known = {event.id for event in at(root, now).events(record=lead)}
    kit.edit(at(root, now), lead, comment=words)
    [new] = {event.id for event in at(root, now).events(record=lead)} - known
    return new


def told_by(clone: str, root: Path, now: datetime, record: str) -> str:
    """An event that another clone wrote, as git brings it."""
    path = layout.timeline_path(now, clone)
    tail = csv_lines.tail(root, path)
    event = Event(EventIds(now, tail.last_id).next(), now, "boris", "note", record)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    with (root / path).open("ab") as file:
        file.write(csv_lines.lines([event], tail))
    return event.id


@pytest.mark.parametrize("wrong", [timedelta(days=3650), timedelta(minutes=1), -timedelta(days=3650)])  # fmt: skip
def test_after_a_clock_was_wrong_ids_go_on(root: Path, wrong: timedelta) -> None:
    lead = kit.lead(at(root, NOW), name="Tea").id
    ids = [edit(root, lead, words, NOW + by) for words, by in (
        ("before", timedelta()), ("wrong", wrong), ("after", timedelta(hours=1)),
        ("last", timedelta(hours=2)),
    )]  # fmt: skip
    assert ids == sorted(ids)
    assert not any(map(are_of_one_change, ids, ids[1:]))
    undo.undo(at(root, NOW + timedelta(hours=3)))
    assert at(root, NOW).get(lead).get("comment") == "after"
    undo.undo(at(root, NOW + timedelta(hours=3)), count=2)
    assert at(root, NOW).get(lead).get("comment") == "before"


@pytest.mark.parametrize("index", ["there", "there not", "damaged"])
@pytest.mark.parametrize("clone", [OTHER, "own"])
def test_what_git_brought_is_known(root: Path, index: str, clone: str) -> None:
    """Also what came since the index was last read, and what our own clone wrote in another month."""
    lead = kit.lead(at(root, NOW), name="Tea").id
    if index == "there":
        assert at(root, NOW).events()
    name = at(root, NOW).clone if clone == "own" else clone
    theirs = told_by(name, root, NOW + timedelta(days=3650), lead)
    if index != "there":
        (root / ".crm/index.db").unlink(missing_ok=True)
    if index == "damaged":
        (root / ".crm/index.db").write_bytes(b"no database" * 1000)
    kit.edit(at(root, NOW), lead, comment="x")
    ours = at(root, NOW).events(record=lead)[-1]
    assert ours.kind == "field.changed"
    assert ours.id > theirs


def test_a_run_that_lasts_knows_what_it_wrote(root: Path) -> None:
    """Without a look at the folder, which is another one by now."""
    ws = at(root, NOW + timedelta(days=3650))
    kit.lead(ws, name="One")
    [first] = [event.id for event in at(root, NOW).events()]
    shutil.rmtree(root / "data/timeline")
    ws.now = NOW
    kit.lead(ws, name="Two")
    [second] = [event.id for event in at(root, NOW).events()]
    assert second > first


@pytest.mark.parametrize("year", [1970, 2026, 3083, 3084, 9999])
def test_ids_of_any_year_are_ids_and_can_be_counted_on(year: int) -> None:
    moment = datetime(year, 12, 31, tzinfo=UTC)
    last = EventIds(moment).next()
    for _ in range(50):
        following = EventIds(moment, last).next()
        assert EVENT_ID.fullmatch(following)
        assert following > last
        last = following
