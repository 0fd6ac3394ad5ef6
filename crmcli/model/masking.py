"""Phones and e-mails that can be told apart and not used: `+7 916 ***-**-67`, `v…@romashka.example`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

CONTACTS = ("phones", "emails")
"""The fields whose values are masked, wherever these stand."""
STAR = "*"
_KEPT_AT_END = 2
_HIDDEN_MOST = 5
"""Digits of a number that are hidden: those of a Russian subscriber but for the last two."""
_COMPARED = 10
"""Digits at the end of a number by which it is known, whatever stands for its country."""
_LONGEST = 15
"""Digits of a number in E.164."""
_SHORTEST = 5
"""Digits: what is shorter is a number of the company's own exchange, or a service's."""
_RUN = re.compile(r"\+?\(?[0-9](?:[0-9 \u00a0().\u2010-\u2015-]*[0-9])?")
_MAIL = re.compile(r"(?P<before>\\?)(?P<local>[\w.+%'-]+)@(?P<domain>[\w-]+(?:\.[\w-]+)+)")
_MASKED_PHONE = re.compile(r"\+?\(?[0-9*](?:[0-9* \u00a0().\u2010-\u2015-]*[0-9*])?")
_MASKED_MAIL = re.compile(r"[\w.+%'-]…@[\w-]+(?:\.[\w-]+)+")


def digits_of(text: str) -> str:
    """The digits by which a number is known."""
    return "".join(filter(str.isdecimal, text))[-_COMPARED:]


def contacts_of(raw: Mapping[str, object]) -> Iterator[str]:
    """The phones and e-mails of a raw record."""
    for name in CONTACTS:
        items = raw.get(name)
        for item in items if isinstance(items, list) else ():
            yield str(item.get("value", "")) if isinstance(item, dict) else str(item)


def written_in(raw: object) -> Iterator[str]:
    """The phones and e-mails that stand anywhere in a raw record, in its texts too, as they are written."""
    if isinstance(raw, str):
        yield from (match[0] for match in _MAIL.finditer(raw) if "@" in raw)
        yield from (match[0] for match in _RUN.finditer(raw))
    elif isinstance(raw, Mapping):
        for value in raw.values():
            yield from written_in(value)
    elif isinstance(raw, list | tuple):
        for value in raw:
            yield from written_in(value)


def contact_keys(raw: Mapping[str, object]) -> set[str]:
    """By what the phones and e-mails of a raw record are known in a text."""
    found: set[str] = set()
    for value in contacts_of(raw):
        key = value.lower() if "@" in value else digits_of(value)
        if "@" in value or len(key) >= _SHORTEST:
            found.add(key)
    return found


def contacts_in(text: str, known: Container[str]) -> Iterator[tuple[str, str]]:
    """What may be whole phones and e-mails of clients in a text beside those that are known: the look-up, and
    a key by which its clients would be found."""
    if "@" in text:
        for match in _MAIL.finditer(text):
            address = match["local"] + "@" + match["domain"]
            for one in {address.lower(), address[len(match["before"]) :].lower()}:
                if one not in known:
                    yield "email", one
    for match in _RUN.finditer(text):
        digits = "".join(filter(str.isdecimal, match[0])) if len(match[0]) >= _COMPARED else ""
        if len(digits) >= _COMPARED and digits[-_COMPARED:] not in known:
            yield from (("phone", one) for one in _numbers(digits))


def _numbers(digits: str) -> set[str]:
    """The digits of a run as numbers may be kept: all of them, or ten after the sign of a country."""
    found = {digits} if len(digits) <= _LONGEST else set()
    last = len(digits) - _COMPARED
    for start in range(last + 1) if len(digits) > _LONGEST else (last,):
        ten = digits[start : start + _COMPARED]
        found |= {ten, digits[max(0, start - 1) : start] + ten}
    return found


def mask_phone(text: str) -> str:
    """A number with the digits hidden before its last two, spaced as it was."""
    places = [n for n, letter in enumerate(text) if letter.isdecimal()]
    hidden = {*places[:-_KEPT_AT_END][-_HIDDEN_MOST:]}
    return "".join(STAR if n in hidden else letter for n, letter in enumerate(text))


def mask_email(text: str) -> str:
    """An address with the first letter and the domain left."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}"


def is_whole(asked: str, raw: Mapping[str, object]) -> bool:
    """Whether somebody asks for a phone or e-mail of a raw record by all of it."""
    return bool({asked.strip().lower(), digits_of(asked)} & contact_keys(raw))


def masked(text: str, keys: Container[str]) -> str:
    """A text with the numbers and addresses masked in it that are known by these keys, however written."""
    if "@" in text:
        text = _MAIL.sub(lambda match: _mail(match, keys), text)
    return _RUN.sub(lambda match: _run(match[0], keys), text)


def _mail(match: re.Match[str], keys: Container[str]) -> str:
    local, domain = match["local"], match["domain"]
    if f"{local}@{domain}".lower() in keys:
        return match["before"] + mask_email(f"{local}@{domain}")
    if match["before"] and f"{local[1:]}@{domain}".lower() in keys:  # a JSON text's \\n before it
        return match["before"] + local[:1] + mask_email(f"{local[1:]}@{domain}")
    return match[0]


def _run(text: str, keys: Container[str]) -> str:
    """Digits with what people put between them, in which one or several numbers stand."""
    places = [n for n, letter in enumerate(text) if letter.isdecimal()]
    digits = "".join(text[n] for n in places)
    if len(digits) < _SHORTEST:
        return text
    lengths = {_COMPARED, *range(_SHORTEST, min(_COMPARED, len(digits) + 1))}
    made = list(text)
    for length in sorted(lengths, reverse=True):
        for start in range(len(digits) - length + 1):
            if digits[start : start + length] in keys:
                there = places[start : start + length]
                for n in there[:-_KEPT_AT_END][-_HIDDEN_MOST:]:
                    made[n] = STAR
    return "".join(made)


def unmasked(text: str, known: Iterable[str]) -> str:
    """A text that people give back, with what is masked in it as it stands in the record.

    `known` are the record's numbers and addresses. What fits none of them stays, and is refused as what
    it is: no number.
    """
    if STAR not in text and "…" not in text:
        return text
    left = [value for value in dict.fromkeys(known) if value not in text]  # those were not masked

    def back(match: re.Match[str]) -> str:
        given = _plain(match[0])
        for value in left:
            if given == _plain(mask_email(value) if "@" in value else mask_phone(value)):
                left.append(left.pop(left.index(value)))  # another may look the same
                return value
        return match[0]

    text = _MASKED_MAIL.sub(back, text)
    return _MASKED_PHONE.sub(lambda match: back(match) if STAR in match[0] else match[0], text)


def _plain(text: str) -> str:
    if "@" in text:
        return text.lower()
    return "".join(c for c in text if c.isdecimal() or c == STAR)[-_COMPARED:]
