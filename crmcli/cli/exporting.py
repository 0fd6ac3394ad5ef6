"""crm export."""

from __future__ import annotations

import sys

import click

from crmcli.cli.options import WHERE, listed
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, plurals
from crmcli.sales.exports import export as exporting

EXCEL = (
    "CSV for Excel: labels, local dates and numbers, no formulas; with --ids as programs read it."
)


@click.command(
    cls=Verb,
    params=[
        click.Argument(("what",), type=click.Choice(plurals()), metavar="WHAT"),
        WHERE,
        option("--format form", "Format; csv if none is given.", among=exporting.FORMATS),
        option("--excel", EXCEL, is_flag=True),
        option("--vcard-version", "vCard version.", default="3.0", among=exporting.VERSIONS),
        option("--columns", "Only these columns.", "A,B"),
        option("--for-mailing", "Leave out those who must not be mailed.", is_flag=True),
    ],
)
def export(
    session: Session,
    what: str,
    where: str,
    form: str,
    excel: bool,
    vcard_version: str,
    columns: str,
    for_mailing: bool,
) -> None:
    """Write records to stdout as CSV, xlsx, JSON lines or vCards, and tasks as a calendar (ics).

    WHAT is leads, contacts, companies, deals, offers, invoices or tasks.

    Example: crm export leads --excel > leads.csv
    """
    ws = session.workspace
    entity = next(row.name for row in ENTITIES.values() if row.plural == what)
    condition = ws.condition(where, entity) if where else None
    names = listed(columns)
    if columns and not names:
        told = tr("--columns {!r} does not name a column", columns)
        raise BadUsage(told, "--columns name,phones")
    is_read = excel and session.format != "ids"
    kind = form or _format("" if excel and not is_read else session.format)
    if kind == "xlsx" and sys.stdout.isatty():
        hint = tr("crm export {0} --format xlsx > {0}.xlsx", what)
        raise BadUsage("a workbook cannot be shown in a terminal", hint)
    layout = exporting.Layout(kind, excel, is_read, names, for_mailing, vcard_version)
    pieces = exporting.export(ws, entity, condition, layout)
    if sys.stdout.isatty():  # which gets no control characters
        for piece in pieces:
            session.out.text(piece.decode())
    else:
        if kind != "xlsx":
            pieces = (session.out.masked(piece.decode()).encode() for piece in pieces)
        session.out.content(pieces, says=b"")
    unreadable(session)


def _format(asked: str) -> str:
    """What `--csv` or `--json` mean here."""
    if asked not in ("", "csv", "json", "jsonl"):
        told = tr("{!r} is not an export format", asked)
        raise BadUsage(told, "--format csv, xlsx, jsonl, vcard or ics")
    return "jsonl" if asked in ("json", "jsonl") else "csv"
