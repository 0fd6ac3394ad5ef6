"""crm import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Change, Noun, Session
from crmcli.cli.telling import notes
from crmcli.errors import BadUsage
from crmcli.model.schema import PLURAL

if TYPE_CHECKING:
    from crmcli.sales.importing import Wanted
    from crmcli.sales.importing.summary import Summary

MOST_NAMED = 12
"""Names that one line of the summary lists."""

import_ = Noun("import", help="Bring in records from a CSV or JSON lines file; - is stdin.")


def _import_command(entity: str) -> click.Command:
    @click.argument("file")
    @click.option("--preset", default="", metavar="NAME", help="Read it as this CRM's: bitrix24.")
    @click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="COL=FIELD",
        help="Column to field; COL= leaves it out.",
    )
    @click.option(
        "--on-duplicate",
        type=click.Choice(("skip", "merge", "replace", "create", "fail")),
        default="skip",
        show_default=True,
        help="A row whose phone, e-mail, INN or id is here, or above it in the file.",
    )
    @click.option("--encoding", default="", metavar="NAME", help="utf-8, cp1251, koi8-r, utf-16, …")
    @click.option("--delimiter", default="", metavar="CHAR", help="; , | or tab.")
    @click.option("--country", default="", metavar="CC", help="Of phones without one: RU, US, …")
    @click.option("--date-order", type=click.Choice(("dmy", "mdy")), help="Of 03/04/2026.")
    @click.option(
        "--rejects",
        default="rejects.csv",
        metavar="FILE",
        help="Where rows that were not taken go.",
    )
    @click.option("--robots", is_flag=True, help="Wake the robots of the stages.")
    @click.pass_obj
    def callback(session: Session, /, file: str, **options: Any) -> int:
        return _import(session, entity, file, options)

    plural = PLURAL[entity]
    example = {
        "lead": "crm import leads leads.csv --preset bitrix24 --dry-run",
        "contact": "crm import contacts people.csv --map 'Tel=phone_mobile' --map Age=",
        "company": "crm import companies firms.csv --on-duplicate merge",
        "deal": "crm import deals deals.csv",
    }[entity]
    return Change(
        plural,
        params=getattr(callback, "__click_params__", [])[::-1],
        callback=callback,
        short_help=f"Import {plural}.",
        help=f"Import {plural}; prints the batch id, and what was done on stderr.\n\n"
        "A row is taken whole or not at all; what is not taken goes to the rejects file with the"
        " reason, to be mended and imported again.\n\n"
        f"Example: {example}",
    )


for _entity in ("lead", "contact", "company", "deal"):
    import_.add_command(_import_command(_entity))


def _import(session: Session, entity: str, file: str, options: dict[str, Any]) -> int:
    from crmcli.sales import importing

    name, content = _read(file)
    source = importing.open_source(content, name, options["encoding"], options["delimiter"])
    wanted = _wanted(session, options)
    with session.out.progress(f"import {PLURAL[entity]}") as progress:
        found = importing.import_records(
            session.workspace,
            entity,
            source,
            name,
            wanted,
            lambda rows: progress.advance(rows - progress.count),
        )
    _print(session, found)
    notes(session)
    return 6 if found.rejected and not found.taken and not found.skipped else 0


def _read(file: str) -> tuple[str, bytes]:
    if file == "-":
        return "stdin", sys.stdin.buffer.read()
    from crmcli.errors import NotFound

    path = Path(file)
    try:
        return path.name, path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", "give its path, or - for stdin") from None
    except IsADirectoryError:
        raise BadUsage(f"{file} is a folder", "give a CSV or JSON lines file") from None


def _wanted(session: Session, options: dict[str, Any]) -> Wanted:
    from crmcli.sales.importing import Wanted

    columns: dict[str, str] = {}
    for pair in options["pairs"]:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise BadUsage(
                f"--map {pair!r} is not like column=field", "column= leaves a column out"
            )
        columns[column] = field.strip()
    return Wanted(
        preset=options["preset"],
        columns=columns,
        on_duplicate=options["on_duplicate"],
        country=options["country"],
        date_order=options["date_order"] or "",
        robots=options["robots"],
        dry_run=session.dry_run,
        rejects=Path(options["rejects"]),
    )


def _print(session: Session, found: Summary) -> None:
    """The batch id, with JSON everything, of a dry run mapping and first rows; the rest is talk."""
    out, ws = session.out, session.workspace
    out.localize(ws.settings.language, ws.zone, ws.settings.currency)
    if out.format in ("json", "jsonl"):
        out.one(found.as_dict(), [])
        return
    if found.dry_run:
        _print_mapping(session, found)
    elif found.taken:
        out.created(found.batch)
    for line in _told(session, found):
        out.note(line)


def _print_mapping(session: Session, found: Summary) -> None:
    from crmcli.cli.output import Column

    rows = [
        {
            "column": column.label,
            "field": str(column.target)
            if column.target
            else "(left out)"
            if column.ignored
            else "-",
            "filled": found.filled.get(column.label, 0),
        }
        for column in found.columns
    ]
    columns = [
        Column("column", "Column"),
        Column("field", "Goes to"),
        Column("filled", "Filled", "count"),
    ]
    session.out.records(rows, columns)
    names = list(dict.fromkeys(name for raw in found.sample for name in raw))
    if session.out.is_table and names:
        session.out.section(
            f"The first {len(found.sample)} rows", found.sample, [Column(name) for name in names]
        )


def _told(session: Session, found: Summary) -> Iterator[str]:
    """The summary for people."""
    plural = PLURAL[found.entity]
    how = (
        f"{found.encoding}, {_delimiter_name(found.delimiter)}" if found.delimiter else "JSON lines"
    )
    yield f"{found.file}: {found.rows} rows ({how})" + (
        ", dry run: nothing is written" if found.dry_run else ""
    )
    if found.empty_rows:
        yield f"{found.empty_rows:>7} empty rows passed over"
    for count, words in (
        (found.created, f"{plural} created"),
        (found.merged, "merged into records that were here"),
        (found.replaced, "replaced in records that were here"),
        (found.completed, "completed: until now known by name only"),
        (found.skipped, "skipped: they repeat records"),
        (found.rejected, "rejected"),
    ):
        if count or words == f"{plural} created":
            yield f"{count:>7} {words}"
    for (column, reason), rows in found.reasons.most_common():
        where = f"{column}: " if column else ""
        yield f"{rows:>14} {where}{found.examples[column, reason]}"
    for entity, count in found.made.items():
        yield f"{count:>7} {PLURAL[entity]} created because a row names them"
    yield from _told_of_columns(found)
    yield from _told_of_totals(session, found)
    if found.rejects:
        yield f"the rows that were not taken are in {found.rejects}: mend them, then import that file"


def _told_of_columns(found: Summary) -> Iterator[str]:
    lost = {label: count for label, count in found.unmapped.items() if count}
    if lost:
        yield f"not taken, nobody knows these columns: {_counted(lost)}"
        yield "  (--map COLUMN=FIELD takes one in, --map COLUMN=comment keeps its text)"
    if found.foreign_ids:
        yield f"not taken: {found.foreign_ids} ids of another system"
    if found.unknown_owners:
        yield f"owners who are no users here, kept as text: {_counted(found.unknown_owners)}"
    if found.dangling_links:
        yield f"{found.dangling_links} links lead to records that are not here (yet)"
    if found.kept:
        yield f"{found.kept} values were not merged: the records have others"
    if found.conflicts:
        lines = ", ".join(f"{line} ({column})" for line, column in found.conflicts[:MOST_NAMED])
        yield f"in {len(found.conflicts)} places two columns differ and the first counts, lines {lines}"


def _told_of_totals(session: Session, found: Summary) -> Iterator[str]:
    totals = found.totals
    locale = session.out.locale
    sums = [locale.money(amount, code) for code, amount in totals.amounts.items()]
    if sums:
        yield f"in all rows: {', '.join(sums)}"
    if totals.stages:
        yield f"in all rows, by stage: {_counted(totals.stages)}"
    if totals.phones:
        yield f"in all rows: {len(totals.phones)} phones, {totals.repeated_phones} rows repeat one"


def _counted(counts: Any) -> str:
    shown = [f"{name} ({count})" for name, count in list(counts.items())[:MOST_NAMED]]
    more = len(counts) - MOST_NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _delimiter_name(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)


__all__: Sequence[str] = ("import_",)
