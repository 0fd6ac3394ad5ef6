"""How a person is written in texts: names in their orders and cases, phones and addresses in any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.model.masking import Contacts, contact_keys

_ENDINGS = (
    "а|я|у|ю|е|ы|и|й|ь|ой|ей|ою|ею|ым|им|ом|ем|ого|его|ому|ему|ых|их|ый|ий|ыми|ими|ам|ая|яя|ую|юю|о"
)
_SOFT = "аяйьыеоиёую"
_SHORTEST = 4  # letters of a last name that is looked for by itself
_NATIONAL = 10  # digits of a Russian or American number within its country
_BETWEEN = r"[\s().\-–—\u00a0/]{0,4}"
_LONG = 5  # characters of a handle, a site or an id elsewhere that is looked for


@dataclass
class Identity:
    """What a person is known by, all that was ever written down of it."""

    names: list[tuple[str, str, str]] = field(default_factory=list)
    """First, middle and last name."""
    emails: dict[str, None] = field(default_factory=dict)
    phones: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    """Handles, sites, addresses, ids elsewhere."""

    def add_name(self, first: str, middle: str, last: str) -> None:
        """A name, if it has more than one part; a first name alone tells nobody."""
        parts = (first.strip(), middle.strip(), last.strip())
        if parts[2] and parts not in self.names:
            self.names.append(parts)


class Spelled:
    """Finds a person in texts, and takes him out."""

    def __init__(
        self,
        identity: Identity,
        *,
        shared_last: Iterable[str] = (),
        shared_given: Iterable[tuple[str, str]] = (),
    ) -> None:
        shared = {last.casefold() for last in shared_last}
        given = set(shared_given)
        parts = [
            *map(_email, sorted(identity.emails, key=len, reverse=True)),
            *map(_phone, sorted(identity.phones, key=len, reverse=True)),
            *map(_literal, sorted(identity.others, key=len, reverse=True)),
        ]
        for name in identity.names:
            alone = name[2].casefold() not in shared
            parts += _name(*name, alone=alone, is_addressed=name[:2] not in given)
        parts = list(dict.fromkeys(filter(None, parts)))
        self._found = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)
        reached = [*identity.emails, *identity.phones]
        self._keys = {
            key for key in contact_keys({"phones": reached}, ["phones"]) if len(key) >= _NATIONAL
        }

    def is_in(self, text: str) -> bool:
        """Whether the person is named in a text."""
        return bool(self._found.search(text)) or any(Contacts(text).places(self._keys))

    def taken_out(self, text: str, mark: str) -> str:
        """The text with a mark in place of each of them."""
        made, end = list[str](), 0
        for start, stop in self._places(text):
            made += text[end:start], mark
            end = stop
        return "".join([*made, text[end:]])

    def count(self, text: str) -> int:
        """How often he is named."""
        return len(self._places(text))

    def around(self, text: str, most: int = 60) -> list[str]:
        """Where he is named, each with some of the text around it."""
        found, end = list[str](), -1
        for start, stop in self._places(text):
            if start >= end:
                end = stop + most
                found.append(" ".join(text[max(0, start - most) : end].split()))
        return found

    def _places(self, text: str) -> list[tuple[int, int]]:
        """From where to where he is named; numbers and addresses also as the masks know them."""
        found = [match.span() for match in self._found.finditer(text)]
        joined: list[tuple[int, int]] = []
        for start, end in sorted([*found, *Contacts(text).places(self._keys)]):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value of JSON or YAML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)


def _literal(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)" if len(text) >= _LONG else ""


def _email(address: str) -> str:
    escaped = re.escape(address).replace("@", "(?:@|%40)")
    return rf"(?<![\w.+-]){escaped}(?![\w-])"


def _phone(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    if len(digits) < _LONG:
        return ""
    country = ""
    if number.startswith("+") and digits[0] in "71" and len(digits) == _NATIONAL + 1:
        country = rf"(?:\+?{digits[0]}|8)" if digits[0] == "7" else r"\+?1"
        digits = digits[1:]
    elif number.startswith("+"):  # the code of a country has up to three digits, or stands as 0
        from crmcli.model.phones import country_code

        code = country_code(number)
        country, digits = rf"(?:\+?{code}|00{code}|0)", digits[len(code) :]
    spaced = _BETWEEN.join(digits)
    before = rf"(?:{country}{_BETWEEN})?" if country else ""
    return rf"(?<!\d)\+?{before}\(?{spaced}(?!\d)"


def _name(first: str, middle: str, last: str, *, alone: bool, is_addressed: bool) -> list[str]:
    """The ways in which a name is written, the longest first."""
    family, given = _word(last), _word(first)
    father = _word(middle)
    found = []
    if first:
        full = rf"{given}(?:\s+{father})?" if middle else given
        found += [rf"{family},?\s+{full}", rf"{full}\s+{family}"]
        second = middle[0] if middle else "[а-яёa-z]"
        initials = rf"{first[0]}\.(?:\s*{second}\.)?"
        found += [rf"{family},?\s+{initials}", rf"{initials}\s*{family}"]
        found += [rf"{given}\s+{father}"] if middle and is_addressed else []
    if alone and len(last) >= _SHORTEST:
        found.append(f"(?-i:{re.escape(last[0].upper())}){_word(last[1:])}")  # a hill is nobody
    return [rf"(?<!\w){one}" + ("" if one.endswith(r"\.)?") else r"(?!\w)") for one in found]


def _word(word: str) -> str:
    """A word in any case of its declension, е for ё and ё for е."""
    stem = word.casefold()
    if not re.search("[а-яё]", stem):
        return re.escape(word)
    if stem[-1] in _SOFT and len(stem) > 2:  # Ия has no ending to lose
        is_long = stem.endswith(("ий", "ый", "ой", "ая", "яя"))
        stem = stem[:-2] if is_long else stem[:-1]
    return re.sub("[её]", "[её]", re.escape(stem)) + f"(?:{_ENDINGS})?"
