"""crm mail."""

from __future__ import annotations

import click

from crmcli.cli.params import Noun, Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.sales.documents import messages

mail = Noun("mail", help="Messages that templates make.")


@mail.command()
@click.argument("template", metavar="TEMPLATE")
@click.option("--for", "ref", required=True, metavar="REF", help="Record.")
@click.option("--html", is_flag=True, help="Print the HTML part alone.")
def render(session: Session, template: str, ref: str, html: bool) -> None:
    """Print the message that a template makes for a record.

    Nothing is sent.

    Example: crm mail render mail/hello.j2 --for 7k3
    """
    ws = session.workspace
    mail = messages.preview(ws, template.removeprefix("templates/"), ws.find(ref))
    if mail.refused:
        session.out.note(tr("a robot would not send it: {}", mail.refused))
    if mail.missing:
        session.out.note(tr("no recipient: {}", mail.missing))
    if html:
        if not mail.html:
            raise BadUsage(tr("{} has no HTML part", template), "put NAME.html.j2 beside NAME.j2")
        session.out.text(mail.html)
    elif session.out.is_table:
        heads = [f"{name}: {value}" for name, value in mail.headers]
        session.out.text("\n".join([*heads, "", mail.text]))
    else:
        facts = {name.lower().replace("-", "_"): value for name, value in mail.headers}
        session.out.one({**facts, "text": mail.text, "html": mail.html}, [])
