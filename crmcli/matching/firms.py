"""Names of firms: the legal form set aside, the rest compared word by word."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from crmcli.matching.people import is_slip
from crmcli.matching.words import skeleton, typed_otherwise, words_of
from crmcli.model.values import fold

_LONG_FORMS = r"""
    ооо: обществ\w+ с ограниченной ответственностью
    ип: индивидуальн\w+ предпринимател\w+
    ао: непубличн\w+ акционерн\w+ обществ\w+
    пао: публичн\w+ акционерн\w+ обществ\w+
    ао: (?:(?:открыт|закрыт)\w+ )?акционерн\w+ обществ\w+
    ооо: товариществ\w+ с ограниченной ответственностью
    ано: автономн\w+ некоммерческ\w+ организаци\w+
    ооо: limited liability company|private limited(?: company)?|proprietary limited
    ооо: gesellschaft mit beschränkter haftung|haftungsbeschränkt
    ооо: spółka z ograniczoną odpowiedzialnością|společnost s ručením omezeným
    ооо: soci[eé]t[eé] [aà] responsabilit[eé] limit[eé]e|sociedad de responsabilidad limitada
    ооо: societ[aà] a responsabilit[aà] limitata|sociedade limitada|limited şirketi
    ао: aktiengesellschaft|spółka akcyjna|soci[eé]t[eé] anonyme|sociedad an[oó]nima
    ао: societ[aà] per azioni|sociedade an[oôó]nima|anonim şirketi|kabushiki (?:kaisha|gaisha)
    ао: 股份有限公司|株式会社|주식회사|\(株\)|\(주\)
    ооо: 有限责任公司|有限公司|合同会社|有限会社|유한회사|\(有\)|\(유\)
"""
"""Forms written out, and those of other scripts: what each comes to, and its pattern."""

_FORMS = {
    "ооо": "ооо", "оао": "ао", "зао": "ао", "ао": "ао", "пао": "пао", "нао": "ао", "ип": "ип",
    "чп": "ип", "пбоюл": "ип", "тоо": "ооо", "оо": "ооо", "ано": "ано", "нко": "нко", "гуп": "гуп",
    "муп": "муп", "фгуп": "гуп", "гбу": "гбу", "фгбу": "гбу", "тсж": "тсж", "снт": "снт", "кфх": "кфх",
    "одо": "ооо", "чоп": "", "ooo": "ооо", "oao": "ао", "zao": "ао", "pao": "пао", "llc": "ооо",
    "ltd": "ооо", "limited": "ооо", "gmbh": "ооо", "inc": "inc", "corp": "inc", "corporation": "inc",
    "plc": "пао", "jsc": "ао", "ojsc": "ао", "cjsc": "ао", "pjsc": "пао", "srl": "ооо", "sarl": "ооо",
    "llp": "llp", "pty": "ооо", "pte": "ооо", "ohg": "ohg", "aps": "ооо", "pvt": "ооо", "ltda": "ооо",
    "eireli": "ооо", "ggmbh": "ооо", "kgaa": "ао", "incorporated": "inc", "eurl": "ооо", "sasu": "ао",
    "ltee": "ооо", "ltée": "ооо", "pllc": "ооо", "srls": "ооо", "tbk": "ао", "pjs": "пао", "spzoo": "ооо",
    "тов": "ооо", "пат": "пао", "осоо": "ооо", "мчж": "ооо", "bvba": "ооо", "gbr": "gbr",
    "wll": "ооо", "şti": "ооо", "sti": "ооо", "aş": "ао", "doo": "ооо", "kft": "ооо", "zrt": "ао",
    "uab": "ооо", "sia": "ооо", "oü": "ооо", "oyj": "пао",
}  # fmt: skip
"""What each form comes to: АО, ОАО and ЗАО are one, and so are OOO, LLC, Ltd and GmbH."""

_AT_EDGES = {
    "ao": "ао", "co": "", "sp": "ип", "ag": "ао", "sa": "ао", "spa": "ао", "sas": "ао", "nv": "ао",
    "company": "", "cie": "", "se": "ао", "sl": "ооо", "slu": "ооо", "lda": "ооо", "snc": "snc", "cv": "cv",
    "pt": "", "kk": "ао", "gk": "ооо", "ek": "ип", "ev": "нко", "cc": "ооо", "me": "ип", "mei": "ип",
    "cic": "нко", "npc": "нко", "pc": "inc", "sro": "ооо", "private": "",
    "mbb": "", "opc": "",
    "bv": "ооо", "ab": "ао", "as": "ао", "oy": "ооо", "kg": "kg", "ug": "ооо", "lp": "lp", "нп": "нп",
    "пк": "пк",
}  # fmt: skip
"""Forms that are words elsewhere: they count only before the name and after it."""

_SPELLED = """
    kg: gmbh co kg | ug co kg | ag co kg | co kg
    ohg: gmbh co ohg
    spzoo: sp z o o | sp z oo
    sro: s r o
    doo: d o o
    as: a s
    sa: s a | sa de cv | sapi de cv | sab de cv
    srl: s de rl de cv | s r l
    spa: s p a
    ltd: co ltd | company limited | co limited | pty ltd | pvt ltd | pte ltd | private limited
    gmbh: ltd şti | ltd sti
    llc: l l c
    bv: b v
    nv: n v
    kk: k k
    pt: p t
    aş: a ş
    ltda: ltda me
"""
"""Forms of several words, behind the one of those above that they are; at the edges of a name only."""


def _rows(table: str) -> list[tuple[str, str]]:
    """The lines of a table, `form: spellings`, as pairs."""
    lines = (line.strip().partition(": ") for line in table.strip().splitlines())
    return [(form, spelled) for form, _, spelled in lines]


_LONG_ROWS = _rows(_LONG_FORMS)
_LONG = re.compile("|".join(pattern for _, pattern in _LONG_ROWS))
_ENDS = sorted(
    ((one, form) for form, spelled in _rows(_SPELLED) for one in spelled.split(" | ")),
    key=lambda pair: -len(pair[0]),
)
_EDGES = {word for spelled, _ in _ENDS for word in (spelled.split()[0], spelled.split()[-1])}
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
        text = _as_meant(text.strip('"«» ')) or text
    form = ""
    for short, pattern in _LONG_ROWS if _LONG.search(text) else ():
        text, count = re.subn(pattern, " ", text)
        form = form or (short if count else "")
    words = _joined(words_of(_DOTTED.sub(_undotted, text)))
    kept, forms = _without_forms(words)
    form = form or next(iter(forms), "")
    return Firm(form, tuple(skeleton(word) for word in kept), tuple(kept))


def _as_meant(text: str) -> str:
    """A name typed with the English layout on; "" of one in Latin letters, as most of those are.

    A form that was typed so too proves it; else no word may be speakable, and Latin vowels be rare.
    """
    meant = typed_otherwise(text)
    if not meant or not _KNOWN.isdisjoint(words_of(meant)):
        return meant
    letters = [letter for letter in text if letter.isalpha()]
    is_rare = sum(letter in "aeiou" for letter in letters) * 5 <= len(letters)
    long = [word for word in text.split() if len(word) > 3]
    is_slip = is_rare and all(len(word) > 4 and typed_otherwise(word) for word in long)
    return meant if long and is_slip else ""


def _joined(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with a form of several at either edge as one: GmbH & Co. KG, Sp. z o.o."""
    if _EDGES.isdisjoint(words[:1] + words[-1:]):
        return words
    text = " ".join(words)
    for spelled, form in _ENDS:
        if text.endswith(f" {spelled}"):
            text = f"{text.removesuffix(spelled)}{form}"
        elif text.startswith(f"{spelled} "):
            text = f"{form}{text.removeprefix(spelled)}"
    return tuple(text.split())


def _undotted(match: re.Match[str]) -> str:
    """G.m.b.H. is a form, J.R.R. is not."""
    word = match[0].replace(".", "")
    return word if word in _KNOWN or word in ("rl", "oo") else match[0]


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


def firm_keys(firm: Firm) -> set[str]:
    """By what a firm's name is found in any order, alphabet and layout, as several words or as one."""
    return {" ".join(sorted(firm.bones)), "".join(firm.bones)} - {""}


def is_form(word: str) -> bool:
    """Whether a folded word says what a firm is, not which."""
    return word in _KNOWN


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
    return any(letter.isdecimal() for letter in one + other)
