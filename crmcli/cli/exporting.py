"""crm export."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.wanted import WHERE, listed
from crmcli.errors import BadUsage, OutputFailed
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, plurals

FORMATS = ("csv", "xlsx", "jsonl", "vcard")


@click.command(
    cls=Verb,
    params=[
        click.Argument(("what",), type=click.Choice(plurals()), metavar="WHAT"),
        WHERE,
        option("--format form", "Format; csv if none is given.", among=FORMATS),
        option("--excel", "CSV for Excel: BOM, semicolons, no formulas.", is_flag=True),
        option("--vcard-version", "vCard version.", default="3.0", among=("3.0", "4.0")),
        option("--columns", "Only these columns.", "A,B"),
        option("--for-mailing", "Leave out those who must not be mailed.", is_flag=True),
    ],
)
@click.pass_obj
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
    """Write records to stdout as CSV, xlsx, JSON lines or vCards.

    WHAT is leads, contacts, companies, deals, offers or tasks.

    Example: crm export leads --excel > leads.csv
    """
    from crmcli.sales.exports import export as exporting

    ws = session.workspace
    entity = next(row.name for row in ENTITIES.values() if row.plural == what)
    condition = ws.condition(where, entity) if where else None
    names = listed(columns)
    if columns and not names:
        told = tr("--columns {!r} does not name a column", columns)
        raise BadUsage(told, "--columns name,phones")
    kind = form or _format(session.format)
    if kind == "xlsx" and sys.stdout.isatty():
        hint = tr("crm export {0} --format xlsx > {0}.xlsx", what)
        raise BadUsage("a workbook cannot be shown in a terminal", hint)
    layout = exporting.Layout(kind, excel, names, for_mailing, vcard_version)
    _write(session, exporting.export(ws, entity, condition, layout))
    unreadable(session)


def _format(asked: str) -> str:
    """What `--csv` or `--json` mean here."""
    if asked not in ("", "csv", "json", "jsonl"):
        told = tr("{!r} is not an export format", asked)
        raise BadUsage(told, "--format csv, xlsx, jsonl or vcard")
    return "jsonl" if asked in ("json", "jsonl") else "csv"


def _write(session: Session, pieces: Iterable[bytes]) -> None:
    """The bytes of the file as they are, except on a terminal, which gets no control characters."""
    if sys.stdout.isatty():
        for piece in pieces:
            session.out.text(piece.decode())
        return
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        told = tr("the export cannot be written: {}", error.strerror or error)
        raise OutputFailed(told) from error
