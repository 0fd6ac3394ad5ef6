"""What a verb did, told: a line for people, the same as a row for programs, and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmcli.language import tr


class Told(NamedTuple):
    """One thing that was done. `notes` are for everybody, `details` for who wants to know more."""

    text: str
    row: Mapping[str, object] | None = None
    notes: Sequence[str] = ()
    details: Sequence[str] = ()


def together(values: Sequence[str]) -> str:
    """A list in a sentence: `a, b and c`."""
    if len(values) < 2:
        return "".join(values)
    return tr("{} and {}", ", ".join(values[:-1]), values[-1])
