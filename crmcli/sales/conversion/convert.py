"""Converting a lead into contact, company and deal, or any of them, all in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.lead import Lead
from crmcli.sales.conversion.plan import Conversion, ConvertOptions, plan_conversion
from crmcli.sales.duplicates.known import check_known, known_of_made
from crmcli.sales.duplicates.ways import MAKES_ALL
from crmcli.sales.stages import ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.model.fields import Record
    from crmcli.workspace import Change, Workspace


def convert(ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """Convert a lead; who of what it becomes is known is looked up before anything is written."""
    with ws.change("lead convert") as change:
        return convert_in(change, ws, lead_id, wanted)


def convert_in(change: Change, ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """Convert a lead within an open change."""
    plan = _planned(ws, lead_id, wanted, change.get)
    if wanted.on_duplicate not in MAKES_ALL:
        wanted = _with_known(plan, wanted)
        plan = replace(_planned(ws, lead_id, wanted, change.get), known=plan.known)
    _write(change, ws, plan)
    return plan


def preview(ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """What a conversion would make, and who is known already, while nothing is locked or written."""
    return _planned(ws, lead_id, wanted, ws.get)


def _planned(
    ws: Workspace, lead_id: str, wanted: ConvertOptions, get: Callable[[str], Record]
) -> Conversion:
    lead = get(lead_id)
    if not isinstance(lead, Lead):
        raise BadUsage(tr("{} is not a lead", lead_id), "only leads are converted")
    plan = plan_conversion(ws, lead, wanted, get)
    if wanted.on_duplicate == "create":
        return plan
    is_told = wanted.on_duplicate in MAKES_ALL  # nobody is kept waiting for what is only said
    return replace(plan, known=tuple(known_of_made(ws, plan.made, as_left=is_told)))


def _with_known(plan: Conversion, wanted: ConvertOptions) -> ConvertOptions:
    """The options with what surely is there already, to be used."""
    sure = [(entity, known) for entity, known in plan.known if known.surely]
    if wanted.on_duplicate == "fail":
        check_known([known for _, known in sure])
    use = {entity: known.record.id for entity, known in reversed(sure)}
    return replace(wanted, use={**use, **wanted.use}, known=tuple(use))


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
    ends = ended(plan.lead, ws.stage_of(plan.lead), won, ws.now)
    done = replace(plan.lead, stage=won.id, converted=plan.ids, converted_at=ws.now, **ends)
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
