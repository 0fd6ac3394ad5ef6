"""Letters are fetched from mailboxes on servers, each once, and marked as read once they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from crmcli.automation.receive import Fetched, fetch, fetched
from crmcli.channels import secrets
from crmcli.channels.imap import Box, Session, box
from crmcli.channels.incoming import Arrived, Receiver
from crmcli.model.event import KEPT
from crmcli.workspace import Workspace

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LOOKED_AT = 500
"""So many of the newest events tell how far a mailbox was fetched, where nothing else does."""


class MailboxReceiver(Receiver):
    """One mailbox: gives what came after the last letter that was fetched, or, the first time, what nobody
    has read."""

    def __init__(self, ws: Workspace, to: Box, place: dict[str, Any]) -> None:
        super().__init__("mail", ws.root, ws.settings)
        self.ws, self.box, self.place = ws, to, place
        reference = ws.settings.mail.fetch_password.replace("{user}", to.user)
        self.session = Session(to, secrets.read(reference))

    def fetch(self) -> Iterator[Arrived]:
        """What has come, the oldest first."""
        facts = {"mailbox": str(self.box), "uidvalidity": self.session.validity}
        for uid, content in self.session.letters(self._wanted()):
            yield Arrived(content, "", {**facts, "uid": uid})

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """Mark them as read, and go on behind them the next time."""
        uids = [int(one.facts["uid"]) for one in arrived]
        self.session.mark_seen(uids)
        self.place |= {"uidvalidity": self.session.validity, "uid": max(uids)}

    def _wanted(self) -> list[int]:
        validity, told = self.session.validity, self._told()
        for known in (self.place, told[1] if told else {}):
            if known.get("uidvalidity") == validity and isinstance(known.get("uid"), int):
                return self.session.after(known["uid"])
        if told is None:
            return self.session.unseen()
        day = told[0] - timedelta(days=1)  # the mailbox was made anew: what is known comes twice
        return self.session.since(f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def _told(self) -> tuple[datetime, dict[str, Any]] | None:
        """When the last letter of this mailbox was kept, and which it was, as the timeline tells."""
        for event in self.ws.events(kinds=(KEPT,), newest_first=True, limit=_LOOKED_AT):
            facts = event.data.get("facts")
            if isinstance(facts, dict) and facts.get("mailbox") == str(self.box):
                return event.at, facts
        return None


def fetch_all(ws: Workspace) -> list[Fetched]:
    """Fetch from each mailbox of the settings; what one does wrong stops no other."""
    urls = ws.settings.mail.fetch
    return [one for url in urls for one in fetched(ws, url, partial(_taken, ws, url))]


def _taken(ws: Workspace, url: str, place: dict[str, Any]) -> int:
    mailbox = MailboxReceiver(ws, box(url), place)
    try:
        return fetch(ws, [mailbox])
    finally:
        mailbox.session.close()
