"""A message and its bytes: one e-mail as it leaves, always the same for the same message."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.channels.address import Mailbox, UnsafeHeader, checked, mailbox
from crmcli.channels.base import Unsound
from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.store.disk import files

if TYPE_CHECKING:
    from email.message import EmailMessage

ONE_CLICK = "List-Unsubscribe=One-Click"
"""What a mail program posts for its user (RFC 8058)."""
MAX_ATTACHED = 20 * 1024 * 1024


class NoAttachment(Unsound):
    """A file that a message wants to attach is not there, or may not be attached."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that goes with a message: its name, MIME type and content; the id of the record that it is made
    of, if it is of one. With a `cid` it is a picture that the HTML shows by that."""

    name: str
    type: str
    content: bytes
    record: str = ""
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail to be sent. Its recipients are `to` and nobody else. `key` is the job's key: the same key
    gives the same Message-ID, so that no client gets a message twice. `automatic` marks a message that no
    person wrote, so that machines do not answer it. `answers` are the ids of the messages before it in its
    thread, the one that it answers last. `unsubscribe` is the page on which its receiver says how to be
    reached; `topic`, what it is about for who refuses topics, stands in no header."""

    key: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    date: datetime
    html: str = ""
    reply_to: str = ""
    attachments: tuple[AttachedFile, ...] = ()
    automatic: bool = False
    answers: tuple[str, ...] = ()
    unsubscribe: str = ""
    topic: str = ""

    @property
    def id(self) -> str:
        """The Message-ID, made of the key and the sender's domain."""
        domain = mailbox("From", self.sender).address.rpartition("@")[2]
        return f"<{fingerprint(self.key)}@{domain}>"


def fingerprint(key: str) -> str:
    """The key as a name that fits a header and a file."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def fingerprint_of(message_id: object) -> str:
    """The key's name in the Message-ID of a letter of ours."""
    return str(message_id).strip("<> ").partition("@")[0]


def led_on(text: str, message_id: object, links: Sequence[object]) -> str:
    """A text of a letter of ours with where its links lead, in place of the addresses of our page."""
    if not links:
        return text
    ours = re.compile(
        rf"https?://[^\s<>\"']*?/l/{re.escape(fingerprint_of(message_id))}-[^\s<>\"'?]*\?n=(\d{{1,3}})(?!\d)"
    )

    def target(found: re.Match[str]) -> str:
        number = int(found[1])
        return str(links[number]) if 0 < number < len(links) else found[0]

    return ours.sub(target, text)


def attachment(root: Path, path: str) -> AttachedFile:
    """Read a file of the workspace to be attached; hidden folders and .. are refused."""
    if any(part.startswith(".") for part in path.split("/")):
        raise NoAttachment(tr("{!r} may not be attached", path), "name a file inside the workspace")
    try:
        content = files.read_bytes(files.inside(root, path))
    except files.Missing:
        hint = "use its path from the workspace's root"
        raise NoAttachment(tr("no such file to attach: {}", path), hint) from None
    return named_file(path.rpartition("/")[2], content)


def named_file(name: str, content: bytes, record: str = "") -> AttachedFile:
    """A file to go with a message; its type follows from its name."""
    guessed, encoding = mimetypes.guess_type(name)
    kind = guessed if guessed and not encoding else "application/octet-stream"
    return AttachedFile(name, kind, content, record)


def to_bytes(message: Message, *, wire: bool) -> bytes:
    """The message as bytes: for the wire in seven bits with CRLF, for a file readable with LF. Raises
    UnsafeHeader for an address or header that is not safe, and NoAttachment if the attachments are more
    than 20 MB together."""
    from crmcli.channels.header_folding import MailPolicy

    rules = MailPolicy(linesep="\r\n", cte_type="7bit") if wire else MailPolicy()
    built = _built(message, rules)
    for number, part in enumerate(p for p in built.walk() if p.is_multipart()):
        part.set_boundary(f"=_{fingerprint(message.key)}_{number}")
    data = built.as_bytes(policy=rules)
    _check_headers(message, built, data)
    return data


def from_bytes(data: bytes, key: str) -> Message:
    """The message that such bytes hold, for its key."""
    from email import message_from_bytes, policy
    from email.utils import parsedate_to_datetime

    read = message_from_bytes(data, policy=policy.default)
    html, plain = read.get_body(("html",)), read.get_body(("plain",))
    return Message(
        key=key,
        sender=next(_people(read, "From")),
        to=tuple(_people(read, "To")),
        subject=str(read["Subject"]),
        text=plain.get_content() if plain else "",
        date=parsedate_to_datetime(str(read["Date"])),
        html=html.get_content() if html else "",
        reply_to=next(_people(read, "Reply-To"), ""),
        attachments=tuple(_file(part) for part in (*read.iter_attachments(), *_pictures(read))),
        automatic="Auto-Submitted" in read,
        answers=tuple(str(read.get("References", "")).split()),
        unsubscribe=str(read.get("List-Unsubscribe", "")).strip("<>"),
    )


def _pictures(read: EmailMessage) -> Iterator[EmailMessage]:
    """What goes along to be shown within the HTML."""
    related = read.get_body(("related",))
    return related.iter_attachments() if related is not None else iter(())  # type: ignore[return-value] # they are of its class


def _file(part: EmailMessage) -> AttachedFile:
    cid = str(part.get("Content-ID", "")).strip("<> ")
    return AttachedFile(part.get_filename() or "", part.get_content_type(), _decoded(part), cid=cid)


def _people(read: EmailMessage, header: str) -> Iterator[str]:
    """Whom a header names. Python's own parser leaves a space where a long name was cut to be encoded."""
    from email.header import decode_header, make_header
    from email.headerregistry import Address
    from email.utils import getaddresses

    found = [str(value) for name, value in read.raw_items() if name.lower() == header.lower()]
    for name, address in getaddresses(found):
        yield str(Address(str(make_header(decode_header(name))), addr_spec=address))


def _decoded(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _built(message: Message, rules: object) -> EmailMessage:
    from email.message import EmailMessage

    if sum(len(a.content) for a in message.attachments) > MAX_ATTACHED:
        raise NoAttachment("the attachments are more than 20 MB", "send a link instead")
    built = EmailMessage(policy=rules)  # type: ignore[arg-type]  # stubs: Policy has no cte_type
    for name, value in _headers(message):
        built[name] = value
    built.set_content(message.text)
    if message.html:
        built.add_alternative(message.html, subtype="html")
    body = built.get_body(("html",)) or built
    for item in message.attachments:
        main, _, sub = item.type.partition("/")
        name = checked("Attach", item.name)
        given: Any = {"maintype": main, "subtype": sub, "filename": name}
        if item.cid:
            body.add_related(item.content, cid=f"<{item.cid}>", disposition="inline", **given)
        else:
            built.add_attachment(item.content, **given)
    return built


def _headers(message: Message) -> Iterator[tuple[str, object]]:
    """The headers in order, each value checked."""
    from email.utils import format_datetime

    if not message.to:
        raise UnsafeHeader("the message has no recipient", "give an address")
    yield "From", _address("From", message.sender)
    yield "To", [_address("To", to) for to in message.to]
    if message.reply_to:
        yield "Reply-To", _address("Reply-To", message.reply_to)
    yield "Subject", checked("Subject", message.subject)
    yield "Date", format_datetime(message.date)
    yield "Message-ID", message.id
    if message.answers:
        yield "In-Reply-To", checked("In-Reply-To", message.answers[-1])
        yield "References", checked("References", " ".join(message.answers))
    if message.unsubscribe:
        yield "List-Unsubscribe", f"<{checked('List-Unsubscribe', message.unsubscribe)}>"
        yield "List-Unsubscribe-Post", ONE_CLICK
    if message.automatic:
        yield "Auto-Submitted", "auto-generated"
        yield "X-Auto-Response-Suppress", "All"


def _address(header: str, text: str) -> object:
    from email.headerregistry import Address

    box = mailbox(header, text)
    return Address(box.name, addr_spec=box.address)


def _check_headers(message: Message, built: EmailMessage, data: bytes) -> None:
    """Read the bytes again: exactly the headers that were meant, people and subject as given."""
    from email import policy
    from email.parser import BytesHeaderParser

    read = BytesHeaderParser(policy=policy.default).parsebytes(data)
    wanted = [name.lower() for name in built.keys()]  # noqa: SIM118  # a message with one header twice
    found = [name.lower() for name in read.keys()]  # noqa: SIM118  # likewise
    meant = {"From": [message.sender], "To": message.to, "Reply-To": [message.reply_to]}
    is_same = found == wanted and str(read["Subject"]).split() == message.subject.split()
    for name in (name for name in meant if name in read):
        boxes = [mailbox(name, text) for text in meant[name]]
        people = [mailbox(name, text) for text in _people(read, name)]
        addresses = [one.addr_spec for one in read[name].addresses]
        is_same = is_same and addresses == [box.address for box in boxes]
        is_same = is_same and _said(people) == _said(boxes)
    if not is_same:
        told = tr("the message {!r} would not arrive as written", message.subject[:60])
        raise UnsafeHeader(told, "look for odd characters in the subject and the names")


def _said(boxes: Iterable[Mailbox]) -> list[tuple[list[str], str]]:
    return [(box.name.split(), box.address) for box in boxes]
