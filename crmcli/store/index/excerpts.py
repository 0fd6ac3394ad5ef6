"""The part of a text that is shown for what was found."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.model.spelling import plain
from crmcli.model.values import fold

_WIDTH = 80
"""Characters of an excerpt."""


def excerpt(text: str, words: Sequence[str]) -> str:
    """A text on one line; of a long one the part round the first word that is in it."""
    line = " ".join(text.split())
    if len(line) <= _WIDTH:
        return line
    places = [place for word in words if (place := _find(line, word)) >= 0]
    place = min(places, default=0)
    start = max(0, min(place - _WIDTH // 4, len(line) - _WIDTH))
    if start:
        start = max(start, line.find(" ", start, place) + 1)
    end = start + _WIDTH
    if end < len(line):
        end = max(line.rfind(" ", place, end), start + _WIDTH // 2)
    return ("…" if start else "") + line[start:end].strip() + ("…" if end < len(line) else "")


def _find(line: str, word: str) -> int:
    """Where a folded word begins in a text that is not folded."""
    lowered = plain(line.casefold().replace("ё", "е"))
    if len(lowered) == len(line):
        return lowered.find(word)
    folded, places = "", []
    for place, letter in enumerate(line):
        piece = plain(fold(letter)) or " "
        folded += piece
        places += [place] * len(piece)
    found = folded.find(word)
    return places[found] if found >= 0 else -1
