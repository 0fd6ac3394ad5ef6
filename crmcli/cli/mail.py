"""crm mail."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.bringing import brought
from crmcli.cli.documents import ANYWAY, confirmed, sent_each
from crmcli.cli.options import check_chosen
from crmcli.cli.params import ALL_OR_NOTHING, SOME_REFS, ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.model.entities import ENTITIES
from crmcli.present.told import Told
from crmcli.sales.documents import templates
from crmcli.sales.documents.attached import attached

mail = Noun("mail", help="E-mail to clients and from them: send, receive.")


@mail.command(
    cls=ChangingVerb, params=[click.Argument(("paths",), nargs=-1, metavar="FILE|MAILDIR…")]
)
def receive(session: Session, paths: Sequence[str]) -> list[Told]:
    """Take in messages from files, Maildir folders or stdin, as the pipe of a mail server gives them.

    An answer goes on the timeline of the record whose message it answers; else of the client's only open
    deal, or of the client; who is unknown becomes a lead. Replies of machines make none. The same
    message counts once. What is brought stays where it is.

    Example: printf 'From: Anna <anna@example.com>\\nSubject: Price\\n\\nHow much?' | crm mail receive
    """
    return brought(session.workspace, "mail", paths)


@mail.command(
    cls=ChangingVerb,
    params=[
        SOME_REFS,
        option("--where -w", "To all that match this condition.", "EXPR"),
        option("--of noun", "Which, if the template is for several kinds.", among=tuple(ENTITIES)),
        ALL_OR_NOTHING,
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
    refs: Sequence[str],
    where: str,
    noun: str,
    all_or_nothing: bool,
    template: str,
    to: Sequence[str],
    attach: Sequence[str],
    anyway: bool,
) -> Told | list[Told]:
    """Send a message that a template makes for a record, or one for each of several.

    On a terminal it is shown first, and asked about; --dry-run only shows it. It leaves as the messages
    of robots do, and stands on the record's timeline. Who must not be mailed, or is on the block list,
    gets none; of several, those are listed and the others get theirs.

    Example: crm mail send 7k3 --template hello --attach price.pdf
    """
    from crmcli.automation import person_mail

    ws = session.workspace
    path = templates.find(ws, template, mail=True)
    check_chosen(refs, where, "crm mail send REF… --template T, or --where EXPR")
    wanted = person_mail.PersonMail(path, to, [attached(ws, one) for one in attach], anyway)
    if len(refs) != 1:
        chosen = templates.chosen(ws, path, refs, where, noun)
        return sent_each(session, chosen, wanted, whole=all_or_nothing)
    record = templates.record_for(ws, path, refs[0])
    return confirmed(session, record, wanted, lambda: person_mail.send(ws, record.id, wanted))
