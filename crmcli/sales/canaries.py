"""Canaries: made-up clients that nobody calls. Whoever carries a base away carries them too."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from crmcli.errors import BadUsage, NotFound
from crmcli.language import spoken, tr
from crmcli.model.audit import NOUN
from crmcli.model.fields import Record
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build
from crmcli.words import joined
from crmcli.workspace import Workspace, canaries

_FREE = "+7979"
"""The beginning of the numbers that are made up."""
_OLD = 200


def add(
    ws: Workspace, owner: str, count: int, phones: Sequence[str] = (), emails: Sequence[str] = ()
) -> list[Record]:
    """Make up clients of that owner, each with a phone and an e-mail of those given, or a number that
    nobody has."""
    if max(len(phones), len(emails)) > count:
        raise BadUsage("there are more phones or e-mails than canaries", "give --count")
    made: list[Record] = []
    for number in range(count):
        phone = phones[number] if number < len(phones) else f"{_FREE}{random.randrange(10**7):07}"
        given = {"name": [_name()], "phones": [phone], "owner": [owner]}
        if number < len(emails):
            given["emails"] = [emails[number]]
        record = build(ws, NOUN, read_values(ws, NOUN, given))
        earlier = timedelta(days=random.randrange(1, _OLD), minutes=random.randrange(600))
        record = record.with_values({"created_at": ws.now - earlier})
        if not ws.dry_run:
            canaries.enter(
                ws, record.id, owner, ws.actor
            )  # first: a kill leaves none that is not known
        with ws.change(f"{NOUN} add", actor=owner) as change:
            change.add(record)
        made.append(record)
    return made


def _name() -> str:
    words, language = joined("made_up_names", " "), "ru" if spoken() == "ru" else "en"
    who = random.choice(("men", "women"))
    first, family = (
        random.choice(words[f"{language}.{what}"].split()) for what in (who, "families")
    )
    ending = words.get(f"{language}.ending", "") if who == "women" else ""
    return f"{first} {family}{ending}"


def owners(ws: Workspace) -> dict[str, str]:
    """The canaries that are there, by id, each with its owner."""
    return canaries.owners(ws)


def remove(ws: Workspace, record_id: str) -> None:
    """Let a canary be one no longer, and remove its record."""
    if record_id not in canaries.owners(ws):
        raise NotFound(tr("{} is no canary", record_id), "crm audit canary list names them")
    with ws.change(f"{NOUN} rm") as change:
        change.remove(record_id)
    if not ws.dry_run:
        canaries.enter(ws, record_id, "", ws.actor)
