"""What a conversion would make, and what keeps it from being made; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import tr, tr_in
from crmcli.matching.name_parts import split_name
from crmcli.model.contact import Contact
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.task import Task
from crmcli.model.values import CompanyLink, Value, fold
from crmcli.sales.conversion.carried import TARGETS, carried, enriched, left_out
from crmcli.sales.records.given_values import Given, read_values
from crmcli.sales.records.new_record import begun
from crmcli.sales.records.required import MissingFields, lacking
from crmcli.sales.records.stage_lookup import find_pipeline
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.sales.duplicates.known import Known


class LeadAlreadyConverted(Refused):
    """A lead is converted once."""


class LeadIsJunk(Refused):
    """A junk lead is taken up again before it is converted."""


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What a conversion shall make (any of TARGETS) and which existing records it shall use instead.

    Those of `known` are used since they were found, as `on_duplicate` says; who was made earlier in the same
    work is used whatever that says, unless what is made `is_apart`. `given` are values of the
    targets as people write them, by entity.
    """

    make: tuple[str, ...] = ()
    use: Mapping[str, str] = field(default_factory=dict)
    pipeline: str = ""
    on_duplicate: str = "warn"
    known: tuple[str, ...] = ()
    is_apart: bool = False
    given: Mapping[str, Given] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    """The ids of what is made, by entity, where they are settled before."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion, planned or done.

    `made` are new records by entity, `used` existing ones as they become; `unmapped` are filled lead fields
    that go nowhere, `conflicts` fields in which an existing record differs, `known` who is there already
    and may be one of the new ones.
    """

    lead: Lead
    made: Mapping[str, Record]
    used: Mapping[str, Record]
    unmapped: tuple[str, ...]
    conflicts: tuple[str, ...]
    tasks: tuple[Task, ...] = ()
    known: tuple[tuple[str, Known], ...] = ()

    @property
    def deal(self) -> Record:
        """The deal that it makes or uses."""
        return {**self.used, **self.made}["deal"]

    @property
    def clients(self) -> list[str]:
        """The ids of the people and companies that were there: used, or surely known."""
        sure = [known.record.id for _, known in self.known if known.surely]
        return [*(one.id for entity, one in self.used.items() if entity != "deal"), *sure]

    @property
    def ids(self) -> dict[str, str]:
        """Entity -> id of all that the lead became."""
        both = {**self.used, **self.made}
        return {entity: both[entity].id for entity in TARGETS if entity in both}


def plan_conversion(
    ws: Workspace, lead: Lead, wanted: ConvertOptions, get: Callable[[str], Record]
) -> Conversion:
    """What a conversion would make; refuses what cannot be done. `get` reads a record."""
    _check_open(ws, lead)
    use = {**_own_links(ws, lead, get), **wanted.use}
    make = [t for t in (wanted.make or default_targets(lead, use)) if t not in use]
    if wanted.pipeline and "deal" not in make:
        raise BadUsage("--pipeline needs a new deal", "add --deal")
    given = _given(ws, wanted, (*make, *use))
    whole: dict[str, Record] = {}
    for entity in ("company", "contact", "deal"):
        if entity in use:
            whole[entity] = get(use[entity])
        elif entity in make:
            has_contact = "contact" in (*make, *use)
            values = carried(ws, lead, entity, has_contact=has_contact)
            values |= _own_values(ws, lead, entity, whole, wanted.pipeline)
            own = {**values, **given.get(entity, {})}
            whole[entity] = begun(ws, entity, own, wanted.ids.get(entity, ""))
    conflicts: list[str] = []
    for entity in use:
        how = wanted.on_duplicate if entity in wanted.known else "merge"
        record = enriched(ws, lead, whole[entity], whole, conflicts, how)
        whole[entity] = record.with_values(given.get(entity, {}))
    check_whole(ws, lead, whole)
    return Conversion(
        lead=lead,
        made={e: r for e, r in whole.items() if e not in use},
        used={e: r for e, r in whole.items() if e in use},
        unmapped=left_out(ws, lead, whole),
        conflicts=tuple(conflicts),
    )


def _check_open(ws: Workspace, lead: Lead) -> None:
    if lead.converted_at is not None:
        parts = ", ".join(lead.converted.values())
        hint = tr("see {}, or take it back: crm lead unconvert {}", parts, lead.id)
        raise LeadAlreadyConverted(tr("{} is already converted", lead.id), hint)
    stage = ws.stage_of(lead)
    if stage.kind == "lost":
        raise LeadIsJunk(
            tr("{} is closed in {!r}", lead.id, stage.name),
            tr("crm lead move {} STAGE --reopen first", lead.id),
        )


def _own_links(ws: Workspace, lead: Lead, get: Callable[[str], Record]) -> dict[str, str]:
    """The contact and the company that a lead is linked to, or into which they were merged."""
    found = {}
    for entity, linked in (("contact", lead.contact), ("company", lead.company)):
        with suppress(NotFound):  # the link dangles
            found[entity] = get(ws.heir(linked)).id if linked else ""
    return {entity: linked for entity, linked in found.items() if linked}


def default_targets(lead: Lead, use: Mapping[str, str]) -> tuple[str, ...]:
    """What a lead becomes where nobody said it: a deal, a contact, and a company if it names one."""
    targets = ["contact", "deal"]
    if lead.company_name and "company" not in use:
        targets.append("company")
    return tuple(targets)


def _given(
    ws: Workspace, wanted: ConvertOptions, targets: tuple[str, ...]
) -> dict[str, dict[str, Value]]:
    """What people said of the targets, typed."""
    for entity, values in wanted.given.items():
        name = next(iter(values), "")
        if entity not in TARGETS:
            raise BadUsage(
                tr("{!r} is not something a lead becomes", entity), "like: --set deal.amount=1000"
            )
        if entity not in targets:
            said = tr("{}.{} is given, and there is to be none", entity, name)
            raise BadUsage(said, tr("add {}", f"--{entity}"))
        if entity in wanted.use and {"stage", "pipeline"} & values.keys():
            raise Refused(tr("{} cannot be edited", name), tr("use crm {} move", entity))
    return {entity: read_values(ws, entity, values) for entity, values in wanted.given.items()}


def _own_values(
    ws: Workspace, lead: Lead, entity: str, whole: Mapping[str, Record], pipeline: str
) -> dict[str, Value]:
    """What a new record has beside what is carried over: its name, and its links to the others."""
    company, contact = whole.get("company"), whole.get("contact")
    values: dict[str, Value] = {"lead": lead.id, "name": lead.name}
    if entity == "company":
        values["name"] = lead.company_name
    elif entity == "contact":
        values["name"] = lead.full_name or lead.name
        values["companies"] = (CompanyLink(company.id, lead.position),) if company else ()
    else:
        values["name"] = _deal_name(ws, lead)
        values["pipeline"] = find_pipeline(ws, pipeline).id if pipeline else ""
        values["contacts"] = (contact.id,) if contact else ()
        values["company"] = company.id if company else next(iter(_firms(contact)), "")
    return values


def _deal_name(ws: Workspace, lead: Lead) -> str:
    """The lead's, which may stand on an offer as what is sold; where that is only who it is, their order."""
    said = sorted(fold(lead.name).split())
    numbers = [str(one) for one in (*lead.phones, *lead.emails)]
    names = (lead.full_name, lead.first_name, lead.last_name, lead.company_name, *numbers)
    is_who = said in [sorted(fold(name).split()) for name in names if name]
    if not is_who and (lead.full_name or not split_name(lead.name)):
        return lead.name
    who = lead.full_name or lead.company_name or lead.name
    return tr_in("Order: {}", ws.settings.language, who)


def _firms(contact: Record | None) -> list[str]:
    """The companies to which a contact belongs."""
    return [link.company for link in contact.companies] if isinstance(contact, Contact) else []


def check_whole(ws: Workspace, lead: Lead, whole: Mapping[str, Record]) -> None:
    """Refuse a conversion of which a record lacks what it must have; MissingFields lists all of all."""
    missing: list[str] = []
    for entity in TARGETS:
        record = whole.get(entity)
        if record is not None:
            names = [] if record.get("name") else ["name"]
            missing += (f"{entity}.{name}" for name in [*names, *lacking(ws, record)])
    if missing:
        give = " ".join(f"--set {name.split(' or ')[0]}=…" for name in missing)
        said = tr("{} cannot be converted without {}", lead.id, ", ".join(missing))
        raise MissingFields(said, tr("add {}", give), missing)
