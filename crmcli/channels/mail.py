"""Delivery of e-mail by whichever channel the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.channels.address import mailbox
from crmcli.channels.message import Message, to_bytes
from crmcli.channels.outcome import Outcome
from crmcli.errors import InvalidData

if TYPE_CHECKING:
    from crmcli.model.settings import MailChannel


class NoChannel(InvalidData):
    """`channels.mail.deliver` names no way that crm knows."""


def deliver(message: Message, channel: MailChannel, root: Path) -> Outcome:
    """Bring a message out: into a Maildir below `root`, or to a mail server.

    Raises for what no repetition mends: UnsafeHeader, NoAttachment, NoSecret, BadServer, NoChannel.
    """
    kind, _, where = channel.deliver.partition(":")
    if kind == "maildir":
        from crmcli.channels import maildir
        from crmcli.store.disk import files

        folder = Path(where).expanduser()
        if not folder.is_absolute():
            folder = files.inside(root, where.rstrip("/"))
            for name in maildir.FOLDERS:  # nor may one of those lead out
                files.inside(root, f"{where.rstrip('/')}/{name}")
        return maildir.deliver(to_bytes(message, wire=False), folder, message.key)
    if kind in ("smtp", "smtps"):
        from crmcli.channels import secrets, smtp

        return smtp.send(
            to_bytes(message, wire=True),
            mailbox("From", message.sender).address,
            tuple(mailbox("To", to).address for to in message.to),
            smtp.server(channel.deliver),
            secrets.read(channel.password),
        )
    raise NoChannel(
        "channels.mail.deliver is no way to deliver", "write maildir:outbox or smtp://user@host:587"
    )
