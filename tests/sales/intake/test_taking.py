"""What comes in is kept first, then told of whom it is from; the same never counts twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from crmcli.channels.incoming import Arrived, Incoming, Receiver
from crmcli.errors import Refused
from crmcli.model.lead import Lead
from crmcli.sales import deals, leads
from crmcli.sales.consent import block_list
from crmcli.sales.intake import kept
from crmcli.sales.intake.taking import Taken, take
from crmcli.sales.intake.whose import record_of
from crmcli.workspace import Workspace
from tests.kit import NOW, add

ANNA = "+7 916 123-45-67"


def call(ws: Workspace, number: str = ANNA, **told: Any) -> Taken:
    content = json.dumps({"direction": "in", "from": number, "duration": 35, **told}).encode()
    [one] = kept.keep(ws, "call", [Arrived(content)])
    return take(ws, one)


SPELLINGS = ("89161234567", "8 (916) 123-45-67", "+79161234567", "9161234567", "7-916-123-45-67")


@pytest.mark.parametrize("number", SPELLINGS)
def test_any_spelling_finds_the_client(ws: Workspace, number: str) -> None:
    anna = add(ws, "contact", name="Анна Иванова", phones=[ANNA])
    done = call(ws, number)
    assert done.record is not None
    assert (done.record.id, done.is_new) == (anna.id, False)
    [event] = ws.events(record=anna.id, kinds=("call.in",))
    assert event.data["duration"] == 35
    assert ws.attached(event.data["file"]).startswith(b'{"direction"')


def test_the_only_open_deal_of_the_client_is_told(ws: Workspace) -> None:
    anna = add(ws, "contact", name="Анна Иванова", phones=[ANNA])
    first = add(ws, "deal", name="Балкон", contacts=[anna.id])
    assert call(ws).record == ws.get(first.id)
    second = add(ws, "deal", name="Окна", contacts=[anna.id])
    two = call(ws, at="2026-11-20T10:00:00+03:00").record
    assert two is not None  # which of both is meant triggers decide, by `choose`
    assert two.id == anna.id
    deals.win(ws, second.id)
    third = call(ws, at="2026-11-20T11:00:00+03:00").record
    assert third is not None
    assert third.id == first.id


def test_a_converted_lead_answers_no_more_and_a_junk_one_neither(ws: Workspace) -> None:
    lead = call(ws).record
    assert lead is not None
    leads.junk(ws, lead.id, "wrong")
    again = call(ws, at="2026-11-20T10:00:00+03:00")
    assert again.is_new
    assert again.record is not None
    assert again.record.id != lead.id


def test_who_is_unknown_becomes_one_lead(ws: Workspace) -> None:
    done = call(ws)
    assert done.is_new
    assert done.record is not None
    assert [phone.value for phone in cast("Lead", done.record).phones] == ["+79161234567"]
    other = call(ws, at="2026-11-20T10:00:00+03:00")
    assert other.record == ws.get(done.record.id)
    assert len(ws.select("lead")) == 1


def test_where_no_leads_are_kept_it_becomes_a_deal(folder: Path) -> None:
    with (folder / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nleads: off\n")
    done = call(Workspace.open(folder, now=NOW))
    assert done.record is not None
    assert done.record.entity == "deal"


def test_the_same_counts_once_also_within_one_go(ws: Workspace) -> None:
    one = Arrived(b'{"from": "+79161234567"}', "exchange:17")
    assert len(kept.keep(ws, "call", [one, one])) == 1
    assert kept.keep(ws, "call", [one]) == []
    [waits] = kept.waiting(ws)
    assert take(ws, waits).is_new
    assert not take(ws, waits).is_new
    assert kept.waiting(ws) == []
    assert len(ws.select("lead")) == 1


def test_who_is_blocked_makes_nothing(ws: Workspace) -> None:
    block_list.add(ws, [ANNA], "spam")
    done = call(ws)
    assert done.record is None
    assert "+79161234567" in done.why
    assert ws.select("lead") == []
    assert kept.named(ws, done.kept.id).state == "taken"


BROKEN = [
    b"", b"garbage", b"[]", b'"text"', b"\xff\xfe", b"{}", b'{"from": ""}', b'{"from": "anonymous"}',
    b'{"from": "+79161234567", "direction": "sideways"}', b'{"from": "+79161234567", "at": "soon"}',
    b'{"from": "+79161234567", "at": 99999999999999999999}', b'{"from": "+79161234567", "duration": "x"}',
    b'{"from": "+79161234567", "at": "2026-05-14T10:30:00"}',
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_what_cannot_be_read_is_kept_and_waits(ws: Workspace, content: bytes) -> None:
    [one] = kept.keep(ws, "call", [Arrived(content)])
    assert take(ws, one).failed
    [waits] = kept.waiting(ws)
    assert (waits.state, bool(waits.why)) == ("unreadable", True)
    assert kept.content(ws, waits) == content
    before = len(ws.events())
    take(ws, waits)
    assert len(ws.events()) == before  # the same reason is told once
    kept.drop(ws, waits)
    assert kept.waiting(ws) == []
    with pytest.raises(Refused):
        kept.drop(ws, waits)
    assert ws.select("lead") == []


def test_what_wrong_rules_keep_out_comes_in_once_they_are_mended(
    ws: Workspace, folder: Path
) -> None:
    rules = (folder / "pipelines.yaml").read_text("utf-8")
    (folder / "pipelines.yaml").write_text("leads: [", "utf-8")
    [one] = kept.keep(ws, "call", [Arrived(b'{"from": "+79161234567"}')])
    broken = Workspace.open(folder, now=NOW)
    assert take(broken, one).failed
    [waits] = kept.waiting(broken)
    assert waits.state == "waiting"
    assert waits.why
    (folder / "pipelines.yaml").write_text(rules, "utf-8")
    assert take(Workspace.open(folder, now=NOW), waits).is_new


def test_what_waits_is_known_to_an_index_that_is_new(ws: Workspace, folder: Path) -> None:
    call(ws)
    [one] = kept.keep(ws, "call", [Arrived(b"garbage")])
    (folder / ".crm" / "index.db").unlink()
    assert [k.id for k in kept.waiting(Workspace.open(folder, now=NOW))] == [one.id]


def test_a_timeline_that_was_set_back_lets_it_wait_again(ws: Workspace, folder: Path) -> None:
    [one] = kept.keep(ws, "call", [Arrived(b'{"from": "+79161234567"}')])
    [timeline] = folder.glob("data/timeline/*/*.csv")
    before = timeline.read_bytes()
    take(ws, one)
    assert kept.waiting(ws) == []
    timeline.write_bytes(before)
    assert [k.id for k in kept.waiting(Workspace.open(folder, now=NOW))] == [one.id]


def test_what_only_a_newer_crm_knows_waits(ws: Workspace) -> None:
    [one] = kept.keep(ws, "telepathy", [Arrived(b"hi")])
    assert "telepathy" in take(ws, one).failed
    assert Receiver("telepathy", ws.root, ws.settings).fetch() == ()


def test_what_a_field_does_not_take_goes_into_the_comment(ws: Workspace) -> None:
    from crmcli.sales.intake.taking import new_lead

    given = {
        "first_name": ["Анна"],
        "emails": ["не почта"],
        "source": ["марс"],
        "comment": ["Балкон"],
    }
    with ws.change("intake take") as change:
        lead = new_lead(change, ws, given)
    comment = str(ws.get(lead.id).get("comment"))
    assert all(part in comment for part in ("Балкон", "не почта"))


def test_a_lead_has_its_source(ws: Workspace) -> None:
    lead = call(ws).record
    assert lead is not None
    assert "call" in (lead.get("source"), lead.get("source_detail"))


def test_an_answer_belongs_where_the_message_was_sent(ws: Workspace) -> None:
    deal = add(ws, "deal", name="Чай")
    with ws.change("mail send") as change:
        change.note("mail.out", deal.id, {"message_id": "<1@us.example>"})
    gone = Incoming("mail.in", answers=["<0@nobody.example>", "<1@us.example>"])
    assert record_of(ws, gone) == ws.get(deal.id)
