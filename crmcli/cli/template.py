"""crm template."""

from __future__ import annotations

import click

from crmcli.cli.params import Noun, complete
from crmcli.cli.printing import print_problems
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.present.cells import Column, Listing
from crmcli.present.documents import template_row
from crmcli.sales.documents import messages, templates

template = Noun("template", help="Templates of messages, offers and other documents.")
COLUMNS = [
    Column("path", "Template", keep=True),
    Column("entity", "Record", whole=True),
    Column("language", "Language"),
    Column("number", "Number"),
    Column("topic", "Mailing topic"),
    Column("subject", "Subject", whole=True),
    Column("used_by", "Used by", whole=True),
]
NAME = click.Argument(("name",), metavar="TEMPLATE", shell_complete=complete)


@template.command("list")
def list_(session: Session) -> Listing:
    """List the templates, what each is for, and the robots that use it.

    Example: crm template list
    """
    found = templates.listed(session.workspace)
    for one in found:
        if one.problem:
            session.out.note(one.problem)
    return Listing([template_row(one) for one in found], COLUMNS, "no templates")


@template.command(params=[NAME])
def show(session: Session, name: str) -> None:
    """Print a template as it is written.

    Example: crm template show hello
    """
    ws = session.workspace
    path = templates.find(ws, name)
    text = messages.renderer(ws).source(path)
    if session.out.is_table:
        session.out.text(text)
    else:
        [row] = [template_row(one) for one in templates.listed(ws) if one.path == path] or [{}]
        session.out.one({"path": path, **row, "text": text}, [])


@template.command()
@click.argument("names", nargs=-1, metavar="[TEMPLATE]...")
def check(session: Session, names: tuple[str, ...]) -> int:
    """Check templates: that every name and field is there, and that each comes to an end.

    All of them if none is named. Exit code 6 if there are problems.

    Example: crm template check
    """
    ws = session.workspace
    texts = messages.renderer(ws)
    paths = [templates.find(ws, name) for name in names] or texts.paths()
    faults = list(dict.fromkeys(templates.faults(texts, ws.schema, paths)))
    fine = tr("all is well: {}", counted(len(paths), "template"))
    return print_problems(session, faults, (), fine)


@template.command(
    params=[NAME, click.Argument(("of",), metavar="[REF]", required=False, shell_complete=complete)]
)
@click.option("--for", "ref", default="", metavar="REF", help="The same as REF.")
@click.option("--html", is_flag=True, help="Print the HTML part alone.")
def preview(session: Session, name: str, of: str | None, ref: str, html: bool) -> None:
    """Print what a template makes for a record: for the newest, if none is named.

    Nothing is sent.

    Example: crm template preview hello 7k3
    """
    if of and ref:
        raise BadUsage("REF and --for exclude each other", "use one of them")
    ws, ref = session.workspace, of or ref
    path = templates.find(ws, name, ref=ref)
    record = templates.record_for(ws, path, ref) if ref else templates.example(ws, path)
    if not ref:
        session.out.note(tr("for {} {}", record.id, record.get("name")))
    if not messages.is_message(path):
        session.out.text(messages.page(ws, path, record))
        return
    mail = messages.preview(ws, path, record)
    if mail.refused:
        session.out.note(tr("a robot would not send it: {}", mail.refused))
    if mail.missing:
        session.out.note(tr("no recipient: {}", mail.missing))
    if html:
        if not mail.html:
            raise BadUsage(tr("{} has no HTML part", name), "put NAME.html.j2 beside NAME.j2")
        session.out.text(mail.html)
    elif session.out.is_table:
        heads = [f"{tr(name + ':')} {value}" for name, value in mail.headers]
        session.out.text("\n".join([*heads, "", mail.text]))
    else:
        facts = {name.lower().replace("-", "_"): value for name, value in mail.headers}
        session.out.one({**facts, "text": mail.text, "html": mail.html}, [])
