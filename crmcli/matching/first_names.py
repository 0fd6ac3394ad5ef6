"""First names: the short forms that people are called by, and what they are short for."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from crmcli.matching.words import skeleton
from crmcli.model.values import fold

_NAMES = Path(__file__).with_name("first_names.txt")
"""A full name a line, with what it is shortened to."""

_GIVEN = Path(__file__).with_name("given_names.txt")
"""First names that are only known as such, of several languages."""


@cache
def _known() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _NAMES.read_text("utf-8").splitlines():
        full, _, short = line.partition(":")
        key = skeleton(full.casefold())
        for name in (full, *short.split()):
            found.setdefault(skeleton(name.casefold().replace("ё", "е")), set()).add(key)
    return {name: frozenset(full) for name, full in found.items()}


@cache
def _called() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for bones, full in _known().items():
        for one in full:
            found.setdefault(one, set()).add(bones)
    return found


def other_forms(bones: str) -> set[str]:
    """What else somebody is called whose first name's skeleton is this, in full or for short."""
    return {one for full in full_forms(bones) for one in (full, *_called()[full])} - {bones}


def full_forms(bones: str) -> frozenset[str]:
    """The full first names, as skeletons, that a name's skeleton may stand for; none if unknown."""
    return _known().get(bones, frozenset())


@cache
def _given() -> frozenset[str]:
    names = _GIVEN.read_text("utf-8").split()
    return frozenset(
        skeleton(part) for name in names for part in (fold(name), *fold(name).split("-"))
    )


def is_first_name(word: str) -> bool:
    """Whether a word is a known first name or two, full or short, in whichever alphabet."""
    parts = fold(word).split("-")
    return all(skeleton(part) in _given() or bool(full_forms(skeleton(part))) for part in parts)


OF_FATHER = ("оглы", "оглу", "кызы", "уулу", "углы", "гызы", "ogly", "oglu", "kyzy", "gizi")
"""Words that make the name before them a patronymic: Гасан оглы."""

_PATRONYMIC = re.compile(
    r".{2,}(?:[ое]вич|[ое]вна|инична|ична|ovich|evich|ovna|evna|ichna|"
    rf"-?(?:{'|'.join(OF_FATHER)}))"
)
_SHORT = re.compile(r".{2,}[иы]ч")
_OF_FATHER = re.compile(r"(.{2,})[ое]вич")
_ALSO_LAST = frozenset(
    [
        "абрамович",
        "давидович",
        "адамович",
        "якубович",
        "климович",
        "данилович",
        "лукашевич",
        "богданович",
    ]
)
_CUT_SHORT = {"павл": "павел", "льв": "лев", "петр": "петр", "юрь": "юрий"}
_MEN = frozenset(
    [
        "никита",
        "илья",
        "лука",
        "фома",
        "кузьма",
        "савва",
        "саша",
        "женя",
        "валера",
        "миша",
        "дима",
        "леша",
        "вася",
        "коля",
        "паша",
    ]
)
_SURNAME_TOO = re.compile(r".+(?:[ое]вич|[oe]vich)")
_ALWAYS = ("ильич", "ilyich", "ilich", "кузьмич", "лукич", "никитич", "фомич", "саввич", "фокич", "силыч",
           "ильинична")  # fmt: skip


def is_patronymic(word: str, words: int = 3) -> bool:
    """Whether a folded word, in whichever alphabet, is a patronymic, in a name of so many words.

    Of two words the second may be a surname: Анна Рабинович. Among three Силыч is none.
    """
    if word in _ALWAYS or " " in word:
        return True
    if words == 2 and _SURNAME_TOO.fullmatch(word):
        return False
    return bool(_PATRONYMIC.fullmatch(word)) or (words > 2 and bool(_SHORT.fullmatch(word)))


def is_father_of(first: str, word: str) -> bool:
    """Whether the second of two folded words tells whose son the first is: Сергей Викторович, but
    Анна Рабинович and Анна Викторович."""
    match = _OF_FATHER.fullmatch(word)
    if match is None or word in _ALSO_LAST or not is_first_name(first):
        return False
    if first.endswith(("а", "я")) and first not in _MEN:
        return False
    stem = _CUT_SHORT.get(match[1], match[1])
    names = [stem, f"{stem}й", f"{stem}ь", f"{stem}а", f"{stem.removesuffix('ь')}ий"]
    return any(map(is_first_name, names))


@cache
def _spelled() -> frozenset[str]:
    texts = (_NAMES.read_text("utf-8"), _GIVEN.read_text("utf-8"))
    return frozenset(word for text in texts for word in re.findall(r"[^\W\d_]+", fold(text)))


def is_spelled(word: str) -> bool:
    """Whether a word is a known first name in its own alphabet, not only by its sound."""
    return fold(word) in _spelled()
