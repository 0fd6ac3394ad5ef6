"""What of a lead goes to what it becomes: what has the same name there, and what settings.yaml maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.values import CompanyLink, Value
from crmcli.sales.duplicates.ways import settled
from crmcli.sales.merging.field_merge import joined
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.lead import Lead

TARGETS = ("contact", "company", "deal")
OF_A_PERSON = ("phones", "emails", "do_not", "unwanted", "consents")
"""What a company does not get of a lead where a contact gets it."""

OF_THE_LEAD = frozenset(
    {"id", "stage", "converted", "converted_at", "batch", "created_at", "owner", "junk_reason",
     "closed_at", "first_closed_at", "reopened", "repeat"}
)  # fmt: skip
"""Lead fields that say how the lead was worked, not who the client is: nothing is lost with them."""


def carried(
    ws: Workspace, lead: Lead, entity: str, *, has_contact: bool = False
) -> dict[str, Value]:
    """What a contact, a company or a deal gets of a lead: what is alike, and what settings.yaml maps."""
    found = _alike(ws, lead, entity, has_contact=has_contact)
    for name, (target, to) in ws.settings.conversion.items():
        kind = ws.schema.field("lead", name).kind
        if target == entity and lead.get(name) != kind.empty:
            found[to] = ws.schema.field(entity, to).kind.parse(kind.dump(lead.get(name)))
    return found


def _alike(
    ws: Workspace, lead: Lead, entity: str, *, has_contact: bool = False
) -> dict[str, Value]:
    """The lead's values for every field that the target has under the same name and of the same kind; a
    company gets nothing that is the contact's, nor the currency of the lead's amount."""
    kinds = {f.name: f.kind for f in ws.schema.fields("lead")}
    found = {
        f.name: lead.get(f.name)
        for f in ws.schema.fields(entity)
        if (f.name not in OF_THE_LEAD or f.name == "owner")
        and kinds.get(f.name) == f.kind
        and lead.get(f.name) != f.kind.empty
    }
    if entity == "company":
        others = ("currency", *(OF_A_PERSON if has_contact else ()))
        found = {name: value for name, value in found.items() if name not in others}
    return found


def enriched(
    ws: Workspace,
    lead: Lead,
    record: Record,
    whole: Mapping[str, Record],
    conflicts: list[str],
    how: str = "merge",
) -> Record:
    """An existing record with its empty fields filled and its lists added to, nothing being lost; with the
    values of the lead by `replace`, as it is by `skip`; and with its links."""
    how = settled(how, lead, record)
    links = _new_links(lead, record, whole, conflicts)
    if how == "skip":
        return record.with_values(links)
    values: dict[str, Value] = {}
    for name, new in carried(ws, lead, record.entity, has_contact="contact" in whole).items():
        field, old = ws.schema.field(record.entity, name), record.get(name)
        if name in ("name", "owner"):
            continue
        if field.is_many:
            values[name] = joined(field, old, new, ws.settings.phone_country)
        elif old == field.kind.empty or how == "replace":
            values[name] = new
        elif old != new:
            conflicts.append(f"{record.id} {name}")
    return record.with_values({**values, **links})


def _new_links(
    lead: Lead, record: Record, whole: Mapping[str, Record], conflicts: list[str]
) -> dict[str, Value]:
    """The links that an existing record gets: to the lead, whose story it tells, if it has come from none,
    and to what else the lead becomes."""
    company, contact = whole.get("company"), whole.get("contact")
    links: dict[str, Value] = {} if record.get("lead") else {"lead": lead.id}
    if isinstance(record, Contact) and company is not None:
        if company.id not in [link.company for link in record.companies]:
            links["companies"] = (*record.companies, CompanyLink(company.id, lead.position))
    elif isinstance(record, Deal):
        if contact is not None and contact.id not in record.contacts:
            links["contacts"] = (*record.contacts, contact.id)
        if company is not None and not record.company:
            links["company"] = company.id
        elif company is not None and record.company != company.id:
            conflicts.append(f"{record.id} company")
    return links


def left_out(ws: Workspace, lead: Lead, whole: Mapping[str, Record]) -> tuple[str, ...]:
    """The lead fields that have a value and go to none of the records that are made or used."""
    gone = {"name"} | OF_THE_LEAD
    for entity in whole:
        gone |= _alike(ws, lead, entity).keys()
        gone |= {name for name, (target, _) in ws.settings.conversion.items() if target == entity}
    if "company" in whole:
        gone |= {"company_name"}
    if "contact" in whole:
        gone |= {"contact", *(("position",) if "company" in whole else ())}
    if "deal" in whole:
        gone |= {"contact", "company"}
    own = [f for f in ws.schema.fields("lead") if f.name not in gone]
    return (*(f.name for f in own if lead.get(f.name) != f.kind.empty), *sorted(lead.unknown))
