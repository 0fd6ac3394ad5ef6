"""The ways in which sending ends: sent, skipped, failed, unknown; or later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def one_line(said: bytes | str) -> str:
    """What the other side said, on one line, without control characters and of bounded length."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def discreet(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """The outcome without the secrets that the other side was told, should it have repeated them."""
    if isinstance(outcome, Sent):
        return replace(outcome, ref=redacted(without(outcome.ref, secrets)))
    return replace(outcome, reason=redacted(without(outcome.reason, secrets)))
