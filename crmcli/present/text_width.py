"""Text on a terminal: how many cells wide it is, how it is cut, filled up and broken into lines."""

from __future__ import annotations

import re

# Every character in these ranges is one cell wide; anything else is measured with care.
_NARROW = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u20a0-\u20c0№]*"
)
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # a colour, a cursor jump
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a window title, a hyperlink
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """Text without what would move a cursor, change colours or turn the writing's direction."""
    return _CONTROL.sub("", text) if not text.isprintable() else text


def one_line(text: str) -> str:
    """Clean text with its line breaks and tabs as single spaces."""
    if text.isprintable():
        return text
    return clean(_BREAKS.sub(" ", text))


def width(text: str) -> int:
    """How many cells of a terminal a clean line takes."""
    if text.isascii() or _NARROW.fullmatch(text):
        return len(text)
    from wcwidth import wcswidth

    measured = wcswidth(text)
    return measured if measured >= 0 else len(text)


def cut(text: str, room: int) -> str:
    """The text, or as much of it as fits into `room` cells with an ellipsis at its end."""
    if width(text) <= room:
        return text
    if room <= 1:
        return "…"[:room]
    kept = text[:room]
    while kept and width(kept) > room - 1:
        kept = kept[:-1]
    while len(kept) < len(text) and width(kept + text[len(kept)]) <= room - 1:
        kept += text[len(kept)]
    return kept.rstrip() + "…"


def pad(text: str, room: int, *, right: bool = False) -> str:
    """The text with spaces up to `room` cells."""
    spaces = " " * (room - width(text))
    return spaces + text if right else text + spaces


def wrap(text: str, room: int, most: int) -> list[str]:
    """The words of a text in at most so many lines of `room` cells (0: all of it); what is left is cut."""
    lines = fold(text, room)
    if not most or len(lines) <= most:
        return lines
    return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), room)]


def fold(text: str, room: int) -> list[str]:
    """All of a text in lines of `room` cells: broken between words, and a longer word within."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if width(joined) <= room:
            lines[-1] = joined
            continue
        lines += [""] if lines[-1] else []
        left = word
        while width(left) > room:
            kept = max(1, len(cut(left, room)) - 1)
            lines[-1:] = [left[:kept], ""]
            left = left[kept:]
        lines[-1] = left
    return lines
