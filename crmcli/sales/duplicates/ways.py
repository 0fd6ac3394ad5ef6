"""What may become of somebody who is known already: the words of --on-duplicate, the same at every door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcli.model.fields import Record

WAYS: Mapping[str, str] = {
    "warn": "keep both and say so",
    "create": "keep both",
    "skip": "use the known one as it is",
    "merge": "fill it up",
    "replace": "give it the new values",
    "update": "replace if an id of another system says who it is, else skip",
    "link": "use it, and link a new record to a known contact or company",
    "fail": "refuse",
}
"""Each word, and what it says."""

MAKES_ALL = ("warn", "create")
"""The words by which nobody who is known is used instead."""


OF_EDIT = ("warn", "create", "fail")
"""The words for a record that is there already, and becomes one that is known."""


ASK = "ask"
OF_CONVERT: Mapping[str, str] = {ASK: "ask on a terminal, warn elsewhere", **WAYS}
"""The words of a conversion."""


def settled(way: str, one: Record, other: Record) -> str:
    """The same word, save what `update` comes to of two records that are one."""
    if way != "update":
        return way
    mine, theirs = (set(getattr(record, "external", ())) for record in (one, other))
    return "replace" if mine & theirs else "skip"


def told(words: Sequence[str] = tuple(WAYS)) -> str:
    """What the help of a door says of its words."""
    return f"If it is known: {'; '.join(f'{word}: {OF_CONVERT[word]}' for word in words)}."
