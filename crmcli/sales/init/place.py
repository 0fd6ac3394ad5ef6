"""Where a new workspace is: its country, currency and time zone, as the machine tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zoneinfo import available_timezones

from crmcli.words import rows

_USUAL = {"ru": "RU", "en": "GB"}
_LOCALTIME = Path("/etc/localtime")
_LOCALES = ("LC_ALL", "LC_MONETARY", "LANG")


class Place(NamedTuple):
    """A country by its two letters, its currency and a time zone."""

    country: str
    currency: str
    zone: str


def place_of(language: str, environ: Mapping[str, str]) -> Place:
    """The place that the locale tells, else the time zone, else the usual one of the language.

    An English locale stands on machines all over the world: it tells nothing of who speaks another language.
    """
    known = {country: said.split("|") for country, said in rows("places")}
    zone = _zone(environ)
    told = next((environ[name] for name in _LOCALES if environ.get(name)), "")
    match = re.match(r"([a-z]{2,3})_([A-Z]{2})\b", told)
    countries = [match[2]] if match and (language == "en" or match[1] != "en") else []
    countries += [country for country, (_, usual) in known.items() if usual == zone]
    country = next((one for one in countries if one in known), _USUAL[language])
    currency, usual = known[country]
    return Place(country, currency, zone or usual)


def _zone(environ: Mapping[str, str]) -> str:
    """The zone that TZ or the machine names; "" for none, or for UTC, in which servers stand."""
    told = environ.get("TZ", "").lstrip(":")
    if not told and _LOCALTIME.is_symlink():
        told = str(_LOCALTIME.readlink()).partition("zoneinfo/")[2]
    is_place = "/" in told and not told.startswith("Etc/")
    return told if is_place and told in available_timezones() else ""


def settled_in(settings: bytes, place: Place) -> bytes:
    """The settings with the place in them."""
    text = settings.decode("utf-8")
    said = {"currency": place.currency, "time_zone": place.zone, "phone_country": place.country}
    for key, value in said.items():
        old = re.search(rf"^{key}: (\S+)(.*)$", text, re.MULTILINE)
        if old and old[1] != value:
            remark = "" if key == "phone_country" else old[2]  # whose example is of that country
            text = text.replace(old[0], f"{key}: {value}{remark}", 1)
    return text.encode("utf-8")
