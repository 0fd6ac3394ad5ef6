"""How words are spelled by who searches and sorts: plain letters, and the order of an alphabet.

Neither says that two texts are the same: what is compared goes through `values.fold`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from crmcli.model.values import fold

_DRESSED = "\u00c0-\u03ff\u1e00-\u1fff"  # Latin and Greek letters with marks; the marks themselves
_UNSEEN = "\u00ad\u200b-\u200f\u2060\ufeff"
_SIGNS = "\u2010-\u2015\u2018-\u201f\u2032\u2212"
_ODD = re.compile(f"[{_DRESSED}{_UNSEEN}{_SIGNS}]")
SPELLED_OTHERWISE = f"*['{_DRESSED}{_UNSEEN}{_SIGNS}]*"
"""What texts are, as GLOB has it, that may be spelled in another way."""

_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "ŋ": "n", "ŧ": "t", "ĸ": "k", "ə": "e", "ʼ": "'",
}  # fmt: skip
"""Letters that are no others with a mark."""
_IN_FULL = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
"""How they are written where the keyboard has none of them."""
_TWOFOLD = re.compile(r"\S*[äöüåø'\u2018\u2019]\S*")

_AFTER_ALL = "\U0010fffd"
_ORDER = "гґғ еє иії кқ нң оө уўұү хһ аә"
"""Letters that stand behind the first of their row, as alphabets of their own."""
_ORDER_IN = {
    "PL": "aą cć eę lł nń oó sś zźż", "CZ": "cč rř sš zž", "SK": "aä cč oô sš zž",
    "SI": "cč sš zž", "HR": "cčć dđ sš zž", "RS": "cčć dđ sš zž", "BA": "cčć dđ sš zž",
    "LT": "cč sš zž", "LV": "cč gģ kķ lļ nņ sš zž", "EE": "sšzž wõäöü", "HU": "oö uü",
    "RO": "aăâ iî sșş tțţ", "TR": "cç gğ hı oö sş uü", "AZ": "cç eə gğ hı oö sş uü",
    "SE": "zåäö", "FI": "zåäö", "NO": "zæøå", "DK": "zæøå", "IS": "dð zþæö", "ES": "nñ", "AL": "cç eë",
}  # fmt: skip
"""The same where Latin letters with marks are letters of their own; elsewhere ä stands with a."""


def header_key(text: str) -> str:
    """The name of a column or field as it is compared: letters and digits only, without case, accents or
    signs."""
    letters = unicodedata.normalize("NFD", fold(text))
    return "".join(letter for letter in letters if letter.isalnum())


def plain(folded: str) -> str:
    """A folded text as it is typed: Latin and Greek letters without marks and ligatures, quotes and
    dashes of the keyboard."""
    if folded.isascii() or not _ODD.search(folded):
        return folded
    return _ODD.sub(lambda match: _plain_letter(match[0]), folded)


@cache
def _plain_letter(letter: str) -> str:
    if letter in _LETTERS:
        return _LETTERS[letter]
    if unicodedata.category(letter) == "Pd" or letter == "\u2212":
        return "-"
    if letter in "\u2018\u2019\u201a\u201b\u2032":
        return "'"
    if letter in "\u201c\u201d\u201e\u201f":
        return '"'
    apart = unicodedata.normalize("NFD", letter)
    seen = (c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    return "".join(_LETTERS.get(c, c) for c in seen)


def searchable(folded: str) -> str:
    """The plain text, and behind it the words that have another spelling: `muller mueller`."""
    if "'" not in folded and (folded.isascii() or not _ODD.search(folded)):
        return folded
    return " ".join([plain(folded), *map(_in_full, _TWOFOLD.findall(folded))])


def spellings(word: str) -> tuple[str, ...]:
    """A folded word as it may stand in such a text."""
    return tuple(dict.fromkeys([plain(word), _in_full(word)]))


def contains(folded: str, part: str) -> bool:
    """Whether a part stands in a text, both folded, in some spelling: `francois` in François."""
    return plain(part) in plain(folded) or _in_full(part) in _in_full(folded)


def _in_full(word: str) -> str:
    return plain(word.translate(_IN_FULL)).replace("'", "")


class Alphabet:
    """The order of words in a country. Those that stand by their letters' numbers need no key."""

    def __init__(self, country: str) -> None:
        self._moved = _moved(f"{_ORDER} {_ORDER_IN.get(country.upper(), '')}")
        odd = f"{_DRESSED}{_UNSEEN}{_SIGNS}{''.join(map(chr, self._moved))}"
        self._is_odd = re.compile(f"[{odd}]").search

    def key(self, folded: str) -> str | None:
        """What stands for a folded text in an ordered list; None for itself.

        Of words with the same letters the plain one comes first.
        """
        if folded.isascii() or not self._is_odd(folded):
            return None
        return f"{plain(folded.translate(self._moved))}\x01{folded}"


def _moved(rows: str) -> Mapping[int, str]:
    """By letter what puts it behind the first of its row."""
    return {
        ord(letter): f"{row[0]}{_AFTER_ALL}{place}"
        for row in rows.split()
        for place, letter in enumerate(row[1:])
    }
