"""crm sms."""

from __future__ import annotations

import sys

import click

from crmcli.cli.documents import ANYWAY, asked
from crmcli.cli.params import LAST_OF, REF, ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.told import Told

sms = Noun("sms", help="SMS to clients and from them: send, list, show.")


@sms.command(
    cls=ChangingVerb,
    params=[
        REF,
        click.Argument(("text",), required=False, default="", metavar="[TEXT]"),
        option("--template", "Template below templates/sms/ instead of a text.", "TEMPLATE"),
        option("--to", "To this number instead of the client's.", "NUMBER"),
        ANYWAY,
    ],
)
def send(session: Session, ref: str, text: str, template: str, to: str, anyway: bool) -> Told:
    """Send an SMS about a record: a text, - for stdin, or what a template makes.

    It goes to the mobile number of the record, its contact or its company. --dry-run shows it, in how
    many parts it leaves and, where settings.yaml has a price, what it costs. It leaves as the messages
    of robots do, and stands on the record's timeline.

    Example: crm sms send 7k3 'We come tomorrow at ten.' --dry-run
    """
    from crmcli.automation import person_sms
    from crmcli.model.sms_length import in_words
    from crmcli.present.sms import sms_sent
    from crmcli.sales.documents import messages, templates

    ws = session.workspace
    text = sys.stdin.read() if text == "-" else text
    if bool(template) == bool(text.strip()):
        raise BadUsage("give the text or --template", "crm sms send REF 'Yes, tomorrow at ten.'")
    record, topic = ws.find(ref), ""
    if template:
        path = templates.find(ws, template if "/" in template else f"sms/{template}")
        text, topic = messages.page(ws, path, record), messages.renderer(ws).head(path).topic
    wanted = person_sms.sms_for(ws, record, text, to=to, anyway=anyway, topic=topic)
    price = str(ws.settings.channels.get("sms", {}).get("price") or "")
    if to:  # which may be anybody
        session.out.check(wanted.text.encode())
    shown = f"{tr('To:')} {wanted.to}\n\n{wanted.text}\n\n{in_words(wanted.text, price)}"
    if not asked(session, shown, wanted.to):
        return sms_sent(wanted, record.id, price, None)
    return sms_sent(wanted, record.id, price, person_sms.send(ws, record.id, wanted))


@sms.command(
    "list",
    params=LAST_OF,
)
def list_(session: Session, ref: str, limit: int) -> Listing:
    """List SMS that came in or went out, and whether they arrived: of a record, or the last ones of all.

    One that has not left yet is queued, or failed.

    Example: crm sms list --limit 10
    """
    from crmcli.automation import unsent
    from crmcli.present.sms import sms_table
    from crmcli.sales.intake.letters import SMS

    ws = session.workspace
    return sms_table(ws, unsent.letters(ws, ref, limit, SMS, "sms"))


@sms.command(params=[click.Argument(("ref",), metavar="REF|SMS")])
def show(session: Session, ref: str) -> None:
    """Show an SMS, by its id or the provider's, or the last one of a record.

    Example: crm sms show 7k3
    """
    from crmcli.automation import unsent
    from crmcli.present.sms import WHOLE, sms_row
    from crmcli.sales.intake.letters import SMS

    row = sms_row(session.workspace, unsent.named(session.workspace, ref, SMS, "sms"))
    session.out.one(row, [column for column in WHOLE if row.get(column.name)])
    if session.out.is_table:
        session.out.text(f"\n{row['text']}")
