"""Automatic calls, which say a text."""

from __future__ import annotations

from crmcli.channels.handover import Handover


class Call(Handover):
    """Automatic calls, which say a text."""

    noun = "an automatic call"
    nouns = "automatic calls"
    event = "call.out"
    consent = "call"


SENDER = Call
