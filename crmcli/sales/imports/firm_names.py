"""Names of companies as they are compared: without quotes, case and the legal form."""

from __future__ import annotations

import re
from functools import lru_cache

from crmcli.model.values import fold

_LONG = {
    "общество с ограниченной ответственностью": "ооо",
    "публичное акционерное общество": "пао",
    "открытое акционерное общество": "оао",
    "закрытое акционерное общество": "зао",
    "акционерное общество": "ао",
    "индивидуальный предприниматель": "ип",
    "товарищество с ограниченной ответственностью": "тоо",
    "limited liability company": "llc",
}
_FORMS = frozenset(
    [
        *("ооо", "оао", "зао", "пао", "ао", "ип", "нко", "ано", "чоп", "тоо", "фгуп", "муп", "гуп"),
        *("одо", "чп", "пк", "нп", "ooo", "oao", "zao", "pao"),
        *("llc", "ltd", "limited", "inc", "corp", "corporation", "co", "plc", "llp", "lp", "pty"),
        *("gmbh", "ag", "kg", "ohg", "ug", "sa", "sarl", "sas", "srl", "spa", "bv", "nv", "oy"),
        *("ab", "as", "aps", "pte"),
    ]
)
_SAME = {"ltd": "limited", "corp": "corporation", "ooo": "ооо", "oao": "оао", "zao": "зао",
         "pao": "пао"}  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:[.&'-][^\W_]+)*|&")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}[^\W\d_]?\.?")


@lru_cache(maxsize=4096)
def bare_name(text: str) -> tuple[str, str]:
    """A company's name without its legal form, and that form: `("ромашка", "ооо")`.

    A name that is nothing but a form stays as it is.
    """
    plain = fold(text)
    plain = _DOTTED.sub(lambda match: match[0].replace(".", ""), plain)  # G.m.b.H., О.О.О.
    for long, short in _LONG.items():
        if long in plain:
            plain = plain.replace(long, f" {short} ")
    words = _WORD.findall(plain)
    forms = [word for word in (words[:1] + words[1:][-2:]) if word in _FORMS]
    left = list(words)
    while len(left) > 1 and left[-1] in _FORMS:
        left.pop()
    while len(left) > 1 and left[0] in _FORMS:
        left.pop(0)
    if len(left) == len(words):
        return " ".join(words), ""
    form = forms[0] if forms else ""
    return " ".join(left), _SAME.get(form, form)


def same_firm(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two bare names may be one company: forms that are both said must be the same."""
    return one[0] == other[0] and (not one[1] or not other[1] or one[1] == other[1])
