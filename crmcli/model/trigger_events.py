"""What triggers and robots may wait for: one row an event, with what raises it and what may narrow it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from crmcli.language import tr
from crmcli.model.event import HANDED_OVER, Event
from crmcli.model.values import fold


class Awaited(NamedTuple):
    """One event by its name: a sentence about it, and by which filters it may be narrowed.

    `kinds` are those of the timeline by which it is heard, its own name if none are given. `channel` is
    what will raise it once that is there; "" where crm itself does.
    """

    doc: str
    filters: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    channel: str = ""


FILTERS: Mapping[str, str] = {
    "fields": "With field.changed: the fields to watch.",
    "from": "Of mail and messages: what the sender's address has in it; of a changed field: its old value.",
    "to": "Of a changed field: its new value.",
    "subject": "What the subject, or else the text, has in it.",
    "text": "What the client's own words have in it, without what is quoted.",
    "form": "The form that was filled in, by its name.",
    "link": "What the address of the link has in it.",
    "number": "The telephone line that was called, or that of the sender.",
    "for": "With record.idle and message.unanswered: for how long, e.g. 14d or 2h.",
    "value": "The value that was told along with it: crm trigger fire CODE --with value=5000.",
}
"""The keys by which an event is narrowed, each with one value or several of which one is enough."""
LASTING = {"record.idle": "14d", "message.unanswered": "2h"}
"""The events that come when something has lasted `for` so long, each with an example."""
PARTS = ("from", "subject", "text", "link")
"""The filters that are content with a part of what is told."""
LONGEST = 80
"""So many letters of a text are shown where it is not what was waited for."""
OF_CODES = ("value", "form", "link", "number", "from", "subject")
"""The filters of a code of one's own, whose program says what it tells along."""

EVENTS: Mapping[str, Awaited] = {
    "record.created": Awaited("A lead or deal was added, not by an import.",
                              kinds=("lead.created", "deal.created")),
    "record.returned": Awaited("A closed lead or deal was opened again.", kinds=("stage.entered",)),
    "record.idle": Awaited("Nobody wrote, called or met for so long.", ("for",)),
    "field.changed": Awaited("A field of it has another value.", ("fields", "from", "to")),
    "owner.changed": Awaited("It has another owner.", ("from", "to"), ("field.changed", "stage.entered")),
    "task.done": Awaited("A task for it was done."),
    "task.reopened": Awaited("A task for it was taken up again."),
    "task.overdue": Awaited("A task for it was not done in time."),
    "checklist.done": Awaited("All of a task's checklist was done."),
    "checklist.overdue": Awaited("A checklist was not done in time."),
    "call.in": Awaited("The client called.", ("number",)),
    "call.out": Awaited("The client was called.", ("number",)),
    "call.missed": Awaited("Nobody took the client's call.", ("number",)),
    "call.callback": Awaited("The client asked to be called.", ("number", "form"),
                             channel="a telephone exchange"),
    "mail.in": Awaited("The client wrote an e-mail.", ("from", "subject", "text")),
    "mail.out": Awaited("An e-mail went to the client.", ("subject",)),
    "mail.opened": Awaited("The client opened an e-mail (site: {opens: yes} in forms.yaml)."),
    "mail.clicked": Awaited("The client followed a link of an e-mail.", ("link",)),
    "mail.bounced": Awaited("An e-mail came back.", ("subject",)),
    "form.submitted": Awaited("A form of the site was filled in.", ("form", "value")),
    "meeting": Awaited("There was a meeting."),
    "note": Awaited("Somebody noted something."),
    "sms.in": Awaited("The client sent an SMS.", ("number", "text")),
    "sms.out": Awaited("An SMS went to the client.", ("number",)),
    "sms.delivered": Awaited("An SMS has reached the client's phone."),
    "sms.failed": Awaited("An SMS did not reach the client's phone."),
    "message.in": Awaited("The client wrote in a chat.", ("from", "subject", "text")),
    "message.first": Awaited("The client wrote in a chat for the first time.", ("from", "subject", "text"),
                             ("message.in",)),
    "message.out": Awaited("The client was answered in a chat.", ("subject",)),
    "message.unanswered": Awaited("None of us answered the client's message, e-mail or SMS for so long.",
                                  ("for", "from", "subject")),
    "record.unanswered": Awaited("Nobody answered who came in within first_response of settings.yaml."),
    "offer.sent": Awaited("An offer went to the client."),
    "offer.viewed": Awaited("The client looked at an offer.", channel="pages of offers"),
    "offer.accepted": Awaited("The client took an offer."),
    "offer.declined": Awaited("The client declined an offer."),
    "offer.expired": Awaited("An offer's day has passed."),
    "invoice.sent": Awaited("An invoice was issued: it went to the client."),
    "invoice.part_paid": Awaited("A part of an invoice was paid."),
    "invoice.paid": Awaited("An invoice was paid."),
    "invoice.overdue": Awaited("An invoice was not paid in time."),
    "invoice.cancelled": Awaited("An invoice was cancelled."),
    "invoice.credited": Awaited("An invoice was credited."),
    "credit.sent": Awaited("A credit note went to the client."),
    "credit.paid": Awaited("A credit note was paid out."),
    "document.viewed": Awaited("The client looked at a document.", channel="pages of documents"),
    "booking.made": Awaited("A time was booked."),
    "booking.cancelled": Awaited("A booking was called off."),
    "site.returned": Awaited("The client came to the site again.", channel="a counter of the site"),
    "shipment.sent": Awaited("Goods were sent.", ("value",), channel="a delivery service"),
    "shipment.delivered": Awaited("Goods have arrived.", ("value",), channel="a delivery service"),
}  # fmt: skip
CALLED = {
    "invoice.issued": "invoice.sent", "invoice.created": "invoice.sent", "payment.in": "invoice.paid",
    "mail.open": "mail.opened", "mail.read": "mail.opened", "mail.click": "mail.clicked",
    "mail.bounce": "mail.bounced", "form.submit": "form.submitted", "chat.in": "message.in",
    "chat.out": "message.out", "chat.first": "message.first", "chat.unanswered": "message.unanswered",
    "lead.created": "record.created", "deal.created": "record.created", "task.completed": "task.done",
    "site.return": "site.returned", "doc.viewed": "document.viewed",
}  # fmt: skip
"""Other words for these events, for the hint to who writes one."""

RAISED = tuple(
    dict.fromkeys(
        kind for name, row in EVENTS.items() if not row.channel for kind in row.kinds or (name,)
    )
)
HEARD = (*dict.fromkeys((*RAISED, "signal", "stage.entered")),)
"""The kinds of events that triggers are asked about, and moves, before which the robots of the stage that
was left may have been due."""


def names_of(event: Event) -> tuple[str, ...]:
    """The names by which an event may be awaited; that of a signal is its code. Whether a record was open
    before, or a message is the first one, is asked beside."""
    if event.kind == "signal":
        return (str(event.data.get("code")),)
    if HANDED_OVER in event.data:
        return ()
    names = tuple(n for n, row in EVENTS.items() if event.kind in (row.kinds or (n,)))
    if "owner" in event.data.get("changes", ()):
        return names
    return tuple(name for name in names if name != "owner.changed")


def unmet(filters: Mapping[str, tuple[str, ...]], name: str, event: Event) -> str:
    """Why an event is not one that these filters let through; "" if it is."""
    changes = event.data.get("changes", {}) if name in ("field.changed", "owner.changed") else None
    if changes is not None:
        return _unmet_changes(filters, ("owner",) if name == "owner.changed" else (), changes)
    for key, wanted in filters.items():
        told = _own_words(event) if key == "text" else str(event.data.get(key) or "")
        if key == "subject":
            told = told or str(event.data.get("text") or "")
        if not any(_fits(key, told, one) for one in wanted):
            shown = told if len(told) <= LONGEST else f"{told[:LONGEST]}…"
            return tr("{} is {!r}, not {}", key, shown, ", ".join(wanted))
    return ""


def _own_words(event: Event) -> str:
    """The text of a message without what it quotes."""
    text = str(event.data.get("text") or "")
    for start, end in reversed(event.data.get("quoted") or ()):
        text = text[:start] + text[end:]
    return text


def _fits(key: str, told: str, wanted: str) -> bool:
    if key == "number":
        told, wanted = (re.sub(r"\D", "", text)[-10:] for text in (told, wanted))
        return bool(told) and told == wanted
    told, wanted = fold(told), fold(wanted)
    return wanted in told if key in PARTS else wanted == told


def _unmet_changes(
    filters: Mapping[str, tuple[str, ...]],
    fields: tuple[str, ...],
    changes: Mapping[str, list[object]],
) -> str:
    fields = fields or filters.get("fields", ())
    seen = [pair for field, pair in changes.items() if not fields or field in fields]
    if not seen:
        return tr("none of {} changed", ", ".join(fields))
    for place, key in enumerate(("from", "to")):
        wanted = {fold(one) for one in filters.get(key, ())}
        seen = [pair for pair in seen if not wanted or fold(str(pair[place] or "")) in wanted]
    if seen:
        return ""
    way = (f"{key} {', '.join(filters[key])}" for key in ("from", "to") if filters.get(key))
    return tr("it did not change {}", " ".join(way))
