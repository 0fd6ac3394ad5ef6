"""How phone numbers are written for people: `8 (912) 345-67-89` at home, `+7 912 345-67-89` abroad."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_MOBILE = re.compile(r"\+79[0-9]{9}")
"""Those of Russia, of which lists are full, are written without the tables."""
_E164 = re.compile(r"\+[0-9]+")
_TWO_PLANS = 7
"""The country code that Russia and Kazakhstan share; whoever shares another one has one plan."""


def spaced(number: str) -> str:
    """`+79123456789` as people dial it, `+7 912 345-67-89`; other countries by their own rule.

    What is no E.164 number stays as it was given.
    """
    if len(number) == 12 and number.startswith("+7") and number[1:].isdecimal():
        return f"+7 {number[2:5]} {number[5:8]}-{number[8:10]}-{number[10:]}"
    import phonenumbers as tables

    parsed = _parsed(number)
    international = tables.PhoneNumberFormat.INTERNATIONAL
    return tables.format_number(parsed, international) if parsed else number


@lru_cache(maxsize=1 << 14)
def dialled(number: str, country: str) -> str:
    """A number as people of a country write their own, `020 7946 0123`; one of another as `spaced` does."""
    if country == "RU" and _MOBILE.fullmatch(number):
        start, middle, *end = number[2:5], number[5:8], number[8:10], number[10:]
        return f"8 ({start}) {middle}-{'-'.join(end)}"
    import phonenumbers as tables

    parsed = _parsed(number)
    code = tables.country_code_for_region(country) if country else 0
    if not parsed or parsed.country_code != code:
        return spaced(number)
    if code == _TWO_PLANS and tables.region_code_for_number(parsed) not in (None, country):
        return spaced(number)
    return tables.format_number(parsed, tables.PhoneNumberFormat.NATIONAL)


def _parsed(number: str) -> PhoneNumber | None:
    """An E.164 number taken apart; None for anything else."""
    import phonenumbers as tables

    try:
        return tables.parse(number) if _E164.fullmatch(number) else None
    except tables.NumberParseException:
        return None
