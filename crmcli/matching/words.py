"""Words as they are compared: cut, brought to one alphabet, read in the other keyboard layout."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from crmcli.model.values import fold

_WORD = re.compile(r"[^\W_]+")
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюе"
_AS_RUSSIAN = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
_TYPED = re.compile(r"[a-z\[\];',.`\s-]+")
_VOWELS = frozenset("аеиоуыэюя")
_LATIN_VOWELS = frozenset("aeiou")
_NEVER_FIRST = frozenset("ьъы")
_LONGEST_CLUSTER, _LONGEST_LATIN_CLUSTER = 4, 3

# Latin groups by the sound that they stand for, the longest first; then single letters.
_GROUPS = (
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"),
    ("sh", "ш"), ("ph", "ф"), ("ck", "к"), ("yu", "ю"), ("iu", "ю"), ("ju", "ю"), ("ya", "я"),
    ("ia", "я"), ("ja", "я"), ("yo", "е"), ("jo", "е"), ("ye", "е"), ("je", "е"), ("x", "кс"),
)  # fmt: skip
_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwyz", "абкдефгхижклмнопкрстуввиз")
_SOUNDS = (
    ("ё", "е"), ("э", "е"), ("й", "и"), ("ы", "и"), ("ь", ""), ("ъ", ""), ("кс", "х"), ("тс", "ц"),
    ("сч", "щ"),
    ("ия", "я"), ("иа", "я"), ("ие", "е"), ("ио", "е"), ("ию", "ю"),
)  # fmt: skip
_MARKS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe",
                        "ı": "i", "đ": "d", "þ": "th"})  # fmt: skip
_MARKED = re.compile("[à-öø-ɏḀ-ỿß]")
_DOUBLED = re.compile(r"([^\W\d])\1+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded: letters and digits, whatever stands between them."""
    return tuple(_WORD.findall(fold(text)))


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """A folded word as it sounds, in one alphabet: Щербаков, Shcherbakov and Scherbakov are one.

    Digits stay as they are. Words that sound alike, but are others, may have one skeleton.
    """
    text = word = _plain(word)
    if not text.isascii() or text.isdecimal():
        latin = ""
    else:
        latin = text
        for group, letter in _GROUPS:
            text = text.replace(group, letter)
        text = text.translate(_LETTERS)
    for sound, letter in _SOUNDS:
        text = text.replace(sound, letter)
    return _DOUBLED.sub(r"\1", text) or latin or word


def _plain(word: str) -> str:
    """A word without the marks of Latin letters: Müller is Mueller, Łódź is Lodz."""
    if word.isascii() or not _MARKED.search(word):
        return word
    plain = unicodedata.normalize("NFD", word.translate(_MARKS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def is_latin(word: str) -> bool:
    """Whether a word is written in Latin letters."""
    return word.isascii() and not word.isdecimal()


@lru_cache(maxsize=4096)
def typed_otherwise(text: str) -> str:
    """A folded text as it was meant, if it was typed with the English layout on; "" if it was not.

    `bdfyjd gtnh` is `иванов петр`; what can be spoken in Latin letters is left alone.
    """
    if not _TYPED.fullmatch(text):
        return ""
    words = text.split()
    meant = [word.translate(_AS_RUSSIAN) for word in words]
    if not all(_can_be_spoken(word, _VOWELS, _LONGEST_CLUSTER) for word in meant if len(word) > 1):
        return ""
    odd = [
        word
        for word in words
        if len(word) > 3 and not _can_be_spoken(word, _LATIN_VOWELS, _LONGEST_LATIN_CLUSTER)
    ]
    return " ".join(meant) if odd else ""


def _can_be_spoken(word: str, vowels: frozenset[str], cluster: int) -> bool:
    if word[0] in _NEVER_FIRST:
        return False
    longest = run = 0
    spoken = False
    for letter in word:
        if letter in vowels:
            run, spoken = 0, True
        elif letter.isalpha():
            run += 1
            longest = max(longest, run)
        elif letter != "-":
            return False
    return spoken and longest <= cluster


def differ_by_a_slip(one: str, other: str) -> bool:
    """Whether one letter was left out, added, taken for another, or two changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    if short[start + 1 :] == long[start + 1 :]:
        return True
    swapped = long[start + 1 : start + 2] + long[start]
    return short[start : start + 2] == swapped and short[start + 2 :] == long[start + 2 :]
