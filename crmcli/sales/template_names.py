"""What templates see of records: plain data by name, nothing that can do anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from crmcli.errors import NotFound
from crmcli.matching.name_parts import split_name
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record
from crmcli.model.invoice import Invoice
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.schema import Schema, own_fields, record_class
from crmcli.model.settings import Us
from crmcli.model.sums import LineSum, Totals, totals
from crmcli.model.user import User
from crmcli.model.values import Line
from crmcli.render.shapes import Leaf, Shape, of_value
from crmcli.workspace import Workspace

Plain: TypeAlias = dict[str, Any]
"""A record as templates see it: texts, numbers, dates, lists and maps by field name."""

SHORTCUTS = (("email", "emails"), ("phone", "phones"))
"""Names for the first of a list."""

_AS_THEY_ARE = (str, NoneType, int, Decimal, bool, date)
_OWN = {"invoice": ("qr", "original"), "deal": ("offer",)}
"""Names that a record of one noun has besides: the picture to pay by, the invoice of a credit note, the offer
that goes with a message about a deal."""

EVERYWHERE = ("contact", "company", "owner", "us", "now", "today", "robots")


def known_names(entity: str) -> tuple[str, ...]:
    """The names that a template for records of that entity sees."""
    own = _OWN.get(entity, ())
    return tuple(dict.fromkeys((entity, *_above(entity), *EVERYWHERE, *own)))


def _above(entity: str) -> tuple[str, ...]:
    """The nouns of which a record may be a part."""
    parent = ENTITIES[entity].parent
    return Schema().field(entity, parent).entities if parent else ()


def shapes_for(entity: str, every: Mapping[str, Shape]) -> dict[str, Shape]:
    """Of every shape those that a template for records of that entity sees."""
    return {name: every[name] for name in known_names(entity)}


def every_shape(schema: Schema) -> dict[str, Shape]:
    """All names that any template sees, with what can be asked of them."""
    nouns = {entity: _shape_of_record(entity, schema) for entity in ENTITIES}
    plain = dict.fromkeys(("now", "today", "qr"), Leaf())
    return {
        **nouns,
        "original": nouns["invoice"],
        "owner": _shape(User),
        "us": _shape(Us),
        "robots": None,
        **plain,
    }


def _shape_of_record(entity: str, schema: Schema) -> Shape:
    fields = dict.fromkeys((f.name for f in schema.fields(entity)), None) | _own_shapes(entity)
    fields |= {one: Leaf() for one, many in SHORTCUTS if many in fields}
    fields |= {"left": Leaf()} if "payments" in fields else {}
    if "lines" in fields:
        sums = totals([Line("", vat=Decimal(0))], vat_included=True)
        fields |= {name: of_value(value) for name, value in _sums(sums).items()}
    return fields


@cache  # it follows from the class alone, and looking through a configuration asks hundreds of times
def _own_shapes(entity: str) -> dict[str, Shape]:
    hints = get_type_hints(record_class(entity))
    return {f.name: _shape(hints[f.name], f) for f in own_fields(entity)}


def _shape(of: Any, field: Field | None = None) -> Shape:
    """The shape of what a type holds, as `_plain_value` makes it; of unions that of what is not None."""
    if get_origin(of) in (Union, UnionType):
        return _shape(next(part for part in get_args(of) if part is not NoneType), field)
    if get_origin(of) is tuple:
        return [_shape(get_args(of)[0], field)]
    if is_dataclass(of):
        hints = get_type_hints(of)
        return {one.name: _shape(hints[one.name]) for one in dataclasses.fields(of)}
    if not isinstance(of, type) or issubclass(of, Mapping):
        return None
    is_one = field is not None and field.kind.is_link and len(field.entities) == 1
    return Leaf(field.entities[0] if field is not None and is_one else "")


def names_for(ws: Workspace, record: Record) -> dict[str, object]:
    """What a template sees for a record, as plain data.

    The record, its `contact`, `company` and `owner`, `us`, `now` and `today`; the names of its parent too;
    `robots`, empty until whoever acts for one puts there what those above gave back. A
    lead without a contact is its own contact.
    """
    above = _above(record.entity)
    parent = linked(ws, str(record.get(ENTITIES[record.entity].parent))) if above else None
    names = names_for(ws, parent) if parent is not None else dict.fromkeys(above)
    names.pop("offer", None)
    names |= {"offer": None} if isinstance(record, Deal) else {}
    people = _people(ws, record)
    names |= {name: found for name, found in people.items() if found or name not in names}
    now, us = ws.now.astimezone(ws.zone), ws.settings.us
    return {
        **names,
        record.entity: plain(ws, record),
        "owner": owner_names(ws, str(getattr(record, "owner", ""))),
        "us": {**asdict(us), "accounts": [asdict(account) for account in us.accounts]},
        "now": now,
        "today": now.date(),
        "robots": {},
        **(_of_invoice(ws, record) if isinstance(record, Invoice) else {}),
    }


def _of_invoice(ws: Workspace, invoice: Invoice) -> dict[str, object]:
    """What an invoice alone has: the picture to pay by, and of a credit note its invoice."""
    return {"qr": "", "original": _plain_or_none(ws, linked(ws, invoice.credits))}


def _people(ws: Workspace, record: Record) -> dict[str, object]:
    contact = contact_of(ws, record)
    named = _plain_or_none(ws, contact)
    if contact is None and isinstance(record, Lead):
        named = _lead_as_contact(ws, record)
    return {"contact": named, "company": _plain_or_none(ws, company_of(ws, record))}


def plain(ws: Workspace, record: Record) -> Plain:
    """A record as templates see it, with `email` and `phone` for the first of each, `sum` and `totals`."""
    data: Plain = {
        field.name: _plain_value(record.get(field.name), ws)
        for field in ws.schema.fields(record.entity)
    }
    for one, many in SHORTCUTS:
        if many in data:
            values = cast("tuple[object, ...]", record.get(many))
            data[one] = str(values[0]) if values else ""
    if isinstance(record, Invoice):
        data["left"] = record.left
    if isinstance(record, Contact) and not record.full_name:
        data |= split_name(record.name)  # whoever is greeted is greeted by the first name
    sums = getattr(record, "totals", None)
    return data | _sums(sums) if isinstance(sums, Totals) else data


def _sums(of: Totals) -> Plain:
    """The lines of a document with their sums, and what they come to."""
    rates = [{**asdict(one), "sum": one.vat} for one in of.by_rate if one.rate is not None]
    names = ("net", "vat", "gross", "discount")
    whole = {name: getattr(of, name) for name in names} | {"by_rate": rates}
    return {"lines": [_plain_line(one) for one in of.lines], "totals": whole}


def _plain_line(one: LineSum) -> Plain:
    """A line with its sums; of a discount what was agreed, `10%` or a sum, and what it comes to."""
    line, amounts = asdict(one.line), {n: getattr(one, n) for n in ("full", "sum", "net", "gross")}
    line["discount"] = str(one.line.discount or "")
    line["vat_included"] = one.vat_included
    return {**line, **amounts, "discount_sum": one.discount, "vat_sum": one.vat}


def _plain_value(value: object, ws: Workspace) -> object:
    if type(value) in _AS_THEY_ARE:  # nearly all, and it is asked for each field of each record
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, tuple):
        return [_plain_value(item, ws) for item in value]
    if isinstance(value, datetime):
        return _in_zone(value, ws)
    return dict(value) if isinstance(value, Mapping) else value


def _in_zone(moment: datetime, ws: Workspace) -> datetime:
    """The moment by the clock on the wall; as it is at the very end of the calendar."""
    try:
        return moment.astimezone(ws.zone)
    except OverflowError:
        return moment


def _plain_or_none(ws: Workspace, record: Record | None) -> Plain | None:
    return plain(ws, record) if record is not None else None


def _lead_as_contact(ws: Workspace, lead: Lead) -> Plain:
    """The person that a lead speaks of, in the shape of a contact."""
    own = plain(ws, lead)
    fields = ws.schema.fields("contact")
    person = {f.name: own.get(f.name, _plain_value(f.kind.empty, ws)) for f in fields}
    name = lead.full_name
    shortcuts = {"email": own["email"], "phone": own["phone"]}
    return {**person, **shortcuts, "id": "", "name": name, "lead": lead.id}


def owner_names(ws: Workspace, owner: str) -> Plain:
    """Who is named in settings.yaml; a login name says nothing to a client."""
    known = asdict(ws.settings.users.get(owner) or User(owner))
    return {name: _plain_value(value, ws) for name, value in known.items()}


def linked(ws: Workspace, record_id: str) -> Record | None:
    """The record behind a link; None where the link is empty or leads nowhere (`crm check` tells)."""
    if not record_id:
        return None
    try:
        return ws.get(record_id)
    except NotFound:
        return None


def contact_of(ws: Workspace, record: Record) -> Record | None:
    """The contact to speak to about a record: itself, or the one that it names first."""
    if isinstance(record, Contact):
        return record
    if isinstance(record, Deal):
        return linked(ws, record.contacts[0]) if record.contacts else None
    own = linked(ws, str(getattr(record, "contact", "")))
    if own is None and isinstance(record, Offer | Invoice):
        deal = linked(ws, record.deal)
        return contact_of(ws, deal) if deal is not None else None
    return own


def company_of(ws: Workspace, record: Record) -> Record | None:
    """The company of a record: itself, the one that it names, or the first one of its contact."""
    if record.entity == "company":
        return record
    own = linked(ws, str(getattr(record, "company", "")))
    if own is None and isinstance(record, Offer | Invoice):
        deal = linked(ws, record.deal)
        own = linked(ws, str(getattr(deal, "company", "")))
    if own is not None:
        return own
    contact = contact_of(ws, record)
    if isinstance(contact, Contact) and contact.companies:
        return linked(ws, contact.companies[0].company)
    return None
