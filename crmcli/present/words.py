"""The words that people have for states and nouns, which files and JSON keep as they are."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.entities import ENTITIES

WORDS = {
    # of robots and jobs
    "waiting": "waiting",
    "waiting_for_previous": "waiting",
    "waiting_for_field": "needs a date",
    "due": "due",
    "held": "held",
    "paused": "disabled",
    "queued": "queued",
    "started": "started",
    "done": "done",
    "failed": "failed",
    "dead": "dead",
    "unknown": "unknown",
    "skipped": "skipped",
    "missed": "missed",
    "cancelled": "cancelled",
    "stopped": "stopped",
    # of what waits for crm trust
    "approved": "approved",
    "waits": "waits",
    # of imports
    "whole": "complete",
    "unfinished": "unfinished",
    "taken back": "undone",
    # of offers
    "draft": "draft",
    "sent": "sent",
    "accepted": "accepted",
    "declined": "declined",
    # how something ends that was not won
    "lost": "lost",
    "junk": "junk",
    # what is logged
    "call": "a call",
    "mail": "an e-mail",
    "sms": "an SMS",
    "message": "a message",
    "meeting": "a meeting",
    "note": "a note",
}


def in_words(value: str) -> str:
    """A state, a noun or a kind of activity in the language spoken; any other value as it is."""
    return tr(WORDS.get(value, value)) if value in WORDS or value in ENTITIES else value
