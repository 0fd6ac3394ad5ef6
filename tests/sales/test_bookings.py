"""Times that tasks keep for people and resources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmcli.errors import BadUsage, Refused
from crmcli.model.local_times import local_minute
from crmcli.model.task import Task
from crmcli.sales import tasks
from crmcli.sales.bookings import Busy
from crmcli.sales.checks.check import problems
from crmcli.sales.records import edit as editing
from crmcli.sales.records.remove import remove
from crmcli.sales.today import today
from crmcli.store import layout
from crmcli.workspace import Workspace
from tests import kit


def book(ws: Workspace, due: str = "2026-11-24 10:00", length: str = "1h", **more: Any) -> Task:
    given = {"name": ["Встреча"], "due": [due], "length": [length], "owner": ["anna"]}
    given |= {key: [value] if isinstance(value, str) else value for key, value in more.items()}
    task = kit.add(ws, "task", **given)
    assert isinstance(task, Task)
    return task


@pytest.mark.parametrize(
    ("due", "length", "more", "is_busy"),
    [
        ("2026-11-24 10:00", "1h", {}, True),
        ("2026-11-24 09:30", "31m", {}, True),
        ("2026-11-24 10:59", "1m", {}, True),
        ("2026-11-24 10:15", "15m", {}, True),
        ("2026-11-20 10:00", "1w", {}, True),
        ("2026-11-24 11:00", "1h", {}, False),
        ("2026-11-24 09:00", "1h", {}, False),
        ("2026-11-24 10:00", "1h", {"owner": "boris"}, False),
        ("2026-11-24 10:00", "1h", {"owner": "boris", "participants": "anna"}, True),
        ("2026-11-24 10:00", "1h", {"owner": "boris", "resources": ["car", "room"]}, True),
        ("2026-11-24 10:00", "1h", {"owner": "boris", "resources": "car"}, False),
        ("2026-11-24 10:00", "1h", {"owner": "boris", "resources": "anna"}, False),
        ("2026-11-24 10:00", "", {}, False),
    ],
)
def test_one_time_is_kept_once(
    ws: Workspace, due: str, length: str, more: dict[str, Any], is_busy: bool
) -> None:
    book(ws, resources="room", participants="clara" if "clara" in ws.settings.users else [])
    if not is_busy:
        book(ws, due, length, **more)
        return
    with pytest.raises(Busy, match="is busy from 2026-11-24 10:00 to 11:00"):
        book(ws, due, length, **more)
    assert len(list(ws.select("task"))) == 1


@pytest.mark.parametrize("length", ["час", "0m", "32d", "1mo", "-5m", "1h30m", "1.5h"])
def test_what_is_no_length_is_refused(ws: Workspace, length: str) -> None:
    with pytest.raises(BadUsage, match="length"):
        book(ws, length=length)


def test_a_time_is_free_again_once_it_is_done_moved_or_removed(ws: Workspace) -> None:
    first = book(ws)
    tasks.finish(ws, first.id)
    second = book(ws)
    with pytest.raises(Busy):
        tasks.reopen(ws, first.id)
    editing.edit(ws, second.id, editing.Edit({"due": ["2026-11-24 12:00"]}, {}, {}))
    tasks.reopen(ws, first.id)
    with pytest.raises(Busy):
        editing.edit(ws, second.id, editing.Edit({"due": ["2026-11-24 10:30"]}, {}, {}))
    editing.edit(ws, second.id, editing.Edit({"name": ["Другое"]}, {}, {}))
    remove(ws, first.id)
    book(ws)


def test_many_are_looked_at_together(ws: Workspace) -> None:
    book(ws)
    book(ws, "2026-11-24 12:00")
    where = ws.condition("length is not empty", "task")
    with pytest.raises(Busy):
        editing.bulk(ws, "task", where, editing.Edit({"due": ["2026-11-25 10:00"]}, {}, {}))


def test_its_record_hears_of_it_once(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Лид")
    task = book(ws, about=lead.id)
    plain = kit.task(ws, name="Просто", about="Лид", due="2026-11-24 10:00")
    editing.edit(ws, task.id, editing.Edit({"due": ["2026-11-24 12:00"]}, {}, {}))
    tasks.finish(ws, task.id)
    tasks.reopen(ws, task.id)

    def told() -> list[tuple[str, str]]:
        events = ws.events(record=lead.id, kinds=["booking.made", "booking.cancelled"])
        return [(event.kind, event.data["task"]) for event in events]

    assert told() == [("booking.made", task.id)]
    editing.edit(ws, plain.id, editing.Edit({"length": ["1h"]}, {}, {}))
    editing.edit(ws, plain.id, editing.Edit({}, {}, {}, ["length"]))
    remove(ws, task.id)
    assert told()[1:] == [
        ("booking.made", plain.id),
        ("booking.cancelled", plain.id),
        ("booking.cancelled", task.id),
    ]


def test_what_two_clones_booked_is_told(ws: Workspace, folder: Path) -> None:
    first, later = book(ws, resources="room"), book(ws, owner="boris")
    path = folder / layout.record_path(later.id)
    text = path.read_text("utf-8")
    path.write_text(f"{text}resources:\n  - room\n", "utf-8")
    [problem] = [p for p in problems(ws) if "is busy" in p.message]
    assert problem.path in (layout.record_path(later.id), layout.record_path(first.id))
    assert "crm task edit" in (problem.hint or "")
    assert "room is busy from 2026-11-24 10:00 to 11:00" in problem.message


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ("10:00+3h 10:30+10m 11:30+10m", [1, 2]),  # the long one is still under way at the third
        ("10:00+1h 10:00+1h 10:00+1h", [1, 2]),
        ("10:30+1h 10:00+1h 11:30+1h", [1]),  # who came later is told, not whose time is later
        ("10:00+1h 11:00+1h 12:00+1h", []),
    ],
)
def test_of_several_times_given_twice_each_that_came_later_is_told(
    ws: Workspace, times: str, told: list[int]
) -> None:
    paths = []
    for number, (due, length) in enumerate(one.split("+") for one in times.split()):
        paths.append(
            layout.record_path(f"task-0000000{9 - number}")
        )  # the earliest has the highest id
        lines = f"name: Встреча\nowner: anna\ndue: '2026-11-24T{due}:00Z'\nlength: {length}\n"
        lines = f"id: {Path(paths[-1]).stem}\n{lines}created_at: '2026-11-2{number}T09:00:00Z'\n"
        kit.write(ws.root, paths[-1], lines)
    found = [p.path for p in problems(ws) if "is busy" in p.message]
    assert sorted(found) == sorted(paths[number] for number in told)
    over = kit.opened(ws.root, now=kit.NOW + timedelta(days=2))
    assert not [p for p in problems(over) if "is busy" in p.message]


def test_what_is_removed_in_the_same_change_keeps_no_time(ws: Workspace) -> None:
    first, second = book(ws), book(ws, "2026-11-24 12:00")
    moved = editing.Edit({"due": ["2026-11-24 10:30"]}, {}, {})
    with ws.change("test") as change:
        change.get(first.id)
        change.remove(first.id)
        editing.edit_in(change, ws, second.id, moved)
    assert [one.id for one in ws.select("task")] == [second.id]


def test_what_came_by_hand_or_git_meanwhile_is_seen(ws: Workspace) -> None:
    path = kit.file_of(ws, book(ws).id)
    text = path.read_text("utf-8")
    path.unlink()
    ws = kit.opened(ws.root)
    assert list(ws.select("task")) == []
    path.write_text(text, "utf-8")
    with pytest.raises(Busy):
        book(ws)


def test_a_meeting_is_overdue_when_it_is_over(ws: Workspace) -> None:
    book(ws, "2026-11-23 11:30")  # it is noon in Moscow
    found = today(ws)
    assert (len(found.overdue), len(found.due)) == (0, 1)
    editing.edit(ws, str(found.due[0]["id"]), editing.Edit({"length": ["29m"]}, {}, {}))
    found = today(ws)
    assert (len(found.overdue), len(found.due)) == (1, 0)


def test_a_length_without_a_time_keeps_none_and_is_refused(ws: Workspace) -> None:
    with pytest.raises(Refused, match="needs a time"):
        book(ws, due="")
    task = book(ws)
    with pytest.raises(Refused, match="needs a time"):
        editing.edit(ws, task.id, editing.Edit({"due": [""]}, {}, {}))
    assert ws.get(task.id) == task


def test_a_whole_day_begins_when_its_hours_do(ws: Workspace) -> None:
    task = book(ws, due="2026-11-24", length="1d")
    opens, zone = ws.settings.calendar.opens, ws.zone
    assert task.due
    assert task.due.astimezone(zone).time() == opens
    call = kit.add(ws, "task", name="Звонок", due="2026-11-24")
    closes = ws.settings.calendar.closes
    assert isinstance(call, Task)
    assert call.due
    assert call.due.astimezone(zone).time() == closes
    kit.edit(ws, call.id, due="2026-11-25", length="1d")
    moved = ws.get(call.id)
    assert isinstance(moved, Task)
    assert moved.due
    assert moved.due.astimezone(zone).time() == opens


def test_times_that_clocks_show_twice_have_their_offset() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    told = [local_minute(first + timedelta(hours=n), berlin)[11:] for n in range(-1, 3)]
    assert told == ["01:30", "02:30 +0200", "02:30 +0100", "03:30"]
