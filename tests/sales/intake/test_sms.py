"""SMS of clients: whom they are from, who wants no more, what became of ours, and what is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from crmcli.channels.incoming import Arrived
from crmcli.channels.incoming.sms import says_stop
from crmcli.model.contact import Contact
from crmcli.sales.consent.permission import decide
from crmcli.sales.intake import kept
from crmcli.sales.intake.taking import Taken, take
from crmcli.workspace import Workspace
from tests.kit import NOW, Run, add, opened

ANNA = "+7 916 123-45-67"
Crm = Callable[..., Run]


def came(ws: Workspace, **said: Any) -> Taken:
    [one] = kept.keep(ws, "sms", [Arrived(json.dumps(said).encode())])
    return take(ws, one)


@pytest.mark.parametrize("number", ["89161234567", "8 (916) 123-45-67", "+79161234567"])
def test_any_spelling_finds_the_client(ws: Workspace, number: str) -> None:
    anna = add(ws, "contact", name="Анна Иванова", phones=[ANNA])
    done = came(ws, **{"from": number, "text": "Да 😀", "to": "3434"})
    assert done.record is not None
    assert (done.record.id, done.is_new) == (anna.id, False)
    [event] = ws.events(record=anna.id, kinds=("sms.in",))
    assert (event.data["text"], event.data["line"]) == ("Да 😀", "3434")


def test_who_is_unknown_becomes_a_lead_and_the_same_id_counts_once(ws: Workspace) -> None:
    first = came(ws, **{"from": ANNA, "text": "Хочу балкон", "id": 7})
    assert first.is_new
    assert first.record is not None
    assert first.record.get("comment") == "Хочу балкон"
    again = Arrived(json.dumps({"from": ANNA, "text": "Хочу  балкон", "id": 7}).encode())
    assert kept.keep(ws, "sms", [again]) == []


@pytest.mark.parametrize(
    ("text", "is_stop"),
    [
        ("STOP", True), ("  стоп! ", True), ("Стоп.", True), ("Stop all", True), ("не пишите", True),
        ("отписаться", True), ("Unsubscribe", True), ("", False), ("!!!", False),
        ("Стоп, а сколько стоит?", False), ("остановка Стоп-сигнал", False), ("don't stop", False),
        ("не пишите на почту", False),
    ],
)  # fmt: skip
def test_who_says_stop(text: str, is_stop: bool) -> None:
    assert says_stop(text) is is_stop


def test_stop_takes_back_the_consent_and_makes_no_lead(ws: Workspace, crm: Crm) -> None:
    anna = add(ws, "contact", name="Анна Иванова", phones=[ANNA])
    decide(ws, anna.id, {"sms": True}, text="v1")
    ws.look_again()
    done = came(ws, **{"from": ANNA, "text": "СТОП"})
    assert done.record is not None
    now = cast("Contact", ws.get(anna.id))
    assert now.do_not == ("sms",)
    assert [(one.text, one.withdrawn_at) for one in now.consents] == [("v1", NOW)]
    refused = crm("sms", "send", anna.id, "Здравствуйте")
    assert refused.code == 1
    stranger = came(ws, **{"from": "+79169999999", "text": "stop"})
    assert (stranger.record, stranger.is_new) == (None, False)
    assert stranger.why


def sent(ws: Workspace, record: str, message_id: str) -> None:
    with ws.change("note") as change:
        change.note("sms.out", record, {"number": ANNA, "text": "Привет", "message_id": message_id})
    ws.look_again()


@pytest.mark.parametrize(
    ("status", "kind"), [("delivered", "sms.delivered"), ("failed", "sms.failed")]
)
def test_a_report_finds_the_record_of_its_message(ws: Workspace, status: str, kind: str) -> None:
    deal = add(ws, "deal", name="Балкон")
    sent(ws, deal.id, "sms:17")
    done = came(ws, id="17", status=status, why="absent")
    assert done.record is not None
    [event] = ws.events(record=deal.id, kinds=(kind,))
    assert (event.data["message"], event.data["why"]) == ("sms:17", "absent")
    assert (
        kept.keep(ws, "sms", [Arrived(json.dumps({"status": status, "id": "17"}).encode())]) == []
    )


def test_a_report_that_is_faster_than_our_own_line_waits_for_it(ws: Workspace) -> None:
    deal = add(ws, "deal", name="Балкон")
    early = came(ws, id="17", status="delivered")
    assert early.failed
    [waits] = kept.waiting(ws)
    assert waits.state == "waiting"
    sent(ws, deal.id, "sms:17")
    done = take(ws, waits)
    assert done.record is not None
    assert done.record.id == deal.id
    foreign = came(ws, id="18", status="delivered")  # of a message that crm has not sent
    tomorrow = opened(ws.root, now=NOW + timedelta(days=2))
    assert take(tomorrow, foreign.kept).why


BROKEN = [
    b"", b"null", b"[1]", b'{"from": "+79161234567"}', b'{"text": "a"}', b'{"from": "", "text": "a"}',
    b'{"from": "+7916", "text": 5}', b'{"status": "eaten", "id": "1"}', b'{"status": "failed"}',
    b'{"from": "+79161234567", "text": "cut in h', b"\xff\xfe{", b"[" * 100_000,
    b'{"from": "+79161234567", "text": "a", "at": "yesterday"}',
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_sms_makes_nothing_and_waits(ws: Workspace, content: bytes) -> None:
    [one] = kept.keep(ws, "sms", [Arrived(content)])
    done = take(ws, one)
    assert done.failed
    assert "\n" not in done.failed
    assert ws.count("lead") == 0
    assert kept.named(ws, one.id).state == "unreadable"


@pytest.mark.parametrize("sender", ["SBERBANK", "900", "+2273", "T2-0611"])
def test_a_service_instead_of_a_number_makes_no_lead(ws: Workspace, sender: str) -> None:
    done = came(ws, **{"from": sender, "text": "Код: ****"})
    assert (done.record, bool(done.why)) == (None, True)


def test_they_are_listed_and_shown(crm: Crm) -> None:
    told = crm("intake", "receive", "sms", stdin='{"from": "+79161234567", "text": "Хочу балкон"}')
    assert (told.code, told.err) == (0, "")
    [row] = json.loads(crm("sms", "list", "--json").out)
    assert (row["kind"], row["number"], row["text"]) == ("sms.in", "+79161234567", "Хочу балкон")
    assert "Хочу балкон" in crm("sms", "show", row["id"]).out
    assert json.loads(crm("sms", "show", "+79161234567", "--json").out)["id"] == row["id"]
    assert crm("sms", "show", "+79161234568").code == 3
