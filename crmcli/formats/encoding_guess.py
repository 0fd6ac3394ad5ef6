"""In which encoding Russian text is, if nothing says so: its letters and capitals tell."""

from __future__ import annotations

import math
import re

from crmcli.formats.csv import Table
from crmcli.language import tr

CANDIDATES = ("cp1251", "koi8-r", "cp866", "mac-cyrillic")
SAMPLE = 100_000
"""Letters that are looked at."""

_ENOUGH = 8
"""Letters beyond ASCII from which on a guess is one."""

_MARGIN = 0.3
"""How much better a letter must be on the average; a wrong encoding is worse by 0.4 to 4."""

_POOR = -0.8
"""What no Russian text falls to, even if it is nothing but rare names."""

_PER_MILLE = {
    "о": 110, "е": 84, "а": 80, "и": 74, "н": 67, "т": 63, "с": 55, "р": 47, "в": 45, "л": 44, "к": 35,
    "м": 32, "д": 30, "п": 28, "у": 26, "я": 20, "ы": 19, "ь": 17, "г": 17, "з": 17, "б": 16, "ч": 14,
    "й": 12, "х": 10, "ж": 9, "ш": 7, "ю": 6, "ц": 5, "щ": 4, "э": 3, "ф": 3, "ъ": 0.4, "ё": 0.4,
}  # fmt: skip
_WEIGHTS = {letter: math.log(share / 10) for letter, share in _PER_MILLE.items()}
_NO_LETTER, _FOREIGN, _ODD_CAPITALS = math.log(0.01), math.log(0.005), 2.0
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")


def likely_encoding(table: Table) -> str:
    """The encoding in which a table that was read as windows-1251 reads best; "" if that is none other."""
    if table.encoding != "cp1251":
        return ""
    raw = table.text[:SAMPLE].encode("cp1251", "surrogateescape")
    if sum(byte > 127 for byte in raw) < _ENOUGH:
        return ""
    scores = {name: _score(raw.decode(name, "replace")) for name in CANDIDATES}
    best = max(CANDIDATES, key=lambda name: scores[name])
    return best if scores[best] > max(scores["cp1251"] + _MARGIN, _POOR) else ""


def doubt_of_encoding(table: Table) -> list[str]:
    """A sentence where the text does not read well in the encoding that was taken."""
    if table.encoding != "cp1251":
        return []
    likely = likely_encoding(table)
    if likely:
        return [tr("read as cp1251, but it looks like {0}: pass --encoding {0}", likely)]
    if _score(table.text[:SAMPLE]) < _POOR:
        return ["read as cp1251, a guess: check the first rows, or pass --encoding cp1252"]
    return []


def _score(text: str) -> float:
    """How Russian the part of a text is that is not ASCII: the mean weight of its letters."""
    total, seen = 0.0, 0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        letters = [letter for letter in word.lower() if not letter.isascii()]
        total += sum(_WEIGHTS.get(letter, _FOREIGN) for letter in letters)
        if _LATIN.search(word) or not (word[1:].islower() or len(word) == 1 or word.isupper()):
            total -= _ODD_CAPITALS * len(letters)
        seen += len(letters)
    others = sum(not letter.isascii() and not letter.isalnum() for letter in text)
    return (total + others * _NO_LETTER) / (seen + others) if seen + others else 0.0
