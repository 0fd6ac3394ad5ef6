"""What a new record gets when nobody says it, and the least that it must have."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.schema import own_fields
from crmcli.model.values import Value
from crmcli.workspace import Workspace

R = TypeVar("R", bound=Record)


class TooLittle(Refused):
    """A new record says nothing by which it could be known."""


def complete(ws: Workspace, record: Record) -> Record:
    """The record with what follows from its values, and its stage, owner, currency, time of creation."""
    record = with_terms(ws, record).filled(partial(_linked, ws))
    fields = own_fields(record.entity)
    usual: dict[str, Value] = {field.name: field.default for field in fields if field.default}
    usual |= {"owner": ws.person, "created_at": ws.now}
    amounts = [record.get(field.name) for field in fields if field.kind.is_money]
    if not amounts or any(amount is not None for amount in amounts):
        usual["currency"] = ws.settings.currency
    if "staged" in ENTITIES[record.entity].traits:
        usual |= _beginning(ws, record)
    names = {field.name for field in fields}
    lacking = {n: v for n, v in usual.items() if n in names and record.get(n) in ("", None)}
    return record.with_values(lacking)


def with_terms(ws: Workspace, record: R) -> R:
    """A deal that has lines says in which currency, and whether their prices are with VAT."""
    if not isinstance(record, Deal) or not record.lines:
        return record
    usual: dict[str, Value] = {
        "currency": ws.settings.currency,
        "vat_included": ws.settings.vat_included,
    }
    return record.with_values({n: v for n, v in usual.items() if record.get(n) in ("", None)})


def _linked(ws: Workspace, record_id: str) -> Record | None:
    return ws.get(record_id) if ws.exists(record_id) else None


def _beginning(ws: Workspace, record: Record) -> dict[str, Value]:
    """Where a record stands that says nothing of it, and how likely success is from there."""
    pipeline = ws.pipeline_of(record)
    stage = pipeline.stage(str(record.get("stage"))) if record.get("stage") else pipeline.initial
    return {
        "pipeline": pipeline.key,
        "stage": pipeline.initial.id,
        "probability": None if stage is None else stage.chance,
    }


def note_choice(ws: Workspace, deal: Record) -> None:
    """Say which company a new deal got, where its contact belongs to several."""
    if not isinstance(deal, Deal) or not deal.company or not deal.contacts:
        return
    contact = _linked(ws, deal.contacts[0])
    count = len(contact.companies) if isinstance(contact, Contact) else 0
    if contact and count > 1:
        company = _linked(ws, deal.company)
        name = company.get("name") if company else deal.company
        ws.notes.append(
            tr(
                "the deal is with {}, the first of {}'s {} companies; --company names another",
                name,
                contact.get("name"),
                count,
            )
        )


def check_minimum(record: Record) -> None:
    """Refuse a record that nobody could find again."""
    row = ENTITIES[record.entity]
    if not str(record.get("name")):
        raise TooLittle(
            tr("{} needs {}", tr(row.one), tr(row.least)),
            row.example and tr("for example: {}", tr(f"crm {row.name} add {row.example}")),
        )


def check_amount(record: Record) -> None:
    """Refuse a deal of less than nothing."""
    if isinstance(record, Deal) and record.amount is not None and record.amount < 0:
        raise Refused(
            tr("a deal's amount is not negative: {}", f"{record.amount:f}"),
            "what is paid back is a credit note: crm invoice credit",
        )


_ORDERS = (
    ("first_name", "middle_name", "last_name"),
    ("last_name", "first_name", "middle_name"),
    ("first_name", "last_name"),
    ("last_name", "first_name"),
)
"""In which the parts of a name may stand in the whole."""


def follow_name(before: Record, after: R) -> R:
    """Let a name that was made of other fields follow them, in its order, unless it was written by hand."""
    name = before.get("name")
    if not name or after.get("name") != name:
        return after
    if name == _made_name(before):
        made = _made_name(after)
    else:
        orders = (order for order in _ORDERS if _in_order(before, order) == name)
        made = _in_order(after, next(orders, ()))
    return after.with_values({"name": made}) if made else after


def _made_name(record: Record) -> str:
    """What a record is called by its other fields; "" where they say nothing."""
    return str(record.with_values({"name": ""}).filled(lambda record_id: None).get("name"))


def _in_order(record: Record, order: tuple[str, ...]) -> str:
    return " ".join(filter(None, (str(getattr(record, part, "")) for part in order)))
