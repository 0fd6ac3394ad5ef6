"""How templates, and the messages that they make, look to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import Refused, ServiceFailed
from crmcli.language import tr
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.automation.person_mail import Delivery
    from crmcli.channels.message import Message
    from crmcli.sales.documents.templates import Template

JOBS = "see crm jobs list"


def template_row(template: Template) -> dict[str, object]:
    """A template as a row of a list."""
    head = template.head
    return {
        "path": template.path,
        "entity": ", ".join(head.entities),
        "language": head.language,
        "number": head.number,
        "topic": head.topic,
        "subject": head.subject,
        "used_by": ", ".join(template.used_by),
    }


def message_row(message: Message) -> dict[str, object]:
    """A message for programs."""
    return {
        "from": message.sender,
        "to": ", ".join(message.to),
        "reply_to": message.reply_to,
        "subject": message.subject,
        "attach": [file.name for file in message.attachments if not file.cid],
        "text": message.text,
        "html": message.html,
    }


def message_text(message: Message) -> str:
    """A message for people: headers, an empty line, the text."""
    sizes = [
        tr("{} ({} KB)", file.name, -(-len(file.content) // 1024))
        for file in message.attachments
        if not file.cid
    ]
    heads = {
        tr("From:"): message.sender,
        tr("To:"): ", ".join(message.to),
        tr("Reply-To:"): message.reply_to,
        tr("Subject:"): message.subject,
        tr("Attach:"): ", ".join(sizes),
    }
    shown = [f"{name} {value}" for name, value in heads.items() if value]
    return "\n".join([*shown, "", message.text])


def posted(message: Message, record_id: str, done: Delivery | None) -> Told:
    """What became of a message; None of one that only would be sent. Raises ServiceFailed if it will not
    leave, or nobody knows whether it did, and Refused if it must not."""
    row: dict[str, object] = {"id": record_id, **message_row(message)}
    return outcome((message.subject, ", ".join(message.to)), row, done)


def outcome(about: tuple[str, str], row: dict[str, object], done: Delivery | None) -> Told:
    """The same of a message that is told in these words: what it is, and to whom it goes."""
    if done is None:
        return Told(tr("send {!r} to {}", *about), row)
    job = done.job
    if job.state in ("dead", "unknown"):
        dead, unknown = (
            "{!r} to {} was not sent: {}",
            "{!r} to {} may or may not have been sent: {}",
        )
        told = tr(dead if job.state == "dead" else unknown, *about, tr(done.why))
        raise ServiceFailed(told, JOBS)
    if job.state in ("skipped", "cancelled"):
        raise Refused(tr("{!r} to {} was not sent: {}", *about, tr(done.why)))
    row |= {"state": job.state, "key": job.key, "reason": done.why}
    if job.state == "done":
        return Told(tr("Sent {!r} to {}.", *about), row)
    why = tr("not sent yet: {}; crm tick tries again", tr(done.why)) if done.why else ""
    return Told(tr("Queued {!r} to {}.", *about), row, [why] if why else [])
