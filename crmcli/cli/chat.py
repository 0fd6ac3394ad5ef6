"""crm chat."""

from __future__ import annotations

import sys

import click

from crmcli.cli.documents import ANYWAY, asked
from crmcli.cli.params import REF, ChangingVerb, Noun, WholeNumber, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.told import Told

chat = Noun("chat", help="Chats with clients: list, show, send, take, release.")


@chat.command(
    "list",
    params=[option("--limit", "Only the first N.", "N", type=WholeNumber(min=1), default=50)],
)
def list_(session: Session, limit: int) -> Listing:
    """List the chats: who waits longest for an answer first.

    What robots send is no answer.

    Example: crm chat list
    """
    from crmcli.present.chats import chat_table
    from crmcli.sales import chats

    return chat_table(session.workspace, chats.chats(session.workspace)[:limit])


@chat.command(
    params=[REF, option("--limit", "Only the last N.", "N", type=WholeNumber(min=1), default=50)]
)
def show(session: Session, ref: str, limit: int) -> Listing:
    """Show what was said in the chat of a record, the last below; what has not left yet has a state.

    Example: crm chat show 7k3
    """
    from crmcli.automation import unsent
    from crmcli.present.chats import said_table
    from crmcli.sales.chats import MESSAGES

    ws = session.workspace
    return said_table(ws, unsent.letters(ws, ref, limit, MESSAGES, "chat"))


@chat.command(
    cls=ChangingVerb,
    params=[REF, click.Argument(("text",), metavar="TEXT|-"), ANYWAY],
)
def send(session: Session, ref: str, text: str, anyway: bool) -> Told:
    """Write into the chat of a client; - takes the text from stdin.

    Robots keep quiet there from now on, until crm chat release, or for as long as robots_after: in
    settings.yaml says.

    Example: crm chat send 7k3 'Yes, tomorrow at ten.'
    """
    from crmcli.automation import person_sms
    from crmcli.present.chats import chat_sent

    ws = session.workspace
    text = sys.stdin.read() if text == "-" else text
    if not text.strip():
        raise BadUsage("there is nothing to say", "crm chat send REF 'Yes, tomorrow at ten.'")
    record = ws.find(ref)
    message = person_sms.message_for(ws, record, text, anyway=anyway)
    if not asked(session, f"{tr('To:')} {message.to}\n\n{message.text}", message.to):
        return chat_sent(message, record.id, None)
    return chat_sent(message, record.id, person_sms.send(ws, record.id, message))


@chat.command(cls=ChangingVerb, params=[REF])
def take(session: Session, ref: str) -> Told:
    """Take a chat over: robots keep quiet in it.

    Example: crm chat take 7k3
    """
    return _turned(session, ref, release=False)


@chat.command(cls=ChangingVerb, params=[REF])
def release(session: Session, ref: str) -> Told:
    """Let robots write in a chat again.

    Example: crm chat release 7k3
    """
    return _turned(session, ref, release=True)


def _turned(session: Session, ref: str, *, release: bool) -> Told:
    from crmcli.sales import chats

    ws = session.workspace
    record = ws.find(ref)
    chats.take(ws, record, release=release)
    name = record.get("name")
    told = tr("Robots keep quiet in the chat of {}.", name)
    if release:
        told = tr("Robots may write in the chat of {}.", name)
    return Told(told, {"id": record.id, "taken": not release})
