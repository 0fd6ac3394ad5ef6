"""crm report accuracy: how right the forecasts of past months were."""

from __future__ import annotations

from typing import Any

from crmcli.cli.options import CURRENCY, PIPELINE, WHERE, currency_named, filled
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.report_files import FILES, ending, given_out
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.model.periods import ALWAYS, FORMS
from crmcli.present import accuracy as present
from crmcli.present.cells import Listing
from crmcli.present.figures import listing
from crmcli.reports.accuracy import USUAL, trial
from crmcli.reports.asking import period_named
from crmcli.workspace.pipelines import pipeline_named


def show(
    session: Session, by: str, period: str, pipeline: str, where: str, currency: str, **asked: Any
) -> Listing | None:
    """How right forecasts were: what each would have said on the first day of a month, beside what was won.

    It is reckoned with what was known then: the deals that were open, their stages, amounts and close_by as
    the timeline tells them, and the odds that deals closed before that day had. Of probabilities those of
    the deals then, or those that pipelines.yaml has today. Off is how much more (or less, with a minus) a
    forecast came to than what was won, also by deals that were not there yet; of open ones tells how much
    of it the deals brought that were open on that day. Without --period the last 6 months, 4 quarters, 12
    weeks or 3 years that are over.

    Example: crm report accuracy --by quarter --currency
    """
    ws = session.workspace
    ending(asked)
    days = period_named(ws, period) if period else ALWAYS
    of = pipeline_named(ws, pipeline) if pipeline else None
    if of is not None and of.entity != "deal":
        raise BadUsage("forecasts are of deals", "name a pipeline of deals")
    tried = trial(ws, by, days, of.id if of else "", where)
    found = present.told(ws, tried, currency_named(ws, currency))
    unreadable(session, of_all=False)
    if asked["drill"]:
        return present.behind(ws, tried, found, asked["drill"])
    table = listing(found, {}, for_people=session.out.is_table)
    return given_out(session, asked, found, (str(found.period), *found.notes), table)


accuracy = Verb(
    "accuracy",
    callback=show,
    help=show.__doc__,
    params=[
        option("--by", "Forecasts for a week, month, quarter or year.", default="month", among=tuple(USUAL)),
        option("--period", "Of which months: year, 2026, 'last 90d', FROM..TO.", "PERIOD",
               callback=filled(FORMS)),
        PIPELINE,
        WHERE,
        CURRENCY,
        option("--drill", "List the deals behind a cell: its row, counted from 1 or by name, and its column.",
               "ROW,COLUMN"),
        *FILES,
    ],
)  # fmt: skip
