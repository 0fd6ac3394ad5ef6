"""crm mail."""

from __future__ import annotations

import click

from crmcli.cli.params import Noun, Session, Verb
from crmcli.errors import BadUsage

mail = Noun("mail", help="Letters from templates.")


@mail.command(
    cls=Verb,
    short_help="Print the letter that a template makes for a record.",
    help="Print the letter that a template makes for a record, as it would leave. Nothing is sent.\n\n"
    "Example: crm mail render mail/hello.j2 --for anna@example.ru",
)
@click.argument("template", metavar="TEMPLATE")
@click.option("--for", "ref", required=True, metavar="REF", help="The record it is about.")
@click.option("--html", is_flag=True, help="Print the HTML part alone.")
@click.pass_obj
def render(session: Session, template: str, ref: str, html: bool) -> None:
    """Print the letter that a template makes for a record."""
    from crmcli.sales.documents import messages

    ws = session.workspace
    letter = messages.preview(ws, template.removeprefix("templates/"), ws.find(ref))
    if letter.refused:
        session.out.note(f"a robot would not send it: {letter.refused}")
    if letter.missing:
        session.out.note(f"it has nobody to go to: {letter.missing}")
    if html:
        if not letter.html:
            raise BadUsage(f"{template} has no HTML part", "put NAME.html.j2 beside NAME.j2")
        session.out.text(letter.html)
    elif session.out.is_table:
        heads = [f"{name}: {value}" for name, value in letter.headers]
        session.out.text("\n".join([*heads, "", letter.text]))
    else:
        facts = {name.lower().replace("-", "_"): value for name, value in letter.headers}
        session.out.one({**facts, "text": letter.text, "html": letter.html}, [])
