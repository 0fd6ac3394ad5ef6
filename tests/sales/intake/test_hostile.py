"""What is broken or meant to harm costs itself alone: it is read as far as it goes, or waits; the rest goes on."""

from __future__ import annotations

import json

import pytest

from crmcli.automation.receive import take_up
from crmcli.channels import incoming_mail
from crmcli.channels.incoming import Arrived, Incoming
from crmcli.channels.incoming.call import Call
from crmcli.model.phones_in_text import find_phones
from crmcli.sales.intake import kept
from crmcli.sales.intake.taking import bring
from crmcli.workspace import Workspace

HEAD = b"From: anna@client.example\r\nMessage-ID: <1@client.example>\r\n"


@pytest.mark.parametrize(
    "more",
    [
        b"Content-Type: text/plain; name*=utf-8''a; name*0=b\r\n",
        b"Content-Disposition: attachment; filename*0*=x; filename*=utf-8''y\r\n",
        b"Content-Type: text/plain; charset*=utf-8''x; charset*0*=y\r\n",
        b"Content-Type: text/plain; charset=utf-7\r\nSubject: =?utf-7?Q?+2AA-?=\r\n",
        b"Content-Type: multipart/mixed; boundary*0=a; boundary*=b''c\r\n",
    ],
)
def test_parameters_that_are_none_stop_no_letter(ws: Workspace, more: bytes) -> None:
    [done] = bring(ws, "mail", [Arrived(HEAD + more + b"\r\n+2AA- hi\r\n")])
    assert done is not None
    assert done.is_new


HALVES = [
    ("call", {"direction": "in", "from": "+79161234567", "text": "\ud800", "id": "\ud800"}),
    ("sms", {"from": "+79161234567", "text": "hi \ud83d", "id": "\udfff"}),
    ("chat", {"chat": "5", "from": "Анна", "text": "\ud83d hi", "id": "\ud800"}),
]


@pytest.mark.parametrize(("channel", "said"), HALVES)
def test_a_half_character_is_replaced_or_refused_in_one_line(
    ws: Workspace, channel: str, said: dict[str, str]
) -> None:
    [done] = bring(ws, channel, [Arrived(json.dumps(said).encode())])
    assert done is not None
    assert done.is_new or "\n" not in done.failed
    told = len(ws.events())
    for _ in range(2):
        take_up(ws)
    assert len(ws.events()) == told


def test_a_bug_in_reading_one_holds_up_no_other(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Call.read

    def broken(self: Call, arrived: Arrived) -> Incoming:
        if b"boom" in arrived.content:
            raise TypeError("\ud800")
        return read(self, arrived)

    monkeypatch.setattr(Call, "read", broken)
    said = ({"from": "+79161234567", "text": "boom"}, {"from": "+79161234568", "text": "чай"})
    kept.keep(ws, "call", [Arrived(json.dumps(one).encode()) for one in said])
    for _ in range(2):
        take_up(ws)
    assert [one.state for one in kept.listed(ws, ["unreadable", "waiting"])] == ["unreadable"]
    assert len(ws.select("lead")) == 1


def test_numbers_without_end_are_read_in_bounds() -> None:
    numbers = "+7 916 123-45-67 " * 20_000
    assert 0 < len(find_phones(numbers, "RU")) < 100
    letter = incoming_mail.read(HEAD + b"\r\nhi\r\n-- \r\n" + numbers.encode())
    assert letter.sender.address == "anna@client.example"
