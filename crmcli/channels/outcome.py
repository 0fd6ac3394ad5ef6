"""The ways in which sending ends: sent, skipped, failed, unknown; or later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from crmcli.dataclass import dataclass, field, replace
from crmcli.model.redaction import redacted, without


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has it; `ref` says where or under which name, `values` what it gave back, `content`
    what was made, a file of that name for the record; `told` what its record's timeline says more of it, as
    the `message_id` by which reports name it."""

    ref: str
    values: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """The other side had nothing to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The other side does not have it; `again` tells whether to try later. `refused` is what the timeline of
    its record says of the address, where it is that which was refused."""

    reason: str
    again: bool = True
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether the other side has it, so it must not be sent again unasked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """The other side takes nothing for some seconds, and has not taken it."""

    reason: str
    seconds: int


Outcome: TypeAlias = Sent | Skipped | Failed | Unknown | Later
Sending: TypeAlias = Callable[[], Outcome]
"""What hands a message over, at most once."""


def taken_sms(message_id: str, ref: str = "", price: object = "") -> Sent:
    """An SMS that somebody took who will name it so in a report."""
    told = {"message_id": f"sms:{message_id}", "price": one_line(str(price or ""))[:20]}
    return Sent(ref or message_id, told={name: text for name, text in told.items() if text})


def one_line(said: bytes | str) -> str:
    """What the other side said, on one line, without control characters and of bounded length."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def discreet(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """The outcome without the secrets that the other side was told, should it have repeated them."""
    if isinstance(outcome, Sent):
        return replace(outcome, ref=redacted(without(outcome.ref, secrets)))
    return replace(outcome, reason=redacted(without(outcome.reason, secrets)))
