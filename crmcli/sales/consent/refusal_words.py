"""How other programs call refusals and consents: what a column, or a cell of it, says of do_not."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from crmcli.language import tr
from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.values import CONSENT_CHANNELS, fold
from crmcli.words import joined

ALL, MAY, AND = "all", "may_", "+"
"""Parts of `do_not` that a column may feed: a channel, several with `+`, all; `may_` where a no refuses."""

_TABLE = joined("refusals")
_SAID = {name: words.format_map(_TABLE) for name, words in _TABLE.items()}
_REFUSING, _ALLOWING = _SAID["refusing"], _SAID["allowing"]
_REFUSALS = f"{_REFUSING}|{_SAID['denied']}"
_HEARD = re.compile(_SAID["heard"], re.IGNORECASE)
_SHORT = 80
_YES = re.compile(
    r"enabled|on|вкл\w*|ja|oui|tak|sim|si|wahr|vrai|prawda|verdadeiro|x|v|[✓✔☑✅]|да\b.*|yes\b.*"
)
_NO = re.compile(
    r"disabled|off|выкл\w*|отключ\w*|nein|non|nie|nao|falsch|faux|falsz|falso|[✗✘☒❌]|нет\b.*|no\b.*"
)
_DATED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{8}|\b(19|20)\d\d\b")


def _words(text: str) -> str:
    """Words with a space between, of camel case and of snakes too, without case and accents."""
    parted = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", " ", text)
    letters = unicodedata.normalize("NFD", fold(parted).replace("ё", "е").replace("й", "\0"))
    plain = "".join(c for c in letters if not unicodedata.combining(c)).replace("\0", "й")
    spaced = re.sub(r"[^\w']|_", " ", plain.replace("ł", "l").replace("’", "'"))
    return " ".join(re.sub(r"\bdonot(?=\w)", r"\g<0> ", spaced).split())


@lru_cache
def _pattern(texts: str) -> re.Pattern[str]:
    return re.compile(rf"\b({texts})\b")


def _says(texts: str, words: str) -> bool:
    return bool(_pattern(texts).search(words))


def _channels(words: str) -> list[str]:
    return [channel for channel in CONSENT_CHANNELS if _says(_SAID[channel], words)]


@lru_cache(maxsize=512)
def column_part(header: str) -> str:
    """The part of `do_not` that a column feeds whose header speaks of refusing or agreeing; "" of others."""
    words = _words(header)
    refuses = _says(_REFUSING, words)
    is_number = re.search(r"\bno\.", header, re.IGNORECASE)  # No. of calls
    if is_number or not (refuses or _says(_ALLOWING, words)) or _says("link|url|ссылк\\w*", words):
        return ""
    found = _channels(words)
    if not found and _says(_SAID["elsewhere"], words):
        return ""
    if not found and _says(rf"{_SAID['lists']}|subscri\w*|подпис\w*", words):
        found = ["mail"]
    return ("" if refuses else MAY) + (AND.join(found) or ALL)


def smells_of_consent(header: str) -> bool:
    """Whether a column may be about refusing or agreeing, though nobody can be sure what it says."""
    words = _words(header)
    return bool(re.search(_SAID["smelling"], words)) or _says(f"{_REFUSING}|{_ALLOWING}", words)


@lru_cache(maxsize=4096)
def speaks_of_refusing(cell: str) -> bool:
    """Whether a short text in a column of something else says that somebody refuses: a tag, a status."""
    if len(cell) > _SHORT or not _HEARD.search(cell):
        return False
    words = _words(cell)
    return _says(_REFUSING, words) and not _says(_SAID["negated"], words)


def refused_by(cell: str, part: str, header: str = "") -> tuple[list[str], list[str]]:
    """The channels that a cell refuses, and those that it allows; ValueError if neither can be read.

    A date or a reason in a column of refusals tells that there is one; what is no plain no in a column
    of consents refuses nothing.
    """
    named = part.removeprefix(MAY)
    channels = [*CONSENT_CHANNELS] if named == ALL else named.split(AND)
    words, is_asking = _words(cell), part.startswith(MAY)
    is_no = _is_refusal(words, is_asking=is_asking)
    if is_no is None and (truth := _truth(words, cell)) is not None:
        is_no = truth is not is_asking
    if is_no is not None:
        return (channels, []) if is_no else ([], channels)
    if is_asking:
        return [], []
    if said := _channels(words):
        return said, []
    if _DATED.search(cell) or _says(_SAID["says_more"], _words(header)):
        return channels, []
    raise ValueError(tr("{!r} is neither yes nor no", cell))


def _is_refusal(words: str, *, is_asking: bool) -> bool | None:
    """Whether the words of a cell refuse, or allow; None where they are of neither."""
    if negated := _pattern(_SAID["negated"]).search(words):
        return not _says(_REFUSALS, negated[0].split(" ", 1)[1])
    if _says(_REFUSALS, words):
        return True
    if _says(f"{_ALLOWING}|{_SAID['allowed']}", words):
        return False
    return not is_asking if _says(_SAID["given"], words) else None


def _truth(words: str, cell: str) -> bool | None:
    known = TRUTHS.get(fold(cell))
    if known is not None:
        return known == "yes"
    text = words or cell.strip()
    if _NO.fullmatch(text):
        return False
    return True if _YES.fullmatch(text) else None
