"""Alerts to our own people, by Telegram and by whatever apprise knows: never to a client.

Where to is read from the settings of the user when it leaves. At least once: who is told twice has lost
less than who was not told.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from crmcli.channels import secrets
from crmcli.channels.base import NoChannel, Prepared, Queued, Sender, Unsound
from crmcli.channels.outcome import Failed, Outcome, Sent
from crmcli.channels.providers import provider_of
from crmcli.language import tr
from crmcli.model.alerts import STAFF, TELEGRAM, ways_of

LONGEST = 2000
"""Letters of an alert by Telegram."""
INSTALL = "pip install 'crmcli[notify]'"


class Alert(Sender):
    """What tells one of us something, by one way."""

    noun = "an alert"
    knows_again = True
    parted_by = "to"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read it, and where the settings say that its user is told."""
        given = json.loads(message.content)
        user, way = str(given["user"]), str(given["way"])
        known = self.settings.users.get(user)
        if known is None or way not in ways_of(known, self.settings.alerts.get(user)):
            raise Unsound(tr("{} is not told by {} any more", user, way))
        if way == TELEGRAM:
            bot = provider_of("chat", self.settings)
            if bot is None or bot.name() != TELEGRAM:
                hint = "channels: {chat: {provider: telegram, token: …}}"
                raise NoChannel("no bot is set up", hint)
            to = {"to": f"{TELEGRAM}:{known.telegram}", "text": given["text"][:LONGEST]}
            return Prepared(bot.prepared(message, to, now))
        return Prepared(partial(_by_apprise, secrets.read(way), given["title"], given["text"]))

    @classmethod
    def shown(cls, message: Queued) -> dict[str, str]:
        """What it says, to whom."""
        given = json.loads(message.content)
        return {"to": given["user"], "text": given["text"]}

    @classmethod
    def places(cls, facts: Mapping[str, Any], settings: Any) -> Sequence[str]:
        """How users are told may have changed since."""
        return (STAFF,)


SENDER = Alert


def _by_apprise(address: str, title: str, text: str) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it loads, and of what that will lack one day
        try:
            import apprise
        except ImportError:
            return Failed(tr("apprise is not installed: {}", INSTALL))
        logging.getLogger("apprise").disabled = True  # it would show addresses
        service = apprise.Apprise()
        if not service.add(address):
            return Failed("apprise does not know the address", again=False)
        if not service.notify(body=text, title=title):
            return Failed("apprise could not hand it over")
    return Sent("apprise")
