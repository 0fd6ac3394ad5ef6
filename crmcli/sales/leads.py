"""Leads: junk and convert; moving is in stages.py, what all records have in records/."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.task import Task
from crmcli.model.values import CompanyLink, Value
from crmcli.sales.activities import note_in
from crmcli.sales.duplicates.known import check_known, known_of_made
from crmcli.sales.duplicates.ways import MAKES_ALL, settled
from crmcli.sales.merging.field_merge import joined
from crmcli.sales.records.new_record import build
from crmcli.sales.records.required import MissingFields, check_stage, require
from crmcli.sales.records.stage_lookup import find_pipeline
from crmcli.sales.stages import Move, move_in
from crmcli.workspace import Change, Workspace

TARGETS = ("contact", "company", "deal")
OF_A_PERSON = ("phones", "emails", "do_not", "consents")
"""What a company does not get of a lead where a contact gets it."""

OF_THE_LEAD = frozenset(
    {"id", "stage", "converted", "converted_at", "batch", "created_at", "owner", "junk_reason"}
)
"""Lead fields that say how the lead was worked, not who the client is: nothing is lost with them."""


class LeadAlreadyConverted(Refused):
    """A lead is converted once."""


class LeadIsJunk(Refused):
    """A junk lead is taken up again before it is converted."""


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What a conversion shall make (any of TARGETS) and which existing records it shall use instead.

    Those of `known` are used since they were found, as `on_duplicate` says.
    """

    make: tuple[str, ...] = ()
    use: Mapping[str, str] = field(default_factory=dict)
    pipeline: str = ""
    on_duplicate: str = "warn"
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion, planned or done.

    `made` are new records by entity, `used` existing ones as they become; `unmapped` are filled lead fields
    that go nowhere, `conflicts` fields in which an existing record differs.
    """

    lead: Lead
    made: Mapping[str, Record]
    used: Mapping[str, Record]
    unmapped: tuple[str, ...]
    conflicts: tuple[str, ...]
    tasks: tuple[Task, ...] = ()

    @property
    def ids(self) -> dict[str, str]:
        """Entity -> id of all that the lead became."""
        both = {**self.used, **self.made}
        return {entity: both[entity].id for entity in TARGETS if entity in both}


def junk(ws: Workspace, lead_id: str, reason: str = "", note: str = "") -> Move:
    """End a lead as junk."""
    with ws.change("lead junk") as change:
        lead = change.get(lead_id)
        done = move_in(change, ws, lead, ws.pipelines.leads.lost.id, reason=reason)
        note_in(change, lead_id, note)
        return done


def convert(ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """Convert a lead into contact, company and deal, or any of them, all in one transaction."""
    with ws.change("lead convert") as change:
        lead = change.get(lead_id)
        if not isinstance(lead, Lead):
            raise BadUsage(tr("{} is not a lead", lead_id), "only leads are converted")
        try:
            plan = plan_conversion(change, ws, lead, wanted)
            if wanted.on_duplicate not in MAKES_ALL:
                ws.look_again()
                wanted = _with_known(ws, plan, wanted)
                plan = plan_conversion(change, ws, lead, wanted)
        except MissingFields as error:
            raise _where_to_give(ws, lead, error) from None
        _write(change, ws, plan)
        return plan


def _with_known(ws: Workspace, plan: Conversion, wanted: ConvertOptions) -> ConvertOptions:
    """The options with the contact and the company that are surely known already, to be used."""
    sure = [(entity, known) for entity, known in known_of_made(ws, plan.made) if known.surely]
    if wanted.on_duplicate == "fail":
        check_known([known for _, known in sure])
    use = {entity: known.record.id for entity, known in reversed(sure)}
    return replace(wanted, use={**use, **wanted.use}, known=tuple(use))


def _where_to_give(ws: Workspace, lead: Lead, error: MissingFields) -> MissingFields:
    """The same refusal with a way out: what is made of a lead gets its fields from the lead."""
    names = [name.split(" or ")[0] for name in error.fields]
    of_leads = {f.name for f in ws.schema.fields("lead")}
    if set(names) <= of_leads:
        error.hint = f"crm lead edit {lead.id} " + " ".join(f"--set {n}=…" for n in names)
    else:
        error.hint = (
            "create that record first, then convert with --use-deal, --use-contact or --use-company"
        )
    return error


def plan_conversion(
    change: Change, ws: Workspace, lead: Lead, wanted: ConvertOptions
) -> Conversion:
    """What a conversion would make; refuses what cannot be done before anything is written."""
    if lead.converted_at is not None:
        parts = ", ".join(lead.converted.values())
        raise LeadAlreadyConverted(tr("{} is already converted", lead.id), tr("see {}", parts))
    stage = ws.stage_of(lead)
    if stage.kind == "lost":
        raise LeadIsJunk(
            tr("{} is closed in {!r}", lead.id, stage.name),
            tr("crm lead move {} STAGE --reopen first", lead.id),
        )
    use = {**_own_links(ws, lead, wanted), **wanted.use}
    make = [t for t in (wanted.make or default_targets(lead, use)) if t not in use]
    if wanted.pipeline and "deal" not in make:
        raise BadUsage("--pipeline needs a new deal", "add --deal")
    existing = {entity: change.get(record_id) for entity, record_id in use.items()}
    has_contact = "contact" in (*make, *use)
    company = existing.get("company") or (
        _company(ws, lead, has_contact=has_contact) if "company" in make else None
    )
    contact = existing.get("contact") or (
        _contact(ws, lead, company) if "contact" in make else None
    )
    deal = existing.get("deal") or (
        _deal(ws, lead, wanted.pipeline, contact, company) if "deal" in make else None
    )
    whole = {
        entity: record
        for entity, record in (("contact", contact), ("company", company), ("deal", deal))
        if record is not None
    }
    conflicts: list[str] = []
    for entity in use:
        how = wanted.on_duplicate if entity in wanted.known else "merge"
        whole[entity] = _enriched(ws, lead, whole[entity], whole, conflicts, how)
    for record in whole.values():
        _check_whole(ws, record)
    return Conversion(
        lead=lead,
        made={e: r for e, r in whole.items() if e not in use},
        used={e: r for e, r in whole.items() if e in use},
        unmapped=_unmapped(ws, lead, whole),
        conflicts=tuple(conflicts),
        tasks=_open_tasks(ws, lead),
    )


def _own_links(ws: Workspace, lead: Lead, wanted: ConvertOptions) -> dict[str, str]:
    """The contact and the company that a lead is linked to, where nobody asked for new ones."""
    links = {"contact": lead.contact, "company": lead.company}
    return {e: i for e, i in links.items() if i and not wanted.make and ws.exists(i)}


def default_targets(lead: Lead, use: Mapping[str, str]) -> tuple[str, ...]:
    """What a lead becomes where nobody said it: a deal, a contact, and a company if it names one."""
    targets = ["contact", "deal"]
    if lead.company_name and "company" not in use:
        targets.append("company")
    return tuple(targets)


def _company(ws: Workspace, lead: Lead, *, has_contact: bool) -> Record:
    if not lead.company_name:
        raise MissingFields(
            tr("{} cannot become a company: company_name is missing", lead.id),
            f"crm lead edit {lead.id} --company-name …",
            ["company_name"],
        )
    values = _for_company(ws, lead, has_contact=has_contact)
    return build(ws, "company", {**values, "name": lead.company_name, "lead": lead.id})


def _contact(ws: Workspace, lead: Lead, company: Record | None) -> Record:
    name = lead.full_name or lead.name
    link = (CompanyLink(company.id, lead.position),) if company else ()
    values = _shared(ws, lead, "contact")
    return build(ws, "contact", {**values, "name": name, "companies": link, "lead": lead.id})


def _deal(
    ws: Workspace, lead: Lead, pipeline: str, contact: Record | None, company: Record | None
) -> Record:
    target = find_pipeline(ws, pipeline) if pipeline else ws.pipelines.deals[0]
    values = _shared(ws, lead, "deal")
    return build(
        ws,
        "deal",
        {
            **values,
            "name": lead.name,
            "pipeline": target.id,
            "contacts": (contact.id,) if contact else (lead.contact,) if lead.contact else (),
            "company": company.id if company else lead.company,
            "lead": lead.id,
        },
    )


def _shared(ws: Workspace, lead: Lead, entity: str) -> dict[str, Value]:
    """The lead's values for every field that the target has under the same name and of the same kind."""
    kinds = {f.name: f.kind for f in ws.schema.fields("lead")}
    return {
        f.name: lead.get(f.name)
        for f in ws.schema.fields(entity)
        if (f.name not in OF_THE_LEAD or f.name == "owner")
        and kinds.get(f.name) == f.kind
        and lead.get(f.name) != f.kind.empty
    }


def _for_company(ws: Workspace, lead: Lead, *, has_contact: bool) -> dict[str, Value]:
    """What a company gets of a lead: not the currency of its amount, nor what is the contact's."""
    others = ("currency", *(OF_A_PERSON if has_contact else ()))
    return {k: v for k, v in _shared(ws, lead, "company").items() if k not in others}


def _enriched(
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
    if how == "skip":
        return record.with_values(_new_links(lead, record, whole))
    values: dict[str, Value] = {}
    shared = (
        _for_company(ws, lead, has_contact="contact" in whole)
        if record.entity == "company"
        else _shared(ws, lead, record.entity)
    )
    for name, new in shared.items():
        field, old = ws.schema.field(record.entity, name), record.get(name)
        if name in ("name", "owner"):
            continue
        if field.is_many:
            values[name] = joined(field, old, new, ws.settings.phone_country)
        elif old == field.kind.empty or how == "replace":
            values[name] = new
        elif old != new:
            conflicts.append(f"{record.id} {name}")
    return record.with_values({**values, **_new_links(lead, record, whole)})


def _new_links(lead: Lead, record: Record, whole: Mapping[str, Record]) -> dict[str, Value]:
    """The links that an existing record gets to what else the lead becomes."""
    company, contact = whole.get("company"), whole.get("contact")
    links: dict[str, Value] = {}
    if isinstance(record, Contact) and company is not None:
        if company.id not in [link.company for link in record.companies]:
            links["companies"] = (*record.companies, CompanyLink(company.id, lead.position))
    elif isinstance(record, Deal):
        if contact is not None and contact.id not in record.contacts:
            links["contacts"] = (*record.contacts, contact.id)
        if company is not None and not record.company:
            links["company"] = company.id
    return links


def _check_whole(ws: Workspace, record: Record) -> None:
    require(ws, record, [f.name for f in ws.schema.fields(record.entity) if f.required])
    if isinstance(record, Deal):
        check_stage(ws, record, ws.stage_of(record))


def _unmapped(ws: Workspace, lead: Lead, whole: Mapping[str, Record]) -> tuple[str, ...]:
    """The lead fields that have a value and go to none of the records that are made or used."""
    carried = {"name"} | OF_THE_LEAD
    for entity in whole:
        shared = set(_shared(ws, lead, entity))
        carried |= shared - {"currency"} if entity == "company" else shared
    if "company" in whole:
        carried |= {"company_name"}
        if "contact" in whole:
            carried |= {"position"}
    if "contact" in whole:
        carried |= {"contact"}
    if "deal" in whole:
        carried |= {"contact", "company"}
    own = [f for f in ws.schema.fields("lead") if f.name not in carried]
    return (*(f.name for f in own if lead.get(f.name) != f.kind.empty), *sorted(lead.unknown))


def _open_tasks(ws: Workspace, lead: Lead) -> tuple[Task, ...]:
    ws.look_again()
    found = ws.select("task", ws.condition(f"about = {lead.id} and done_at is empty", "task"))
    return tuple(task for task in found if isinstance(task, Task))


def _write(change: Change, ws: Workspace, plan: Conversion) -> None:
    """Write the plan: what is new and what is filled up, the lead's tasks, and the lead last."""
    for record in plan.made.values():
        change.add(record, {"lead": plan.lead.id})
    for record in plan.used.values():
        change.save(record)
    heir = plan.ids.get("deal") or plan.ids.get("contact") or plan.ids["company"]
    for task in plan.tasks:
        change.save(replace(task, about=heir))
    won = ws.pipelines.leads.won
    done = replace(plan.lead, stage=won.id, converted=plan.ids, converted_at=ws.now)
    change.save(done, "stage.entered", {"from": plan.lead.stage})
    change.note(
        "lead.converted",
        plan.lead.id,
        {
            **plan.ids,
            "made": [record.id for record in plan.made.values()],
            "unmapped": list(plan.unmapped),
        },
    )
