"""The three ways in which sending ends: sent, failed, unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has it; `ref` says where or under which name."""

    ref: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The other side does not have it; `again` tells whether to try later."""

    reason: str
    again: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether the other side has it, so it must not be sent again unasked."""

    reason: str


Outcome: TypeAlias = Sent | Failed | Unknown
