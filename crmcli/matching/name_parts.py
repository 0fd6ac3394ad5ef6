"""The parts of a person's name: Ф И О, first last or last first; no word is lost."""

from __future__ import annotations

import re

from crmcli.matching.first_names import OF_FATHER, is_father_of, is_first_name, is_patronymic
from crmcli.model.values import fold

_PARTICLES = frozenset(
    ("von", "van", "de", "der", "den", "del", "di", "da", "do", "dos", "du", "la", "le", "ter", "zu", "zur",
     "фон", "ван", "де", "ди", "ла", "ле")
)  # fmt: skip
"""With what a last name of several words begins."""

_SUFFIX = re.compile(
    r"(?:,? +|,)((?:jr|sr|ph\.?d|m\.?d|mba|esq|мл|ст|к\.?т\.?н)\.?|II|III|IV)$", re.IGNORECASE
)
_TITLE = re.compile(
    r"((?:mr|mrs|ms|miss|dr|prof|herr|frau|mme|pan|pani|sr|sra|г-н|г-жа|д-р|проф)\.?|m\.) +(?=\S)",
    re.IGNORECASE,
)

_LETTER = re.compile(r"[^\W\d_]")


def split_name(text: str, form: str = "auto") -> dict[str, str]:
    """The parts of a whole name by field; {} where nothing tells which word is which.

    What is no name stays beside one: a title before the first, `Jr.` behind the last. A word without
    a letter is part of no name: 1,5 is a number.
    """
    if not all(map(_LETTER.search, re.split(r"[\s,]+", text.strip(" ,")))):
        return {}
    if suffix := _SUFFIX.search(text):
        found = split_name(text[: suffix.start()], form)
        last = f"{found.get('last_name', '')} {suffix[1]}"
        return {**found, "last_name": last} if found.get("last_name") else {}
    last, comma, rest = (part.strip() for part in text.partition(","))
    if comma and last and rest and "," not in rest:
        title = _TITLE.match(rest)
        first, *middle = (rest[title.end() :] if title else rest).split()
        return _parts([title[1], first] if title else [first], middle, last.split())
    words = _together(text.split())
    if len(words) == 2 and is_father_of(fold(words[0]), fold(words[1])) and form == "auto":
        return _parts(words[:1], words[1:], [])
    if len(words) < 2 or comma:
        return {}
    if form == "first-last":
        return _parts(words[:1], words[1:-1], words[-1:])
    if form in ("fio", "last-first"):
        return _parts(words[1:2], words[2:], words[:1])
    return _by_patronymic(words) or _by_first_name(words)


def _by_patronymic(words: list[str]) -> dict[str, str]:
    place = next(
        (n for n, word in enumerate(words) if n and is_patronymic(fold(word), len(words))), 0
    )
    if not place:
        return {}
    middle = words[place : place + 1]
    if place == len(words) - 1 and len(words) > 2:
        return _parts(words[place - 1 : place], middle, words[: place - 1])
    return _parts(words[:place], middle, words[place + 1 :])


def _by_first_name(words: list[str]) -> dict[str, str]:
    """Known first names stand together at one end, and what else there is is the last name."""
    known = [is_first_name(word) for word in words]
    count = sum(known)
    if not 0 < count < len(words):
        return {}
    if all(known[:count]):
        first, rest = words[:count], words[count:]
    elif all(known[-count:]):
        first, rest = words[-count:], words[:-count]
    else:
        return {}
    if any(len(word.strip(".")) < 2 or not word[0].isalpha() for word in rest):
        return {}  # initials
    if len(rest) > 1 and fold(rest[0]) not in _PARTICLES:
        return {}
    return {"first_name": " ".join(first), "last_name": " ".join(rest)}


def _together(words: list[str]) -> list[str]:
    """`Гасан оглы` is one word of a name."""
    joined: list[str] = []
    for word in words:
        if joined and fold(word) in OF_FATHER:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _parts(first: list[str], middle: list[str], last: list[str]) -> dict[str, str]:
    words = {"first_name": first, "middle_name": middle, "last_name": last}
    return {name: " ".join(part) for name, part in words.items() if part}
