"""What is left of masks that were cut in what people give back, and is not to be kept in a number's place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crmcli.model.masked_lines import BETWEEN, broken_numbers
from crmcli.model.masked_places import digits_and_stars, each_text, keys_in
from crmcli.model.masking import STAR, plain_digits

_STARRED = re.compile(rf"[\d*](?:[\d*\r\n{BETWEEN}]*[\d*])?")
_TORN = rf"\*(?=[{BETWEEN}]?\d)|(?<=\d)[{BETWEEN}]?\*|…(?=@)|(?<=\S)…(?=\S{{0,64}}@|\w)"
"""What is left of a mask in which something was changed."""
_LEFT = re.compile(rf"\*(?:[{BETWEEN}]*\*){{2,}}[{BETWEEN}]*(\d[{BETWEEN}]?\d)")
_DIGITS = re.compile(rf"\d(?:[{BETWEEN}]*\d)+")


def left_of_masks(made: Sequence[str], stored: Any) -> str | None:
    """What is left of a mask in these texts while a number or an address that is stored is not in them."""
    had = [text for _, text in each_text(stored)]
    if starred := _left_in_stars(made, had):
        return starred
    gone = _gone(made, stored)
    if runs := Counter(_runs_of_stars(made)) - Counter(_runs_of_stars(had)):
        over_lines = (text[a:b] for text in had for a, b, _ in broken_numbers(plain_digits(text)))
        if gone or not all(any(one in text for text in made) for one in over_lines):
            return next(iter(runs))
    if not gone:
        return None
    firsts = "".join(re.escape(key[0]) for key in gone if "@" in key)
    sign = re.compile(rf"{_TORN}|(?i:[{firsts}]…)" if firsts else _TORN)

    def signs(texts: Iterable[str]) -> list[str]:
        return [found[0] for text in texts for found in sign.finditer(text)]

    left = Counter(signs(made)) - Counter(signs(had))
    return next(iter(left), None)


def _runs_of_stars(texts: Iterable[str]) -> Iterator[str]:
    """The digits with stars among them, as a torn mask leaves them, over lines too."""
    for found in (found[0] for text in texts for found in _STARRED.finditer(text)):
        if found.count(STAR) > (1 if any(map(str.isdecimal, found)) else 2):
            yield digits_and_stars(found)


def _left_in_stars(made: Sequence[str], stored: Sequence[str]) -> str | None:
    """Stars that stand, beside somebody's own, in the place of digits which the field had and has no more."""
    had, kept = (
        {digits_and_stars(run) for text in texts for run in _DIGITS.findall(text)}
        for texts in (stored, made)
    )
    for found in (found for text in made for found in _LEFT.finditer(text)):
        end, is_old = digits_and_stars(found[1]), any(found[0] in text for text in stored)
        if not is_old and any(one.endswith(end) for one in had - kept):
            return found[0]
    return None


def _gone(made: Sequence[str], stored: Any) -> Counter[str]:
    """The numbers and addresses that stand in these texts less often than they are stored."""
    had = Counter(key for _, text in each_text(stored) for key in keys_in(text))
    return had - Counter(key for text in made for key in keys_in(text, had))
