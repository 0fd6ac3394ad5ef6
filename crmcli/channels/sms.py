"""SMS to people."""

from __future__ import annotations

from crmcli.channels.base import Queued
from crmcli.channels.handover import Handover
from crmcli.model.sms_length import in_words


class Sms(Handover):
    """SMS to people."""

    noun = "an SMS"
    nouns = "SMS"
    event = "sms.out"
    consent = "sms"

    @classmethod
    def shown(cls, message: Queued) -> dict[str, str]:
        """What it says, to whom, and how long that is."""
        found = super().shown(message)
        return found | {"length": in_words(found["text"])}


SENDER = Sms
