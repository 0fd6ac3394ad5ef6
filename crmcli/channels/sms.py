"""SMS to people."""

from __future__ import annotations

from crmcli.channels.handover import Handover


class Sms(Handover):
    """SMS to people."""

    noun = "an SMS"
    nouns = "SMS"
    event = "sms.out"
    consent = "sms"


SENDER = Sms
