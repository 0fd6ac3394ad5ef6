"""crm mail."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.cli.documents import ANYWAY, confirmed
from crmcli.cli.params import REF, ChangingVerb, Noun, Session, option
from crmcli.present.told import Told
from crmcli.sales.documents import templates
from crmcli.sales.documents.attached import attached

mail = Noun("mail", help="Messages to clients.")


@mail.command(
    cls=ChangingVerb,
    params=[
        REF,
        option("--template", "Template below templates/mail/.", "TEMPLATE", required=True),
        option("--to", "To this address instead of the record's own.", "ADDRESS", multiple=True),
        option(
            "--attach attach",
            "A file, or the number of an offer or invoice, which goes as PDF.",
            "FILE|NUMBER",
            multiple=True,
        ),
        ANYWAY,
    ],
)
def send(
    session: Session,
    ref: str,
    template: str,
    to: Sequence[str],
    attach: Sequence[str],
    anyway: bool,
) -> Told:
    """Send a message that a template makes for a record.

    On a terminal it is shown first, and asked about; --dry-run only shows it. It leaves as the messages
    of robots do, and stands on the record's timeline. Who must not be mailed, or is on the block list,
    gets none.

    Example: crm mail send 7k3 --template hello --attach price.pdf
    """
    from crmcli.automation import person_mail

    ws = session.workspace
    path = templates.find(ws, template, mail=True)
    record = templates.record_for(ws, path, ref)
    wanted = person_mail.PersonMail(path, to, [attached(ws, one) for one in attach], anyway)
    return confirmed(session, record, wanted, lambda: person_mail.send(ws, record.id, wanted))
