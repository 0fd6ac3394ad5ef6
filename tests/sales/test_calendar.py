"""Tasks as an .ics calendar, read as RFC 5545 says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.errors import BadUsage
from crmcli.formats import ics
from crmcli.sales import tasks
from crmcli.sales.exports.export import Layout, export
from crmcli.workspace import Workspace
from tests import kit

ICS = Layout(format="ics")


def parts(content: bytes) -> list[dict[str, str]]:
    """The components of a calendar, unfolded and checked: their properties with the texts unescaped."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    for line in content.split(b"\r\n"):
        line.decode()  # no letter is torn apart
    found: list[dict[str, str]] = []
    for line in content.decode().replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        if name == "BEGIN":
            found.append({"": value})
        elif name != "END" and line:
            found[-1][name] = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
    return found


def calendar(ws: Workspace) -> list[dict[str, str]]:
    found = parts(b"".join(export(ws, "task", None, ICS)))
    return [part for part in found if part[""] != "VALARM"]


def test_what_begins_is_an_event_and_what_is_due_a_to_do(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Кровля, дом; сад")
    name = "Замер: крыша, дом \\ сад; " + "очень длинное название " * 5
    kit.add(
        ws, "task", name=[name], kind=["meeting"], due=["2026-11-24 10:00"], length=["90m"],
        about=[lead.id], comment=["Раз\nдва, три"], checklist=["[x] Счёт"], resources=["room", "car"],
        participants=["boris"], owner=["anna"],
    )  # fmt: skip
    kit.add(ws, "task", name=["Просто"], due=["2026-11-25 18:00"])
    done = kit.add(ws, "task", name=["Готово"], due=["2026-11-26 18:00"])
    tasks.finish(ws, done.id)
    kit.add(ws, "task", name=["Когда-нибудь"])
    head, *found = calendar(ws)
    assert (head["VERSION"], head["CALSCALE"]) == ("2.0", "GREGORIAN")
    by_name = {one["SUMMARY"]: one for one in found}
    meeting, plain, over = by_name[name.strip()], by_name["Просто"], by_name["Готово"]
    assert (meeting[""], meeting["DTSTART"], meeting["DTEND"]) == (
        "VEVENT", "20261124T070000Z", "20261124T083000Z",
    )  # fmt: skip
    assert meeting["DESCRIPTION"] == "Кровля, дом; сад\nРаз\nдва, три\n[x] Счёт"
    assert (meeting["CATEGORIES"], meeting["RESOURCES"]) == ("MEETING", "car,room")
    assert (plain[""], plain["DUE"], plain["STATUS"]) == (
        "VTODO", "20261125T150000Z", "NEEDS-ACTION",
    )  # fmt: skip
    assert (over["STATUS"], over["COMPLETED"]) == ("COMPLETED", "20261123T090000Z")
    assert len(found) == 3
    assert "1" in ws.notes[-1]
    assert all(one["UID"] and one["DTSTAMP"] for one in found)


def test_its_uid_stays_and_it_is_the_same_twice(ws: Workspace) -> None:
    task = kit.add(ws, "task", name=["Встреча"], due=["2026-11-24 10:00"], length=["1h"])
    assert calendar(ws) == calendar(ws)
    assert calendar(ws)[1]["UID"] == f"{task.id}@crmcli"


@pytest.mark.parametrize(
    ("entity", "layout", "told"),
    [("deal", ICS, "no calendar"), ("task", Layout(format="ics", columns=("name",)), "no columns")],
)
def test_what_makes_no_calendar_is_refused(
    ws: Workspace, entity: str, layout: Layout, told: str
) -> None:
    with pytest.raises(BadUsage, match=told):
        export(ws, entity, None, layout)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\n,;:\\"я ')))
def test_any_text_comes_back(text: str) -> None:
    lines = [*ics.HEAD, *ics.component("VEVENT", [ics.text("SUMMARY", text)]), ics.END]
    [_, event] = parts(ics.lines(lines).encode())
    assert event["SUMMARY"] == text


@pytest.mark.parametrize("name", ['Анна "Орлова"', "Орлова, Анна; отдел: продажи", "А\r\nB"])
def test_a_name_is_one_quoted_word(name: str) -> None:
    line = ics.person("ATTENDEE", name, "anna@чай.рф")
    assert re.fullmatch(r'ATTENDEE;CN="[^"\r\n]+":mailto:[!-~]+', line)
