"""The past: a record as it was, and the changes that events belong to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crmcli.errors import BadUsage, NotFound
from crmcli.sales import leads, stages
from crmcli.sales.history import past
from crmcli.sales.records import edit as editing
from crmcli.sales.records import remove
from crmcli.sales.records.edit import Edit
from crmcli.sales.records.new_record import build
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def lead(folder: Path) -> str:
    """Made at NOW, edited after 1 h, moved after 2 h, edited after 3 h, removed after 4 h."""
    lead_id = kit.lead(kit.opened(folder, now=NOW), phones="8 912 345-67-89").id
    first = Edit({"amount": ["100"], "utm_source": ["google"]}, {"tags": ["vip"]}, {})
    editing.edit(kit.opened(folder, now=NOW + HOUR), lead_id, first)
    stages.move(kit.opened(folder, now=NOW + 2 * HOUR), lead_id, "working")
    editing.edit(
        kit.opened(folder, now=NOW + 3 * HOUR),
        lead_id,
        Edit({"amount": ["7"]}, {}, {}, ("utm", "tags")),
    )
    remove.remove(kit.opened(folder, now=NOW + 4 * HOUR), lead_id)
    return lead_id


def seen(folder: Path, lead: str, hours: float) -> tuple[object, ...]:
    record = past.as_of(kit.opened(folder, now=NOW + 9 * HOUR), lead, NOW + hours * HOUR)
    amount = record.get("amount")
    return record.get("stage"), amount and str(amount), record.get("tags"), record.get("utm")


def test_a_record_as_it_was(folder: Path, lead: str) -> None:
    assert seen(folder, lead, 0) == ("new", None, (), {})
    assert seen(folder, lead, 0.9) == ("new", None, (), {})
    assert seen(folder, lead, 1) == ("new", "100", ("vip",), {"source": "google"})
    assert seen(folder, lead, 2.5) == ("working", "100", ("vip",), {"source": "google"})
    assert seen(folder, lead, 3) == ("working", "7", (), {})


@pytest.mark.parametrize("wrong", [-4000, -400, -1, 1, 400, 4000])
@pytest.mark.parametrize("which", ["made", "edited", "both"])
def test_the_past_after_a_clock_change(folder: Path, wrong: int, which: str) -> None:
    """Wrong by days when it was made, or later: it was made once, and was not there before."""
    jump = timedelta(days=wrong)
    made = NOW + jump if which != "edited" else NOW
    edited = NOW + HOUR + (jump if which != "made" else timedelta())
    lead_id = kit.lead(kit.opened(folder, now=made), name="Кровля").id
    kit.edit(kit.opened(folder, now=edited), lead_id, amount="100")
    ws = kit.opened(folder, now=NOW + 9 * HOUR)
    with pytest.raises(NotFound, match="did not exist yet"):
        past.as_of(ws, lead_id, NOW - timedelta(days=5000))
    if wrong > 0:
        with pytest.raises(NotFound, match="did not exist yet"):
            past.as_of(ws, lead_id, NOW - HOUR)
    assert str(past.as_of(ws, lead_id, ws.now).get("amount")) == "100"


def test_a_record_that_no_event_made_was_made_when_it_says(folder: Path, lead: str) -> None:
    made = kit.lead(kit.opened(folder, now=NOW), name="Чай").id
    for path in (folder / "data/timeline").rglob("*.csv"):
        path.unlink()
    ws = kit.opened(folder, now=NOW + 9 * HOUR)
    assert past.as_of(ws, made, NOW + HOUR).get("name") == "Чай"
    with pytest.raises(NotFound, match="did not exist yet"):
        past.as_of(ws, made, NOW - HOUR)


def test_before_it_was_made_and_after_it_was_removed(folder: Path, lead: str) -> None:
    with pytest.raises(NotFound, match="did not exist yet"):
        seen(folder, lead, -1)
    with pytest.raises(NotFound, match="no longer"):
        seen(folder, lead, 5)
    with pytest.raises(NotFound, match="no lead lead-"):
        seen(folder, "lead-00000000", 5)


def test_every_past_state_is_what_was_written_then(folder: Path) -> None:
    """Whatever is done to a lead, each file it ever was can be reckoned back."""
    lead_id = kit.lead(kit.opened(folder, now=NOW), name="Кровля", company_name="Р").id
    states = []
    edits = [
        Edit({"phones": ["8 912 345-67-89"], "amount": ["10"]}, {}, {}),
        Edit({}, {"phones": ["+7 912 000-00-01 доб. 5"], "emails": ["home:a@b.ru"]}, {}),
        Edit({"area": ["12,5"], "comment": ["две\nстроки"]}, {}, {"phones": ["8 912 345-67-89"]}),
        Edit({}, {}, {}, ("phones", "emails", "area")),
    ]
    for n, edit in enumerate(edits):
        states.append(kit.opened(folder, now=NOW).get(lead_id))
        editing.edit(kit.opened(folder, now=NOW + (n + 1) * HOUR), lead_id, edit)
    states.append(kit.opened(folder, now=NOW).get(lead_id))
    leads.convert(kit.opened(folder, now=NOW + 8 * HOUR), lead_id, leads.ConvertOptions())
    ws = kit.opened(folder, now=NOW + 9 * HOUR)
    for n, state in enumerate(states):
        assert past.as_of(ws, lead_id, NOW + n * HOUR) == state


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22", "2026-11-22T20:59:59+00:00"),  # the end of the day in Moscow
        ("yesterday", "2026-11-22T20:59:59+00:00"),
        ("2026-11-22 15:00", "2026-11-22T12:00:00+00:00"),
        ("now-2h", "2026-11-23T07:00:00+00:00"),
    ],
)
def test_moments(ws: Workspace, text: str, moment: str) -> None:
    assert past.moment_of(ws, text).isoformat() == moment


def test_what_is_no_moment(ws: Workspace) -> None:
    with pytest.raises(BadUsage):
        past.moment_of(ws, "когда-нибудь")


def test_changes_are_told_apart_within_one_second(ws: Workspace) -> None:
    for n in range(5):
        lead_id = kit.lead(ws, name=f"Лид {n}", company_name="Р").id
        leads.convert(ws, lead_id, leads.ConvertOptions())
    found = list(past.changes_of(ws))
    assert [len([*change.each()]) for change in found] == [5, 1] * 5
    assert [[*found[0].each()][-1].kind, next(found[1].each()).kind] == [
        "lead.converted",
        "lead.created",
    ]
    assert found == [past.change_at(ws, c.span[1]) for c in found]


def test_a_change_may_be_longer_than_a_page(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "PAGE", 3)
    for n in range(4):
        with ws.change("lead add") as change:
            for m in range(1, 30, 7):
                name = {"name": f"Лид {n} {m}"}
                for _ in range(m):
                    change.add(build(ws, "lead", name))
    found = list(past.changes_of(ws))
    assert [len([*change.each()]) for change in found] == [1 + 8 + 15 + 22 + 29] * 4
