"""crm export."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.errors import BadUsage, OutputFailed
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, plurals


@click.command(
    cls=Verb,
    help="Write records to stdout as CSV, xlsx, JSON lines or vCards.\n\n"
    "Example: crm export leads --excel > leads.csv",
    params=[
        click.Argument(("what",), type=click.Choice(plurals()), metavar="WHAT"),
        option("--where -w", "Only records that match a condition.", "EXPR"),
        option(
            "--format form",
            "Format. [default: csv]",
            type=click.Choice(("csv", "xlsx", "jsonl", "vcard")),
        ),
        option("--excel", "CSV for Excel: BOM, semicolons, no formulas.", is_flag=True),
        option(
            "--vcard-version",
            "vCard version.",
            type=click.Choice(("3.0", "4.0")),
            default="3.0",
            show_default=True,
        ),
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
    """Write records to stdout."""
    from crmcli.sales.exports import export as exporting

    ws = session.workspace
    entity = next(row.name for row in ENTITIES.values() if row.plural == what)
    condition = ws.condition(where, entity) if where else None
    names = [name.strip() for name in columns.split(",") if name.strip()]
    if columns and not names:
        raise BadUsage(
            tr("--columns {!r} does not name a column", columns), "--columns name,phones"
        )
    kind = form or _format(session.format)
    if kind == "xlsx" and sys.stdout.isatty():
        raise BadUsage(
            "a workbook cannot be shown in a terminal",
            tr("crm export {0} --format xlsx > {0}.xlsx", what),
        )
    layout = exporting.Layout(kind, excel, names, for_mailing, vcard_version)
    _write(session, exporting.export_bytes(ws, entity, condition, layout))
    unreadable(session)


def _format(asked: str) -> str:
    """What `--csv` or `--json` mean here."""
    if asked not in ("", "csv", "json", "jsonl"):
        raise BadUsage(
            tr("{!r} is not an export format", asked), "--format csv, xlsx, jsonl or vcard"
        )
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
        raise OutputFailed(
            tr("the export cannot be written: {}", error.strerror or error)
        ) from error
