"""Messages of clients that none of us has answered yet."""

from __future__ import annotations

from datetime import datetime

from crmcli.automation.event_subjects import subjects
from crmcli.model.event import AMENDMENTS, ANSWERS, Event, as_amended
from crmcli.workspace import Workspace

WRITTEN = ("message.in", "mail.in", "sms.in")
_PAGE = 500


def wrote(ws: Workspace, since: datetime) -> list[str]:
    """The records of which messages came in since then."""
    found: dict[str, None] = {}
    place = ""
    while page := ws.events(kinds=WRITTEN, before=place, limit=_PAGE, newest_first=True):
        found |= dict.fromkeys(event.record for event in page if event.at >= since)
        place = page[-1].id
        if len(page) < _PAGE or page[-1].at < since:
            break
    return list(found)


def open_message(ws: Workspace, record_id: str) -> Event | None:
    """The first message of a record after the last answer to its client, wherever that was logged; robots
    answer nobody."""
    if not ws.exists(record_id):
        return None
    told = as_amended(ws.events(record=record_id, kinds=(*WRITTEN, *ANSWERS, *AMENDMENTS)))
    written = [event for event in told if event.kind in WRITTEN and not event.is_of_machine]
    about = [record_id, *(one.id for event in written[-1:] for one in subjects(ws, event))]
    about += getattr(ws.get(record_id), "contacts", ())
    answers = (
        event.happened_at
        for one in dict.fromkeys(about)
        for event in as_amended(ws.events(record=one, kinds=(*ANSWERS, *AMENDMENTS)))
        if event.kind in ANSWERS and ":" not in event.actor
    )
    last = max(answers, default=None)
    waiting = [event for event in written if last is None or event.happened_at > last]
    return min(waiting, key=lambda event: event.happened_at, default=None)


def what_it_says(message: Event) -> dict[str, str]:
    """What filters may ask of a message: who wrote it, its subject or else how its text begins."""
    said = {name: str(message.data.get(name, "")) for name in ("from", "subject", "text")}
    told = {"from": said["from"], "subject": said["subject"] or said["text"][:200]}
    return {name: value for name, value in told.items() if value}
