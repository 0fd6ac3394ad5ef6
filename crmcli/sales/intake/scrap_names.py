"""Who a scrap of text tells of: the name of a person, and that of a company by its legal form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmcli.matching.firms import is_form, read_firm
from crmcli.matching.first_names import is_father_of, is_first_name, is_patronymic, is_spelled
from crmcli.matching.name_parts import split_name
from crmcli.model.values import fold
from crmcli.sales.intake.scrap_parts import WORDS, Part
from crmcli.words import rows

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*\.?")
_ALSO_WORDS = frozenset(WORDS["common"].split("|"))
_LAST = re.compile(
    r".+(?:[оеё]в|[иы]н|[сц]к(?:ий|ой)|[оеё]ва|[иы]на|[сц]кая|[иы]х|ко|[уюа]к|ич|янц?|дзе|вили|ман|берг|штейн)"
)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_TITLE = re.compile(
    r"(mr|mrs|ms|miss|dr|prof|herr|frau|mme|г-н|г-жа|господин|госпожа)\.?\s+(?=\S)", re.IGNORECASE
)
_INITIALS = re.compile(
    r"(?P<last>[^\W\d_]{2,}(?:-[^\W\d_]+)?)\s+(?P<first>[^\W\d_]\.)\s?(?P<middle>[^\W\d_]\.)?"
)
_LABEL = re.compile(rf"(?<!\w)({WORDS['name']})\s*[:–—-]\s*$", re.IGNORECASE)
_I_AM = re.compile(rf"(?<!\w)(?:{WORDS['i am']})\s+(?:[-–—]\s*)?", re.IGNORECASE)
_THIS_IS = re.compile(rf"\s*(?:{WORDS['this is']})\s+", re.IGNORECASE)
_OTHER = re.compile(rf"\s+(?:{WORDS['other']})\b", re.IGNORECASE)
_GREETING = re.compile(rf"\W*(?:{WORDS['greeting']})\b", re.IGNORECASE)
SIGNED = re.compile(rf"(?:^|\W)(?:{WORDS['signed']})\W*$", re.IGNORECASE)

_FORM = r"(?:ООО|ОАО|ЗАО|ПАО|АО|ИП|ТОО|НКО|АНО|ГУП|МУП|ФГУП|ТСЖ|СНТ|КФХ|ЧП|ОДО)"
_QUOTED = r"[«\"„“][^«»\"„“”\n]{1,80}[»\"“”]"
_BEFORE = re.compile(rf"(?<!\w)({_FORM}|компания|фирма)\s*{_QUOTED}", re.IGNORECASE)
_BEFORE_WORDS = re.compile(rf"(?<!\w)({_FORM})\s+(?=[^\W\d_])")
_BEHIND = re.compile(
    r"(?:GmbH|gmbh|GMBH|Ltd|LTD|ltd|LLC|llc|Inc|INC|Corp|PLC|plc|LLP|AG|KG|OHG|UG|GbR|S\.?A\.?|SARL|SRL|B\.?V\.?"
    r"|e\.\s?K\.|Limited|Sp\. z o\.o\.|s\.r\.o\.)\.?$"
)
_FROM = re.compile(
    r".*(?<!\w)(?:from|at|of|with|von|bei|für|vom|der|die|из|от)\s+(?=[A-ZÄÖÜА-ЯЁ])", re.DOTALL
)
_COMPANY_LABEL = re.compile(rf"(?<!\w)(?:{WORDS['company_name']})\s*:\s*$", re.IGNORECASE)
_MOST_WORDS = 6
_NETWORKS = {
    word
    for name, said in rows("networks")
    for word in (name, *said.split())
    if len(word) > 2 and not is_first_name(word)
}
_SHORT_LAST = frozenset(WORDS["short_last"].split("|"))


class Named(NamedTuple):
    """A name with how sure it is that it is that of who is told of: 3 where it is said to be."""

    rank: int
    part: Part


def name_of(text: str, before: str, *, beside: bool, greeted: bool) -> Named | None:
    """The person whom a clause names; `before` is what stands before it, `beside` whether it is the first
    clause or next to a phone, an address or a handle, `greeted` whether a greeting stands before it."""
    if match := _I_AM.search(text):
        return _as_named(3, _leading(text, match.end(), is_said=True))
    if match := _THIS_IS.match(text):
        return _as_named(3, _leading(text, match.end(), is_said=False))
    inner = _without_network(text.strip(" \t'\"*_()<>"))
    if greeted or not inner or is_greeting(inner):
        return None
    start = text.index(inner)
    rank = 2 if beside else 1
    if label := _LABEL.search(before):
        parts = person(inner)
        start = start if not parts else label.start(1) - len(before)
        if not parts:
            return _as_named(3, _leading(text, text.index(inner), is_said=True))
        return Named(3, Part(start, text.index(inner) + len(inner), (*parts.items(),)))
    for said in (inner, inner.rstrip(".")):
        if parts := person(said):
            rank = 3 if SIGNED.search(before) else rank
            return Named(rank, Part(start, start + len(said), (*parts.items(),)))
    if not beside or _OTHER.search(text):
        return None
    return _as_named(rank, _leading(text, start, is_said=False) or _trailing(text))


def _without_network(text: str) -> str:
    """`Ольга WhatsApp` names her, and how she is reached."""
    rest, _, last = text.rpartition(" ")
    return rest.rstrip() if fold(last.strip(" .:")) in _NETWORKS else text


def _as_named(rank: int, part: Part | None) -> Named | None:
    return Named(rank, part) if part else None


def is_greeting(text: str, *, whole: bool = False) -> bool:
    """Whether a clause begins with a greeting, or is nothing else."""
    match = _GREETING.match(text)
    return match is not None and not (whole and re.search(r"\w", text[match.end() :]))


def person(text: str) -> Mapping[str, str]:
    """The parts of a name that is all of a text; {} where it is not certain that it is one."""
    if match := _INITIALS.fullmatch(text):
        is_last = _is_large(match["last"]) and bool(_LAST.fullmatch(fold(match["last"])))
        return {f"{k}_name": v for k, v in match.groupdict().items() if v} if is_last else {}
    if title := _TITLE.match(text):
        rest = text[title.end() :]
        words = _WORD.findall(rest)
        if not 1 <= len(words) <= 3 or " ".join(words) != rest or not all(map(_is_large, words)):
            return {}
        found = split_name(rest) or {"last_name": rest}
        return {"salutation": title[0].strip(), **found}
    words = text.split()
    if not 1 <= len(words) <= 4 or not all(map(_WORD.fullmatch, words)) or text.endswith("."):
        return {}
    if len(words) == 1:
        is_plain = _is_large(text) or fold(text) not in _ALSO_WORDS
        return {"first_name": text} if is_plain and len(text) > 2 and is_first_name(text) else {}
    return _several(words)


def _several(words: Sequence[str]) -> Mapping[str, str]:
    large = all(map(_is_large, words))
    if large and all(map(is_first_name, words)):
        return _both_known(words) if len(words) == 2 else {}
    found = split_name(" ".join(words))
    first, last = found.get("first_name", ""), found.get("last_name", "")
    if not found or not all(map(is_first_name, first.split())):
        return {}
    if middle := found.get("middle_name", ""):
        is_father = is_patronymic(fold(middle), len(words))
        is_father = is_father or is_father_of(fold(first), fold(middle))
        return found if is_father and (large or not last or _LAST.fullmatch(fold(last))) else {}
    if _CYRILLIC.search(last):
        is_last = _LAST.fullmatch(fold(last)) or (large and fold(last) in _SHORT_LAST)
        return found if is_last else {}
    return found if large or (_is_large(first) and _is_large(last.split()[-1])) else {}


def _both_known(words: Sequence[str]) -> Mapping[str, str]:
    """Two first names: Анна Мария; but Пётр Ким and Ким Пётр have a surname that is a first name as well."""
    for first, last in ((words[0], words[1]), (words[1], words[0])):
        if fold(last) in _SHORT_LAST and fold(first) not in _SHORT_LAST:
            return {"first_name": first, "last_name": last}
    if _CYRILLIC.search(words[0]) and is_spelled(words[0]) and not is_spelled(words[1]):
        return {"first_name": words[0], "last_name": words[1]}
    return {"first_name": " ".join(words)}


def _is_large(word: str) -> bool:
    return word[:1].isupper()


def _leading(text: str, start: int, *, is_said: bool) -> Part | None:
    """The name with which a text goes on from there; `is_said`: what stands before it says that one comes."""
    words = list(re.finditer(r"[^\s.]\S*", text[start:]))[:3]
    for count in range(len(words), 0, -1):
        end = start + words[count - 1].end()
        said = text[start:end].rstrip(".").lstrip()
        first = said.split()[0]
        large = _is_large(first) and fold(first) not in _ALSO_WORDS
        if (large or is_said) and (parts := person(said)):
            return Part(start, end, (*parts.items(),), stays=True)
        if is_said and count == 1 and large and _WORD.fullmatch(said):
            return Part(start, end, (("first_name", said),), stays=True)
    return None


def _trailing(text: str) -> Part | None:
    """The name with which a text ends: `балкон Вася`."""
    text = text.rstrip(" \t(<[:–—-")
    words = list(re.finditer(r"\S+", text))
    for count in (3, 2, 1):
        if count >= len(words):
            continue
        start = words[-count].start()
        said = text[start:].rstrip()
        first = said.split()[0]
        if _is_large(first) and fold(first) not in _ALSO_WORDS and (parts := person(said)):
            return Part(start, start + len(said), (*parts.items(),), stays=True)
    return None


def firm_of(text: str, before: str) -> Part | None:
    """The company that a clause names by its legal form."""
    if match := _BEFORE.search(text):
        begin = match.start() if is_form(fold(match[1])) else match.start() + len(match[1])
        name = text[begin : match.end()].strip()
        return Part(match.start(), match.end(), (("company_name", name),))
    if match := _BEFORE_WORDS.search(text):
        return _firm_behind(text, match)
    inner = text.strip()
    start = text.index(inner)
    if (label := _COMPANY_LABEL.search(before)) and inner and len(inner.split()) <= _MOST_WORDS:
        return Part(label.start() - len(before), start + len(inner), (("company_name", inner),))
    if not _BEHIND.search(inner):
        return None
    if match := _FROM.match(text):
        start = match.end()
    name = text[start:].strip()
    words = name.split()
    is_name = 2 <= len(words) <= _MOST_WORDS and (_is_large(name) or name[:1].isdecimal())
    fits = (_is_large(w) or not w[:1].isalpha() or is_form(fold(w)) for w in words)
    if not is_name or not all(fits) or not read_firm(name).form:
        return None
    stays = start > text.index(inner)
    return Part(start, start + len(name), (("company_name", name),), stays=stays)


def _firm_behind(text: str, match: re.Match[str]) -> Part | None:
    """`ООО Ромашка`: the words written large behind the form, up to a first name; all of `ИП Иванов Иван`."""
    end = match.end()
    for word in re.finditer(r"\S+", text[match.end() :]):
        bare = word[0].strip("«»\"'")
        goes_on = match[1] == "ИП" or end == match.end() or not is_first_name(bare)
        if not (_is_large(bare) and goes_on and word.end() - word.start() < 40):
            break
        end = match.end() + word.end()
    name = text[match.start() : end].strip()
    return Part(match.start(), end, (("company_name", name),)) if end > match.end() else None
