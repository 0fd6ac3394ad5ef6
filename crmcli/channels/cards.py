"""Contacts in an address book on a CardDAV server: `crm contact sync` brings them there, no message does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.channels.base import Sender, secret_in_words
from crmcli.language import tr
from crmcli.model.redaction import redacted


class Cards(Sender):
    """Where contacts go, for whoever has to approve it."""

    noun = "a card"

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """That contacts go there, and with which password."""
        secret = secret_in_words(str(declared.get("password", "")), "password")
        url = redacted(str(declared.get("url", "")))
        return tr("contacts go to {}{}", url, secret) if url else ""


SENDER = Cards
