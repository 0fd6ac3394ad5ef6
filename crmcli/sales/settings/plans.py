"""Plans of sales: written into plans.yaml, which keeps its comments."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import cast

from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.plan import Plan
from crmcli.model.values import Raw, fold, format_decimal
from crmcli.store.layout import PLANS
from crmcli.store.yaml.codec import load_marked
from crmcli.store.yaml.text_edit import edited
from crmcli.workspace import Workspace
from crmcli.workspace.plans import read_plans

_BEGINNING = b"# yaml-language-server: $schema=schema/plans.schema.json\n"


def save(ws: Workspace, plan: Plan) -> bool:
    """Write a plan into plans.yaml, in the place of that for the same; whether it is new there."""
    raw: dict[str, Raw] = {"period": plan.period, "owner": plan.owner, "pipeline": plan.pipeline}
    raw["amount"] = "" if plan.amount is None else format_decimal(plan.amount)
    raw["currency"] = plan.currency
    raw["count"] = "" if plan.count is None else str(plan.count)
    new = {key: value for key, value in raw.items() if value}
    known = {
        _place(ws, one.period, one.owner, one.pipeline, one.currency) for one in read_plans(ws)
    }
    place = _place(ws, plan.period, plan.owner, plan.pipeline, plan.currency)

    def put(plans: list[Raw]) -> list[Raw]:
        if place not in known:
            return [*plans, new]
        return [new if _place_of(ws, one) == place else one for one in plans]

    _write(ws, "plan set", put)
    return place not in known


def remove(ws: Workspace, period: str, owner: str, pipeline: str) -> None:
    """Take the plans of a period, an owner and a pipeline out of plans.yaml; NotFound if there are none."""
    wanted = (period, fold(owner), pipeline)
    if not any((one.period, fold(one.owner), one.pipeline) == wanted for one in read_plans(ws)):
        raise NotFound(
            tr("no plan of {}", "/".join(filter(None, (period, owner, pipeline)))), "crm plan list"
        )
    _write(ws, "plan rm", lambda plans: [one for one in plans if _place_of(ws, one)[:3] != wanted])


def _place(
    ws: Workspace, period: str, owner: str, pipeline: str, currency: str
) -> tuple[str, str, str, str]:
    return period, fold(owner), pipeline, currency or ws.settings.currency


def _place_of(ws: Workspace, raw: Raw) -> tuple[str, str, str, str]:
    given = raw if isinstance(raw, dict) else {}
    return _place(
        ws, *(str(given.get(key) or "") for key in ("period", "owner", "pipeline", "currency"))
    )


def _write(ws: Workspace, command: str, change_of: Callable[[list[Raw]], list[Raw]]) -> None:
    data = ws.file(PLANS) or _BEGINNING
    tree = deepcopy(load_marked(data, PLANS).value)
    tree["plans"] = change_of(cast("list[Raw]", tree.get("plans") or []))
    after = edited(data, PLANS, tree).rstrip(b"\n") + b"\n"
    try:
        read_plans(ws, after)
    except InvalidData as error:
        first = error.problems[0]
        raise BadUsage(tr(first.message), first.hint) from None
    with ws.change(command) as change:
        change.rewrite(PLANS, after)
