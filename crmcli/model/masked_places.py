"""Masked numbers and addresses in what people give back, and what looks like them in a record."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple, TypeAlias

from crmcli.model.mails_in_text import DOMAIN, LONGEST_DOMAIN, domain_ends, mails_in
from crmcli.model.masked_lines import BETWEEN, COMPARED, LONGEST
from crmcli.model.masking import (
    SHORTEST,
    STAR,
    mask_email,
    plain_digits,
)

MAIL = "…@"
_MOST_SHAPES = 16
"""So many ways in which the digits of numbers are hidden are looked for in a record."""
_LABEL = 40
"""Letters before a number that tell whose it is."""
NUMBER = re.compile(rf"\+?\(?[\d*](?:[\d*{BETWEEN}]*[\d*])?")
AS_MASKED = re.compile(r"\*{3,5}\d\d")
_STARS = re.compile(rf"\*(?:[{BETWEEN}]*\*)*")
_HIDDEN = range(3, 6)
"""So many stars in a row hide digits; fewer are somebody's own, of more those before the last five."""
_NO_LABEL = re.compile(r"[\n\d*@…]")
_Shape: TypeAlias = "tuple[int, tuple[int, ...]]"
"""How many digits count, and which of them are hidden."""
Leaf: TypeAlias = "tuple[str | None, str]"
"""A text within a value, with what its place in a list is called."""


class Mask(NamedTuple):
    """A masked number or address in what is given: in which text, from where to where, and its look."""

    leaf: int
    start: int
    end: int
    label: str
    form: str


class Shown(NamedTuple):
    """A number or an address of the record as it looks masked."""

    label: str
    key: str
    value: str
    look: str


def each_text(raw: Any, label: str | None = None) -> Iterator[Leaf]:
    """Every text in a value, in their order; those of an item with a type are called by that."""
    if isinstance(raw, str):
        yield label, raw
    elif isinstance(raw, Mapping):
        kind = str(raw["type"]) if raw.get("type") else label
        for value in raw.values():
            yield from each_text(value, kind)
    elif isinstance(raw, list | tuple):
        for value in raw:
            yield from each_text(value, label)


def numbers_in(text: str) -> Iterator[tuple[int, int]]:
    """From where to where what may be numbers stands, masked or not; a star at the end is no part of one."""
    for match in _runs(text):
        start, end = match.span()
        while end > start and not text[end - 1].isdecimal():
            end -= 1
        if end > start:
            yield start, end


def _runs(text: str) -> Iterator[re.Match[str]]:
    """What has digits, signs between them, and stars that hide some."""
    for match in NUMBER.finditer(text):
        start, end = match.span()
        for stars in _STARS.finditer(text, start, end) if STAR in match[0] else ():
            at = [n for n in range(*stars.span()) if text[n] == STAR]
            own = len(at) if len(at) < _HIDDEN.start else len(at) - _HIDDEN.stop + 1
            if own > 0:
                yield from NUMBER.finditer(text, start, stars.start())
                start = at[own - 1] + 1
        yield from NUMBER.finditer(text, start, end)


def keys_in(text: str, of: Container[str] | None = None) -> Iterator[str]:
    """By what the whole numbers and addresses of a text are compared: the longest, or those among some."""
    for starts, ends in mails_in(text):
        for start in starts[:1] if of is None else starts:
            for end in ends[:1] if of is None else ends:
                key = text[start:end].lower()
                if of is None or key in of:
                    yield key
    for start, end in numbers_in(text):
        key = compared(text[start:end])
        if STAR not in key and (key in of if of is not None else len(key) >= SHORTEST):
            yield key


def compared(text: str) -> str:
    """The digits and stars by which a number is compared."""
    digits = digits_and_stars(text)
    is_long = len(digits) > LONGEST or STAR in digits[:-COMPARED]
    return digits if is_long else digits[-COMPARED:]


def digits_and_stars(text: str) -> str:
    """What is a digit or hides one."""
    return "".join(one for one in plain_digits(text) if one.isdecimal() or one == STAR)


def _hidden(text: str, shape: _Shape) -> str:
    """A number with the digits of a shape hidden, as it is written."""
    at = [n for n, one in enumerate(text) if one.isdecimal() or one == STAR][-shape[0] :]
    made = list(text)
    for n in shape[1]:
        made[at[n]] = STAR
    return "".join(made)


def _label_of(leaf: Leaf, start: int) -> str:
    """What a place in a list is called, or the words before a place in a text."""
    name, text = leaf
    if name is not None:
        return name
    before = _NO_LABEL.split(text[max(0, start - _LABEL) : start])[-1]
    return " ".join(re.findall(r"\w+", before)).casefold()


def masked_mails(text: str) -> Iterator[tuple[int, list[int]]]:
    """Where masked addresses begin, and where they may end, the longest first."""
    at = text.find(MAIL)
    while at >= 0:
        after = text.find(MAIL, at + 1)
        limit = min(at + 1 + LONGEST_DOMAIN, after - 1 if after >= 0 else len(text))
        if at and not text[at - 1].isspace() and (found := DOMAIN.match(text, at + 1, limit)):
            yield at - 1, domain_ends(text, at + 1, found.end())
        at = after


class Masks:
    """The masked numbers and addresses in some texts."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._mails: list[list[Mask]] = []
        self._numbers: list[Mask] = []
        self._shapes: dict[_Shape, None] = {}
        for n, leaf in enumerate(leaves):
            text = leaf[1]
            for start, ends in masked_mails(text):
                label = _label_of(leaf, start)
                self._mails.append(
                    [Mask(n, start, end, label, text[start:end].lower()) for end in ends]
                )
            for start, end in numbers_in(text) if STAR in text else ():
                window = compared(text[start:end])
                if AS_MASKED.search(window):
                    stars = tuple(k for k, one in enumerate(window) if one == STAR)
                    self._shapes[len(window), stars] = None
                    self._numbers.append(Mask(n, start, end, _label_of(leaf, start), window))
        self._forms = {one.form for one in self._numbers}
        self._forms.update(one.form for some in self._mails for one in some)

    def chosen(self, known: Mapping[str, object]) -> list[Mask]:
        """The masks, of each address that which is known, if any."""
        mails = [next((m for m in some if m.form in known), some[0]) for some in self._mails]
        return sorted([*mails, *self._numbers])

    def shown_in(self, raw: Any) -> dict[str, list[Shown]]:
        """What is known in a value that looks like some of these, by what it looks like."""
        found: dict[str, list[Shown]] = {}
        for leaf in each_text(raw):
            if self._mails:
                self._add_mails(leaf, found)
            if self._shapes:
                self._add_numbers(leaf, found)
        return found

    def _add_mails(self, leaf: Leaf, found: dict[str, list[Shown]]) -> None:
        text = leaf[1]
        spans = [
            (start, end, mask_email(text[start:end]))
            for starts, ends in mails_in(text)
            for start, end in self._longest(text, starts, ends)
        ]
        spans += [
            (start, end, text[start:end])
            for start, ends in masked_mails(text)
            for end in ends
            if text[start:end].lower() in self._forms
        ]
        for start, end, look in sorted(spans):
            one = Shown(_label_of(leaf, start), text[start:end].lower(), text[start:end], look)
            found.setdefault(look.lower(), []).append(one)

    def _longest(
        self, text: str, starts: Sequence[int], ends: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        """Of the addresses that may stand in one place, for each look that is asked for the longest."""
        seen: set[str] = set()
        for end, start in product(ends, starts):
            form = mask_email(text[start:end]).lower()
            if form in self._forms and form not in seen:
                seen.add(form)
                yield start, end

    def _add_numbers(self, leaf: Leaf, found: dict[str, list[Shown]]) -> None:
        shapes = [*islice(self._shapes, _MOST_SHAPES)]
        for start, end in numbers_in(leaf[1]):
            value = leaf[1][start:end]
            digits, key = digits_and_stars(value), compared(value)
            lengths = {len(digits), len(key)}
            forms = {
                _hidden(digits[-shape[0] :], shape): shape
                for shape in shapes
                if shape[0] in lengths
            }
            for form in forms.keys() & self._forms:
                look = _hidden(value, forms[form])
                one = Shown(_label_of(leaf, start), key, value, look)
                found.setdefault(form, []).append(one)
