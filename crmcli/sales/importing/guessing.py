"""Whether a file's encoding was guessed well: Russian text has few capitals inside its words."""

from __future__ import annotations

import re

from crmcli.store.tables import Table

CANDIDATES = ("cp1251", "koi8-r", "cp866", "mac-cyrillic")
SAMPLE = 100_000
"""Letters that are looked at."""

_COMMON = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъ")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")


def doubt_of_encoding(table: Table) -> list[str]:
    """A sentence where the bytes read better in another encoding than in the one that was taken."""
    if table.encoding != "cp1251":
        return []
    raw = table.text[:SAMPLE].encode("cp1251", "surrogateescape")
    scores = {name: _score(raw.decode(name, "replace")) for name in CANDIDATES}
    best = max(CANDIDATES, key=lambda name: scores[name])
    if best != "cp1251" and scores[best] > scores["cp1251"] + 0.05:
        return [f"read as cp1251, but it looks like {best}: --encoding {best}"]
    if scores["cp1251"] < 0.5:
        return ["read as cp1251, which is a guess: see the first rows, else say --encoding cp1252"]
    return []


def _score(text: str) -> float:
    """How much of the text that is not ASCII is Russian as people write it, from 0 to 1."""
    good = seen = 0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        seen += len(word)
        is_mixed = bool(_LATIN.search(word))
        is_russian = word[1:] == word[1:].lower() or word == word.upper()
        if not is_mixed and is_russian:
            good += sum(letter in _COMMON for letter in word.lower())
            if word == word.upper() and len(word) > 1:
                good -= len(word) // 2  # whole words of capitals are rare
    others = sum(not letter.isascii() and not letter.isalnum() for letter in text)
    return good / (seen + others) if seen + others else 1.0
