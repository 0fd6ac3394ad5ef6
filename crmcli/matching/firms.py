"""Names of firms: the legal form set aside, the rest compared word by word."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from crmcli.matching.people import is_slip
from crmcli.matching.words import skeleton, typed_otherwise, words_of
from crmcli.model.values import fold

_LONG_FORMS = (
    (r"обществ\w+ с ограниченной ответственностью", "ооо"),
    (r"индивидуальн\w+ предпринимател\w+", "ип"),
    (r"непубличн\w+ акционерн\w+ обществ\w+", "ао"),
    (r"публичн\w+ акционерн\w+ обществ\w+", "пао"),
    (r"(?:(?:открыт|закрыт)\w+ )?акционерн\w+ обществ\w+", "ао"),
    (r"товариществ\w+ с ограниченной ответственностью", "ооо"),
    (r"автономн\w+ некоммерческ\w+ организаци\w+", "ано"),
    (r"limited liability company", "ооо"),
)  # fmt: skip
_FORMS = {
    "ооо": "ооо", "оао": "ао", "зао": "ао", "ао": "ао", "пао": "пао", "нао": "ао", "ип": "ип",
    "чп": "ип", "пбоюл": "ип", "тоо": "ооо", "оо": "ооо", "ано": "ано", "нко": "нко", "гуп": "гуп",
    "муп": "муп", "фгуп": "гуп", "гбу": "гбу", "фгбу": "гбу", "тсж": "тсж", "снт": "снт", "кфх": "кфх",
    "одо": "ооо", "чоп": "", "ooo": "ооо", "oao": "ао", "zao": "ао", "pao": "пао", "llc": "ооо",
    "ltd": "ооо", "limited": "ооо", "gmbh": "ооо", "inc": "inc", "corp": "inc", "corporation": "inc",
    "plc": "пао", "jsc": "ао", "ojsc": "ао", "cjsc": "ао", "pjsc": "пао", "srl": "ооо", "sarl": "ооо",
    "llp": "llp", "pty": "ооо", "pte": "ооо", "ohg": "ohg", "aps": "ооо",
}  # fmt: skip
"""What each form comes to: АО, ОАО and ЗАО are one, and so are OOO, LLC, Ltd and GmbH."""

_AT_EDGES = {
    "ao": "ао", "co": "", "sp": "ип", "ag": "ао", "sa": "ао", "spa": "ао", "sas": "ао", "nv": "ао",
    "bv": "ооо", "ab": "ао", "as": "ао", "oy": "ооо", "kg": "kg", "ug": "ооо", "lp": "lp", "нп": "нп",
    "пк": "пк",
}  # fmt: skip
"""Forms that are words elsewhere: they count only before the name and after it."""

_KNOWN = _FORMS.keys() | _AT_EDGES.keys()
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}[^\W\d_]?\.?")


class Firm(NamedTuple):
    """A firm's name: its legal form ("" if it does not say), its words as compared and as written."""

    form: str
    bones: tuple[str, ...]
    texts: tuple[str, ...]


class Likeness(NamedTuple):
    """What the words of two firms' names have in common.

    `same` and `slips` are skeletons; `only_one` and `only_other` are left over on either side.
    """

    same: tuple[str, ...]
    slips: tuple[str, ...]
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]


@lru_cache(maxsize=8192)
def read_firm(name: str) -> Firm:
    """A firm's name taken apart."""
    text = fold(name)
    if not text or "@" in text:
        return Firm("", (), ())
    if _KNOWN.isdisjoint(words_of(text)):  # whoever writes Ltd means Latin letters
        text = typed_otherwise(text.strip('"«» ')) or text
    form = ""
    if "обществ" in text or "предпринимател" in text or "организаци" in text or "liability" in text:
        for pattern, short in _LONG_FORMS:
            text, count = re.subn(pattern, " ", text)
            form = form or (short if count else "")
    words = words_of(_DOTTED.sub(_undotted, text))
    kept, forms = _without_forms(words)
    form = form or next(iter(forms), "")
    return Firm(form, tuple(skeleton(word) for word in kept), tuple(kept))


def _undotted(match: re.Match[str]) -> str:
    """G.m.b.H. is a form, J.R.R. is not."""
    word = match[0].replace(".", "")
    return word if word in _KNOWN else match[0]


def _without_forms(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The words that make the name, and the forms among the others; a firm may well be called Co."""
    kept = [word for word in words if word not in _FORMS]
    while len(kept) > 1 and kept[-1] in _AT_EDGES:
        kept.pop()
    while len(kept) > 1 and kept[0] in _AT_EDGES:
        kept.pop(0)
    if not kept:
        return list(words), []
    forms = [_FORMS.get(word, _AT_EDGES.get(word, "")) for word in words if word not in kept]
    return kept, list(filter(None, forms))


def may_be_one(one: Firm, other: Firm) -> bool:
    """Whether two names are spelled alike and their legal forms, where both are said, are one."""
    return one.texts == other.texts and (not one.form or not other.form or one.form == other.form)


def compare_firms(one: Firm, other: Firm) -> Likeness:
    """Lay two names beside each other; the order of the words does not count."""
    left, right = list(one.bones), list(other.bones)
    same = [word for word in one.bones if word in right]
    for word in same:
        if word in left and word in right:
            left.remove(word)
            right.remove(word)
    slips = []
    for word in list(left):
        near = next((w for w in right if is_slip(word, w) and not _numbered(word, w)), None)
        if near is not None:
            slips.append(near)
            left.remove(word)
            right.remove(near)
    if "".join(left) == "".join(right):  # Тепло дом, Теплодом
        same += left
        left, right = [], []
    return Likeness(tuple(same), tuple(slips), tuple(left), tuple(right))


def _numbered(one: str, other: str) -> bool:
    return any(letter.isdigit() for letter in one + other)
