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
    "zadarma": Provider(
        "Zadarma.",
        into=("call",),
        keys={
            "key": Key("The key of its API."),
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
