"""How clients want to be reached: what they say on the page that a letter leads to."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable
from crmcli.language import tr
from crmcli.model.event import PREFERENCES
from crmcli.model.values import CONSENT_CHANNELS, Consent
from crmcli.model.words import in_words

HINT = "crm serve keeps it"


class Preferences(Receiver):
    """Answers of the page, each with the letter that led to it and what its client changed."""

    def read(self, arrived: Arrived) -> Incoming:
        """One answer; it is the page that knows whose it is."""
        facts = arrived.facts
        address, letter = str(facts.get("address", "")), str(facts.get("letter", ""))
        refuses, wants = _channels(facts.get("refuses")), _channels(facts.get("wants"))
        if not address or not (refuses or wants):
            raise Unreadable("it does not say who wants what", HINT)
        no, yes = ", ".join(map(in_words, refuses)), ", ".join(map(in_words, wants))
        text = "; ".join(
            [*([tr("no more: {}", no)] if no else []), *([tr("again: {}", yes)] if yes else [])]
        )
        agreed = str(facts.get("text", ""))
        return Incoming(
            PREFERENCES,
            {"address": address, "text": text},
            answers=[letter],
            emails=[address],
            consents=[Consent(channel, agreed, None, "preference page") for channel in wants],
            refuses=refuses,
            is_report=True,
        )


RECEIVER = Preferences


def _channels(given: object) -> Sequence[str]:
    asked = given if isinstance(given, list | tuple) else ()
    return [channel for channel in CONSENT_CHANNELS if channel in asked]
