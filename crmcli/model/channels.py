"""The channels of settings.yaml: one row a channel. Its file in `channels/` does the work."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from crmcli.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by which messages leave. `keys` are those of its settings, each with a sentence, where
    they are plain texts; of those of crm itself `store/config/channel_keys.py` knows more."""

    doc: str
    keys: Mapping[str, str] = field(default_factory=dict)
    is_within: bool = False
    """Whether what is queued for it stays in the workspace, so that nobody has to approve it."""
    is_handed_over: bool = False
    """Whether a program or a web address takes what leaves by it: its settings are run, url and secret."""
    reaches_people: bool = False
    """Whether what leaves by it is read or heard by people; a web hook reaches a program."""


_to_phone = partial(Channel, is_handed_over=True, reaches_people=True)

CHANNELS: dict[str, Channel] = {
    "mail": Channel("E-mail.", reaches_people=True),
    "webhook": Channel("Web hooks."),
    "own": Channel("Programs under robots.d/."),
    "alert": Channel("Alerts to our own people, beside e-mail: Telegram, and what apprise knows."),
    "cards": Channel("Contacts in an address book on a CardDAV server."),
    "document": Channel("Pages that become PDF.", is_within=True),
    "sms": _to_phone("SMS: what hands them over to the provider."),
    "chat": _to_phone("Chat messages: what hands them over to the messenger."),
    "call": _to_phone("Automatic calls: what hands them over to the telephone exchange."),
}
"""The name of a channel is its key under `channels:`, its file, and what an action `leaves` by."""

RECEIVED: dict[str, str] = {
    "call": "Calls.",
    "chat": "Messages of chats.",
    "click": "Links of letters that were followed.",
    "form": "Forms of a site.",
    "mail": "E-mail.",
    "preferences": "How clients want to be reached, as they say on the page of crm serve.",
    "sms": "SMS.",
}
"""The channels by which messages come in: each name is that of its file in `channels/incoming/`."""
