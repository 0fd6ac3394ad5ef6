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
class ProviderRow:
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


PROVIDERS: dict[str, ProviderRow] = {
    "gammu": ProviderRow(
        "gammu-smsd with service = files: a modem, or a telephone on a cable.",
        out=("sms",),
        into=("sms",),
        keys={
            "inbox": _needed("Its inboxpath.", "folder"),
            "outbox": _needed("Its outboxpath.", "folder"),
            "errors": Key("Its errorsmspath: what lies there could not be sent.", "folder"),
        },
    ),
    "json": ProviderRow(
        "Any web hook that posts JSON or a form.",
        into=("call", "chat", "sms"),
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
    "kannel": ProviderRow(
        "Kannel.",
        out=("sms",),
        into=("sms",),
        keys={
            "api": _needed("Its sendsms: http://localhost:13013/cgi-bin/sendsms.", "url"),
            "login": _needed("The username of a sendsms-user."),
            "password": _needed("Where its password stands.", "secret"),
            "from": Key("The number or name that writes."),
            "token": _needed(
                "Where a token stands, which the address has that it calls.", "secret"
            ),
            "hook": HOOK,
        },
    ),
    "mango": ProviderRow(
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
    "smpp": ProviderRow(
        "The message centre of an operator, by SMPP 3.4.",
        out=("sms",),
        into=("sms",),
        keys={
            "server": _needed("smpp://host:2775, or smpps://host:3550.", "smpp"),
            "login": _needed("The system_id."),
            "password": _needed("Where the password stands.", "secret"),
            "from": Key("The number or name that writes."),
        },
    ),
    "smsc": ProviderRow(
        "smsc.ru, smsc.kz and the like.",
        out=("sms",),
        into=("sms",),
        keys={
            "login": Key("The login; without one the password is an API key."),
            "password": _needed("Where the password or API key stands.", "secret"),
            "from": Key("The name of the sender."),
            "token": _needed(
                "Where a token stands, which the address has that it calls.", "secret"
            ),
            "hook": HOOK,
            "api": API,
        },
    ),
    "telegram": ProviderRow(
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
    "twilio": ProviderRow(
        "Twilio.",
        out=("call", "sms"),
        into=("call", "sms"),
        keys={
            "account": _needed("The SID of the account: AC…"),
            "secret": _needed("Where the auth token stands.", "secret"),
            "from": _needed(
                "The number that calls or writes: +12025550123; or for SMS a messaging service: MG…"
            ),
            "dial": Key("A number or a sip: address to which calls that come in are put through."),
            "voice": Key("The voice of automatic calls, e.g. Polly.Tatyana."),
            "hook": HOOK,
            "api": API,
        },
    ),
    "zadarma": ProviderRow(
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


def providers_of(channel: str) -> dict[str, ProviderRow]:
    """The providers that may be named at a channel, by name."""
    return {name: row for name, row in PROVIDERS.items() if channel in row.channels}
