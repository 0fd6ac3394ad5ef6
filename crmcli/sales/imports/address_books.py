"""What address books write into one cell, or into two: `* Mobile` beside the number, ` ::: ` between two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crmcli.model.values import Raw, fold
from crmcli.words import rows

BETWEEN = " ::: "
_PRIMARY = re.compile(r"(^|; )\* ")
_LISTED = re.compile(r"\[.*\]|\{.*\}")
_BETWEEN_TAGS = re.compile(r"[,;|\n]")
_QUOTED = re.compile(r"""^(["'])(.*)\1$""")
_TYPES = {word: kind for kind, words in rows("point_types") for word in words.split("|")}


def apart(text: str) -> str:
    """Several values of one cell as our lists have them, without the star of the primary one."""
    if BETWEEN in text:
        text = text.replace(BETWEEN, "; ")
    return _PRIMARY.sub(r"\1", text) if "* " in text else text


def tags_of(text: str) -> str:
    """Tags as our lists have them, of `"a","b"`, `[a, b]`, `a|b`."""
    bare = text.strip()
    if _LISTED.fullmatch(bare):
        bare = bare[1:-1]
    parts = (part.strip() for part in _BETWEEN_TAGS.split(bare))
    return ", ".join(_QUOTED.sub(r"\2", part) for part in parts)


def named_type(caption: Raw, allowed: Sequence[str]) -> str:
    """The type of a phone or an e-mail that its own column names; any other word is `other`."""
    text = fold(str(caption)).removeprefix("* ")
    found = _TYPES.get(text, "other" if text else "")
    return found if found in allowed else "other" if found else ""


def caption_of(label: str, said: Raw) -> str:
    """How a labelled line of the comment begins: `Годовщина` rather than `Event 1 - Value`."""
    return str(said).removeprefix("* ") or label


def with_type(raw: Raw, kind: str) -> Raw:
    """Phones or e-mails with the type that their column has, unless the cell says another."""
    return [
        {**item, "type": kind}
        if isinstance(item, dict) and item.get("type", "work") == "work"
        else item
        for item in (raw if isinstance(raw, list) else [])
    ]


def joined(address: str, parts: Sequence[str]) -> str:
    """An address with those parts that it does not say yet in whole words; a number may come twice."""
    found = [address] if address else []
    for part in map(str.strip, parts):
        is_said = re.search(rf"(?<!\w){re.escape(fold(part))}(?!\w)", fold(address))
        is_twice = not re.search("[0-9]", part) and fold(part) in map(fold, found)
        if part and not is_said and not is_twice:
            found.append(part)
    return ", ".join(found)
