"""Addresses to which mail comes back: the timeline tells, a letter from there ends it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from crmcli.language import tr
from crmcli.model.addresses import email_in
from crmcli.model.event import BOUNCED
from crmcli.model.values import fold
from crmcli.workspace import Workspace

HARD, SOFT = "hard", "soft"
MOST_SOFT = 5
LASTING = timedelta(days=30)
"""So often mail may come back within that time before no more is sent."""


def why_comes_back(ws: Workspace, address: str) -> str:
    """Why mail to an address is of no use: it came back for good, or too often; "" if it may go."""
    hard, soft = "", 0
    for event in ws.timeline.events_of_address(fold(address)):
        if event.kind != BOUNCED:  # it was written from there: it lives
            hard, soft = "", 0
        elif event.data.get("bounce") == HARD:
            said = (str(event.data.get(key, "")) for key in ("status", "why"))
            hard = " ".join(filter(None, said)) or HARD
        else:
            soft += ws.now - event.at < LASTING
    if hard:
        return tr("mail to {} comes back: {}", address, hard[:200])
    return tr("mail to {} came back {} times", address, soft) if soft >= MOST_SOFT else ""


def bad_addresses(ws: Workspace) -> set[str]:
    """All to which no mail goes, folded."""
    told = {fold(str(event.data.get("address", ""))) for event in ws.events(kinds=(BOUNCED,))}
    return {one for one in told if one and why_comes_back(ws, one)}


def written_to(ws: Workspace, message_ids: Iterable[str]) -> str:
    """To which address the first of these messages went that we sent; "" if to none or to several."""
    for message_id in message_ids:
        for event in ws.timeline.events_of_message(message_id):
            if to := str(event.data.get("to", "")):
                return "" if "," in to else email_in(to)
    return ""


def is_doubtful(ws: Workspace, message_ids: Iterable[str]) -> bool:
    """Whether word that mail came back names no message of ours, though each of ours has an address of its
    own to come back to: anybody who can write to the mailbox could have made it up."""
    told = (event for one in message_ids for event in ws.timeline.events_of_message(one))
    return bool(ws.settings.mail.bounces) and not any(event.data.get("to") for event in told)
