"""Masks over many texts at once, and over numbers that go on in the next line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

BETWEEN = r" \t\u00a0\u00ad\u00b7\u2000-\u2015\u2022\u202a-\u202f\u2060-\u2069\u2212\u3000\ufeff()\[\]._/|~>-"
"""What people put between the digits of a number, as in a class of a regular expression; > begins each line
of a quoted letter."""
_Group: TypeAlias = "re.Match[str]"
APART = "\n\0\n"
"""Between texts that are masked together: no number and no address goes across it."""
_BEGINS = rf"{BETWEEN[:-1]}»:#=\\-"
"""What mail programs and people put where a line ends or begins, too."""
_LINES = rf"[{_BEGINS}]*(?:\r?\n[{_BEGINS}]*){{1,2}}"
_LINE_END = re.compile(rf"(?<=\d){_LINES}(?=\d)")
_APART_BY = re.compile(rf"[{BETWEEN}]*|{_LINES}")
ESCAPED_LINE_END = rf"\d[{_BEGINS}]*(?:\\n[{_BEGINS}]*){{1,2}}\d"
"""The same where a stroke and n stand for the end of a line."""
_GROUP = re.compile(r"\d+")
_WIDEST = 28
"""Letters on each side of the end of a line, among which a number is looked for."""
COMPARED = 10
"""Digits at the end of a number by which it is known, whatever stands for its country."""
LONGEST = 15
"""Digits of a number in E.164."""


def masked_each(texts: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Many texts with masks, laid over all of them in one go."""
    if mask is str or not texts:
        return [*texts]
    joined = APART.join(texts)
    if joined.count("\0") >= len(texts):  # one of them has such a sign itself
        return [*map(mask, texts)]
    return mask(joined).split(APART)


def broken_numbers(text: str) -> list[tuple[int, int, str]]:
    """From where to where something stands that may be a number which goes on in the next line,
    `8 926 555⏎47 39`, with its digits: whole groups of them, as many as numbers have."""
    if text.count("\n") == 2 * text.count(APART):
        return []
    found: dict[tuple[int, int], str] = {}
    for end in _LINE_END.finditer(text):
        before, behind = _groups_at(text, *end.span())
        digits = ""
        for first in before:
            digits = both = first[0] + digits
            for last in behind:
                both += last[0]
                if COMPARED <= len(both) <= LONGEST:
                    found[first.start(), last.end()] = both
    return [(*span, digits) for span, digits in sorted(found.items())]


def _groups_at(text: str, end: int, begin: int) -> tuple[list[_Group], list[_Group]]:
    """The groups of digits that may belong together where a line ends and another begins, the next first."""
    first, last = max(0, end - _WIDEST), begin + _WIDEST
    groups = [*_GROUP.finditer(text, first, end)]
    more = [*_GROUP.finditer(text, begin, last)]
    if first and text[first - 1 : first + 1].isdecimal():  # goes on beyond that
        groups = groups[1:]
    if text[last - 1 : last + 1].isdecimal() and last < len(text):
        more = more[:-1]
    return _together(text, groups[::-1]), _together(text, more)


def _together(text: str, groups: Sequence[_Group]) -> list[_Group]:
    """The first of them, as far as they may be parts of one number, in two lines at most."""
    found = [*groups[:1]]
    digits, lines = sum(len(group[0]) for group in found), 0
    for one in groups[1:]:
        digits += len(one[0])
        near, far = sorted([found[-1].span(), one.span()])
        lines += "\n" in text[near[1] : far[0]]
        is_apart = _APART_BY.fullmatch(text, near[1], far[0]) is None
        if digits >= LONGEST or lines > 1 or is_apart:
            break
        found.append(one)
    return found
