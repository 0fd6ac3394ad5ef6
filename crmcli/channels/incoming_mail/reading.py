"""A message read whole: its head, its text with what is quoted in it, its files, and what it is."""

from __future__ import annotations

from crmcli.channels.incoming_mail import bodies
from crmcli.channels.incoming_mail.automatic import why_automatic
from crmcli.channels.incoming_mail.bounces import bounce_of
from crmcli.channels.incoming_mail.facts import IncomingMail, NoMessage, Person, without
from crmcli.channels.incoming_mail.parts import Tree
from crmcli.channels.incoming_mail.quotes import fold


def read_mail(data: bytes) -> IncomingMail:
    """The message that bytes hold."""
    if not data.strip(b" \t\r\n\0"):
        raise NoMessage("there is nothing in the message")
    tree = Tree(data)
    root, heads = tree.root, tree.root.headers
    senders = heads.people("from", "sender")
    marked = bodies.body(root)
    subject = heads.text("subject")
    bounce = bounce_of(root, marked.text)
    quoted, signature = ((), None) if bounce else fold(marked, subject)
    return IncomingMail(
        message_id=next(iter(heads.ids("message-id")), ""),
        answers=heads.answers(),
        sender=next((one for one in senders if one.address), next(iter(senders), Person("", ""))),
        reply_to=heads.people("reply-to"),
        to=heads.people("to", "cc"),
        date=heads.date(),
        subject=subject,
        text=marked.text,
        quoted=quoted,
        signature=signature,
        attachments=bodies.attachments(root),
        envelope_to=heads.delivered_to(),
        automatic=why_automatic(root, without(marked.text, quoted)) or ("bounce" if bounce else ""),
        bounce=bounce,
        is_cut=tree.is_cut,
    )
