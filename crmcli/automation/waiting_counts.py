"""How many records wait at each robot: of those that a tick has looked at as the agenda has it."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import NamedTuple

from crmcli.automation.job_failures import raise_general
from crmcli.automation.record_plan import MANY, plan_for, with_robots
from crmcli.automation.tick import signature
from crmcli.workspace import Workspace


class WaitingCounts(NamedTuple):
    """How many wait, by `PIPELINE/STAGE/ROBOT`; `changed` records were looked at by no tick since, and are
    counted as they were before."""

    by_place: Counter[str]
    changed: int = 0


def waiting_counts(ws: Workspace) -> WaitingCounts:
    """Count them; records that changed since the last tick are thought over where there are few."""
    changed, is_true = ws.agenda.dirty(), ws.agenda.signed() == signature(ws)
    if not is_true:
        changed = list(islice(with_robots(ws, changed), MANY + 1))
    if len(changed) > MANY:
        told = ws.agenda.waits(settled_only=False)
        return WaitingCounts(_by_place(told), len(changed))
    told = ws.agenda.waits(settled_only=True) if is_true else []
    return WaitingCounts(_by_place([*told, *((_seen(ws, one), 1) for one in changed)]))


def _seen(ws: Workspace, record_id: str) -> str:
    try:
        return plan_for(ws, record_id).waits
    except Exception as error:  # it is gone or broken, which crm check and the tick tell
        raise_general(error)
        return ""


def _by_place(told: list[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for waits, count in told:
        counts.update(dict.fromkeys(waits.split(), count))
    return counts
