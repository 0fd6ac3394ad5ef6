"""Looking through schedules that mail reports: what they name that is not there, what is not installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from typing import Any

from crmcli.automation.report_letters import (
    Wanted,
    check_goes_outside,
    recipients,
    user_named,
)
from crmcli.errors import BadUsage, CrmError, InvalidData, Problem
from crmcli.language import tr
from crmcli.model.action_texts import listed_words
from crmcli.model.automation import Schedule
from crmcli.model.periods import previous, read_period
from crmcli.model.pipeline import Pipelines
from crmcli.model.reports import BY_NAME, DASHBOARD
from crmcli.sales.products import check_currency
from crmcli.store import layout
from crmcli.workspace import Workspace
from crmcli.workspace.own_reports import check_request

DO = "report"
EXTRAS = (
    ("matplotlib", "picture", "yes",
     ("reports are mailed without pictures", "pip install 'crmcli[plots]'")),
    ("xlsxwriter", "sheet", "xlsx",
     ("reports are mailed without sheets", "pip install 'crmcli[xlsx]'")),
)  # fmt: skip
"""What an extra is for: its package, the parameter that wants it and by which word, what is said without."""


def mailed(ws: Workspace, pipelines: Pipelines | None = None) -> list[Schedule]:
    """The schedules that mail reports, of these pipelines or those of the file; none if it cannot be read."""
    try:
        found = pipelines or ws.read_pipelines(forgiving=True)
        return [one for pipeline in found for one in pipeline.schedules if one.do == DO]
    except InvalidData:
        return []


def not_installed(ws: Workspace, pipelines: Pipelines | None = None) -> Iterator[Problem]:
    """What letters with reports go without, because its extra is not there."""
    schedules = mailed(ws, pipelines)
    for package, name, word, told in EXTRAS if schedules else ():
        wants = [one for one in schedules if str(one.params.get(name) or word) == word]
        if wants and find_spec(package) is None:
            yield Problem(layout.PIPELINES, wants[0].line, tr(told[0]), told[1])


def faults(ws: Workspace, pipelines: Pipelines | None = None) -> Iterator[Problem]:
    """What is wrong with each: a report, a field, a condition, a currency, somebody who is not there."""
    for schedule in mailed(ws, pipelines):
        for error in () if schedule.fault else _errors(ws, schedule):
            told = f"{tr('schedule {!r}', schedule.id)}: {tr(error.message)}"
            yield Problem(layout.PIPELINES, schedule.line, told, error.hint)


def _errors(ws: Workspace, schedule: Schedule) -> Iterator[CrmError]:
    params = schedule.params
    asked = {key: params[key] for key in ("by", "where", "period", "pipeline") if key in params}
    currency = str(params.get("currency") or "").upper()
    for name in listed_words(params.get("report")):
        if name != DASHBOARD:
            yield from _told(partial(check_request, ws, name, asked))
            yield from _told(partial(_check_compared, ws, name, params))
    if currency:
        yield from _told(partial(check_currency, currency))
    yield from _told(Wanted.of(params, ws.now).check)
    yield from _told(partial(_check_recipients, ws, params))


def _told(check: Callable[[], object]) -> Iterator[CrmError]:
    """What a check raises, one by one."""
    try:
        check()
    except InvalidData as error:
        each = (InvalidData(one.message, one.hint) for one in error.problems)
        yield from each if error.problems else (error,)
    except CrmError as error:
        yield error
    except ValueError as error:
        yield InvalidData(str(error))


def _check_compared(ws: Workspace, name: str, params: Mapping[str, Any]) -> None:
    """BadUsage for a period that has none before."""
    if params.get("compare") and name in BY_NAME:
        period = str(params.get("period") or BY_NAME[name].period)
        with suppress(ValueError):  # which is told of the period itself
            previous(read_period(period, ws.now, ws.zone, ws.inputs.date_order), ws.today)
            return
        raise BadUsage("only a period with a beginning and an end can be compared")


def _check_recipients(ws: Workspace, params: Mapping[str, Any]) -> None:
    found = recipients(ws, listed_words(params.get("to")))
    for user in found.users:
        if not ws.settings.users[user].email:
            told = tr("{} has no e-mail address", user)
            raise InvalidData(told, "give one under users: in settings.yaml")
    for address in found.outside:
        check_goes_outside(ws, user_named(ws, params), address)
