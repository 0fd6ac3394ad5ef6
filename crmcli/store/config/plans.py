"""plans.yaml, plans of sales: what may stand in it, and reading it."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.listed import allowed_hint
from crmcli.model.plan import KEY_RULE, Plan, days_of
from crmcli.model.values import parse_decimal
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor, read_marked, unique
from crmcli.store.config.settings_keys import currency_code
from crmcli.store.layout import PLANS

MOST, MOST_COUNT = 5000, 999_999_999


@dataclass(frozen=True)
class Ground:
    """What plans are checked against: users (any, where there are none), pipelines of deals, the currency."""

    users: Collection[str]
    pipelines: Collection[str]
    currency: str


def load_plans(root: Path, ground: Ground, data: bytes | None = None) -> tuple[Plan, ...]:
    """The plans that plans.yaml has, or would if it held `data`; InvalidData names every fault."""
    top = read_marked(root, PLANS, data)
    if top is None:
        return ()
    got = SHAPE.read(top, None)
    places = [at for at in top.at("plans").items() if at.is_present]
    found = tuple(
        _plan(at, Plan(**{"line": at.line, **one}), ground)
        for at, one in zip(places, got["plans"], strict=False)
    )
    unique(((one.place, at) for one, at in zip(found, places, strict=False)), "plan")
    top.findings.settle()
    return found


def _plan(at: Cursor, plan: Plan, ground: Ground) -> Plan:
    for key, known in (("owner", ground.users), ("pipeline", ground.pipelines)):
        word = getattr(plan, key)
        if word and known and word not in known:
            said = tr("no user {!r}", word) if key == "owner" else tr("no pipeline {!r}", word)
            at.at(key).fault(said, allowed_hint(word, known))
    if not any(at.at(key).is_present for key in ("amount", "count")):
        at.fault("a plan has an amount or a count", "write amount: 3000000")
    own = plan.currency or (ground.currency if plan.amount is not None else "")
    return Plan(plan.period, plan.owner, plan.pipeline, plan.amount, own, plan.count, plan.line)


def _amount(given: str) -> Decimal:
    amount = parse_decimal(given)
    if amount < 0:
        raise ValueError(tr("{!r} is less than nothing", given))
    return amount


def _key(given: str) -> str:
    days_of(given)
    return given


PLAN = shapes.keys(
    "What is to be won in a period.",
    {
        "period": shapes.needed(
            shapes.parsed("A month, a quarter or a year.", _key, "", "like 2026-11, 2026-Q4, 2026",
                          type=["string", "integer"], pattern=f"^{re.sub('[?]:', '', KEY_RULE)}$")
        ),
        "owner": shapes.text("Whose; everybody's if absent."),
        "pipeline": shapes.text("In one pipeline alone."),
        "amount": shapes.parsed("The amount of the deals won.", _amount, None, type=["number", "string"]),
        "currency": shapes.parsed("Of the amount; that of the workspace if absent.", currency_code, ""),
        "count": shapes.whole("The number of deals won.", 0, MOST_COUNT),
    },
)  # fmt: skip
SHAPE = shapes.keys(
    "Plans of sales: crm report plan holds them beside what was won.",
    {"plans": shapes.listed("The plans.", PLAN, (MOST, "a list of plans"))},
)
