"""What the commands of documents share: a file is made of one, and one is sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcli.cli.file_names import WrittenFile, is_stdout
from crmcli.cli.params import REF, ChangingVerb, Noun, Verb, imported, option
from crmcli.cli.session import Session
from crmcli.errors import CrmError, NotFound
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES

if TYPE_CHECKING:
    from crmcli.automation.person_mail import Delivery, PersonMail
    from crmcli.channels.message import Message
    from crmcli.model.fields import Record
    from crmcli.present.told import Told
    from crmcli.sales.many import Chosen

TO = option("--to", "To this address instead of the client's.", "ADDRESS", multiple=True)
_PAGES = {
    "offer": "crmcli.sales.documents.offers:render",
    "invoice": "crmcli.sales.documents.invoice_files:render",
}
ANYWAY = option("--anyway", "Also to whom must not be mailed.", is_flag=True)


def rendering(group: Noun, verb: str, told: str, about: str, *options: click.Option) -> None:
    """Add the command that makes a file of a document by a verb of sales (`module:function`)."""

    def callback(session: Session, /, ref: str, output: Path | None, **given: str) -> None:
        ws = session.workspace
        record_id = ws.resolve(ref, str(group.name))
        shown = ".txt" if sys.stdout.isatty() else ".html"
        ending = (output.suffix if output else "") or shown
        if str(output).startswith("-."):
            ending = str(output)[1:]
        made = imported(f"crmcli.sales.{verb}")
        page = made(ws, record_id, ending, **given)
        says = page if ending.lower() != ".pdf" else made(ws, record_id, ".html")
        if output is not None and is_stdout(str(output)):
            session.out.content([page], says)
            return
        if output is None:
            session.out.text(page.decode())
            return
        session.out.check(says)
        imported("crmcli.store.disk.new_file:write_out")(output, page, over=True)
        session.out.note(tr("wrote {}", output))

    path = WrittenFile(has_kinds=True, dir_okay=False, path_type=Path)
    params = [REF, option("-o --output", told, "FILE", type=path), *options]
    group.add_command(Verb("render", params=params, callback=callback, help=cleandoc(about)))


def sending(group: Noun, template: str, about: str, by_hand: str = "") -> None:
    """Add the command that sends a document as PDF, by a mail template; `by_hand` is the verb of sales that
    only notes that it went."""

    def callback(
        session: Session,
        /,
        ref: str,
        template: str,
        to: Sequence[str],
        anyway: bool,
        by_hand_: bool = False,
    ) -> Told:
        ws = session.workspace
        record = ws.find(ref, str(group.name))
        if by_hand_:
            done = imported(f"crmcli.sales.{by_hand}")(ws, record.id)
            told: Told = imported("crmcli.present.changes:closed")(ws, done)
            return told
        from crmcli.automation import document_mail
        from crmcli.automation.person_mail import PersonMail
        from crmcli.sales.documents import templates

        path = templates.find(ws, template, mail=True)
        mail = document_mail.with_document(ws, record, PersonMail(path, to, anyway=anyway))
        return confirmed(session, record, mail, lambda: document_mail.send(ws, record, mail))

    given = option("--template", "Mail template.", "TEMPLATE", default=template)
    params: list[click.Parameter] = [REF, given, TO, ANYWAY]
    if by_hand:
        told = "Send nothing: it went by hand or from elsewhere."
        params.append(option("--by-hand by_hand_", told, is_flag=True))
    group.add_command(ChangingVerb("send", params=params, callback=callback, help=cleandoc(about)))


def confirmed(
    session: Session, record: Record, mail: PersonMail, send: Callable[[], Delivery]
) -> Told:
    """Send a message about a record; on a terminal it is shown first, and asked about."""
    from crmcli.automation import person_mail
    from crmcli.present.documents import message_text, posted

    message = person_mail.message_of(session.workspace, record, mail)
    if mail.to and not mail.subject:  # to anybody, not to whom is answered
        check_sent(session, message)
    if not asked(session, message_text(message), ", ".join(message.to)):
        return posted(message, record.id, None)
    return posted(message, record.id, send())


def check_sent(session: Session, message: Message) -> None:
    """Refused where a message that goes to an address of one's own choice has what is masked."""
    said = [text.encode() for text in (message.subject, message.text, message.html)]
    said += [_readable(session, file.content, file.record) for file in message.attachments]
    for content in said:
        session.out.check(content)


def _readable(session: Session, content: bytes, made_of: str) -> bytes:
    """What a file says: of one that was made of a document, its page."""
    verb = _PAGES.get(made_of.partition("-")[0])
    if not verb:
        return content
    page: bytes = imported(verb)(session.workspace, made_of, ".html")
    return page


def asked(session: Session, shown: str, to: str) -> bool:
    """Show a message where it is only tried or somebody can be asked about it; whether it shall leave."""
    asks = sys.stdin.isatty() and not session.yes
    if session.out.is_table and (session.dry_run or asks):
        session.out.text(shown)
    if asks and not session.dry_run:
        session.out.flush()
        session.confirm(tr("send it to: {}?", to))
    return not session.dry_run


def sent_each(session: Session, chosen: Chosen, mail: PersonMail, *, whole: bool) -> list[Told]:
    """Send a message about each of several records; on a terminal they are counted first, and asked about."""
    from crmcli.automation import person_mail
    from crmcli.cli.printing import each_told
    from crmcli.present.documents import posted
    from crmcli.sales.many import Many, Refusal

    ws = session.workspace
    if sys.stdin.isatty() and not (session.yes or session.dry_run):
        count = counted(len(chosen.now(ws)), chosen.entity, ENTITIES[chosen.entity].plural)
        session.confirm(tr("send {} about {}?", mail.template, count))
    for record_id in chosen.now(ws) if mail.to else ():
        with suppress(person_mail.MustNotBeMailed, NotFound):  # of those it is told below
            message = person_mail.message_of(ws, ws.get(record_id), mail)
            check_sent(session, message)
    queued = person_mail.queue_each(ws, chosen, mail, whole=whole)
    sent: Many[Told] = Many(refused=queued.refused)
    for record_id, message in queued.done:
        try:
            done = None if session.dry_run else person_mail.deliver(ws, message.key)
            sent.done.append(posted(message, record_id, done))
        except CrmError as error:
            sent.refused.append(Refusal(record_id, error))
    left = [one for one in sent.done if session.dry_run or (one.row and one.row["state"] == "done")]
    count = counted(len(left), "message")
    total = tr("would send {}", count) if session.dry_run else tr("sent {}", count)
    return each_told(session, chosen, sent, lambda _, told: told, total)
