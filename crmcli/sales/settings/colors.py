"""Colours as people name them."""

from __future__ import annotations

import re

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.values import fold

NAMES = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff",
    "green": "#008000", "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00",
    "navy": "#000080", "blue": "#0000ff", "teal": "#008080", "aqua": "#00ffff",
}  # fmt: skip
"""The sixteen of HTML."""


def read_color(text: str) -> str:
    """`#rrggbb` of that, of `#rgb` or of one of the sixteen names; BadUsage lists them."""
    word = fold(text)
    digits = NAMES.get(word, word).removeprefix("#")
    if re.fullmatch("[0-9a-f]{3}", digits):
        digits = "".join(digit * 2 for digit in digits)
    if not re.fullmatch("[0-9a-f]{6}", digits):
        hint = tr("like '#39a8ef' in quotes, or one of {}", ", ".join(NAMES))
        raise BadUsage(tr("{!r} is not a colour", text), hint)
    return f"#{digits}"
