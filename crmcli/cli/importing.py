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
from crmcli.model.values import format_instant

if TYPE_CHECKING:
    from crmcli.sales.importing import Wanted
    from crmcli.sales.importing.summary import Summary

PRESET_NAMES = "bitrix24, amocrm, hubspot, salesforce, pipedrive, google, outlook or none"
MOST_NAMED = 12
"""Names that one line of the summary lists."""

import_ = Noun("import", help="Bring in records from CSV, xlsx, JSON lines or vCards; - is stdin.")


def _import_command(entity: str) -> click.Command:
    @click.argument("file")
    @click.option(
        "--preset", default="", metavar="NAME", help=f"Whose words it has: {PRESET_NAMES}."
    )
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
    @click.option(
        "--sheet", default="", metavar="NAME", help="Of a workbook; the first if not said."
    )
    @click.option("--delimiter", default="", metavar="CHAR", help="; , | or tab.")
    @click.option("--country", default="", metavar="CC", help="Of phones without one: RU, US, …")
    @click.option("--date-order", type=click.Choice(("dmy", "mdy")), help="Of 03/04/2026.")
    @click.option(
        "--rejects",
        default="rejects.csv",
        metavar="FILE",
        help="Where rows that were not taken go.",
    )
    @click.option(
        "--name-format",
        type=click.Choice(("auto", "fio", "first-last", "last-first")),
        default="auto",
        show_default=True,
        help="Of whole names; fio is Ф И О.",
    )
    @click.option(
        "--owner-map", "owners", multiple=True, metavar="NAME=USER", help="Their owner is our user."
    )
    @click.option(
        "--create-missing/--no-create-missing",
        default=True,
        show_default=True,
        help="Make companies and contacts that a row names.",
    )
    @click.option("--again", is_flag=True, help="Take a file anew that was imported already.")
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


@import_.command("list", short_help="The imports of this workspace.")
@click.pass_obj
def list_(session: Session) -> None:
    """List the imports of this workspace, what each did and whether it still stands."""
    from crmcli.cli.output import Column
    from crmcli.sales.importing.resuming import past_imports

    ws = session.workspace
    session.out.localize(ws.settings.language, ws.zone, ws.settings.currency)
    counts = ("rows", "created", "changed", "skipped", "rejected")
    rows = [
        {
            "batch": past.batch,
            "at": format_instant(past.at),
            "entity": past.entity,
            "file": past.file,
            **{name: getattr(past, name) for name in counts},
            "state": past.state,
        }
        for past in past_imports(ws)
    ]
    columns = [
        Column("batch", "Batch"),
        Column("at", "When", "datetime"),
        Column("entity", "Entity"),
        Column("file", "File"),
        *(Column(name, name.capitalize(), "count") for name in counts),
        Column("state", "State"),
    ]
    session.out.records(rows, columns)
    notes(session)


@import_.command(
    "undo",
    cls=Change,
    short_help="Take back an import.",
    help="Take back an import, wherever it ran: crm undo --batch BATCH.\n\n"
    "Example: crm import undo batch-7k3qf2m9 --dry-run",
)
@click.argument("batch")
@click.pass_context
def undo_(ctx: click.Context, batch: str) -> None:
    """Take back an import."""
    root = ctx.find_root()
    command = (
        root.command.get_command(root, "undo") if isinstance(root.command, click.Group) else None
    )
    assert command is not None  # it stands in the same program
    with command.make_context("undo", ["--batch", batch], parent=root) as inner:
        command.invoke(inner)


for _entity in ("lead", "contact", "company", "deal"):
    import_.add_command(_import_command(_entity))


def _import(session: Session, entity: str, file: str, options: dict[str, Any]) -> int:
    from crmcli.sales import importing

    name, content = _read(file)
    source = importing.open_source(
        content, name, options["encoding"], options["delimiter"], options["sheet"]
    )
    wanted = _wanted(session, options)
    try:
        with session.out.progress(f"import {PLURAL[entity]}") as progress:
            found = importing.import_records(
                session.workspace,
                entity,
                source,
                name,
                wanted,
                lambda rows: progress.advance(rows - progress.count),
            )
    except KeyboardInterrupt:
        session.out.note("stopped: the same command again goes on where this one was")
        raise
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
        raise BadUsage(
            f"{file} is a folder", "give a CSV, xlsx, JSON lines or vCard file"
        ) from None
    except OSError as error:
        raise BadUsage(f"{file} cannot be read: {error.strerror or error}", "") from None


def _wanted(session: Session, options: dict[str, Any]) -> Wanted:
    from crmcli.sales.importing import Wanted

    users = _pairs("owner-map", options["owners"], "their name=user")
    return Wanted(
        preset=options["preset"],
        columns=_pairs("map", options["pairs"], "column=field; column= leaves a column out"),
        owners={name: session.workspace.user_id(user) for name, user in users.items()},
        name_format=options["name_format"],
        create_missing=options["create_missing"],
        again=options["again"],
        on_duplicate=options["on_duplicate"],
        country=options["country"],
        date_order=options["date_order"] or "",
        robots=options["robots"],
        dry_run=session.dry_run,
        rejects=Path(options["rejects"]),
    )


def _pairs(option: str, texts: Sequence[str], shape: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        left, equals, right = text.rpartition("=")
        if not equals or not left:
            raise BadUsage(f"--{option} {text!r} is not like {shape.partition(';')[0]}", shape)
        pairs[left] = right.strip()
    return pairs


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
    if found.decoded and session.out.is_table:
        labels = [column.label for column in found.columns]
        shown = [dict(zip(labels, map(str, cells), strict=False)) for cells in found.decoded]
        session.out.section("As they stand in the file", shown, [Column(name) for name in labels])
    if session.out.is_table and names:
        session.out.section(
            f"The first {len(found.sample)} rows", found.sample, [Column(name) for name in names]
        )


def _told(session: Session, found: Summary) -> Iterator[str]:
    """The summary for people."""
    plural = PLURAL[found.entity]
    how = found.encoding + (f", {_delimiter_name(found.delimiter)}" if found.delimiter else "")
    yield f"{found.file}: {found.rows} rows ({how})" + (
        ", dry run: nothing is written" if found.dry_run else ""
    )
    if found.preset:
        yield f"the columns are read as those of {found.preset} (--preset none: as plain words)"
    yield from found.doubts
    if found.resumed:
        yield f"goes on with {found.resumed}, which was interrupted (--again begins anew)"
    if found.before:
        yield f"{found.before:>7} rows were imported before"
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
