"""What clients write of themselves in a chat or an SMS: phones and addresses, where they are certain."""

from __future__ import annotations

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import replace
from crmcli.sales.intake.scrap import read_scrap

WRITTEN = ("message.in", "sms.in")
"""What people type; a letter has a signature, which its own reader reads."""
_TAKEN = ("phones", "emails")
_MARK = "/"
"""Begins what is said to a bot and not to people."""


def with_what_it_says(incoming: Incoming, country: str) -> Incoming:
    """The same with the phones and addresses of its text among the values of the lead. By them nobody is
    found: they may be somebody else's."""
    text = str(incoming.told.get("text", ""))
    if incoming.kind not in WRITTEN or not incoming.lead or not text or text.startswith(_MARK):
        return incoming
    found = read_scrap(text, country).values
    more = {
        name: [*incoming.lead.get(name, ()), *found[name]] for name in _TAKEN if found.get(name)
    }
    return replace(incoming, lead={**incoming.lead, **more}) if more else incoming
