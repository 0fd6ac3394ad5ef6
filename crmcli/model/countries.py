"""Countries by the names that people write, for the phones of their addresses."""

from __future__ import annotations

import re

from crmcli.model.values import fold
from crmcli.words import rows

_CODES = {fold(name): code for code, names in rows("countries") for name in names.split("|")}
_CUT = re.compile(r"[,;\n]")


def country_of(text: str) -> str:
    """The code of a country that a text names, in one of many languages or by its code; "" if it is none."""
    name = fold(text).strip(" .,")
    if re.fullmatch("[a-z]{2}", name):
        from crmcli.model.phones import is_country

        return name.upper() if is_country(name.upper()) else _CODES.get(name, "")
    return _CODES.get(name, "") or _CODES.get(f"{name}.", "")


def country_of_address(address: str) -> str:
    """The country that an address begins or ends with, by its name; a code may be that of a state."""
    pieces = [fold(piece).strip(" .") for piece in _CUT.split(address)]
    named = (piece for piece in (pieces[-1], pieces[0]) if len(piece) > 2 or piece in ("рф", "uk"))
    return next((code for piece in named if (code := _CODES.get(piece, ""))), "")
