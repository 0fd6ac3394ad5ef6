"""Canaries: made-up clients that nobody calls. Whoever carries a base away carries them too."""

from __future__ import annotations

import random
from collections.abc import Sequence

from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import spoken, tr
from crmcli.model.audit import NOUN
from crmcli.model.fields import Record
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build
from crmcli.words import joined
from crmcli.workspace import Workspace, canaries

_HIDES = 5
"""Among so many clients of an owner one canary does not stand out."""
_FREE = "+7979"
"""The beginning of the numbers that are made up."""


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
        if not ws.dry_run:
            # First: a kill leaves none that is not known.
            canaries.enter(ws, record.id, owner, ws.actor, is_made=True)
        with ws.change(f"{NOUN} add") as change:
            change.add(record)
        made.append(record)
    _begin_to_look(ws)
    return made


def stand_alone(ws: Workspace, owner: str, made: Sequence[Record]) -> bool:
    """Whether that owner has so few other clients that these stand out among them."""
    owned = ws.count(NOUN, ws.condition(f"owner = {owner}", NOUN))
    known = owned + (len(made) if ws.dry_run else 0)
    return known < _HIDES * len(made)


def mark(ws: Workspace, ref: str) -> Record:
    """Let a client who is there be a canary: one that came with an import has a past as others have."""
    record = ws.find(ref, NOUN)
    if not record.get("owner"):
        raise Refused(
            tr("{} is owned by nobody", record.id),
            tr("crm contact edit {} --owner USER", record.id),
        )
    if (is_one := canaries.was(ws, record.id)) is not None:
        told = tr("{} was a canary, and cannot be one again", record.id)
        if is_one:
            told = tr("{} is a canary already", record.id)
        raise Refused(told, "mark another one")
    if not ws.dry_run:
        canaries.enter(ws, record.id, str(record.get("owner")), ws.actor)
    _begin_to_look(ws)
    return record


def _begin_to_look(ws: Workspace) -> None:
    """What happens from now on is told, also before crm tick comes for the first time."""
    if not (ws.dry_run or canaries.looked_at(ws)):
        canaries.note_looked_at(ws, ws.newest_id())


def _name() -> str:
    words, language = joined("made_up_names", " "), "ru" if spoken() == "ru" else "en"
    who = random.choice(("men", "women"))
    first, family = (
        random.choice(words[f"{language}.{what}"].split()) for what in (who, "families")
    )
    ending = words.get(f"{language}.ending", "") if who == "women" else ""
    return f"{first} {family}{ending}"


def all_of(ws: Workspace) -> list[canaries.Canary]:
    """The canaries, and those that somebody else removed."""
    return canaries.all_of(ws)


def remove(ws: Workspace, ref: str) -> tuple[str, bool]:
    """Let a canary be one no longer: its id, and whether its record was removed, as of those that are made up
    and are there."""
    known = {one.id: one for one in canaries.all_of(ws) if one.id}
    lost = [one.id for one in known.values() if not one.is_there]
    record_id = next((one for one in lost if ref in (one, one.partition("-")[2])), "")
    record_id = record_id or ws.resolve(ref, NOUN)
    if record_id not in known:
        raise NotFound(tr("{} is no canary", record_id), "crm audit canary list names them")
    if not ws.dry_run:
        canaries.enter(ws, record_id, "", ws.actor)  # first: the alarm is for others
    goes = known[record_id].is_there and known[record_id].is_made
    if goes:
        with ws.change(f"{NOUN} rm") as change:
            change.remove(record_id)
    return record_id, goes
