"""SMS of clients, and what became of ours: as JSON, or as a provider tells them."""

from __future__ import annotations

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable, object_of
from crmcli.channels.incoming.call import moment_of
from crmcli.language import tr
from crmcli.model.event import SMS_DELIVERED, SMS_FAILED
from crmcli.words import joined

LONGEST = 10_000
"""Letters of a text on the timeline; what came is kept whole."""
SHORTEST = 7
"""Digits that a number has at least by which somebody could be answered."""
HINT = 'like {"from": "+79161234567", "text": "Yes"}'


def incoming_sms(number: str, text: str, line: str = "", at: str = "") -> Incoming:
    """What a client wrote: to which of our numbers, and when."""
    if sum(letter.isdecimal() for letter in number) < SHORTEST:  # a name, or a service such as 900
        return Incoming("sms.in", why_nothing="it has no number that could be answered")
    refuses = says_stop(text)
    told = {"number": number, "text": text[:LONGEST], "line": line, "at": at}
    lead = {"phones": [number], "source": ["sms"], "comment": [text[:LONGEST]]}
    return Incoming(
        "sms.in", told, phones=[number], lead={} if refuses else lead,
        refuses=("sms",) if refuses else (),
    )  # fmt: skip


def report_of(message_id: str, *, is_delivered: bool, why: str = "", price: str = "") -> Incoming:
    """What became of a message of ours, by the id that whoever took it gave it."""
    told = {"message": f"sms:{message_id}", "why": why, "price": price}
    kind = SMS_DELIVERED if is_delivered else SMS_FAILED
    return Incoming(kind, told, answers=[f"sms:{message_id}"], is_report=True)


def says_stop(text: str) -> bool:
    """Whether an SMS says nothing but that its sender wants no more of them."""
    said = " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
    return said in joined("sms_stop")["stop"].split("|")


class Sms(Receiver):
    """SMS that a program or a provider brings."""

    def key(self, content: bytes) -> str:
        """The id that the program gave it, if it gave one."""
        try:
            given = object_of(content)
        except Unreadable:
            return ""
        number, state = str(given.get("id") or ""), str(given.get("status") or "")
        return f"sms:in:{number}:{state}" if number else ""

    def read(self, arrived: Arrived) -> Incoming:
        """One: {"from": "+7…", "text": "…", "id": "…"}, or {"id": "…", "status": "delivered"} of ours."""
        given = object_of(arrived.content, HINT)
        state = str(given.get("status") or "").casefold()
        if state:
            if state not in ("delivered", "failed") or not given.get("id"):
                told = tr("{!r} is not what becomes of an SMS", state)
                raise Unreadable(told, "delivered or failed, with id")
            why = str(given.get("why") or "")
            return report_of(str(given["id"]), is_delivered=state == "delivered", why=why)
        number = str(given.get("from") or "").strip()
        if not number or not isinstance(given.get("text"), str):
            raise Unreadable("the SMS has no number or no text", HINT)
        line, at = str(given.get("to") or ""), moment_of(given.get("at"))
        return incoming_sms(number, given["text"], line, at)


RECEIVER = Sms
