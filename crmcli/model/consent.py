"""By which ways somebody may be spoken to: refusals, and consents that were received."""

from __future__ import annotations

from datetime import datetime

from crmcli.dataclass import dataclass

CONSENT_CHANNELS = ("mail", "sms", "call")
"""What `do_not` may name, and what a consent is for."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as it was received: to what, to which version of the text, when, and how it came.

    One that was taken back keeps its line, with the time of that: it was good until then.
    """

    channel: str
    text: str = ""
    at: datetime | None = None
    source: str = ""
    withdrawn_at: datetime | None = None

    @property
    def is_given(self) -> bool:
        """Whether it holds."""
        return self.withdrawn_at is None

    def __str__(self) -> str:
        return self.channel if self.is_given else ""
