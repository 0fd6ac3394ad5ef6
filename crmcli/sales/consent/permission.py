"""Whom crm may write to: consents and refusals, and the messages that must not leave because of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.addresses import email_in
from crmcli.model.entities import having
from crmcli.model.fields import Record
from crmcli.model.listed import read_listed
from crmcli.model.values import CONSENT_CHANNELS, TOPIC, Consent, Email, Value, fold
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.consent.bounces import bad_addresses, why_comes_back
from crmcli.sales.template_names import company_of, contact_of, linked
from crmcli.workspace import Workspace

HOLDERS = having("client")
"""The entities that may refuse and consent."""


def decide(
    ws: Workspace, record_id: str, answers: Mapping[str, bool], text: str = "", source: str = ""
) -> tuple[Record, Record]:
    """Record consents (True) and refusals (False) by channel and topic; the record before and after.

    A consent lifts the refusal; a refusal ends the consents to the same, and their lines stay.
    """
    if not answers:
        raise BadUsage(
            "consent to what?",
            tr("e.g. --mail yes; there are --{}", ", --".join((*CONSENT_CHANNELS, "topic"))),
        )
    with ws.change("consent") as change:
        before = change.get(record_id)
        values = refused(before, answers, ws.now, text, source)
        after = before.with_values(values)
        change.save(after)
    return before, after


def topics_said(ws: Workspace, texts: Iterable[str]) -> dict[str, bool]:
    """Consents and refusals by topic, of `news=no`."""
    topics, said = ws.settings.directories.get("topics", {}), {}
    for text in texts:
        name, _, answer = (part.strip() for part in text.partition("="))
        if answer not in ("yes", "no"):
            raise BadUsage(tr("{!r} does not say yes or no", text), "--topic news=no")
        if not topics:
            raise BadUsage(
                tr("no topic {!r}", name), "declare topics: crm directory add topics news"
            )
        try:
            said[f"{TOPIC}{read_listed(name, topics, 'topics')}"] = answer == "yes"
        except ValueError as error:
            raise BadUsage(str(error)) from None
    return said


def refused(
    record: Record, answers: Mapping[str, bool], now: datetime, text: str = "", source: str = ""
) -> dict[str, Value]:
    """What a record has of consents and refusals after these answers; {} for none."""
    if not answers:
        return {}
    refuses = {c for c in refusals_of(record) if not answers.get(c)}
    consents: list[Consent] = []
    for consent in cast("tuple[Consent, ...]", record.get("consents")):
        ends = consent.is_given and consent.channel in answers
        is_same = answers.get(consent.channel) and consent.text == text
        consents.append(replace(consent, withdrawn_at=now) if ends and not is_same else consent)
    for channel, is_yes in answers.items():
        if not is_yes:
            refuses.add(channel)
        elif not any(c.is_given and c.channel == channel for c in consents):
            consents.append(Consent(channel, text, now, source))
    return {**as_fields(refuses), "consents": tuple(consents)}


def refusals_of(record: Record) -> set[str]:
    """What a record refuses: channels, and topics as `topic:news`."""
    channels, topics = (cast("tuple[str, ...]", record.get(f)) for f in ("do_not", "unwanted"))
    return {*channels, *(f"{TOPIC}{topic}" for topic in topics)}


def as_fields(refuses: Iterable[str]) -> dict[str, Value]:
    """Refusals as a record keeps them."""
    every = sorted(refuses)
    topics = [one.removeprefix(TOPIC) for one in every if one.startswith(TOPIC)]
    channels = [one for one in every if not one.startswith(TOPIC)]
    return {"do_not": tuple(channels), "unwanted": tuple(topics)}


REFUSED = {
    "mail": "{} ({}) must not be mailed: do_not has mail",
    "sms": "{} ({}) must not be written to: do_not has sms",
    "call": "{} ({}) must not be called: do_not has call",
}


def refuses(record: Record | None, consent: str = "mail") -> bool:
    """Whether a record refuses mail, or something else."""
    field = "unwanted" if consent.startswith(TOPIC) else "do_not"
    return consent.removeprefix(TOPIC) in getattr(record, field, ())


def why_not_mail(ws: Workspace, record: Record | None, to: Sequence[str], topic: str = "") -> str:
    """Why an e-mail about a record must not go to these addresses; "" if it may."""
    return why_not(ws, record, to, "mail", topic)


def why_not(
    ws: Workspace, record: Record | None, to: Sequence[str], consent: str, topic: str = ""
) -> str:
    """Why a message about a record, of a topic if it has one, must not go to these addresses or numbers; ""
    if it may.

    Its contact and company count if it goes to them, and anybody else who has one of the addresses.
    """
    asked = [consent, *([f"{TOPIC}{topic}"] if topic else ())]
    addresses = [address_of(receiver) for receiver in to]
    people = people_of(ws, record)
    for one in people:
        is_met = one is people[0] or {fold(e) for e in addresses_of(one)}.intersection(addresses)
        if is_met and (why := _refusal(one, asked)):
            return why
    for one in holders(ws, to):
        if why := _refusal(one, asked):
            return why
    block = blocklist(ws).stops(addresses)
    if block is not None:
        return tr("{} is on the block list", block)
    back = (why_comes_back(ws, one) for one in addresses) if consent == "mail" else ()
    return next(filter(None, back), "")


def _refusal(record: Record, asked: Sequence[str]) -> str:
    """Why a record may not get something; "" if it refuses nothing of that."""
    word = next((one for one in asked if refuses(record, one)), "")
    if word.startswith(TOPIC):
        told = "{} ({}) wants no messages on the topic {}"
        return tr(told, record.get("name"), record.id, word.removeprefix(TOPIC))
    return tr(REFUSED[word], record.get("name"), record.id) if word else ""


def addresses_of(record: Record) -> list[str]:
    """The e-mails and phone numbers of a record."""
    return [one.value for name in ("emails", "phones") for one in getattr(record, name, ())]


def holders(ws: Workspace, to: Sequence[str]) -> Iterator[Record]:
    """Everybody who has one of these addresses or numbers."""
    for address in map(address_of, to):
        kind = "email" if "@" in address else "handle" if ":" in address else "phone"
        for record_id in ws.lookup(kind, address, HOLDERS):
            found = linked(ws, record_id)
            if found is not None:
                yield found


def people_of(ws: Workspace, record: Record | None) -> list[Record]:
    """The record and those that stand behind it."""
    if record is None:
        return []
    about = linked(ws, str(getattr(record, "about", "")))
    start = about if about is not None else record
    return [one for one in (start, contact_of(ws, start), company_of(ws, start)) if one is not None]


def address_of(receiver: str) -> str:
    """The folded address of `Anna <anna@example.ru>`."""
    return fold(email_in(receiver))


def mailable(ws: Workspace, records: Iterable[Record]) -> tuple[list[Record], Counter[str]]:
    """The records that a mailing may go to, and how many are left out for each reason."""
    refused = _refused_addresses(ws)
    blocks, bad = blocklist(ws), bad_addresses(ws)
    kept: list[Record] = []
    left: Counter[str] = Counter()
    taken: set[str] = set()
    for record in records:
        emails = cast("Sequence[Email]", getattr(record, "emails", ()))
        address = fold(mailing_address(emails))
        if refuses(record) or address in refused:
            left["must not be mailed"] += 1
        elif not address:
            left["no e-mail"] += 1
        elif blocks.stops([address]) is not None:
            left["on the block list"] += 1
        elif address in bad:
            left["mail comes back"] += 1
        elif address in taken:
            left["repeats an address"] += 1
        else:
            taken.add(address)
            kept.append(record)
    return kept, left


def mailing_address(emails: Sequence[Email]) -> str:
    """The address that a message goes to: one of type mailing before the others; "" of none."""
    chosen = next((e for e in emails if e.type == "mailing"), emails[0] if emails else None)
    return chosen.value if chosen else ""


def _refused_addresses(ws: Workspace) -> set[str]:
    """Every address of anybody who refuses messages."""
    return {
        fold(email.value)
        for entity in HOLDERS
        for record in ws.select(entity, ws.condition("do_not has mail", entity))
        for email in cast("Sequence[Email]", getattr(record, "emails", ()))
    }
