"""Names of people: read into words with their roles, and compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from crmcli.matching.first_names import full_forms, is_patronymic, other_forms
from crmcli.matching.words import differ_by_a_slip, skeleton, typed_otherwise, words_of

_ASIDE = frozenset({"ип", "mr", "mrs", "ms", "dr", "гн", "пан", "пани"})
_TITLES = frozenset({"г-н", "г-жа"})
_SHORTEST_SLIP = 4
_MOST_WORDS = 6

FIRST, MIDDLE, LAST, ANY = "first", "middle", "last", ""


class Word(NamedTuple):
    """A word of a name: as it is compared, as it was written (folded), and its role if that is known."""

    bones: str
    text: str
    role: str

    @property
    def is_initial(self) -> bool:
        """Whether only the first letter is there."""
        return len(self.text) == 1


HOW = ("same", "short", "slip", "initial")
"""In which ways two words may be one, the surest first."""


class Match(NamedTuple):
    """Two words that may be one: how, and which."""

    how: str
    one: Word
    other: Word


class Comparison(NamedTuple):
    """What two names have in common; `against` are the roles in which both say something else."""

    matches: tuple[Match, ...]
    against: tuple[str, ...]


@lru_cache(maxsize=8192)
def read_person(first: str, middle: str, last: str, name: str) -> tuple[Word, ...]:
    """The words of a person's name, from its folded parts, or from the whole where these lack.

    A phone or an address that stands for the name says nothing.
    """
    found = [
        Word(skeleton(text), text, role)
        for part, role in ((first, FIRST), (middle, MIDDLE), (last, LAST))
        for text in _words(part)
    ]
    if len(found) < 2 and name and not (found and (first or last) == name):
        whole = _with_roles(_words(name))
        if len(whole) > len(found):
            found = whole
    return tuple(found[:_MOST_WORDS])


def person_keys(text: str) -> set[str]:
    """By what a folded name is found in any order, alphabet and keyboard layout: each two of its words that
    are neither initials nor patronymics."""
    plain = text.replace(" ", "").isalpha() and not text.isascii()
    words = text.split() if plain else _words(text)
    found = sorted({bones for bones in map(_main_bones, words) if bones})
    if not 1 < len(found) <= _MOST_WORDS - 2:
        return set()
    return {" ".join(pair) for pair in combinations(found, 2)}


@lru_cache(maxsize=65536)
def _main_bones(word: str) -> str:
    """The skeleton of a first or a last name; "" of what else stands in a name."""
    is_aside = len(word) < 2 or word in _ASIDE or is_patronymic(word)
    return "" if is_aside else skeleton(word)


def called_otherwise(keys: Iterable[str]) -> set[str]:
    """The same with first names as they may be called beside that: Анна for Аня."""
    found = {
        " ".join(sorted([one, *(word for word in key.split() if word != called)]))
        for key in keys
        for called in key.split()
        for one in other_forms(called)
    }
    return found - {*keys}


def _words(text: str) -> list[str]:
    if not text or "@" in text:
        return []
    for title in _TITLES:
        text = text.removeprefix(title)
    meant = typed_otherwise(text)
    return [
        word
        for word in words_of(meant or text)
        if word not in _ASIDE and not any(letter.isdecimal() for letter in word)
    ]


def _with_roles(texts: list[str]) -> list[Word]:
    """Words in whatever order: the patronymic is known by its end, the first name by the list; of
    initials, that of the first name comes first."""
    roles = [ANY] * len(texts)
    initials = [place for place, text in enumerate(texts) if len(text) == 1]
    if initials and len(initials) < len(texts):
        for place, role in zip(initials, (FIRST, MIDDLE), strict=False):
            roles[place] = role
    if len(texts) > 2 or any(full_forms(skeleton(text)) for text in texts):
        for place in (*range(1, len(texts)), 0):  # what stands first may be a surname like it
            text = texts[place]
            if not roles[place] and is_patronymic(text) and not full_forms(skeleton(text)):
                roles[place] = MIDDLE
                break
    for place, text in enumerate([] if FIRST in roles else texts):
        if roles[place] == ANY and full_forms(skeleton(text)):
            roles[place] = FIRST
            break
    if FIRST in roles:
        roles = [role or LAST for role in roles]
    return [Word(skeleton(text), text, role) for text, role in zip(texts, roles, strict=True)]


def compare(one: tuple[Word, ...], other: tuple[Word, ...]) -> Comparison:
    """Lay two names beside each other; the order of the words does not count."""
    left, right = dict(enumerate(one)), dict(enumerate(other))
    found = [(how, i, j) for i in left for j in right if (how := _match(one[i], other[j]))]
    matches: list[Match] = []
    for how in HOW:
        for kind, i, j in found:
            if kind == how and i in left and j in right:
                matches.append(Match(how, left.pop(i), right.pop(j)))
    return Comparison(tuple(matches), _against(left.values(), right.values()))


@lru_cache(maxsize=32768)
def _match(one: Word, other: Word) -> str:
    """How two words may be one; "" if they are not."""
    if one.is_initial or other.is_initial:
        if not (_begins(one) & _begins(other)) or LAST in (one.role, other.role):
            return ""
        if one.role and other.role and one.role != other.role:
            return ""
        return "same" if one.bones == other.bones else "initial"
    if one.bones == other.bones:
        return "same"
    mine, theirs = full_forms(one.bones), full_forms(other.bones)
    if mine and theirs:
        return "short" if mine & theirs else ""
    if one.role and other.role and one.role != other.role:
        return ""
    return "slip" if is_slip(one.bones, other.bones) or is_slip(one.text, other.text) else ""


def _begins(word: Word) -> set[str]:
    return {word.bones[:1], skeleton(word.text[:1])}


def is_slip(one: str, other: str) -> bool:
    """Whether two words are one, once mistyped; husband and wife are two words."""
    if min(len(one), len(other)) < _SHORTEST_SLIP or not differ_by_a_slip(one, other):
        return False
    return not (one + "а" == other or other + "а" == one)


def _against(left: Collection[Word], right: Collection[Word]) -> tuple[str, ...]:
    """The roles of what is left on both sides."""
    mine, theirs = [word.role for word in left], [word.role for word in right]
    found = [role for role in (FIRST, MIDDLE, LAST) if role in mine and role in theirs]
    rest_mine = [role for role in mine if role not in found]
    rest_theirs = [role for role in theirs if role not in found]
    if (rest_mine and ANY in rest_theirs) or (rest_theirs and ANY in rest_mine):
        found.append(ANY)
    return tuple(found)
