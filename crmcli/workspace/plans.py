"""The plans of sales, as far as the acting user may see the deals that they are of."""

from __future__ import annotations

from crmcli.dataclass import replace
from crmcli.model.access import READ
from crmcli.model.plan import ENTITY, MEASURED, Plan
from crmcli.store.layout import PLANS
from crmcli.workspace import Workspace


def read_plans(ws: Workspace, data: bytes | None = None) -> tuple[Plan, ...]:
    """What plans.yaml has, or would if it held `data`; InvalidData with every fault."""
    if data is None and not ws.has_file(PLANS):
        return ()
    from crmcli.store.config.plans import Ground, load_plans

    pipelines = [pipeline.id for pipeline in ws.pipelines.of(ENTITY)]
    ground = Ground([*ws.settings.users], pipelines, ws.settings.currency)
    return load_plans(ws.root, ground, data)


def plans_seen(ws: Workspace) -> list[Plan]:
    """The plans of those whose deals the user sees; those for everybody only to who sees all."""
    found = [one for one in read_plans(ws) if _is_seen(ws, one)]
    if ws.rights is not None and (ENTITY, MEASURED) in ws.rights.hidden:
        found = [replace(one, amount=None) for one in found if one.count is not None]
    return found


def _is_seen(ws: Workspace, plan: Plan) -> bool:
    if ws.rights is None:
        return True
    owners = ws.rights.reach(ENTITY, READ, plan.pipeline)
    return owners is None or (
        bool(plan.owner) and ws.rights.may(ENTITY, READ, plan.owner, plan.pipeline)
    )
