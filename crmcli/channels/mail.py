"""E-mail: into a Maildir or to a mail server, as the settings say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from crmcli.channels.address import mailbox
from crmcli.channels.base import NoChannel, Prepared, Queued, Sender, secret_in_words
from crmcli.channels.message import Message, fingerprint, from_bytes, led_on, to_bytes
from crmcli.channels.outcome import Outcome
from crmcli.language import tr
from crmcli.model.addresses import email_in
from crmcli.model.event import BOUNCED
from crmcli.model.redaction import redacted
from crmcli.model.settings import MailChannel

MAILDIR = "maildir"
READ_BY = ("template", "topic", "opens")
"""What the timeline says of a letter too: reports tell by it what became of such letters."""


class Mail(Sender):
    """Messages leave as they were queued: same text, same Message-ID."""

    event = "mail.out"
    refused = BOUNCED
    consent = "mail"

    @property
    def transport(self) -> str:
        """A Maildir, or a mail server by SMTP."""
        return MAILDIR if self.settings.mail.deliver.startswith(f"{MAILDIR}:") else "smtp"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read the message that was kept."""
        mail = from_bytes(message.content, message.key)
        told = {
            "text": led_on(mail.text, mail.id, message.facts.get("links", ())),
            "subject": mail.subject,
            "to": ", ".join(mail.to),
            "message_id": mail.id,
            "file": message.facts["file"],
            "from": email_in(mail.sender),
            **{name: message.facts[name] for name in READ_BY if name in message.facts},
            **({"linked": True} if message.facts.get("links") else {}),
        }
        return Prepared(partial(deliver, mail, self.settings.mail, self.root), told)

    @classmethod
    def shown(cls, message: Queued) -> dict[str, str]:
        """The message, without what is attached."""
        mail = from_bytes(message.content, message.key)
        to = ", ".join(mail.to)
        return {"from": mail.sender, "to": to, "subject": mail.subject, "text": mail.text}

    @classmethod
    def may_repeat(cls, transport: str) -> bool:
        """A Maildir knows a message by its key; a mail server takes it for another one."""
        return transport == MAILDIR

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """By what messages leave, unless they only go into a folder of the workspace."""
        deliver, secret = str(declared.get("deliver", "")), str(declared.get("password", ""))
        told = []
        if not _stays_inside(deliver) or secret.startswith("cmd:"):
            runs = secret_in_words(secret, "password")
            told.append(tr("messages leave by {}{}", redacted(deliver), runs))
        if fetch := declared.get("fetch"):
            boxes = fetch if isinstance(fetch, list) else [fetch]
            secret = secret_in_words(str(declared.get("fetch_password", "")), "password")
            names = ", ".join(redacted(str(one)) for one in boxes)
            told.append(tr("mail is fetched from {}{}", names, secret))
        if kept := str(declared.get("sent", "")):
            secret = secret_in_words(str(declared.get("fetch_password", "")), "password")
            told.append(tr("copies of sent mail go to {}{}", redacted(kept), secret))
        return "; ".join(told)


SENDER = Mail


def _stays_inside(deliver: str) -> bool:
    """Whether messages only go into a folder of the workspace that is the user's own: not .git or .crm."""
    kind, _, where = (deliver or "maildir:outbox").partition(":")
    is_hidden = any(part.startswith(".") for part in where.split("/"))
    return kind == MAILDIR and not where.startswith(("/", "~")) and not is_hidden


def deliver(message: Message, channel: MailChannel, root: Path) -> Outcome:
    """Send a message: into a Maildir below `root`, or to a mail server. Raises for what trying again cannot
    fix: UnsafeHeader, NoAttachment, NoSecret, BadServer, NoChannel."""
    kind, _, where = channel.deliver.partition(":")
    if kind == MAILDIR:
        from crmcli.channels import maildir
        from crmcli.store.disk import files

        folder = Path(os.path.expanduser(where))  # noqa: PTH111  # that of Path fails where nobody is called so
        if where.startswith("~") and not folder.is_absolute():
            raise NoChannel(
                tr("{} is nobody's home folder", where.partition("/")[0]), "give the whole path"
            )
        if not folder.is_absolute():
            folder = files.inside(root, where.rstrip("/"))
            for name in maildir.FOLDERS:  # nor may one of those lead out
                files.inside(root, f"{where.rstrip('/')}/{name}")
        return maildir.deliver(to_bytes(message, wire=False), folder, message.key)
    if kind in ("smtp", "smtps"):
        from crmcli.channels import secrets, smtp

        back = channel.bounces.replace("{key}", fingerprint(message.key))
        return smtp.send(
            to_bytes(message, wire=True),
            back or mailbox("From", message.sender).address,
            tuple(mailbox("To", to).address for to in message.to),
            smtp.server(channel.deliver),
            secrets.read(channel.password),
        )
    hint = "write maildir:outbox or smtp://user@host:587"
    raise NoChannel("channels.mail.deliver is not valid", hint)
