"""The providers of calls, SMS and chat: one row each. Its file in `channels/providers/` does the work."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a provider's settings: a sentence about it, and what stands there: a `text`, where a
    `secret` stands, a `url`, or a shape of its own by that name in `store/config/provider_keys.py`."""

    doc: str
    kind: str = "text"
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: the channels by which it takes what leaves (`out`) and brings what comes in (`into`),
    and the keys of its settings."""

    doc: str
    out: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    keys: Mapping[str, Key] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels at which it may be named."""
        return tuple(dict.fromkeys((*self.out, *self.into)))


HOOK = Key("The address that it calls for what comes in, if crm serve cannot tell it.", "url")
API = Key("Another address of its API, e.g. of a server for tests.", "url")


def _needed(doc: str, kind: str = "text") -> Key:
    return Key(doc, kind, is_required=True)


PROVIDERS: dict[str, Provider] = {
    "json": Provider(
        "Any web hook that posts JSON or a form.",
        into=("call", "chat"),
        keys={
            "token": Key("Where a token stands that the provider sends along.", "secret"),
            "token_in": Key("The header or the parameter that has it; token if absent."),
            "secret": Key("Where the secret stands by which it signs what it posts.", "secret"),
            "signature": Key("How it signs.", "signature"),
            "fields": Key(
                "Where what stands: from: data.caller; all by their own names if absent.", "paths"
            ),
            "values": Key("What its words mean: status: {NOANSWER: missed}.", "tables"),
            "hook": HOOK,
        },
    ),
    "mango": Provider(
        "Mango Office.",
        into=("call",),
        keys={
            "key": _needed("The unique code of the exchange (vpbx_api_key)."),
            "secret": _needed(
                "Where the key stands that makes signatures (vpbx_api_salt).", "secret"
            ),
            "line": Key("The line by which crm call calls, if not the usual one."),
            "hook": HOOK,
            "api": API,
        },
    ),
    "telegram": Provider(
        "A bot at Telegram.",
        out=("chat",),
        into=("chat",),
        keys={
            "token": _needed("Where the token of the bot stands.", "secret"),
            "secret": Key(
                "Where the secret_token stands that was given to setWebhook, for /hooks/chat.",
                "secret",
            ),
            "fetch": Key("yes: crm tick asks for what has come, without a web hook.", "yes_no"),
            "ask_phone": Key("What a button says that asks a new client for the phone."),
            "hello": Key("What a new client is told beside that button."),
            "robots_after": Key(
                "So long after a person's message robots write to the chat again, e.g. 1d; never, until"
                " crm chat release, if absent.",
                "length",
            ),
            "api": API,
        },
    ),
    "twilio": Provider(
        "Twilio.",
        out=("call",),
        into=("call",),
        keys={
            "account": _needed("The SID of the account: AC…"),
            "secret": _needed("Where the auth token stands.", "secret"),
            "from": _needed("The number that calls: +12025550123."),
            "dial": Key("A number or a sip: address to which calls that come in are put through."),
            "voice": Key("The voice of automatic calls, e.g. Polly.Tatyana."),
            "hook": HOOK,
            "api": API,
        },
    ),
    "zadarma": Provider(
        "Zadarma.",
        into=("call",),
        keys={
            "key": Key("The key of its API, by which crm call starts calls."),
            "secret": _needed("Where the secret of its API stands.", "secret"),
            "hook": HOOK,
            "api": API,
        },
    ),
}
"""The name of a provider is what `provider:` says, and its file."""


def providers_of(channel: str) -> dict[str, Provider]:
    """The providers that may be named at a channel, by name."""
    return {name: row for name, row in PROVIDERS.items() if channel in row.channels}
