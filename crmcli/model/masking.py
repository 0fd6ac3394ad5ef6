"""Phones and e-mails that can be told apart and not used: `+7 916 ***-**-67`, `v…@romashka.example`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import product

from crmcli.model.mails_in_text import mails_in
from crmcli.model.masked_lines import BETWEEN, COMPARED, LONGEST, broken_numbers

CONTACTS = ("phones", "emails")
"""The fields of each client whose values are masked, wherever these stand, beside others by which somebody
is reached (`Schema.contacts`)."""
REACHED_BY = ("phone", "email", "handle")
"""The look-ups of fields by which somebody is reached; of handles, numbers are phones."""
STAR = "*"
_KEPT_AT_END = 2
_HIDDEN_MOST = 5
"""Digits of a number that are hidden: those of a Russian subscriber but for the last two."""
_LONGEST_CODE = 4
"""Digits of a country's code with the zeros before it."""
_CODES = ("7", "8", "1", "0", "007", "810")
"""What stands before a number within its country, or instead of a +."""
SHORTEST = 5
"""Digits: what is shorter is a number of the company's own exchange, or a service's."""
_LENGTHS = {*range(SHORTEST, COMPARED + 1)}
"""Digits by which a number may be known."""
_LONG_RUN = re.compile(rf"[0-9][0-9{BETWEEN}]{{3,}}[0-9]")
"""The digits of a number that is long enough to be told by."""
_NO_DIGITS = bytes({*range(256)} - {*b"0123456789\n"})
_FOREIGN = (b"\xd9", b"\xdb", b"\xe0", b"\xef\xbc", b"\xf0\x9d")
"""How Arabic, Persian, Indian, wide and mathematical digits begin in UTF-8: to look for the digits
themselves takes many times as long."""
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_Part = tuple[int, int, str]
"""From where to where another word stands."""


def digits_of(text: str) -> str:
    """The digits by which a number is known."""
    end = text[-COMPARED:]
    if len(end) == COMPARED and end.isascii() and end.isdecimal():  # as records have most of them
        return end
    return "".join(filter(str.isdecimal, plain_digits(text)))[-COMPARED:]


def contacts_of(raw: Mapping[str, object], names: Iterable[str]) -> Iterator[str]:
    """The phones and e-mails in these fields of a raw record; of handles those that are numbers."""
    for name in names:
        items = raw.get(name)
        for item in items if isinstance(items, list | tuple) else filter(None, [items]):
            value = str(item.get("value", "")) if isinstance(item, dict) else str(item)
            yield from numbers_of_handles([value]) if name == "handles" else (value,)


def numbers_of_handles(handles: Iterable[str]) -> Iterator[str]:
    """The handles that are phone numbers, each as its digits."""
    from crmcli.model.handles import number_of

    return filter(None, map(number_of, handles))


def typed_contacts(look_up: str, texts: Iterable[str]) -> list[str]:
    """The phones and e-mails among what is written for a field that is found by a look-up."""
    if look_up not in REACHED_BY:
        return []
    if look_up != "handle":
        return [*texts]
    parts = (part for text in texts for part in re.split("[,;\n]+", text))
    return [*numbers_of_handles(map(_handle, parts))]


def _handle(text: str) -> str:
    """A handle as files have it, or a number without its network as one that is a number."""
    from crmcli.model.handles import read_handle

    try:
        return read_handle(text)
    except ValueError:
        return f"whatsapp:{text}"


def contact_keys(raw: Mapping[str, object], names: Iterable[str]) -> set[str]:
    """By what the phones and e-mails in these fields of a raw record are known in a text."""
    found: set[str] = set()
    for value in contacts_of(raw, names):
        if "@" in value:
            found.add(value.lower())
        elif len(key := digits_of(value)) >= SHORTEST:
            found.add(key)
    return found


def _numbers(digits: str) -> Iterable[str]:
    """The digits of a run as numbers may be kept: all of them, or ten after the sign of a country."""
    last = len(digits) - COMPARED
    if last <= 1:
        return digits, digits[last:]
    starts = range(last + 1)
    ends = [(n, start + COMPARED) for start in starts for n in (start, max(0, start - 1))]
    return {digits[:LONGEST], *(digits[start:end] for start, end in ends)}


def mask_phone(text: str) -> str:
    """A number with the digits hidden before its last two, spaced as it was."""
    places = [n for n, letter in enumerate(text) if letter.isdecimal()]
    hidden = {*places[:-_KEPT_AT_END][-_HIDDEN_MOST:]}
    return "".join(STAR if n in hidden else letter for n, letter in enumerate(text))


def mask_email(text: str) -> str:
    """An address with the first letter and the domain left."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}"


def is_whole(asked: str, raw: Mapping[str, object], names: Iterable[str]) -> bool:
    """Whether somebody asks for a phone or e-mail in these fields of a raw record by all of it."""
    return bool({asked.strip().lower(), digits_of(asked)} & contact_keys(raw, names))


class Contacts:
    """What may be phones and e-mails in a text, which is looked through once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._mails = [*mails_in(text)]
        plain = plain_digits(text)
        runs = [*_LONG_RUN.finditer(plain)]
        self._runs = [*zip(runs, _digits([match[0] for match in runs]), strict=False)]
        self._broken = broken_numbers(plain)

    @property
    def over_lines(self) -> set[str]:
        """The keys of what may be numbers that go on in the next line."""
        return {digits[-COMPARED:] for _, _, digits in self._broken}

    @property
    def only_over_lines(self) -> set[str]:
        """Those of them that stand nowhere in one line."""
        whole = (digits for _, digits in self._runs if len(digits) >= COMPARED)
        return self.over_lines - {key[-COMPARED:] for digits in whole for key in _numbers(digits)}

    @property
    def likely(self) -> set[str]:
        """Those of them that are written as numbers are: with a + or a country's sign."""
        return {
            digits[-COMPARED:]
            for start, _, digits in self._broken
            if len(digits) > COMPARED and self._is_written(start, digits)
        }

    def _is_written(self, start: int, digits: str) -> bool:
        """Whether digits that stand there are one number, alone or with the code of a country."""
        code = digits[:-COMPARED]
        has_plus = self._text[start - 1 : start] == "+"
        return code in ("", *_CODES) or (has_plus and len(code) <= _LONGEST_CODE)

    def unknown(self, known: Container[str]) -> dict[str, set[str]]:
        """What may be whole ones of clients beside those that are known: by the look-up, the keys by which
        its clients would be found."""
        addresses = {
            key
            for starts, ends in self._mails
            for end, start in product(ends, starts)
            if (key := self._text[start:end].lower()) not in known
        }
        numbers: set[str] = set()
        for _, digits in self._runs:
            is_known = len(digits) <= COMPARED + 1 and digits[-COMPARED:] in known
            if len(digits) >= COMPARED and not is_known:
                numbers.update(_numbers(digits))
        for _, _, digits in self._broken:
            if digits[-COMPARED:] not in known:
                numbers |= {digits, digits[-COMPARED:]}
        return {"email": addresses, "phone": numbers}

    def masked(self, known: Collection[str], hides: Callable[[str], bool]) -> str:
        """The text with those masked in it that are known by these keys, however written, but for keys
        that need not be hidden."""
        lengths = sorted({*map(len, known)} & _LENGTHS, reverse=True)
        text = _replaced(self._text, self._masked_runs(known, hides, lengths))
        stars = {
            n
            for start, end, digits in self._broken
            if (key := digits[-COMPARED:]) in known and hides(key)
            for n, letter in enumerate(mask_phone(self._text[start:end]), start)
            if letter == STAR
        }
        if stars:
            text = "".join(STAR if n in stars else letter for n, letter in enumerate(text))
        return _replaced(text, self._masked_mails(known, hides))

    def places(self, known: Container[str]) -> Iterator[tuple[int, int]]:
        """From where to where addresses and numbers with all their digits stand that are known by these
        keys, however written; no parts of longer numbers."""
        for start, end, _ in self._masked_mails(known, bool):
            yield start, end
        for start, end, digits in self._broken:
            if digits[-COMPARED:] in known and self._is_written(start, digits):
                yield start, end
        for match, digits in self._runs:
            whole = [
                n for n in range(len(digits) - COMPARED + 1) if digits[n : n + COMPARED] in known
            ]
            if whole:
                at = [match.start() + n for n, one in enumerate(match[0]) if one.isdecimal()]
                for n in whole:
                    if found := _number_at(at, n):
                        has_code = digits[:n] in _CODES or self._text[at[0] - 1 : at[0]] == "+"
                        yield (at[0], found[1]) if has_code and n <= _LONGEST_CODE else found

    def _masked_mails(self, known: Container[str], hides: Callable[[str], bool]) -> Iterator[_Part]:
        done = 0
        for starts, ends in self._mails:
            for end, start in product(ends, starts):
                one = self._text[start:end]
                if (key := one.lower()) in known and start >= done and hides(key):
                    yield start, end, mask_email(one)
                    done = end
                    break

    def _masked_runs(
        self, known: Collection[str], hides: Callable[[str], bool], lengths: Sequence[int]
    ) -> Iterator[_Part]:
        """Digits with what people put between them, in which one or several numbers stand."""
        for match, digits in self._runs:
            found = [
                (start, start + length - _KEPT_AT_END)
                for length in lengths
                for start in range(len(digits) - length + 1)
                if (key := digits[start : start + length]) in known and hides(key)
            ]
            if found:
                start, end = match.span()
                yield start, end, _starred(self._text[start:end], digits, found)


def plain_digits(text: str) -> str:
    """A text with the digits of all scripts as 0 to 9, each in its place."""
    if text.isascii():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if not any(one[:1] in raw and one in raw for one in _FOREIGN):  # one byte is found at once
        return text
    return _FOREIGN_DIGIT.sub(lambda found: str(int(found[0])), text)


def _digits(texts: Sequence[str]) -> list[str]:
    """What is left of texts in one line each: their digits."""
    return "\n".join(texts).encode().translate(None, _NO_DIGITS).decode().split("\n")


def _number_at(at: Sequence[int], first: int) -> tuple[int, int] | None:
    """From where to where a number stands of which these are the places of its run's digits, with all that
    touches it; None if it is a part of a longer one."""
    last = first + COMPARED - 1
    if last + 1 < len(at) and at[last + 1] == at[last] + 1:
        return None
    start = first
    while start and at[start - 1] == at[start] - 1:
        start -= 1
    return (at[start], at[last] + 1) if first - start <= _LONGEST_CODE else None


def _starred(text: str, digits: str, hidden: Sequence[tuple[int, int]]) -> str:
    """A run of digits with the last five of each of these parts hidden."""
    if text == digits and len(hidden) == 1:  # as records have most of them
        start, end = max(hidden[0][0], hidden[0][1] - _HIDDEN_MOST), hidden[0][1]
        return text[:start] + STAR * (end - start) + text[end:]
    places = [n for n, one in enumerate(text) if one.isdecimal()]
    made = list(text)
    for start, end in hidden:
        for place in places[max(start, end - _HIDDEN_MOST) : end]:
            made[place] = STAR
    return "".join(made)


def _replaced(text: str, parts: Iterable[_Part]) -> str:
    """A text with other words in some places, which follow each other."""
    made: list[str] = []
    end = 0
    for start, stop, word in parts:
        made += text[end:start], word
        end = stop
    return "".join([*made, text[end:]]) if made else text
