"""Phone numbers that stand in a running text, found by their place; what may be something else is none.

Dates, sums, tax numbers, card numbers and numbers of orders consist of digits too. A number counts only
if it fits a plan as `phones.py` reads it, and nothing around it says that it is something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from crmcli.model.legal_details import read_inn
from crmcli.model.phones import EXTENSION_WORDS, country_code, has_trunk_zero, parse_phones
from crmcli.words import rows


class FoundPhone(NamedTuple):
    """A number with the place at which it stands; `text` is what is there, without its label."""

    start: int
    end: int
    text: str


class _Group(NamedTuple):
    start: int
    end: int
    digits: str


_MOST_GROUPS = 100
"""Of digits that follow each other, so many are looked at: some twenty numbers."""
_RUN = re.compile(r"(?<![\w@#№$€£₽*_&=%])(?<!\d[.,:])[+(]{0,2}[0-9](?:[0-9 ().+/~-]*[0-9])?")
_GROUP = re.compile(r"\+?[ (]*[0-9]+")
_DAY_OR_TIME = re.compile(
    r"(?<![\d.])\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})(?![\d.]*\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
    r"|(?<!\d)\d{1,2}/\d{1,2}/\d{4}(?!\d)|(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
)
_EXTENSION = re.compile(rf"[\s(,]*\b{EXTENSION_WORDS}[0-9]{{1,6}}\b", re.IGNORECASE)
_WORDS = dict(rows("scraps"))
_OTHER_NUMBER = re.compile(rf"(?:\b(?:{_WORDS['numbers']})\b\.?|[№#])[\s:№#.]*$", re.IGNORECASE)
_UNIT = re.compile(rf"\s?(?:[%°₽€$£]|(?:{_WORDS['units']})\b)", re.IGNORECASE)
_WORD_BEHIND = re.compile(r"\s+[^\W\d_]")
_THIN = dict.fromkeys(
    (0xA0, 0x2009, 0x202F, 0x200B, 0x200E, 0x200F, 0x202A, 0x202C, 0x2060, 0xFEFF, 0xAD), " "
)
_AS_ASCII = str.maketrans(
    {**_THIN, **dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-"),
     **{0xFF10 + n: str(n) for n in range(10)}, 0xFF0B: "+"}
)  # fmt: skip
"""Letter for letter, so that places stay what they are."""

_MOST_DIGITS = 18
_LEAST_DIGITS = 7


def find_phones(text: str, country: str) -> list[FoundPhone]:
    """The numbers of a text in their order. `country` is that of numbers without one; "" for none."""
    plain = text.translate(_AS_ASCII)
    plain = _DAY_OR_TIME.sub(lambda match: "x" * len(match[0]), plain)
    found: list[FoundPhone] = []
    for run in _RUN.finditer(plain):
        digits = sum(letter.isdecimal() for letter in run[0])
        if digits < _LEAST_DIGITS or _OTHER_NUMBER.search(
            plain[max(0, run.start() - 40) : run.start()]
        ):
            continue
        found += _in_run(plain, run.start(), run.end(), country)
    return found


def _in_run(text: str, start: int, end: int, country: str) -> Iterator[FoundPhone]:
    """The numbers in a run of groups of digits: those that together account for most of them."""
    groups = []
    for match in islice(_GROUP.finditer(text, start, end), _MOST_GROUPS):
        begin = match.start() + len(match[0]) - len(match[0].lstrip("( "))
        groups.append(_Group(begin, match.end(), re.sub(r"\D", "", match[0])))
    if _UNIT.match(text, end):
        groups.pop()
    chosen = _tiled(text, groups, country)
    taken = {n for first, last in chosen for n in range(first, last + 1)}
    for first, last in chosen:
        beside = [
            groups[n] for n in (first - 1, last + 1) if 0 <= n < len(groups) and n not in taken
        ]
        if any(len(group.digits) > 3 for group in beside):  # part of something longer
            continue
        yield _found(text, groups[first].start, groups[last].end)


def _tiled(text: str, groups: Sequence[_Group], country: str) -> list[tuple[int, int]]:
    """From which group to which each number goes."""
    best: list[tuple[int, list[tuple[int, int]]]] = [(0, [])] * (len(groups) + 1)
    for first in range(len(groups) - 1, -1, -1):
        best[first] = best[first + 1]
        count = 0
        for last in range(first, len(groups)):
            count += len(groups[last].digits)
            if count > _MOST_DIGITS or (last > first and text[groups[last].start] == "+"):
                break
            covered = count + best[last + 1][0]
            if covered > best[first][0] and _is_number(text, groups, first, last, country):
                best[first] = (covered, [(first, last), *best[last + 1][1]])
    return best[0][1]


def _is_number(text: str, groups: Sequence[_Group], first: int, last: int, country: str) -> bool:
    """Whether those groups are a number, free of what stands beside them."""
    before = text[groups[first - 1].end : groups[first].start] if first else " "
    behind = text[groups[last].end : groups[last + 1].start] if last + 1 < len(groups) else " "
    if not ({*before.strip("()")} <= {*" /"} and {*behind.strip("()")} <= {*" /"}):
        return False
    piece = text[groups[first].start : groups[last].end]
    if _closes_more(piece) and text[: groups[first].start].rstrip(" ")[-1:] != "(":
        return False
    if len(re.findall(r"\d", piece)) < _LEAST_DIGITS or not _is_certain(piece, country):
        return False
    return not (last > first and _counts_on(text, groups, last) and _is_certain(
        text[groups[first].start : groups[last - 1].end], country
    ))  # fmt: skip


def _counts_on(text: str, groups: Sequence[_Group], last: int) -> bool:
    """Whether the last group may count what comes behind it: `+49 171 1234567 2 Fenster`."""
    group, before = groups[last], groups[last - 1]
    is_apart = text[before.end : group.start] == " " and bool(_WORD_BEHIND.match(text, group.end))
    return is_apart and (
        len(group.digits) == 1 or (len(group.digits) == 2 and len(before.digits) > 4)
    )


@lru_cache(maxsize=256)
def _is_certain(piece: str, country: str) -> bool:
    """Whether a text of digits is a phone number and hardly anything else."""
    try:
        [phone] = parse_phones(piece, country)
    except ValueError:
        return False
    if not phone.value.startswith("+"):
        return False
    if "+" in piece:
        return True
    digits, groups = "".join(re.findall(r"\d", piece)), re.findall(r"\d+", piece)
    if phone.value == f"+{digits.removeprefix('00')}" and not phone.value.startswith("+7"):
        is_parted = len(groups) > 2 and groups[0] == country_code(phone.value)
        return digits.startswith("00") or is_parted
    if has_trunk_zero(country) and not digits.startswith("0"):
        return False
    return not (len(groups) == 1 and _may_be_tax_number(digits))


def _may_be_tax_number(digits: str) -> bool:
    """Whether ten digits in one may be an INN: few of those with 9 are, as mobile numbers are."""
    is_mobile = digits[0] == "9" and digits[:3] not in ("910", "911", "920", "990")
    if len(digits) != 10 or is_mobile:
        return False
    try:
        return bool(read_inn(digits))
    except ValueError:
        return False


def _closes_more(piece: str) -> bool:
    """Whether a bracket closes in a text that does not open there."""
    return piece.count(")") > piece.count("(")


def _found(text: str, start: int, end: int) -> FoundPhone:
    """With the bracket that opens before it and closes in it, and with its extension."""
    if _closes_more(text[start:end]):
        start = text.rindex("(", 0, start)
    if match := _EXTENSION.match(text, end):
        end = match.end() + (
            text[end : match.end()].count("(") > 0 and text[match.end() :][:1] == ")"
        )
    return FoundPhone(start, end, text[start:end])
