"""Converting a lead into contact, company and deal, or any of them, all in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.task import Task
from crmcli.sales.conversion.open_deals import open_deals, the_only
from crmcli.sales.conversion.plan import Conversion, ConvertOptions, plan_conversion
from crmcli.sales.duplicates.known import Known, MadeEarlier, check_known, known_of_made
from crmcli.sales.duplicates.ways import MAKES_ALL
from crmcli.sales.stages import ended
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def convert(ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """Convert a lead; who of what it becomes is known is looked up before anything is written."""
    with ws.change("lead convert") as change:
        return convert_in(change, ws, lead_id, wanted)


def convert_in(
    change: Change,
    ws: Workspace,
    lead_id: str,
    wanted: ConvertOptions,
    earlier: MadeEarlier | None = None,
) -> Conversion:
    """Convert a lead within an open change; `earlier` is who was made in it before."""
    earlier = earlier or MadeEarlier()
    if not earlier.records:
        ws.look_again()
    plan = settled(ws, _lead(change.get(lead_id)), wanted, change.get, earlier)
    plan = replace(plan, tasks=_open_tasks(ws, plan.lead))
    _write(change, ws, plan)
    earlier.add(ws, plan.made.values())
    return plan


def preview(ws: Workspace, lead_id: str, wanted: ConvertOptions) -> Conversion:
    """What a conversion would make, and who is known already, while nothing is locked or written."""
    return _planned(ws, _lead(ws.get(lead_id)), wanted, ws.get)


def settled(
    ws: Workspace,
    lead: Lead,
    wanted: ConvertOptions,
    get: Callable[[str], Record],
    earlier: MadeEarlier,
) -> Conversion:
    """A conversion in which those who are there already are used, as the options say."""
    plan = _planned(ws, lead, wanted, get, earlier.records)
    known = list(plan.known)
    if not wanted.is_apart:
        there = list(earlier.same_as(ws, plan.made))
        known = [*there, *known]
        wanted, plan = _using(ws, plan, wanted, there, get, earlier)
    if wanted.on_duplicate not in MAKES_ALL:
        clients = [(e, one) for e, one in plan.known if one.surely and e != "deal"]
        wanted, plan = _using(ws, plan, wanted, clients, get, earlier)
        deals = [one for entity, one in plan.known if entity == "deal"]
        known += [("deal", one) for one in deals]
        sure = [("deal", one) for one in the_only(deals)]
        wanted, plan = _using(ws, plan, wanted, sure, get, earlier)
    told = {one.record.id: (entity, one) for entity, one in known}
    return replace(plan, known=tuple(told.values()))


def _using(
    ws: Workspace,
    plan: Conversion,
    wanted: ConvertOptions,
    there: Sequence[tuple[str, Known]],
    get: Callable[[str], Record],
    earlier: MadeEarlier,
) -> tuple[ConvertOptions, Conversion]:
    """The options and the plan with those who are there, the first of each entity; none, by `fail`."""
    if wanted.on_duplicate == "fail":
        check_known([known for _, known in there])
    use = {entity: known.record.id for entity, known in reversed(there)}
    if not use:
        return wanted, plan
    known = (*wanted.known, *use)
    wanted = replace(wanted, use={**use, **wanted.use}, known=known)
    return wanted, _planned(ws, plan.lead, wanted, get, earlier.records)


def _lead(record: Record) -> Lead:
    if not isinstance(record, Lead):
        raise BadUsage(tr("{} is not a lead", record.id), "only leads are converted")
    return record


def _planned(
    ws: Workspace,
    lead: Lead,
    wanted: ConvertOptions,
    get: Callable[[str], Record],
    earlier: Sequence[Record] = (),
) -> Conversion:
    """What it would make, and who is there already."""
    plan = plan_conversion(ws, lead, wanted, get)
    if wanted.on_duplicate == "create":
        return plan
    is_told = wanted.on_duplicate in MAKES_ALL  # nobody is kept waiting for what is only said
    plan = replace(plan, known=tuple(known_of_made(ws, plan.made, as_left=is_told)))
    made = [one for one in earlier if isinstance(one, Deal)]
    is_another = bool(wanted.pipeline or {"pipeline", "stage"} & {*wanted.given.get("deal", ())})
    deals = open_deals(ws, plan.made, plan.clients, made, is_another=is_another)
    return replace(plan, known=(*plan.known, *(("deal", one) for one in deals)))


def _write(change: Change, ws: Workspace, plan: Conversion) -> None:
    """Write the plan: what is new and what is filled up, the lead's tasks, and the lead last."""
    for record in plan.made.values():
        change.add(record, {"lead": plan.lead.id})
    for record in plan.used.values():
        change.save(record)
    for task in plan.tasks:
        change.save(replace(task, about=replace(plan.lead, converted=plan.ids).heir))
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


def _open_tasks(ws: Workspace, lead: Lead) -> tuple[Task, ...]:
    found = ws.select("task", ws.condition(f"about = {lead.id} and done_at is empty", "task"))
    return tuple(task for task in found if isinstance(task, Task))
