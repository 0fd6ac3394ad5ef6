"""Where no leads are kept (`leads: off`): who comes in becomes a contact and a deal at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.schema import has_field
from crmcli.sales.records.required import MissingFields
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.lead import Lead
    from crmcli.sales.conversion.plan import Conversion
    from crmcli.sales.duplicates.known import MadeEarlier
    from crmcli.sales.records.given_values import Given

OFF = "leads are off in settings.yaml"
_USUAL = ("warn", "update")
"""The policies by which nobody said what becomes of who is known."""


def remark(ws: Workspace) -> str:
    """What the commands of leads say where none are kept."""
    if ws.settings.leads:
        return ""
    told = "{}: who comes in becomes a contact and a deal (crm deal list); convert what is left"
    return tr(told, tr(OFF))


def is_intake(ws: Workspace, entity: str) -> bool:
    """Whether records of this noun become deals, for no leads are kept."""
    return has_field(entity, "converted") and not ws.settings.leads


def parted(given: Given) -> tuple[Given, Mapping[str, Given]]:
    """What is said of somebody who comes in, and of what becomes of it, as `deal.close_by`, by entity."""
    from crmcli.sales.conversion.carried import TARGETS

    own: dict[str, Sequence[str]] = {}
    others: dict[str, dict[str, Sequence[str]]] = {}
    for name, texts in given.items():
        entity, dot, field = name.partition(".")
        place = others.setdefault(entity, {}) if dot and entity in TARGETS else own
        place[field if place is not own else name] = texts
    return own, others


def taken_in(
    ws: Workspace,
    lead: Lead,
    policy: str,
    get: Callable[[str], Record],
    earlier: MadeEarlier,
    given: Mapping[str, Given],
) -> Conversion:
    """What somebody who comes in becomes, as a converted lead does; nothing is written, and no lead is made.
    Who surely is known is used, unless all are to be kept; the deal is a new one, unless `policy` says what
    becomes of one that is there. `given` are values of what it becomes; what has no field there goes into the
    comment."""
    from crmcli.sales.conversion.convert import settled
    from crmcli.sales.conversion.plan import ConvertOptions

    stage = ws.stage_of(lead)
    if not stage.is_open:
        raise Refused(tr("who has ended in {!r} gets no deal", stage.name), OFF)
    is_usual = policy in _USUAL
    wanted = ConvertOptions(
        on_duplicate="merge" if is_usual else policy,
        pipeline=ws.pipelines.deals[0].id if is_usual else "",
        is_apart=policy == "create",
        given=given,
    )
    try:
        plan = settled(ws, lead, wanted, get, earlier)
    except MissingFields as error:
        said = tr("nothing can be made of it without {}", ", ".join(error.fields))
        raise MissingFields(said, error.hint, error.fields) from None
    rest = "\n".join(_told(ws, lead, name) for name in plan.unmapped)
    return replace(
        plan,
        made={e: _finished(record, lead, rest) for e, record in plan.made.items()},
        used={e: _finished(record, lead, rest) for e, record in plan.used.items()},
    )


def _finished(record: Record, lead: Lead, rest: str) -> Record:
    """Without the link to a lead that there is none of; a deal with what has no field of its own."""
    values = {"lead": ""} if record.get("lead") == lead.id else {}
    if rest and record.entity == "deal":
        values["comment"] = "\n".join(filter(None, [str(record.get("comment")), rest]))
    return record.with_values(values)


def _told(ws: Workspace, lead: Lead, name: str) -> str:
    field = next((f for f in ws.schema.fields(lead.entity) if f.name == name), None)
    raw = field.kind.dump(lead.get(name)) if field else lead.unknown[name]
    items = raw.values() if isinstance(raw, dict) else [raw] if isinstance(raw, str) else raw
    label = tr(field.label) if field and field.label else name
    return f"{label}: {', '.join(map(str, items))}"
