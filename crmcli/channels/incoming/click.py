"""Links of letters that their readers followed, and letters that they opened, as crm serve saw it."""

from __future__ import annotations

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable
from crmcli.model.event import CLICKED, OPENED


class Clicks(Receiver):
    """One link of a letter that was followed, or that it was opened."""

    def read(self, arrived: Arrived) -> Incoming:
        """Its content is where the link leads, its facts name the letter."""
        letter = str(arrived.facts.get("letter", ""))
        link = arrived.content.decode("utf-8", "replace")
        if letter and arrived.facts.get("opened"):
            doubt = str(arrived.facts.get("doubtful", ""))
            return Incoming(OPENED, {"doubtful": doubt}, answers=[letter], is_report=True)
        if not letter or not link.startswith(("http://", "https://")):
            raise Unreadable("it does not say which link of which letter", "crm serve keeps it")
        return Incoming(CLICKED, {"link": link[:2000]}, answers=[letter], is_report=True)


RECEIVER = Clicks
