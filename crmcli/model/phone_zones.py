"""Which time zone a phone number tells."""

from __future__ import annotations

from functools import cache

from crmcli.words import rows


def zone_of_number(number: str) -> str:
    """The time zone of a number in E.164; "" where its digits do not tell it."""
    digits = number.removeprefix("+") if number.startswith("+") else ""
    heads = (digits[:length] for length in range(len(digits), 0, -1))
    found = next((zone for head in heads if (zone := _zones().get(head))), "")
    return found.removeprefix("-")


@cache
def _zones() -> dict[str, str]:
    return {head: zone for zone, heads in rows("phone_zones") for head in heads.split()}
