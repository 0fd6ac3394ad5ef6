"""Taking up what came in: an activity of whom it is from, and a lead where nobody knows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from crmcli.channels.incoming import Arrived, Incoming, Unreadable, receiver
from crmcli.channels.providers import by_provider
from crmcli.dataclass import replace
from crmcli.errors import Conflict, CrmError
from crmcli.language import tr
from crmcli.model.event import BOUNCED, TAKEN, UNREAD
from crmcli.model.fields import Record
from crmcli.model.phones import parse_phones
from crmcli.model.values import Consent, Value, fold, format_instant
from crmcli.sales import add
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.consent.bounces import SOFT, is_doubtful, written_to
from crmcli.sales.intake import kept as store
from crmcli.sales.intake import same_call
from crmcli.sales.intake.adding import NotYet, add_to, why_never
from crmcli.sales.intake.completing import complete, consents_of, typed
from crmcli.sales.intake.in_text import with_what_it_says
from crmcli.sales.intake.kept import Kept, Taken
from crmcli.sales.intake.scrap_names import person
from crmcli.sales.intake.whose import letter_of, record_of
from crmcli.workspace import Change, Workspace

Then = Callable[[Change, Workspace, Taken], None]
"""What else is to be written in the transaction in which something is taken up."""
_ID = re.compile(r"\b[a-z]+-[0-9a-z]{8}\b")
OWN = "we sent it ourselves"
OURS = "one of us wrote it, to nobody who is known"


def take(ws: Workspace, kept: Kept, *, dropped: bool = False, then: Then | None = None) -> Taken:
    """Take it up in one transaction, once; also what was `dropped` before, if that is wanted.

    What cannot be read is told on the timeline, once for each reason, and waits for a person; what is in the
    way otherwise, as rules that are wrong, is tried again.
    """
    try:
        incoming = read(ws, kept)
    except CrmError as error:
        return _failed(ws, kept, error)
    try:
        with ws.change("intake take", actor="crm", cause=kept.id) as change:
            ws.look_again()
            return take_in(change, ws, kept, incoming, dropped=dropped, then=then)
    except Conflict as error:  # somebody is at it in this moment
        return Taken(kept, failed=str(error))
    except NotYet as error:
        return replace(_failed(ws, kept, error, again=True), waits=True)
    except CrmError as error:
        return _failed(ws, kept, error, again=True)


def take_in(
    change: Change, ws: Workspace, kept: Kept, incoming: Incoming, *, dropped: bool = False,
    then: Then | None = None,
) -> Taken:  # fmt: skip
    """The same in an open change, of what was read."""
    now = store.named(ws, kept.id) if kept.content is None else kept
    if now.state == "taken" or (now.state == "dropped" and not dropped):
        return Taken(now, why=tr("it is {} already", tr(now.state)))
    taken = (add_to if incoming.adds_to else _taken)(change, ws, kept, incoming)
    if then is not None:
        then(change, ws, taken)
    return taken


def bring(ws: Workspace, channel: str, arrived: Iterable[Arrived]) -> list[Taken | None]:
    """Keep each of what has come, and take it up at once; None stands for what came before."""
    done: list[Taken | None] = []
    parts_of = receiver(channel, ws.root, ws.settings).parts
    with ws.series():
        for one in arrived:
            parts = parts_of(one)
            new = store.keep(ws, channel, parts)
            done += [*(take(ws, each) for each in new), *[None] * (len(parts) - len(new))]
    return done


def read(ws: Workspace, kept: Kept) -> Incoming:
    """What it says; Unreadable, FileDamaged."""
    arrived = Arrived(store.content(ws, kept), kept.key, kept.facts)
    try:
        by = by_provider(kept.channel, ws.settings, arrived)
        incoming = by or receiver(kept.channel, ws.root, ws.settings).read(arrived)
    except (CrmError, OSError, MemoryError):
        raise
    except Exception as error:  # one that nobody can read holds up no other
        raise Unreadable(
            store.bug_told(error), "crm intake show has it as it came: tell us of it"
        ) from error
    written = ("told", "also", "lead", "answers", "emails", "phones", "handles")
    incoming = replace(incoming, **{name: store.whole(getattr(incoming, name)) for name in written})
    return with_what_it_says(incoming, ws.settings.phone_country)


def _failed(ws: Workspace, kept: Kept, error: CrmError, *, again: bool = False) -> Taken:
    why = _lasting(ws, store.whole(error.message))
    if kept.why != why and not ws.dry_run:
        facts = {"intake": kept.id, "why": why, **({store.AGAIN: True} if again else {})}
        with ws.change("intake take", actor="crm") as change:
            change.note(UNREAD, "", facts)
    return Taken(kept, failed=why)


def _lasting(ws: Workspace, why: str) -> str:
    """A reason without the ids of records that were not made: they are others each time."""
    return _ID.sub(lambda found: found[0] if ws.exists(found[0]) else "…", why)


def _taken(change: Change, ws: Workspace, kept: Kept, incoming: Incoming) -> Taken:
    """Write it down in an open change."""
    why, by = _why_not(ws, kept, incoming), _author(ws, incoming)
    record = None if why or incoming.duplicates == "new" else record_of(ws, incoming)
    if record is None and not why and incoming.is_report:
        why = why_never(ws, [], kept)
    is_new = False
    if not why and (known := same_call.merged(change, ws, kept, incoming)):
        return Taken(kept, known)
    if record is not None and incoming.duplicates == "skip":
        why = tr("{} is known, and the form makes nothing of that", record.id)
        record = None
    if record is None and not why:
        unknown = "" if incoming.lead else tr(OURS if by else "nobody knows the sender")
        why = incoming.why_automatic or unknown
        if not why:
            record, is_new = new_lead(change, ws, incoming.lead, consents_of(ws, incoming)), True
    if record is not None:
        _note(change, ws, kept, incoming, record, by)
        if not is_new:
            complete(change, ws, record, incoming)
    facts = {"intake": kept.id, **({"why": why} if why else {})}
    change.note(TAKEN, record.id if record else "", facts)
    return Taken(kept, record, is_new, why)


def _author(ws: Workspace, incoming: Incoming) -> str:
    """Who of us wrote it, where it went out by another program; "" of what came in."""
    if not incoming.kind.endswith(".out"):
        return ""
    sender = fold(str(incoming.told.get("from", "")))
    return next((u.id for u in ws.settings.users.values() if sender in u.addresses), "crm")


def _note(
    change: Change, ws: Workspace, kept: Kept, incoming: Incoming, record: Record, by: str
) -> None:
    """Tell it on the timeline of whom it is from."""
    about: dict[str, Any] = {"message_id": kept.key, "file": kept.file, "intake": kept.id}
    more = {"automatic": incoming.why_automatic, "letter": letter_of(ws, incoming.answers),
            "refuses": [*incoming.refuses]}  # fmt: skip
    about |= {name: value for name, value in more.items() if value}
    for given in (incoming.told, *incoming.also):
        told = {name: value for name, value in given.items() if value not in ("", None)}
        if str(told.get("at", "")) > format_instant(ws.now):  # a clock that goes wrong, or a lie
            del told["at"]
        if incoming.kind == BOUNCED:
            if "address" not in told:
                told["address"] = written_to(ws, incoming.answers)
            if is_doubtful(ws, incoming.answers):
                told |= {"bounce": SOFT, "doubtful": "yes"}
        change.note(incoming.kind, record.id, told | about, actor=by)


def _why_not(ws: Workspace, kept: Kept, incoming: Incoming) -> str:
    """Why it is nobody's: it is our own, or its sender is on the block list."""
    said = ws.timeline.events_of_message(kept.key)
    if incoming.why_nothing:
        return tr(incoming.why_nothing)
    if any(event.kind.endswith((".out", ".queued")) for event in said):
        return tr(OWN)
    blocks = blocklist(ws)
    block = blocks.stops(incoming.emails, [*numbers(ws, incoming)] if blocks.blocks else [])
    return tr("{} is on the block list", block) if block else ""


def numbers(ws: Workspace, incoming: Incoming) -> Iterator[str]:
    """The sender's numbers as a block list has them; what is none blocks nobody."""
    for text in incoming.phones:
        try:
            yield from (phone.value for phone in parse_phones(text, ws.settings.phone_country))
        except ValueError:
            continue


def new_lead(
    change: Change, ws: Workspace, given: Mapping[str, Sequence[str]],
    consents: Sequence[Consent] = (),
) -> Record:  # fmt: skip
    """A lead of somebody who came in, in an open change; where no leads are kept, a deal. What a field
    does not take goes into the comment: nobody is there who could be asked."""
    values, rest = typed(ws, {**_parts_of_name(given), **given})
    comment = "\n".join(filter(None, [str(values.get("comment", "")), *rest]))
    agreed: dict[str, Value] = {"consents": tuple(consents)} if consents else {}
    return add.add_arrival(change, ws, "lead", {**values, **agreed, "comment": comment})


def _parts_of_name(given: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """First and last name, where the name is certainly that of a person, so that letters can greet them."""
    if given.keys() & {"first_name", "last_name"}:
        return {}
    return {part: [word] for part, word in person(" ".join(given.get("name", ()))).items()}
