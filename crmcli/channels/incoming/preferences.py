"""How clients want to be reached: what they say on the page that a letter leads to."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable
from crmcli.language import tr
from crmcli.model.event import PREFERENCES
from crmcli.model.values import CONSENT_CHANNELS, TOPIC, Consent
from crmcli.model.words import in_words

HINT = "crm serve keeps it"


class Preferences(Receiver):
    """Answers of the page, each with the letter that led to it and what its client changed."""

    def read(self, arrived: Arrived) -> Incoming:
        """One answer; it is the page that knows whose it is."""
        facts = arrived.facts
        address, letter = str(facts.get("address", "")), str(facts.get("letter", ""))
        refuses, wants = _known(facts.get("refuses")), _known(facts.get("wants"))
        if not address or not (refuses or wants):
            raise Unreadable("it does not say who wants what", HINT)
        no, yes = ", ".join(map(self._named, refuses)), ", ".join(map(self._named, wants))
        said = (tr("no more: {}", no) if no else "", tr("again: {}", yes) if yes else "")
        text = "; ".join(filter(None, said))
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

    def _named(self, word: str) -> str:
        """A channel in words, a topic by its label."""
        topic = word.removeprefix(TOPIC)
        return self.settings.directories.get("topics", {}).get(topic) or in_words(topic)


RECEIVER = Preferences


def _known(given: object) -> Sequence[str]:
    asked = given if isinstance(given, list | tuple) else ()
    words = [one for one in asked if isinstance(one, str)]
    topics = [one for one in words if one.startswith(TOPIC) and one != TOPIC]
    return [*(channel for channel in CONSENT_CHANNELS if channel in words), *topics]
