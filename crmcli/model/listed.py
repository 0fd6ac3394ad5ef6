"""A word that must be one of a list: found by id or label, refused with the nearest and the allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmcli.model.values import fold

MOST_SHOWN = 20


def nearest(text: str, words: Iterable[str], shown: Iterable[str] = ()) -> str:
    """The end of a refusal: the nearest of the words, and what is allowed."""
    from difflib import get_close_matches

    by_folded = {fold(word): word for word in words}
    near = get_close_matches(fold(text), by_folded, 1)
    allowed = list(shown or by_folded.values())
    more = ", …" if len(allowed) > MOST_SHOWN else ""
    hint = f"did you mean {by_folded[near[0]]!r}? " if near else ""
    return f"{hint}allowed: {', '.join(allowed[:MOST_SHOWN])}{more}"


def read_listed(text: str, labels: Mapping[str, str], what: str) -> str:
    """The id of an entry given by its id or its label; ValueError names the nearest and the allowed."""
    if text in labels:
        return text
    for entry, label in labels.items():
        if fold(text) in (fold(entry), fold(label)):
            return entry
    words = [word for pair in labels.items() for word in pair if word]
    shown = [f"{entry} ({label})" if label else entry for entry, label in labels.items()]
    raise ValueError(f"{text!r} is none of {what}; {nearest(text, words, shown)}")
