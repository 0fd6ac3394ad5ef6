"""Masks over many texts at once, and over numbers that go on in the next line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

BETWEEN = r" \t\u00a0\u00ad\u00b7\u2000-\u2015\u2022\u202a-\u202f\u2060-\u2069\u2212\u3000\ufeff()\[\]._/|~-"
"""What people put between the digits of a number, as in a class of a regular expression."""
APART = "\n\0\n"
"""Between texts that are masked together: no number and no address goes across it."""
_LINE_END = re.compile(rf"(?<=[\d*])[{BETWEEN}]*\r?\n[>{BETWEEN}]*(?=[\d*])")
"""With the signs of a quoted letter."""
_LINE = re.compile(rf"[\d*{BETWEEN}]*")
_MOST = 10
"""Digits in a line that are a number of their own, whatever stands in the next one."""
_LONGEST = 60
"""Letters of a line at which a number is looked for that goes on."""


def masked_each(texts: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Many texts with masks, laid over all of them in one go."""
    if mask is str or not texts:
        return [*texts]
    said = mask(APART.join(texts)).split(APART)
    return said if len(said) == len(texts) else [*map(mask, texts)]


def in_one_line(text: str) -> str:
    """A text in which a number that goes on in the next line, `8 926 555⏎47 39`, stands in one, each letter
    in its place; whole numbers below one another stay apart."""
    if text.count("\n") == 2 * text.count(APART):
        return text
    made, end = list[str](), 0
    for found in _LINE_END.finditer(text):
        start, stop = found.span()
        before = _LINE.match(text[max(0, start - _LONGEST) : start][::-1])
        behind = _LINE.match(text, stop, stop + _LONGEST)
        if all(part and _digits(part[0]) < _MOST for part in (before, behind)):
            made += text[end:start], " " * (stop - start)
            end = stop
    return "".join([*made, text[end:]]) if made else text


def _digits(text: str) -> int:
    return sum(letter.isdecimal() or letter == "*" for letter in text)
