"""crm plan: how much is to be sold; crm report plan holds it beside what was."""

from __future__ import annotations

from typing import Any

import click

from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.model.plan import Plan, days_of
from crmcli.model.values import json_number, parse_decimal
from crmcli.present.cells import Column, Listing, Locale
from crmcli.present.told import Told
from crmcli.sales.settings import plans
from crmcli.workspace.plans import plans_seen

COLUMNS = [
    Column("period", "Period", keep=True), Column("owner", "Owner"), Column("pipeline", "Pipeline"),
    Column("amount", "Amount", "number"), Column("currency", "Currency"), Column("count", "Deals", "number"),
]  # fmt: skip
PERIOD = click.Argument(("period",), metavar="PERIOD")
OWNER = option("--owner", "Whose plan; everybody's if absent.", "USER")
PIPELINE = option("--pipeline", "Of one pipeline alone.", "ID")

plan = Noun("plan", help="Plans of sales by month, quarter and year (plans.yaml): crm report plan.")


@plan.command(
    "set",
    cls=ChangingVerb,
    params=[
        PERIOD,
        click.Argument(("amount",), metavar="[AMOUNT]", required=False, default=""),
        OWNER,
        PIPELINE,
        option("--count", "How many deals are to be won.", "N", at_least=0),
        option("--currency", "Of the amount, if not that of the workspace.", "CODE"),
    ],
)
def set_(
    session: Session,
    period: str,
    amount: str,
    owner: str,
    pipeline: str,
    count: int | None,
    currency: str,
) -> Told:
    """Plan what is to be won in a month (2026-11), a quarter (2026-Q4) or a year.

    What was planned for the same before is replaced.

    Example: crm plan set 2026-11 3000000 --count 20
    """
    ws = session.workspace
    try:
        days_of(period)
        planned = parse_decimal(amount.replace(" ", "")) if amount else None
    except ValueError as error:
        raise BadUsage(str(error), "e.g. crm plan set 2026-11 3000000 --owner anna") from None
    who = ws.user_id(owner) if owner else ""
    new = Plan(period, who, pipeline, planned, currency.upper(), count)
    is_new = plans.save(ws, new)
    return Told(tr("Planned: {}.", _named(new, session.out.locale)), {**_row(new), "new": is_new})


@plan.command("list")
def list_(session: Session) -> Listing:
    """List the plans of plans.yaml that you may see.

    Example: crm plan list
    """
    found = sorted(plans_seen(session.workspace), key=lambda one: (one.period, one.owner))
    return Listing([_row(one) for one in found], COLUMNS, "no plans yet: crm plan set …")


@plan.command(cls=ChangingVerb, params=[PERIOD, OWNER, PIPELINE])
def rm(session: Session, period: str, owner: str, pipeline: str) -> Told:
    """Remove a plan.

    Example: crm plan rm 2026-11
    """
    ws = session.workspace
    gone = Plan(period, ws.user_id(owner) if owner else "", pipeline)
    plans.remove(ws, gone.period, gone.owner, gone.pipeline)
    return Told(tr("Removed the plan: {}.", _named(gone, session.out.locale)), _row(gone))


def _named(one: Plan, locale: Locale) -> str:
    amount = "" if one.amount is None else locale.money(one.amount, one.currency)
    count = "" if one.count is None else counted(one.count, "deal")
    return ", ".join(filter(None, (one.period, one.owner, one.pipeline, amount, count)))


def _row(one: Plan) -> dict[str, Any]:
    amount = None if one.amount is None else json_number(one.amount)
    return {"period": one.period, "owner": one.owner, "pipeline": one.pipeline, "amount": amount,
            "currency": one.currency, "count": one.count}  # fmt: skip
