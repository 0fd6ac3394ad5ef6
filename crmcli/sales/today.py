"""What is to be done today: tasks that are due, and clients for whom nobody has planned anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.tree import Text
from crmcli.model.durations import parse_duration
from crmcli.model.finished import finished
from crmcli.model.task import Task
from crmcli.model.values import Raw, format_instant
from crmcli.sales import first_answers
from crmcli.sales.intake import kept
from crmcli.sales.undeclared import Undeclared, undeclared

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

Rows = Sequence[Mapping[str, Raw]]


@dataclass(frozen=True, slots=True)
class Today:
    """Raw records by what they wait for, the most urgent first.

    `late` are open deals past their close_by; leads and deals are `idle` without an open task; contacts
    are `neglected` with whom somebody spoke once and nobody has since, or plans to; who came in is `waiting`
    for a first answer. What is `undeclared`, and how much has `arrived` and was not taken up, concerns
    everybody, since nobody else may look after it.
    """

    overdue: Rows
    due: Rows
    late: Rows
    idle_leads: Rows
    idle_deals: Rows
    neglected: Rows
    waiting: Rows = ()
    arrived: int = 0
    undeclared: Sequence[Undeclared] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not any(
            (
                self.overdue,
                self.due,
                self.late,
                self.idle_leads,
                self.idle_deals,
                self.neglected,
                self.waiting,
                self.undeclared,
                self.arrived,
            )
        )


def today(ws: Workspace, owner: str = "", silence: str = "30d") -> Today:
    """What is to be done today by a user, by everybody if none is given; contacts are
    neglected after that time of `silence`."""
    try:
        parse_duration(silence)
    except ValueError as error:
        raise BadUsage(tr("--silence: {}", str(error)), "like 30d or 2w") from None
    whose = f"owner = {Text(owner)}" if owner else ""
    tasks = _select(ws, "task", ["due"], "done_at is empty", "due < tomorrow", whose)
    now = format_instant(ws.now)
    planned = _planned(ws)
    leads = _select(ws, "lead", [], f"not ({finished(ws.outline, 'lead')})", whose)
    deals = _select(ws, "deal", [], f"not ({finished(ws.outline, 'deal')})", whose)
    this_day = ws.now.astimezone(ws.zone).date().isoformat()
    waiting = list(first_answers.waiting(ws, owner))
    planned |= {str(one["id"]) for one in waiting}  # told once
    late = [deal for deal in deals if "" < str(deal.get("close_by", "")) < this_day]
    return Today(
        overdue=[task for task in tasks if _end(ws, task) < now],
        due=[task for task in tasks if _end(ws, task) >= now],
        late=sorted(late, key=lambda deal: str(deal["close_by"])),
        idle_leads=[lead for lead in leads if lead["id"] not in planned],
        idle_deals=[deal for deal in deals if deal["id"] not in planned],
        neglected=_select(
            ws,
            "contact",
            ["-last_activity"],
            f"last_activity < now-{silence} and next_task is empty",
            whose,
        ),
        waiting=waiting,
        arrived=len(kept.waiting(ws)),
        undeclared=list(undeclared(ws)),
    )


def _end(ws: Workspace, raw: Mapping[str, Raw]) -> str:
    """When a task is due; of one that keeps a time, when that is over."""
    if not raw.get("length"):
        return str(raw["due"])
    task = ws.schema.read("task", raw)
    return format_instant(task.ends_at) if isinstance(task, Task) and task.ends_at else ""


def _select(ws: Workspace, entity: str, order: Sequence[str], *terms: str) -> Rows:
    where = " and ".join(f"({term})" for term in terms if term)
    return ws.rows(entity, ws.condition(where, entity), order)


def _planned(ws: Workspace) -> set[str]:
    """What open tasks are about."""
    return {str(task.get("about", "")) for task in _select(ws, "task", [], "done_at is empty")}
