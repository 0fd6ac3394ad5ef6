"""crm rate: what other currencies are worth."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from crmcli.cli.options import day_given
from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.values import json_number
from crmcli.present.cells import Column, Listing, Locale
from crmcli.present.told import Told
from crmcli.sales import rates
from crmcli.sales.rates import Rate

COLUMNS = [
    Column("date", "Valid from", "date", keep=True), Column("currency", "Currency", keep=True),
    Column("rate", "Rate", "number", keep=True),
]  # fmt: skip
DATE = option("--date", "The day from which it is valid. [default: today]", "DATE")
CURRENCY = click.Argument(("currency",), metavar="CURRENCY")

rate = Noun("rate", help="Rates of other currencies, by day (data/rates.csv).")


@rate.command(cls=ChangingVerb, params=[CURRENCY, click.Argument(("value",), metavar="RATE"), DATE])
def add(session: Session, currency: str, value: str, date: str) -> Told:
    """Say what a unit of a currency costs in the currency of the workspace, from a day on.

    Sums of two currencies are added up only where there is such a rate.

    Example: crm rate add USD 92.50
    """
    new = rates.add(session.workspace, _day(session, date), currency, value)
    base = session.workspace.settings.currency
    told = Locale.of(session.workspace).number(new.rate)
    return Told(tr("1 {} is {} {} from {}.", new.currency, told, base, new.date), _row(new))


@rate.command("list")
def list_(session: Session) -> Listing:
    """List the rates, by day.

    Example: crm rate list
    """
    return Listing([_row(one) for one in rates.rates(session.workspace)], COLUMNS, "no rates")


@rate.command(cls=ChangingVerb, params=[CURRENCY, DATE])
def rm(session: Session, currency: str, date: str) -> Told:
    """Remove the rate of a currency that was valid from a day on.

    Example: crm rate rm USD --date 2026-11-23
    """
    gone = rates.remove(session.workspace, _day(session, date), currency)
    return Told(tr("Removed the rate of {} from {}.", gone.currency, gone.date), _row(gone))


def _day(session: Session, text: str) -> date:
    ws = session.workspace
    return day_given(ws, text) or ws.now.astimezone(ws.zone).date()


def _row(one: Rate) -> dict[str, Any]:
    return {"date": one.date.isoformat(), "currency": one.currency, "rate": json_number(one.rate)}
