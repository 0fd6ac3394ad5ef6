"""The letters of the timeline: those that came in, went out or came back; found, read whole and answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import CrmError, NotFound, Refused
from crmcli.language import tr
from crmcli.model.actions import channel_of
from crmcli.model.channels import CHANNELS
from crmcli.model.event import BOUNCED, SMS_DELIVERED, SMS_FAILED, Event, as_amended
from crmcli.sales.history.story import beginning_with, story_of
from crmcli.sales.intake.whose import worked_on
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.incoming_mail import Attachment, IncomingMail

LETTERS = ("mail.in", "mail.out", BOUNCED)
SMS = ("sms.in", "sms.out", SMS_DELIVERED, SMS_FAILED)
MOST_BEFORE = 20
"""So many letters of a thread are named in an answer."""


def letters(
    ws: Workspace, ref: str = "", limit: int = 0, kinds: Sequence[str] = LETTERS
) -> list[Event]:
    """The last letters of a record, or of all, the oldest first."""
    if ref:
        record = ws.find(ref)
        told = {e.id: e for one in (record, *worked_on(ws, record)) for e in story_of(ws, one)}
        return _in_order(event for event in told.values() if event.kind in kinds)[-limit:]
    newest = ws.events(kinds=kinds, newest_first=True, limit=limit or None)
    return _in_order(as_amended(reversed(newest)))


def _in_order(found: Iterable[Event]) -> list[Event]:
    """By when they were written, which may be another order than that in which they came."""
    return sorted(found, key=lambda event: (event.happened_at, event.id))


def named(ws: Workspace, ref: str, kinds: Sequence[str] = LETTERS) -> Event:
    """A letter by its id or the beginning of it, by its Message-ID, or the last one of a record; NotFound."""
    if ref.startswith("<") or ":" in ref:
        found = [one for one in ws.timeline.events_of_message(ref) if one.kind in kinds][-1:]
    else:
        event = beginning_with(ws, ref, kinds) if len(ref) > 3 else None
        found = [event] if event else letters(ws, ref, 1, kinds)
    if not found:
        if kinds is SMS:
            raise NotFound(tr("{} has no SMS", ref), "see crm sms list")
        raise NotFound(tr("{} has no letters", ref), "see crm mail list")
    return found[0]


def queued_text(ws: Workspace, queued: Event) -> str:
    """What a message says that was queued for somebody's phone; "" where that cannot be read."""
    channel = CHANNELS.get(channel_of(str(queued.data.get("action", ""))))
    if channel is None or not channel.is_handed_over:
        return ""
    try:
        given = json.loads(ws.attached(str(queued.data.get("file", ""))))
        return str(given["text"])
    except (CrmError, ValueError, KeyError, TypeError):
        return ""


def raw(ws: Workspace, letter: Event) -> bytes:
    """A letter as it came or went; b"" of one that was only noted. FileDamaged."""
    file = str(letter.data.get("file", ""))
    return ws.attached(file) if file else b""


def read(ws: Workspace, letter: Event) -> IncomingMail | None:
    """A letter read whole, one of ours with where its links lead; None of one that was only noted."""
    from crmcli.channels import incoming_mail

    content = raw(ws, letter)
    mail = incoming_mail.read(content) if content else None
    return mail if mail is None or letter.kind == "mail.in" else _led_on(ws, mail)


def _led_on(ws: Workspace, mail: IncomingMail) -> IncomingMail:
    """The letter with other links; what is quoted of it keeps its lines."""
    from crmcli.channels.message import led_on

    told = ws.timeline.events_of_message(mail.message_id) if "/l/" in mail.text else ()
    links: Sequence[object] = next((e.data["links"] for e in told if "links" in e.data), ())
    if not links:
        return mail

    def moved(span: tuple[int, int]) -> tuple[int, int]:
        start, end = (len(led_on(mail.text[:at], mail.message_id, links)) for at in span)
        return start, end

    signature = moved(mail.signature) if mail.signature else None
    text = led_on(mail.text, mail.message_id, links)
    return replace(mail, text=text, quoted=tuple(map(moved, mail.quoted)), signature=signature)


def to_answer(ws: Workspace, ref: str) -> Event:
    """The letter that is named, or the last one that a client wrote: no machine, and one of ours only where
    there is none."""
    try:
        found = named(ws, ref, ("mail.in",))
    except NotFound:
        return named(ws, ref)
    if not found.data.get("automatic") or _names(found, ref):
        return found
    of_people = [one for one in letters(ws, ref, 0, ("mail.in",)) if not one.data.get("automatic")]
    return of_people[-1] if of_people else found


def _names(letter: Event, ref: str) -> bool:
    """Whether a reference means this very letter, not whom it is from."""
    return letter.id.startswith(ref) or ref.strip("<>") in str(letter.data.get("message_id"))


def quoted(ws: Workspace, letter: Event) -> str:
    """What an answer quotes of a letter: who wrote it when, and its text behind `>`."""
    mail = read(ws, letter)
    if mail is None:
        return ""
    who = mail.sender.name or mail.sender.address
    at = letter.happened_at.astimezone(ws.zone).strftime("%d.%m.%Y %H:%M")
    lines = "\n".join(f"> {line}".rstrip() for line in mail.unquoted.splitlines())
    return f"{tr('{}, {} wrote:', at, who)}\n{lines}"


def answered(ws: Workspace, letter: Event) -> tuple[str, list[str], str, list[str]]:
    """What an answer to a letter needs: the record, to whom it goes, its subject, and the ids of the letters
    before it, the oldest first. Refused where nobody is behind it."""
    mail = read(ws, letter)
    if letter.kind == BOUNCED or mail is None:
        raise Refused(tr("{} cannot be answered", letter.id), "crm mail send writes to the client")
    people = [*(mail.reply_to or (mail.sender,))] if letter.kind == "mail.in" else [*mail.to]
    to = [one.address for one in people if one.address]
    if not to:
        said = tr("{} says no address to answer to", letter.id)
        raise Refused(said, "crm mail send --to ADDRESS")
    before = [*reversed(mail.answers), mail.message_id]
    words = mail.subject.split()
    is_answer = bool(words) and words[0].casefold() in ("re:", "re", "ответ:", "aw:", "на:")
    subject = mail.subject if is_answer else f"Re: {mail.subject}".strip()
    ids = [one for one in before if one.isascii() and one.isprintable() and " " not in one]
    return ws.heir(letter.record), to, subject, ids[-MOST_BEFORE:]


def files(ws: Workspace, letter: Event, name: str = "") -> list[Attachment]:
    """The files of a letter, those of the same name numbered; of one name, or its beginning; NotFound."""
    mail = read(ws, letter)
    has = _numbered(mail.attachments if mail else ())
    exact = [one for one in has if one.name == name]
    found = exact or [one for one in has if one.name.casefold().startswith(name.casefold())]
    if not has:
        raise NotFound(tr("the letter {} has no files", letter.id), f"crm mail show {letter.id}")
    if not found:
        names = ", ".join(one.name for one in has)
        raise NotFound(tr("{} has no file {!r}", letter.id, name), tr("it has {}", names))
    return found


def _numbered(files: Sequence[Attachment]) -> list[Attachment]:
    """Files of which no two have the same name."""
    taken: set[str] = set()
    done = []
    for one in files:
        stem, dot, ending = one.name.rpartition(".")
        number, called = 1, one.name
        while called.casefold() in taken:
            number += 1
            called = f"{stem}-{number}.{ending}" if dot else f"{one.name}-{number}"
        taken.add(called.casefold())
        done.append(replace(one, name=called))
    return done
