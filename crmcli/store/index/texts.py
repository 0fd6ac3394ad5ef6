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


def having(words: Sequence[Word], index: str = "text", columns: Sequence[str] = TEXTS) -> Texts:
    """The rows of a trigram index in whose columns all words stand.

    Where all words are too short for it, those of the table that it is of.
    """
    long = [word for word in words if not word.is_short]
    short = [word for word in words if word.is_short]
    whole = " || ' ' || ".join(columns)
    within = f"{{{' '.join(columns)}}} : " if columns == NAMES else ""
    terms = [f"{index} MATCH ?"] if long else []
    terms += [f"({' OR '.join(f'instr({whole}, ?)' for _ in one.spellings)})" for one in short]
    asked = [" AND ".join(_asked(word, within) for word in long)] if long else []
    parameters = asked + [text for word in short for text in word.spellings]
    table = index if long else SOURCES[index][0]
    return Texts(table, " AND ".join(terms), parameters)


def _asked(word: Word, within: str) -> str:
    spelled = [within + _quoted(text) for text in word.spellings]
    dialled = [f"phones : {_quoted(digits)}" for digits in word.digits]
    return f"({' OR '.join(spelled + dialled)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
