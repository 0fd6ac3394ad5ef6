"""The words that people have for states and nouns, which files and JSON keep as they are."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import KINDS

_AS_THEY_ARE = (
    "waiting", "due", "held", "queued", "started", "done", "failed", "dead", "unknown", "skipped", "missed",
    "cancelled", "stopped", "deferred", "approved", "waits", "unfinished", "draft", "sent", "accepted",
    "declined", "more", "fewer", "otherwise",
    "open", "won", "lost", "junk", "paid", "overdue", "credited", "expired", "replaced",
)  # fmt: skip
WORDS = {
    **{state: state for state in (*KINDS, *_AS_THEY_ARE)},
    "waiting_for_previous": "waiting", "waiting_for_field": "needs a date", "paused": "disabled",
    "waiting_for_event": "waiting", "awaiting": "awaits an answer",
    "part_paid": "paid in part", "whole": "complete", "taken back": "undone",
    "call": "a call", "mail": "an e-mail", "sms": "an SMS", "message": "a message",
    "meeting": "a meeting", "note": "a note",
    "call.in": "call in", "call.out": "call out", "mail.in": "e-mail in", "mail.out": "e-mail out",
    "sms.in": "SMS in", "sms.out": "SMS out", "message.in": "message in", "message.out": "message out",
}  # fmt: skip
"""Kinds of events and stages; states of robots, jobs, imports, documents, of what waits for crm trust; how
things end; what is logged."""


def in_words(value: str) -> str:
    """A state, a noun or a kind of activity in the language spoken; any other value as it is."""
    return tr(WORDS.get(value, value)) if value in WORDS or value in ENTITIES else value
