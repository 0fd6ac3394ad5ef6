"""Reports drawn: on a terminal above their table, or as a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crmcli.cli import terminal
from crmcli.cli.file_names import WrittenFile, is_stdout
from crmcli.cli.options import OWN
from crmcli.cli.params import option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.action_texts import listed_words
from crmcli.model.figures import Figures
from crmcli.present.cells import Listing
from crmcli.present.figures import cut, seen, with_words
from crmcli.present.pictures.files import ENDINGS
from crmcli.present.pictures.files import made as made_file
from crmcli.present.told import Told

OTHERS = ("pdf", "csv", "json", "xls", "docx", "svg", "jpg")
"""Kinds of files that a report is not written as."""
FILES = (
    option("--html", "A page with pictures and tables, for browser, phone and paper.", is_flag=True),
    option("--png", "A picture.", is_flag=True),
    option("--xlsx", "A workbook.", is_flag=True),
    option("-o --output", "Write a file: .html, .png or .xlsx; - is stdout.", "FILE",
           type=WrittenFile(has_kinds=True, dir_okay=False, path_type=Path)),
)  # fmt: skip
OPTIONS = (
    *FILES,
    option("--mail", "Mail it: to me, users, teams, roles (what each may see), addresses.", "TO,…"),
)  # fmt: skip


def mailed(session: Session, name: str, asked: Mapping[str, Any]) -> list[Told]:
    """Mail a report as it is asked for; what became of each letter."""
    from crmcli.automation import person_report
    from crmcli.automation.report_letters import Wanted
    from crmcli.present.documents import outcome
    from crmcli.present.report_letters import made

    ws, own = session.workspace, asked.get("currency", "")
    params = {key: asked.get(key) for key in ("by", "where", "pipeline", "compare", "limit")}
    params |= {"report": name, "period": asked["period"]}
    params["currency"] = ws.settings.currency if own == OWN else own
    if asked["output"] or asked.get("drill") or any(asked[kind] for kind in ENDINGS):
        raise BadUsage("--mail makes no file and lists no records", "leave the others out")
    ws.reporter = made
    to = [ws.person if word == "me" else word for word in listed_words(asked["mail"])]
    told = []
    for letter, done in person_report.send(ws, Wanted.of(params, ws.now), to):
        subject = letter.made.mail.subject if letter.made else name
        told.append(outcome((subject, ", ".join(letter.to)), {"report": name}, done))
    return told


def ending(asked: Mapping[str, Any]) -> str:
    """Which kind of file is wanted, "" for none; BadUsage if that cannot be told."""
    flags = [name for name in ENDINGS if asked[name]]
    output = asked["output"]
    named = str(output).rpartition(".")[2].lower() if output and str(output) != "-" else ""
    if len(flags) > 1 or (flags and named in (*ENDINGS, *OTHERS) and named != flags[0]):
        raise BadUsage("only one kind of file at a time", "choose --html, --png or --xlsx")
    if (flags or output) and asked.get("drill"):
        raise BadUsage("--drill lists records, which no picture shows", "leave one of them out")
    if flags or named in ENDINGS or not output:
        return (flags or [named])[0]
    hint = "name it .html, .png or .xlsx; of --csv and --json redirect the output"
    raise BadUsage(tr("{} does not say what kind of file it is", output), hint)


def give(
    session: Session, asked: Mapping[str, Any], sections: Sequence[Figures], title: str
) -> None:
    """Write reports into the file that is asked for, or to stdout."""
    ws, out, output = session.workspace, session.out, asked["output"]
    shown = [with_words(one, out.masked) for one in sections]
    content = made_file(ending(asked), shown, title, out.locale, ws.now)
    if output is None or is_stdout(str(output)):
        out.content([content])
        return
    from crmcli.sales.records.attachments import write_out

    out.clear_the_way()
    write_out(output, content, over=True)
    out.note(tr("wrote {}", output))


def given_out(
    session: Session, asked: Mapping[str, Any], found: Figures, notes: Iterable[str], table: Listing
) -> Listing | None:
    """A report as a file, or the table that says it; on a terminal with its picture above it."""
    out, figures = session.out, seen(found)
    if ending(asked):
        give(session, asked, [figures], figures.title)
        return None
    for note in notes if out.is_table else cut(found, out.locale):
        out.note(note)
    if not (out.is_table and out.width and table.rows and figures.dimensions):
        return table
    picture = drawing(session, figures)
    above = [*picture, ""] if picture else []
    out.lines([*above, *out.table(table.rows, table.columns, len(figures.dimensions))])
    return None


def drawing(session: Session, figures: Figures) -> list[str]:
    """The lines of a picture, with the signs and the colours that stdout has."""
    from crmcli.present.pictures.terminal import BLOCKS, drawn

    out = session.out
    signs = "".join((*BLOCKS.parts, BLOCKS.along, BLOCKS.upward, BLOCKS.down))
    is_plain = bool(terminal.unwritable(signs, terminal.encoding_of(sys.stdout)))
    wide = out.width or terminal.columns()
    return drawn(figures, out.locale, wide, plain=is_plain, paint=out.paint).splitlines()
