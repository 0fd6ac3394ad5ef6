"""crm sql: questions in SQL."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.options import text_given
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.listed import did_you_mean
from crmcli.present import sql as told
from crmcli.present.cells import Listing
from crmcli.sales.sql import ask

if TYPE_CHECKING:
    from crmcli.model.sql_views import View

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")
LONGEST = 3600


@click.command(
    cls=Verb,
    params=[
        click.Argument(("query",), required=False, default=""),
        option("--param params", "A value for :NAME in the query; may be repeated.", "NAME=VALUE",
               multiple=True),
        option("--timeout", "Stop after so many seconds.", "N",
               default=60, at_least=1, at_most=LONGEST),
        option("--views", "List what may be read: all views, or the one named.", is_flag=True),
    ],
)  # fmt: skip
def sql(session: Session, query: str, params: Sequence[str], timeout: int, views: bool) -> Listing:
    """Ask in SQL: one SELECT over views of records, events and stages; - reads it from stdin.

    Nothing is changed. --views, or no query, lists the views and their columns. Examples: crm help sql

    Example: crm sql 'select stage, currency, count(*), sum(amount) from deals group by 1, 2'
    """
    ws = session.workspace
    if views or not query:
        return told.described(_named(session, query))
    found = ask(ws, text_given(query), _values(params), timeout)
    unreadable(session)
    return told.answered(found, for_people=session.out.is_table)


def _named(session: Session, name: str) -> Collection[View]:
    known = session.workspace.sql_views
    if name and name.lower() not in known:
        hint = did_you_mean(name, known, tr("there are {}", ", ".join(known)))
        raise NotFound(tr("there is no view {!r}", name), hint)
    return [known[name.lower()]] if name else [*known.values()]


def _values(params: Sequence[str]) -> dict[str, str | float]:
    """The values by name: what looks like a number is one, unless it stands in quotes."""
    found: dict[str, str | float] = {}
    for param in params:
        name, equals, text = param.partition("=")
        name = name.strip().removeprefix(":")
        if not (equals and name.isidentifier()):
            raise BadUsage(tr("--param {!r} is not NAME=VALUE", param), "--param owner=anna")
        if name in found:
            raise BadUsage(tr("--param {} is given twice", name), "leave one of them out")
        found[name] = _value(text)
    return found


def _value(text: str) -> str | float:
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text
