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
    (r"публичн\w+ акционерн\w+ обществ\w+", "пао"),
    (r"непубличн\w+ акционерн\w+ обществ\w+", "ао"),
    (r"(?:открыт|закрыт)\w+ акционерн\w+ обществ\w+", "ао"),
    (r"акционерн\w+ обществ\w+", "ао"),
    (r"товариществ\w+ с ограниченной ответственностью", "ооо"),
    (r"автономн\w+ некоммерческ\w+ организаци\w+", "ано"),
    (r"limited liability company", "ооо"),
)  # fmt: skip
_FORMS = {
    "ооо": "ооо", "оао": "ао", "зао": "ао", "ао": "ао", "пао": "пао", "нао": "ао", "ип": "ип",
    "чп": "ип", "пбоюл": "ип", "тоо": "ооо", "оо": "ооо", "ано": "ано", "нко": "нко", "гуп": "гуп",
    "муп": "муп", "фгуп": "гуп", "гбу": "гбу", "фгбу": "гбу", "тсж": "тсж", "снт": "снт", "кфх": "кфх",
    "ooo": "ооо", "oao": "ао", "zao": "ао", "ao": "ао", "pao": "пао", "llc": "ооо", "ltd": "ооо",
    "limited": "ооо", "gmbh": "ооо", "inc": "inc", "corp": "inc", "co": "", "plc": "пао", "jsc": "ао",
    "ojsc": "ао", "cjsc": "ао", "pjsc": "пао", "sp": "ип", "ag": "ао", "sa": "ао", "srl": "ооо",
}  # fmt: skip


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
    text = typed_otherwise(text.strip('"«» ')) or text
    form = ""
    if "обществ" in text or "предпринимател" in text or "организаци" in text or "liability" in text:
        for pattern, short in _LONG_FORMS:
            text, count = re.subn(pattern, " ", text)
            form = form or (short if count else "")
    words = words_of(text)
    kept = [word for word in words if word not in _FORMS]
    if not kept:
        kept = list(words)  # a firm may well be called Co
    elif not form:
        form = next((_FORMS[word] for word in words if word in _FORMS), "")
    return Firm(form, tuple(skeleton(word) for word in kept), tuple(kept))


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
