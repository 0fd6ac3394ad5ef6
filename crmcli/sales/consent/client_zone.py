"""What time it is where a client is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from itertools import chain
from typing import cast

from crmcli.model.fields import Record
from crmcli.model.phone_zones import zone_of_number
from crmcli.model.values import Phone
from crmcli.sales.consent.permission import holders, people_of
from crmcli.workspace import Workspace


def zone_of(ws: Workspace, record: Record | None, to: Sequence[str] = ()) -> tzinfo:
    """The time zone of whom a message about a record reaches: who has an address that it goes to comes first,
    and a field that names the zone before a phone that tells it; the company's zone where nothing does."""
    people = chain(holders(ws, to), people_of(ws, record))
    found = (zone for one in people for zone in (_named(ws, one), _of_phones(one)) if zone)
    return next(found, ws.zone)


def _named(ws: Workspace, person: Record) -> tzinfo | None:
    name = ws.settings.quiet.zone_field
    known = {field.name for field in ws.schema.fields(person.entity)} if name else set()
    return _zone(str(person.get(name) or "")) if name in known else None


def _of_phones(person: Record) -> tzinfo | None:
    phones = cast("Sequence[Phone]", getattr(person, "phones", ()))
    return next(filter(None, (_zone(zone_of_number(phone.value)) for phone in phones)), None)


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name.strip()) if name.strip() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # what a person wrote there is no zone
