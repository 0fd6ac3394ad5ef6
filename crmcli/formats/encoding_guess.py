"""In which encoding a text is, if nothing says so: its letters tell, and the languages that are expected."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache

from crmcli.dataclass import dataclass
from crmcli.formats.letters import PER_MILLE, RARITY, SMALL, WRITTEN_IN

MOST_WORDS = 1000
"""Different words that are looked at."""

NEAR = 3.0
"""How much likelier, as a logarithm, one reading must be than another to be taken without asking."""

_POOR = -4.0
"""What the letters of no real text fall to on the average."""

_EXPECTED, _RARE = 2.5, -1.0
"""What it counts that an encoding has a language that is expected, or is rare."""

_FOREIGN, _ODD, _BROKEN, _SIGN = -5.3, -3.5, -8.0, -0.5
_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_LETTERS = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")
_PLAIN_SIGNS = frozenset("“”„‘’‚‹›–—…«»№·•°©®™§€£\xa0\xad")
_STUCK = re.compile(
    r"(?<=[^\W\d_])[^\w\s’·\xa0\xad](?=[^\W\d_])|(?<=[^\W\d_])[^\w\s’‘·“”«»›…®™\xa0\xad]|[^\w\s’‘·“”„«»‹›‚\xa0\xad](?=[^\W\d_])"
)
"""A sign that touches a letter as none does in real text."""

_STANDS = {
    "ñ": re.compile("ñ[aeiouáéíóú]"), "ń": re.compile("ń(?![aeiouyóąę])"), "ì": re.compile("ì$"),
    "ò": re.compile("ò$"), "ù": re.compile("ù$"), "ø": re.compile("(?<![aeiouyáéíóú])ø(?![aeiouáéíóú])"),
    "ã": re.compile("ã(?:[oes]|$)"), "ă": re.compile("ă(?![oe])"), "ő": re.compile("ő(?!e)"),
    "è": re.compile("è(?![aeiouyáéíóú])"), "æ": re.compile("æ(?=[a-zåøö])(?![aeiou])"),
    "þ": re.compile("^þ"), "ł": re.compile("ł(?!$)|[aeiouyó]ł"),
}  # fmt: skip
"""Where a letter stands that others are easily taken for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text reads in one encoding: how likely that is, as a logarithm, and its words."""

    encoding: str
    score: float
    words: tuple[str, ...]


def readings(body: bytes, languages: Collection[str] = ()) -> list[Reading]:
    """The readings of a text that are as good as the best or near it, the best first; [] if none is good."""
    words = _words(body)
    found: dict[tuple[str, ...], Reading] = {}
    for encoding, spoken in WRITTEN_IN.items():
        texts = tuple(word.decode(encoding, "replace") for word in words)
        score = _together([_by_language(text, tuple(spoken)) for text in texts], spoken)
        score += _EXPECTED * any(language in languages for language in spoken)
        score += _RARE * RARITY[encoding]
        if texts not in found or found[texts].score < score:
            found[texts] = Reading(encoding, score, texts)
    ranked = sorted(found.values(), key=lambda reading: -reading.score)
    letters = sum(sum(not c.isascii() for c in text) for text in ranked[0].words) if ranked else 0
    if not letters or ranked[0].score / letters < _POOR:
        return []
    return [reading for reading in ranked if reading.score > ranked[0].score - NEAR]


def _words(body: bytes) -> list[bytes]:
    """The first different words that have more than ASCII."""
    found: dict[bytes, None] = {}
    for match in _WORD.finditer(body):
        found[match[0]] = None
        if len(found) == MOST_WORDS:
            break
    return [*found]


def _together(words: Sequence[Sequence[float]], spoken: Sequence[str]) -> float:
    """How likely all words are: each in the language that fits it best, and the fewer of them the better."""
    chosen = Counter(max(range(len(spoken)), key=word.__getitem__) for word in words)
    rest = {n: 0.1 if name in SMALL else 0.5 for n, name in enumerate(spoken)}
    whole = len(words) + sum(rest.values())
    share = [1.25 * math.log((chosen[n] + rest[n]) / whole) for n in rest]
    return sum(max(one + part for one, part in zip(word, share, strict=True)) for word in words)


@cache
def _by_language(text: str, languages: tuple[str, ...]) -> tuple[float, ...]:
    """How likely a word with its signs is, in each language."""
    total = _SIGN * sum(sign in _PLAIN_SIGNS for sign in text)
    total += 2 * _ODD * len(_STUCK.findall(text))
    for sign in text:
        if sign == "\ufffd" or not (sign.isprintable() or sign in _PLAIN_SIGNS):
            total += _BROKEN
        elif not (sign.isalpha() or sign.isascii() or sign in _PLAIN_SIGNS):
            total += 2 * _ODD
    found = [_of_word(word, languages) for word in _LETTERS.findall(text)]
    return tuple(total + sum(one) for one in zip(*found, strict=True)) or (total,) * len(languages)


def _of_word(word: str, languages: Sequence[str]) -> list[float]:
    lower = word.lower()
    letters = [letter for letter in lower if not letter.isascii() and letter.isalpha()]
    odd = _ODD * sum(not _STANDS[c].search(lower) for c in {*letters} if c in _STANDS)
    if _LATIN.search(word):
        odd += 3 * _ODD * sum(letter > "\u02ff" for letter in letters)
    if not (word[1:].islower() or len(word) == 1 or word.isupper()):
        odd += 2 * _ODD * len(letters)
    found = [odd + sum(_weight(letter, name) for letter in letters) for name in languages]
    return [min(one, 0.0) for one in found] if len(word) == 1 else found


@cache
def _weight(letter: str, language: str) -> float:
    share = PER_MILLE[language].get(letter)
    return math.log(share / 10) if share else _FOREIGN
