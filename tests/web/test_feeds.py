"""The calendar that phones subscribe to: read by another program, opened by its secret alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject
from flask.testing import FlaskClient

from crmcli.sales import tasks
from crmcli.sales.settings import feeds
from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace
from tests import kit

USERS = "\nusers:\n  anna: {name: Анна Орлова, email: anna@firma.example}\n  boris: {name: Борис}\n"


@pytest.fixture
def ws(folder: Path) -> Workspace:
    kit.replace(folder / "settings.yaml", "\nusers:\n", USERS)
    return kit.opened(folder)


def client(ws: Workspace) -> FlaskClient:
    opened = Opening(ws.root, "", kit.NOW)
    return web.create_app(opened, Writer(opened)).test_client()


def events(content: bytes) -> dict[str, Any]:
    """The components by their title, as a peer reads them."""
    found = icalendar.Calendar.from_ical(content)
    assert not [e for part in found.walk() for e in part.errors]
    assert vobject.readOne(content.decode()).name == "VCALENDAR"
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    return {str(part["SUMMARY"]): part for part in found.walk() if "SUMMARY" in part}


def test_a_user_sees_what_is_to_do_and_to_take_part_in(ws: Workspace) -> None:
    title = "Замер кровли: дом, сад; " + "очень длинное название встречи " * 4
    meeting = kit.task(ws, name=title, kind="meeting", due="2026-11-24 10:00", length="90m",
                       owner="boris", participants="anna", comment="Взять рулетку\nи ключи")  # fmt: skip
    kit.task(ws, name="Выставка", due="2026-11-26 09:00", length="2d", owner="anna")
    kit.task(ws, name="Счёт", due="2026-11-25 18:00", owner="anna")
    over = kit.task(ws, name="Звонок", due="2026-11-23 11:00", owner="anna")
    tasks.finish(ws, over.id)
    kit.task(ws, name="Чужое", due="2026-11-25 18:00", owner="boris")
    kit.task(ws, name="Давно", due="2026-01-25 18:00", owner="anna")
    token = feeds.give(ws, "anna")
    got = client(ws).get(f"/calendar/{token}.ics")
    assert (got.status_code, got.mimetype) == (200, "text/calendar")
    found = events(got.data)
    assert sorted(found) == sorted([title.strip(), "Выставка", "Счёт", "Звонок"])
    first = found[title.strip()]
    assert first["UID"] == f"{meeting.id}@crmcli"
    assert first.decoded("DTSTART") == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert first.decoded("DTEND") - first.decoded("DTSTART") == timedelta(minutes=90)
    assert "рулетку\nи ключи" in str(first["DESCRIPTION"])
    [alarm] = first.walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(minutes=-15)
    days = found["Выставка"]
    assert (days.decoded("DTSTART"), days.decoded("DTEND")) == (
        date(2026, 11, 26),
        date(2026, 11, 28),
    )
    assert (found["Счёт"].name, found["Звонок"]["STATUS"]) == ("VTODO", "COMPLETED")
    assert not found["Звонок"].walk("VALARM")


def test_open_tasks_are_events_for_who_shows_no_to_dos(ws: Workspace) -> None:
    kit.task(ws, name="Счёт", due="2026-11-25 18:00", owner="anna")
    over = kit.task(ws, name="Звонок", due="2026-11-23 11:00", owner="anna")
    tasks.finish(ws, over.id)
    got = client(ws).get(f"/calendar/{feeds.give(ws, 'anna')}.ics?tasks=events")
    found = events(got.data)
    assert (found["Счёт"].name, found["Звонок"].name) == ("VEVENT", "VTODO")
    assert found["Счёт"].decoded("DTSTART") == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def test_it_comes_again_only_if_something_changed(ws: Workspace) -> None:
    task = kit.task(ws, name="Счёт", due="2026-11-25 18:00", owner="anna")
    address = f"/calendar/{feeds.give(ws, 'anna')}.ics"
    site = client(ws)
    tag = site.get(address).headers["ETag"]
    again = site.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    kit.edit(kit.opened(ws.root), task.id, name="Счёт и акт")
    changed = site.get(address, headers={"If-None-Match": tag})
    assert (changed.status_code, "Счёт и акт" in events(changed.data)) == (200, True)


def test_the_secret_opens_alone_until_it_is_revoked(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    token = feeds.give(ws, "anna")
    site = client(ws)
    stored = (ws.root / "settings.yaml").read_text(encoding="utf-8")
    [digest] = [user.feed for user in kit.opened(ws.root).settings.users.values() if user.feed]
    assert digest in stored
    assert token not in stored
    for wrong in (token[:-1], token + "x", "", digest, "я"):
        assert site.get(f"/calendar/{wrong}.ics").status_code == 404
    assert site.get(f"/calendar/{token}.ics").status_code == 200
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert not [one for one in told if token[:10] in str(one)]
    newer = feeds.give(kit.opened(ws.root), "anna")
    assert site.get(f"/calendar/{token}.ics").status_code == 404
    feeds.revoke(kit.opened(ws.root), "anna")
    assert site.get(f"/calendar/{newer}.ics").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PROPFIND", "PUT"])
@pytest.mark.parametrize("path", ["/calendar/{}.ics", "/l/{}", "/u/{}", "/hooks/call/{}", "/{}"])
def test_no_secret_of_an_address_stands_in_the_log(
    ws: Workspace, path: str, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = feeds.give(ws, "anna")
    client(ws).open(path.format(token), method=method)
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["method"] == method
    assert token not in line


def test_the_command_gives_and_takes(ws: Workspace, crm: Callable[..., kit.Run]) -> None:
    given = crm("calendar", "feed", "Борис", "--as", "anna")
    assert not given.err
    assert (given.code, given.out[:10], given.out[-5:]) == (0, "/calendar/", ".ics\n")
    assert crm("calendar", "feed", "Борис", "--as", "anna", "--revoke").code == 0
    gone = crm("calendar", "feed", "Борис", "--as", "anna", "--revoke")
    assert (gone.code, gone.err.count("\n")) == (3, 2)
    assert crm("calendar", "feed", "clara").code != 0
