"""The words that people have for states and nouns, which files and JSON keep as they are."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import KINDS

_AS_THEY_ARE = (
    "waiting", "due", "held", "queued", "started", "done", "failed", "dead", "unknown", "skipped", "missed",
    "cancelled", "stopped", "deferred", "approved", "waits", "unfinished", "draft", "sent", "accepted",
    "declined", "more", "fewer", "otherwise",
    "taken", "dropped", "unreadable", "quarantined", "phone", "domain",
    "yes", "no", "added", "removed", "kept",
    "open", "won", "lost", "junk", "paid", "overdue", "credited", "expired", "replaced",
)  # fmt: skip
WORDS = {
    # of what came of a job the state alone: who did it stands beside it
    **{kind: kind.removeprefix("job.").replace(".", " ").replace("_", " ") for kind in KINDS},
    **{state: state for state in _AS_THEY_ARE},
    # heads of columns that are no field
    **{
        name: name.capitalize()
        for name in (
            "day", "week", "month", "quarter", "year", "kind", "action", "buyer", "product", "robot",
            "template", "topic", "mailbox", "person", "sequence")
    },
    "client": "Client", "lost_from": "Lost from", "form": "Form", "expected": "Expected",
    "no_date": "no date", "first_bought": "First purchase", "ended_at": "Ended", "new_client": "new clients",
    "returning": "returning clients",
    # measures of reports
    **{name: name.capitalize() for name in (
        "records", "distinct", "first", "last", "average", "median", "p90", "share", "ratio", "number",
        "days", "age", "hours", "weighted")},
    "entity": "About", "of_all": "Of all", "stood": "In stage", "chance": "Probability",
    "stage.dated": "dates of stages", "trigger.passed": "trigger passed over",
    "job.awaiting": "awaits an answer", "job.resolved": "settled by hand", "clock.stepped": "clock was set",
    "audience.added": "added to audience", "audience.taken": "taken from audience",
    "duplicate.denied": "not a duplicate", "duplicate.reopened": "may be a duplicate",
    "invoice.part_paid": "invoice paid in part", "credit.part_paid": "credit note paid in part",
    "credit.sent": "credit note sent", "credit.paid": "credit note paid",
    "credit.cancelled": "credit note cancelled", "import.part": "part of an import",
    "waiting_for_previous": "waiting", "waiting_for_field": "needs a date", "paused": "disabled",
    "never": "will not act",
    "waiting_for_event": "waiting", "awaiting": "awaits an answer",
    "part_paid": "paid in part", "whole": "complete", "taken back": "undone",
    "call": "a call", "mail": "an e-mail", "sms": "an SMS", "message": "a message",
    "meeting": "a meeting", "note": "a note",
    "call.in": "call in", "call.out": "call out", "call.missed": "missed call",
    "mail.in": "e-mail in", "mail.out": "e-mail out", "mail.delayed": "e-mail not delivered yet",
    "mail.automatic": "automatic e-mail",
    "sms.in": "SMS in", "sms.out": "SMS out", "sms.delivered": "SMS delivered",
    "preferences.set": "how to be reached", "mail.clicked": "link followed", "mail.opened": "letter opened",
    "channel.mail": "e-mail", "channel.chat": "chats", "channel.form": "forms", "channel.call": "calls",
    "channel.sms": "SMS", "channel.click": "links", "channel.preferences": "preferences",
    "record": "a record", "event": "an event", "file": "a file",
    "door.open": "door open", "door.closed": "door closed",
    "command": "looked", "export": "exported", "refused": "refused", "reveal": "shown in full",
    "canary": "canary", "begun": "begun", "gone": "gone", "merged": "merged",
    "email": "e-mail", "hard": "permanent failure", "soft": "temporary failure",
    "sms.failed": "SMS failed", "message.in": "message in", "message.out": "message out",
}  # fmt: skip
"""Kinds of events and stages; states of robots, jobs, imports, documents, of what waits for crm trust; how
things end; what is logged."""


def in_words(value: str) -> str:
    """A state, a noun or a kind of activity in the language spoken; any other value as it is."""
    return tr(WORDS.get(value, value)) if value in WORDS or value in ENTITIES else value
