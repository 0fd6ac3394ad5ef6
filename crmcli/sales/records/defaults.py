"""What a new record gets when nobody says it, and the least that it must have."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from crmcli.errors import Refused
from crmcli.model.company import Company
from crmcli.model.contact import Contact, full_name
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.task import Task
from crmcli.workspace import Workspace


class TooLittle(Refused):
    """A new record says nothing by which it could be known."""


def complete(ws: Workspace, record: Record) -> Record:
    """The record with its derived name, stage, owner, currency and time of creation filled in."""
    if isinstance(record, Lead):
        return _complete_lead(ws, record)
    if isinstance(record, Contact):
        return replace(
            record,
            name=record.name or _person(record) or _first(record.emails) or _first(record.phones),
            owner=record.owner or ws.user,
            created_at=record.created_at or ws.now,
        )
    if isinstance(record, Company):
        return replace(
            record,
            name=record.name or record.legal_name,
            currency=record.currency or _currency(ws, record.turnover),
            owner=record.owner or ws.user,
            created_at=record.created_at or ws.now,
        )
    if isinstance(record, Deal):
        return _complete_deal(ws, record)
    if isinstance(record, Task):
        return replace(
            record, owner=record.owner or ws.user, created_at=record.created_at or ws.now
        )
    if isinstance(record, Offer):
        return replace(
            record,
            status=record.status or "draft",
            currency=record.currency or ws.settings.currency,
            owner=record.owner or ws.user,
            created_at=record.created_at or ws.now,
        )
    return record


def _complete_lead(ws: Workspace, lead: Lead) -> Lead:
    return replace(
        lead,
        name=lead.name or lead_name(lead),
        stage=lead.stage or ws.pipelines.leads.initial.id,
        currency=lead.currency or _currency(ws, lead.amount),
        owner=lead.owner or ws.user,
        created_at=lead.created_at or ws.now,
    )


def _complete_deal(ws: Workspace, deal: Deal) -> Deal:
    pipeline = ws.pipeline_of(deal)
    stage = pipeline.stage(deal.stage) if deal.stage else pipeline.initial
    default = None if stage is None else stage.probability
    amount = deal.amount
    if amount is None and deal.lines:
        from crmcli.model.offer import line_sum

        amount = sum((line_sum(line) for line in deal.lines), Decimal(0))
    return replace(
        deal,
        pipeline=pipeline.id,
        stage=deal.stage or pipeline.initial.id,
        amount=amount,
        currency=deal.currency or _currency(ws, amount),
        probability=(
            deal.probability
            if deal.probability is not None or default is None
            else Decimal(default)
        ),
        company=deal.company or _company_of_contact(ws, deal),
        owner=deal.owner or ws.user,
        created_at=deal.created_at or ws.now,
    )


def _company_of_contact(ws: Workspace, deal: Deal) -> str:
    """A deal added for a contact belongs to the contact's (first) company too."""
    if not deal.contacts:
        return ""
    contact = ws.get(deal.contacts[0]) if ws.exists(deal.contacts[0]) else None
    return (
        contact.companies[0].company if isinstance(contact, Contact) and contact.companies else ""
    )


def note_choice(ws: Workspace, deal: Record) -> None:
    """Say which company a new deal got, where its contact belongs to several."""
    if not isinstance(deal, Deal) or not deal.company or not deal.contacts:
        return
    contact = ws.get(deal.contacts[0])
    count = len(contact.companies) if isinstance(contact, Contact) else 0
    if count > 1:
        name = ws.get(deal.company).get("name") if ws.exists(deal.company) else deal.company
        ws.notes.append(
            f"the deal is with {name}, the first of {contact.get('name')}'s {count} companies;"
            " --company names another"
        )


def lead_name(lead: Lead) -> str:
    """A lead's title where none was given: the person, the company, the phone, the address, the text."""
    first_line = lead.comment.strip().split("\n")[0][:60]
    return (
        _person(lead)
        or lead.company_name
        or _first(lead.phones)
        or _first(lead.emails)
        or first_line
    )


def check_minimum(record: Record) -> None:
    """Refuse a record that nobody could find again."""
    if str(record.get("name")):
        return
    least = {
        "lead": "a name, a phone, an e-mail, a company name or a comment",
        "contact": "a name, a phone or an e-mail",
        "task": "a title",
        "offer": "a number",
    }.get(record.entity, "a name")
    hint = "e.g. crm task add 'Позвонить'" if record.entity == "task" else "e.g. --name …"
    raise TooLittle(f"a {record.entity} needs {least}", hint)


def follow_name(before: Record, after: Record) -> Record:
    """Let a name that was made of its parts follow them when they change."""
    if isinstance(before, Contact | Lead) and isinstance(after, Contact | Lead):
        made = _person(before)
        if made and before.name == made == after.name and _person(after):
            return replace(after, name=_person(after))
    return after


def _person(record: Contact | Lead) -> str:
    return full_name(record.first_name, record.middle_name, record.last_name)


def _first(items: tuple[object, ...]) -> str:
    return str(items[0]) if items else ""


def _currency(ws: Workspace, amount: Decimal | None) -> str:
    return ws.settings.currency if amount is not None else ""
