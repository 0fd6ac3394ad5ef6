"""crm import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from crmcli.cli import asking
from crmcli.cli.file_names import FileName, ReadFile, TextOrFile
from crmcli.cli.params import ChangingVerb, Noun, WholeNumber, imported, option
from crmcli.cli.printing import print_problems
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.formats.encodings import EncodingUnclear, differing
from crmcli.formats.letters import languages_of
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, having
from crmcli.present.cells import Column, Listing
from crmcli.present.imports import batches, first_rows, losses, mapping, summary
from crmcli.sales import imports
from crmcli.sales.duplicates.ways import WAYS, told
from crmcli.sales.imports.mapping import presets_of
from crmcli.sales.imports.resume import past_imports
from crmcli.sales.imports.sources import Source
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records.input_files import LARGEST_IMPORT, read_file, read_stream

LINE = WholeNumber(min=1)

VALUE_MAP = ("field", "theirs", "ours")
"""The columns of a file for --value-map."""

import_ = Noun("import", help="Import records from CSV, xlsx, JSON lines or vCards.")


def _is_pair(text: str) -> bool:
    """Whether it is a value of a field with another one, and no file."""
    _, colon, pair = text.partition(":")
    theirs, equals, _ = pair.rpartition("=")
    return bool(colon and equals and theirs.strip())


def _reading_options(entity: str) -> list[click.Parameter]:
    """How the file is to be read."""
    orders = ("auto", "fio", "first-last", "last-first")
    stages = "Map a stage of the file to STAGE or PIPELINE/STAGE."
    values = "Replace a value, or those of a CSV with the columns field, theirs, ours."
    fields, users = "Map a column to a field; COL= skips it.", "Map an owner in the file to a user."
    staged = "staged" in ENTITIES[entity].traits
    return [
        click.Argument(("file",), type=ReadFile()),
        option("--preset", "Preset for the columns (see crm import preset list), or none.", "NAME"),
        option("--map columns", fields, "COL=FIELD", multiple=True),
        option("--encoding", "utf-8, cp1251, cp1250, cp1252, …", "NAME"),
        option("--sheet", "Sheet of a workbook. [default: the first with a header]", "NAME"),
        option("--header-row", "Line of the header. [default: found by its words]", type=LINE),
        option("--delimiter", "; , | or tab.", "CHAR"),
        option("--set values", "Set a field in every row.", "FIELD=VALUE", multiple=True),
        option(
            "--value-map value_maps",
            values,
            "FIELD:THEIRS=OURS",
            multiple=True,
            type=TextOrFile(_is_pair),
        ),
        option("--date-format", "Form of all dates: DD.MM.YYYY, '%d/%m/%y', …", "FORM"),
        option("--country", "Country of phones without a code: RU, US, …", "CC"),
        option("--date-order", "Day or month first in 03/04/2026.", among=("dmy", "mdy")),
        option("--decimal", "Decimal sign where 1.234 may be read two ways.", among=(",", ".")),
        option("--name-format", "Order of full names; fio is Ф И О.", default="auto", among=orders),
        option("--owner-map owners", users, "NAME=USER", multiple=True),
        *([option("--stage-map stages", stages, "NAME=STAGE", multiple=True)] if staged else []),
    ]


def _taking_options() -> list[click.Parameter]:
    """What becomes of its rows."""
    rejects = "Where rejected rows go. [default: a file beside FILE]"
    linked = "--create-missing/--no-create-missing"
    return [
        option("--on-duplicate", told(), default="update", among=tuple(WAYS)),
        option("--rejects", rejects, "FILE", type=FileName()),
        option(linked, "Create companies and contacts that a row names.", default=True),
        option("--create-values", "Add values that a directory lacks to it.", is_flag=True),
        option("--again", "Import a file that was imported before.", is_flag=True),
        option(
            "--keep-totals",
            "Take totals (Итого, Total), notes and column numbers too.",
            is_flag=True,
        ),
        option(
            "--allow-consent-changes",
            "Let the file lift refusals of known records too.",
            is_flag=True,
        ),
        option("--strict", "Reject a row for any value that does not fit.", is_flag=True),
        option("--robots", "Let robots run for the imported records.", is_flag=True),
    ]


def _import_command(entity: str) -> click.Command:
    def callback(session: Session, /, file: str, **options: Any) -> int:
        return _import(session, entity, file, options)

    plural = ENTITIES[entity].plural
    return ChangingVerb(
        plural,
        params=[*_reading_options(entity), *_taking_options()],
        callback=callback,
        short_help=f"Import {plural}.",
        help=f"Import {plural} from FILE (- is stdin); prints the batch id, and a summary on stderr.\n\n"
        "A row is imported whole or not at all; rejected rows go to a file with the reason, to "
        "be fixed and imported again.\n\n"
        f"Example: crm import {plural} {plural}.csv --map 'Full name=name' --map Id= --dry-run",
    )


@import_.command("list")
def list_(session: Session) -> Listing:
    """List the imports of this workspace, what each did and whether it was undone."""
    return batches(past_imports(session.workspace))


@import_.command("undo", cls=ChangingVerb)
@click.argument("batch")
def undo_(session: Session, batch: str) -> None:
    """Undo an import, wherever it ran: the same as crm undo --batch BATCH.

    Example: crm import undo batch-7k3qf2m9 --dry-run
    """
    undo: click.Command = imported("crmcli.cli.undo:undo")
    click.get_current_context().invoke(undo, session, batch=batch)


PRESETS = (
    "Column, stage and source names of other programs.\n\n"
    "A workspace may have its own: presets/NAME.yaml."
)
preset = Noun("preset", help=PRESETS)
import_.add_command(preset)


@preset.command("list")
def preset_list(session: Session) -> Listing:
    """List the presets for --preset, and the plain words that always work.

    Example: crm import preset list
    """
    found = presets_of(session.workspace)
    rows = [
        {"name": p.name, "about": tr(p.about), "file": p.path or tr("comes with crm")}
        for p in (*found.by_name.values(), found.plain)
    ]
    session.workspace.notes.extend(tr("left out: {}", problem) for problem in found.problems)
    return Listing(
        rows, [Column("name", "Name"), Column("about", "About", whole=True), Column("file", "File")]
    )


@preset.command("show")
@click.argument("name")
def preset_show(session: Session, name: str) -> None:
    """Print a preset as YAML, to copy into presets/ and change there.

    Example: crm import preset show hubspot > presets/ours.yaml
    """
    ws = session.workspace
    session.out.text(ws.preset_text(presets_of(ws).named(name)))


@preset.command("check")
def preset_check(session: Session) -> int:
    """Check presets/ for mistakes; exit 6 if there are any.

    Example: crm import preset check
    """
    found = presets_of(session.workspace)
    own = [p.name for p in found.by_name.values() if p.path]
    fine = tr("all is well: {}", ", ".join(own)) if own else "presets/ has no preset"
    return print_problems(session, found.problems, (), fine)


for _entity in having("importable"):
    import_.add_command(_import_command(_entity))


def _import(session: Session, entity: str, file: str, options: dict[str, Any]) -> int:
    name, content = _read(file)
    source = _opened(session, content, name, options)
    wanted = _wanted(session, file, options)
    try:
        with session.out.progress(tr("import {}", tr(ENTITIES[entity].plural))) as progress:

            def read(rows: int) -> None:
                progress.advance(rows - progress.count)

            found = imports.import_records(session.workspace, entity, source, name, wanted, read)
    except KeyboardInterrupt:
        session.out.note("stopped: run the same command again to continue")
        raise
    _print(session, found)
    return 1 if found.rejected and not found.taken else 0


def _opened(session: Session, content: bytes, name: str, options: dict[str, Any]) -> Source:
    encoding, delimiter, sheet = (options.pop(n) for n in ("encoding", "delimiter", "sheet"))
    settings = session.workspace.settings
    languages = languages_of(settings.language, settings.phone_country)
    try:
        return imports.open_source(content, name, encoding, delimiter, sheet, languages)
    except EncodingUnclear as unclear:
        encoding = _asked_encoding(unclear)
        return imports.open_source(content, name, encoding, delimiter, sheet)


def _asked_encoding(unclear: EncodingUnclear) -> str:
    """Which of the readings of a file is right, as somebody at a terminal says."""
    if not unclear.readings or not sys.stdin.isatty():
        raise unclear
    lines = [
        f"  {one.encoding:<12} {', '.join(words)}" for one, words in differing(unclear.readings)
    ]
    asking.tell("\n".join([tr("which reading is right?"), *lines]))
    names = click.Choice([one.encoding for one in unclear.readings])
    return str(asking.chosen(tr("encoding"), names, None))


def _print(session: Session, found: Summary) -> None:
    """The batch id, with JSON everything, of a dry run mapping and first rows; the rest is talk."""
    out = session.out
    if out.format in ("json", "jsonl"):
        out.one(found.as_dict(), [])
        return
    if found.dry_run:
        out.records(*mapping(found))
        for title, table in first_rows(found, session.workspace.schema):
            out.section(title, *table)
    elif found.taken:
        out.created(found.batch)
    if out.quiet:
        for line in losses(found):
            out.warn(line)
    for line in summary(found, out.locale):
        out.note(line)


def _read(file: str) -> tuple[str, bytes]:
    if file == "-":
        return "stdin", read_stream(sys.stdin.buffer, "stdin", LARGEST_IMPORT)
    if Path(file).is_dir():
        raise BadUsage(tr("{} is a folder", file), "give a CSV, xlsx, JSON lines or vCard file")
    return read_file(file, LARGEST_IMPORT)


def _wanted(session: Session, file: str, options: dict[str, Any]) -> imports.ImportOptions:
    users = _pairs("owner-map", options.pop("owners"), "their name=user")
    owners = {name: session.workspace.user_id(user) for name, user in users.items()}
    columns = options.pop("columns")
    return imports.ImportOptions(
        columns=_pairs("map", columns, "column=field; column= leaves a column out"),
        owners=owners,
        values=_set(options.pop("values")),
        value_maps=[pair for text in options.pop("value_maps") for pair in _value_map(text)],
        stages=_pairs("stage-map", options.pop("stages", ()), "their name=stage"),
        file=Path(file) if Path(file).is_file() else None,  # a pipe has no place
        date_order=options.pop("date_order") or "",
        date_format=options.pop("date_format") or "",
        decimal=options.pop("decimal") or "",
        rejects=_rejects_file(options.pop("rejects")),
        dry_run=session.dry_run,
        header_row=options.pop("header_row") or 0,
        **options,
    )


def _rejects_file(rejects: str | None) -> Path | None:
    if rejects == "-":
        raise BadUsage(
            "--rejects needs a file: stdout has the batch id", "e.g. --rejects rejects.csv"
        )
    return Path(rejects) if rejects else None


def _set(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not equals or not name.strip():
            raise BadUsage(tr("--{} {!r} is not of the form {}", "set", name, "field=value"))
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _value_map(text: str) -> Iterator[tuple[str, str, str]]:
    """What --value-map says: one value, or the rows of a file."""
    name, _, pair = text.partition(":")
    theirs, _, ours = pair.rpartition("=")
    if _is_pair(text):
        yield name.strip(), theirs.strip(), ours.strip()
    elif Path(text).is_file():
        table = imports.open_source(read_file(text, LARGEST_IMPORT)[1], text)
        places = [table.labels.index(label) for label in VALUE_MAP if label in table.labels]
        if len(places) != len(VALUE_MAP):
            raise BadUsage(tr("{} needs the columns {}", text, ", ".join(VALUE_MAP)))
        for row in table.rows():
            field, word, value = (str(row.cells[place]).strip() for place in places)
            yield field, word, value
    else:
        form = "field:their value=ours"
        raise BadUsage(tr("--{} {!r} is not of the form {}", "value-map", text, form))


def _pairs(option: str, texts: Sequence[str], shape: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        left, equals, right = text.rpartition("=")
        if not equals or not left.strip():
            form = shape.partition(";")[0]
            raise BadUsage(tr("--{} {!r} is not of the form {}", option, text, form), shape)
        pairs[left] = right.strip()
    return pairs
