"""Masks over many texts at once, and over numbers that go on in the next line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

BETWEEN = r" \t\u00a0\u00ad\u00b7\u2000-\u2015\u2022\u202a-\u202f\u2060-\u2069\u2212\u3000\ufeff()\[\]._/|~>-"
"""What people put between the digits of a number, as in a class of a regular expression; > begins each line
of a quoted letter."""
APART = "\n\0\n"
"""Between texts that are masked together: no number and no address goes across it."""
_LINE_END = re.compile(rf"(?<=[\d*])[{BETWEEN}]*\r?\n[{BETWEEN}]*(?=[\d*])")
_LINE = re.compile(rf"[\d*{BETWEEN}]*")
_MASK = re.compile(rf"[{BETWEEN}]*(?:\d[{BETWEEN}]*){{2}}(?:\*[{BETWEEN}]*){{3}}")
"""A masked number from its end."""
COMPARED = 10
"""Digits at the end of a number by which it is known, whatever stands for its country."""
LONGEST = 15
"""Digits of a number in E.164."""
_WIDEST = 60
"""Letters of a line at which a number is looked for that goes on."""


def masked_each(texts: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Many texts with masks, laid over all of them in one go."""
    if mask is str or not texts:
        return [*texts]
    joined = APART.join(texts)
    if joined.count("\0") >= len(texts):  # one of them has such a sign itself
        return [*map(mask, texts)]
    return mask(joined).split(APART)


def numbers_joined(text: str) -> str:
    """A text in which a number that goes on in the next line, `8 926 555⏎47 39`, stands in one, each letter
    in its place; whole numbers below one another stay apart."""
    if text.count("\n") == 2 * text.count(APART):
        return text
    made, end = list[str](), 0
    for found in _LINE_END.finditer(text):
        start, stop = found.span()
        before = _LINE.match(text[max(0, start - _WIDEST) : start][::-1])
        behind = _LINE.match(text, stop, stop + _WIDEST)
        is_begun = bool(made) and before is not None and start - before.end() <= end
        if before and behind and _goes_on(before[0], behind[0], is_begun):
            made += text[end:start], " " * (stop - start)
            end = stop
    return "".join([*made, text[end:]]) if made else text


def _goes_on(before: str, behind: str, is_begun: bool) -> bool:
    """Whether the end of a line, written backwards, and the next one may be one number. Stars alone are
    somebody's own, but where the number `is_begun` in a line before."""
    if not (is_begun or any(map(str.isdecimal, before))) or _MASK.match(before):
        return False
    counts = [sum(one.isdecimal() or one == "*" for one in part) for part in (before, behind)]
    return max(counts) < COMPARED or sum(counts) <= LONGEST
