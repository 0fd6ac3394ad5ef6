"""crm mail."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from crmcli.cli.bringing import brought
from crmcli.cli.documents import ANYWAY, confirmed, sent_each
from crmcli.cli.editing import written
from crmcli.cli.file_names import TextOrFile, WrittenFile
from crmcli.cli.options import check_chosen
from crmcli.cli.params import (
    ALL_OR_NOTHING,
    LAST_OF,
    SOME_REFS,
    ChangingVerb,
    Noun,
    option,
)
from crmcli.cli.printing import say
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.present import intake as present
from crmcli.present.cells import Listing
from crmcli.present.told import Told
from crmcli.sales.documents import templates
from crmcli.sales.documents.attached import attached

mail = Noun(
    "mail",
    help="E-mail to clients and from them: send, reply, list, show, save, junk, fetch, receive.",
)

ATTACH = option(
    "--attach attach",
    "A file, or the number of an offer or invoice, which goes as PDF.",
    "FILE|NUMBER",
    multiple=True,
    type=TextOrFile(lambda text: True),  # through the gate it is the number of a document
)


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


@mail.command(cls=ChangingVerb)
def fetch(session: Session) -> list[Told]:
    """Fetch what is new in the mailboxes of settings.yaml, as crm tick does each time.

    Set up by channels: {mail: {fetch: [imaps://user@host/INBOX], fetch_password: env:NAME}}. The first
    time it takes what nobody has read; later all that came since. A letter is marked as read once it
    is kept; it counts once, in however many mailboxes it lies.

    Example: crm mail fetch
    """
    from crmcli.automation import receive as receiving
    from crmcli.automation.approval.gate import ASK, Gate
    from crmcli.automation.mail_fetch import fetch_all

    ws = session.workspace
    if not ws.settings.mail.fetch:
        raise Refused(
            "settings.yaml names no mailbox", "channels: {mail: {fetch: [imaps://user@host/INBOX]}}"
        )
    if why := Gate(ws).why_not_channel("mail"):
        raise Refused(why, ASK)
    found = fetch_all(ws)
    ws.look_again()
    told = [present.taken(ws, one) for one in receiving.take_up(ws)]
    if failed := [one.trouble for one in found if one.trouble]:
        for trouble in failed[:-1]:
            session.out.error(trouble)
        for one in told:
            say(session, one)
        raise failed[-1]
    return told or [Told(tr("Nothing new."), {"state": "known"})]


@mail.command(
    cls=ChangingVerb,
    params=[
        SOME_REFS,
        option("--where -w", "To all that match this condition.", "EXPR"),
        option("--of noun", "Which, if the template is for several kinds.", among=tuple(ENTITIES)),
        ALL_OR_NOTHING,
        option("--template", "Template below templates/mail/.", "TEMPLATE", required=True),
        option("--to", "To this address instead of the record's own.", "ADDRESS", multiple=True),
        ATTACH,
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
    wanted = person_mail.PersonMail(
        path, to, [attached(ws, one, files=session.gate is None) for one in attach], anyway
    )
    if len(refs) != 1:
        chosen = templates.chosen(ws, path, refs, where, noun)
        return sent_each(session, chosen, wanted, whole=all_or_nothing)
    record = templates.record_for(ws, path, refs[0])
    return confirmed(session, record, wanted, lambda: person_mail.send(ws, record.id, wanted))


@mail.command(
    "list",
    params=LAST_OF,
)
def list_(session: Session, ref: str, limit: int) -> Listing:
    """List letters that came in, went out or came back: of a record, or the last ones of all.

    One that has not left yet is queued, or failed.

    Example: crm mail list --limit 10
    """
    from crmcli.automation import unsent
    from crmcli.present.letters import letter_table
    from crmcli.sales.intake.letters import LETTERS

    ws = session.workspace
    return letter_table(ws, unsent.letters(ws, ref, limit, LETTERS, "mail"))


LETTER = click.Argument(("ref",), metavar="REF|MESSAGE")


@mail.command(
    params=[
        LETTER,
        option("--raw", "Print it as it came.", is_flag=True),
        option("--full", "With all that it quotes.", is_flag=True),
    ]
)
def show(session: Session, ref: str, raw: bool, full: bool) -> None:
    """Show a letter, by its id or Message-ID, or the last one of a record; what it quotes is folded away.

    Example: crm mail show 7k3
    """
    from crmcli.automation import unsent
    from crmcli.present import letters as present_letters
    from crmcli.sales.intake import letters

    ws, out = session.workspace, session.out
    letter = unsent.named(ws, ref, letters.LETTERS, "mail")
    if raw:
        out.content([letters.raw(ws, letter)])
        return
    row, columns, text, quoted = present_letters.letter_row(ws, letter, letters.read(ws, letter))
    out.one(row, columns)
    if out.is_table:
        out.text(f"\n{text if full else present_letters.folded(text, quoted)}")


@mail.command(
    params=[
        LETTER,
        click.Argument(("name",), required=False, default="", metavar="[FILE]"),
        option(
            "--output -o",
            "A folder, or a file for one; - is stdout.",
            "PATH",
            default="",
            type=WrittenFile(is_here=True),
        ),
        option("--force", "Overwrite what is there.", is_flag=True),
    ]
)
def save(session: Session, ref: str, name: str, output: str, force: bool) -> list[Told]:
    """Save the files of a letter in the current folder, or where -o says; with FILE one of them.

    FILE may be the beginning of its name. They are only written, never opened.

    Example: crm mail save 7k3 plan -o /tmp
    """
    from crmcli.sales.intake import letters
    from crmcli.sales.records.attachments import write_out

    ws, path = session.workspace, Path(output or ".")
    found = letters.files(ws, letters.named(ws, ref), name)
    if len(found) > 1 and not path.is_dir():
        raise BadUsage(tr("{} files do not go into one", len(found)), "name the file, or a folder")
    if output == "-":
        session.out.content([found[0].content])
        return []
    told = []
    for one in found:
        where = path / one.name if path.is_dir() else path
        write_out(where, one.content, over=force)
        told.append(Told(str(where), {"name": one.name, "path": str(where)}))
    return told


@mail.command(
    cls=ChangingVerb,
    params=[
        LETTER,
        click.Argument(("text",), required=False, default="", metavar="[TEXT]"),
        option("--template", "Template below templates/mail/ instead of a text.", "TEMPLATE"),
        option("--quote", "Quote the letter below the text.", is_flag=True),
        ATTACH,
        ANYWAY,
    ],
)
def reply(
    session: Session,
    ref: str,
    text: str,
    template: str,
    quote: bool,
    attach: Sequence[str],
    anyway: bool,
) -> Told:
    """Answer a letter, in its thread; - takes the text from stdin, and without one an editor opens.

    It goes to whoever wrote, under the same subject, and stands on the timeline of the same record. Of a
    record it is the last letter that came in.

    Example: crm mail reply 7k3 'Yes, tomorrow at ten.' --quote
    """
    from crmcli.automation import person_mail
    from crmcli.sales.intake import letters

    ws = session.workspace
    is_asked = not (text or template)
    text = sys.stdin.read() if text == "-" else text
    if not is_asked and bool(template) == bool(text.strip()):
        raise BadUsage(
            "give the text or --template", tr("crm mail reply MESSAGE 'Yes, tomorrow at ten.'")
        )
    letter = letters.to_answer(ws, ref)
    record_id, to, subject, before = letters.answered(ws, letter)
    quotes = f"\n\n{letters.quoted(ws, letter)}\n"
    if is_asked:
        text = written(session, quotes)
    elif quote and not template:
        text = f"{text.strip()}{quotes}"
    path = templates.find(ws, template, mail=True) if template else ""
    files = [attached(ws, one, files=session.gate is None) for one in attach]
    wanted = person_mail.PersonMail(path, to, files, anyway, text.strip(), subject, before)
    record = ws.get(record_id)
    return confirmed(session, record, wanted, lambda: person_mail.send(ws, record.id, wanted))


@mail.command(
    cls=ChangingVerb,
    params=[LETTER, option("--reason", "Reason of the lead: one of junk_reasons; spam if absent.")],
)
def junk(session: Session, ref: str, reason: str) -> list[Told]:
    """Mark a letter as spam: its sender is blocked, the lead that it made ends as junk, its tasks are done.

    Where somebody worked on the lead meanwhile, or wrote or called, it goes on. crm undo takes all of it
    back.

    Example: crm mail junk 7k3 --dry-run
    """
    from crmcli.present.letters import junked
    from crmcli.sales.intake import junk as spam
    from crmcli.sales.intake import letters

    ws = session.workspace
    return junked(spam.junk(ws, letters.to_answer(ws, ref), reason))
