"""From words to what the trigram index is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crmcli.store.index.fulltext import SOURCES, TEXTS
from crmcli.store.index.questions import Word

NAMES = TEXTS[:2]
"""The columns in which the names of a client stand."""


class Texts(NamedTuple):
    """Rows of texts: the table that has them, what they must hold, the values for its question marks."""

    table: str
    where: str
    parameters: list[str]

    @property
    def num(self) -> str:
        """What in the table says of which record or event a text is."""
        return f"{self.table}.{'rowid' if self.table in SOURCES else 'num'}"


def having(
    words: Sequence[Word],
    index: str = "text",
    columns: Sequence[str] = TEXTS,
    *,
    is_scanned: bool = False,
) -> Texts:
    """The rows of a trigram index in whose columns all words stand.

    Where all words are too short for it, or `is_scanned`, those of the table that it is of.
    """
    long = [word for word in words if not (word.is_short or is_scanned)]
    short = [word for word in words if word.is_short or is_scanned]
    whole = " || ' ' || ".join(columns)
    within = f"{{{' '.join(columns)}}} : " if columns == NAMES else ""
    terms = [f"{index} MATCH ?"] if long else []
    terms += [f"({' OR '.join(_scanned(one, whole))})" for one in short]
    asked = [" AND ".join(_asked(word, within) for word in long)] if long else []
    parameters = asked + [text for one in short for text in (*one.spellings, *one.digits)]
    table = index if long else SOURCES[index][0]
    return Texts(table, " AND ".join(terms), parameters)


def _scanned(word: Word, whole: str) -> list[str]:
    said = [f"instr({whole}, ?)"] * len(word.spellings)
    return said + ["instr(phones, ?)"] * len(word.digits)


def _asked(word: Word, within: str) -> str:
    spelled = [within + _quoted(text) for text in word.spellings]
    dialled = [f"phones : {_quoted(digits)}" for digits in word.digits]
    return f"({' OR '.join(spelled + dialled)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
