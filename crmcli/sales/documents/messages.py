"""Messages about records: their receivers, and the message ready to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.task import Task
from crmcli.render import MailText, Renderer, Style, is_mail
from crmcli.sales.consent.permission import mailing_address, why_not_mail
from crmcli.sales.template_names import company_of, contact_of, linked, names_for, plain
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import AttachedFile, Message


_NOBODY = "nobody@localhost"
"""Stands for the receiver of a message that has none, so that the rest of it can be looked at."""


class NoAddress(Refused):
    """A message has no receiver."""


def renderer(ws: Workspace) -> Renderer:
    """The renderer of the workspace's templates, in its language, currency and time zone."""
    said = ws.settings
    words = (said.language, said.currency, said.time_zone, said.phone_country)
    return _renderer(ws.root, *words, tuple(said.directories.get("topics", {}).items()))


@lru_cache(maxsize=4)  # a run that writes a thousand messages reads each template once
def _renderer(
    root: Path,
    language: str,
    currency: str,
    zone: str,
    country: str,
    topics: tuple[tuple[str, str], ...],
) -> Renderer:
    from zoneinfo import ZoneInfo

    style = Style(language, currency, ZoneInfo(zone), country)
    return Renderer(root / "templates", style, dict(topics))


def recipient(ws: Workspace, record: Record) -> str:
    """Who gets a message about a record: its own address, its contact's or its company's, else NoAddress."""
    for candidate in reached(ws, record):
        if address := mailing_address(getattr(candidate, "emails", ())):
            return named_address(_called(candidate), address)
    raise NoAddress(
        tr(
            "{} {} has no e-mail address, nor do its contact and company",
            record.id,
            record.get("name"),
        ),
        tr("add one: crm {} edit {} --email …", record.entity, record.id)
        if "emails" in {f.name for f in ws.schema.fields(record.entity)}
        else "add one to its contact: crm contact edit … --email …",
    )


def reached(ws: Workspace, record: Record) -> list[Record]:
    """Whom a message about a record may reach: itself, its contact, its company, in this order."""
    about = linked(ws, record.about) if isinstance(record, Task) else None
    if about is not None:
        return reached(ws, about)
    found = (record, contact_of(ws, record), company_of(ws, record))
    return [one for one in found if one is not None]


def _called(record: Record | None) -> str:
    """The name that stands before an address; a lead's title is not the person's name."""
    if isinstance(record, Lead):
        return record.full_name
    return str(record.get("name")) if record is not None else ""


def named_address(name: str, address: str) -> str:
    """A name and an address as a header has them; what would break the header is left out."""
    clean = " ".join(
        "".join(c if c.isprintable() and c not in '<>"' else " " for c in name).split()
    )
    return f"{clean} <{address}>" if clean and clean != address else address


def message_for(
    ws: Workspace,
    template: str,
    record: Record,
    *,
    key: str = "",
    to: Sequence[str] = (),
    automatic: bool = False,
    contact: Record | None = None,
    names: Mapping[str, object] | None = None,
    attached: tuple[AttachedFile, ...] = (),
) -> Message:
    """The message that a mail template makes for a record, ready to send; to one `contact` of several.

    `names` are what the template sees, those of the record if none are given. The same `key` gives the
    same Message-ID. `to` overrides the template's To, which overrides the record's address. Raises
    TemplateFailed, NoAddress, UnsafeHeader or NoAttachment.
    """
    seen = {**(names or names_for(ws, record)), **_of_attached(ws, record, attached)}
    mail = renderer(ws).render_mail(template, seen)
    receivers = tuple(to) or _receivers(mail) or (recipient(ws, contact or record),)
    message = message_of(ws, mail, receivers, key=key, automatic=automatic)
    return replace(message, attachments=message.attachments + attached) if attached else message


def _of_attached(
    ws: Workspace, record: Record, attached: Sequence[AttachedFile]
) -> dict[str, object]:
    """What a message about a deal sees of the offer that goes with it, if it is one."""
    documents = [ws.get(file.record) for file in attached if file.record]
    offers = [one for one in documents if isinstance(one, Offer)]
    return {"offer": plain(ws, *offers)} if isinstance(record, Deal) and len(offers) == 1 else {}


def _receivers(mail: MailText) -> tuple[str, ...]:
    """Whom the template itself names."""
    return tuple(to.strip() for to in mail.to.split(",") if to.strip())


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would be sent; `missing` says why it could not be, `refused` why it must not be."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    missing: str = ""
    refused: str = ""


def preview(ws: Workspace, template: str, record: Record) -> Preview:
    """What a mail template makes for a record, also where there is nobody to send it to."""
    mail = renderer(ws).render_mail(template, names_for(ws, record))
    missing = ""
    try:
        to = _receivers(mail) or (recipient(ws, record),)
    except NoAddress as refusal:
        to, missing = (), refusal.message
    headers = {
        "From": mail.sender or sender(ws),
        "To": ", ".join(to),
        "Reply-To": mail.reply_to,
        "Subject": mail.subject,
        "Attach": ", ".join(mail.attach),
    }
    shown = tuple((name, value) for name, value in headers.items() if value)
    refused = _why_not(ws, mail, record, to)
    return Preview(shown, mail.text, mail.html, missing, refused)


def is_message(template: str) -> bool:
    """Whether a template makes a message, and no page."""
    return is_mail(template)


def page(ws: Workspace, template: str, record: Record) -> str:
    """What a template that is no message makes for a record; TemplateFailed if it cannot be rendered."""
    return renderer(ws).render_text(template, names_for(ws, record))


def _why_not(ws: Workspace, mail: MailText, record: Record, to: Sequence[str]) -> str:
    """Why a robot would not send it."""
    from crmcli.channels.address import UnsafeHeader
    from crmcli.channels.message import NoAttachment, to_bytes

    try:
        message = message_of(ws, mail, to or [_NOBODY])
        refused = why_not_mail(ws, record, to, mail.topic) if to else ""
        if not refused:
            for wire in (False, True):
                to_bytes(message, wire=wire)
    except (UnsafeHeader, NoAttachment) as error:
        return error.message
    return refused


def message_of(
    ws: Workspace, mail: MailText, to: Sequence[str], *, key: str = "", automatic: bool = False
) -> Message:
    """A rendered message as a message to these addresses."""
    import secrets

    from crmcli.channels.address import mailbox
    from crmcli.channels.message import Message, attachment
    from crmcli.sales.documents.pictures import with_pictures

    html, pictures = with_pictures(ws.root, mail.html)
    receivers = tuple(to)
    for receiver in receivers:
        mailbox("To", receiver)
    return Message(
        key=key or secrets.token_hex(16),
        sender=mail.sender or sender(ws),
        to=receivers,
        subject=mail.subject,
        text=mail.text,
        date=ws.now.astimezone(ws.zone),
        html=html,
        reply_to=mail.reply_to,
        attachments=(*(attachment(ws.root, path) for path in mail.attach), *pictures),
        automatic=automatic,
        topic=mail.topic,
    )


def sender(ws: Workspace) -> str:
    """The From of messages whose template has none; any address will do for a folder of this machine."""
    settings = ws.settings
    if settings.mail.sender:
        return settings.mail.sender
    if settings.us.email:
        return named_address(settings.us.name, settings.us.email)
    return named_address(settings.us.name, "crm@localhost")
