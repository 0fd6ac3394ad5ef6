"""Letters as people read them: who, what about, and the text with what is quoted folded away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import counted, tr
from crmcli.model.event import BOUNCED, Event
from crmcli.model.values import format_instant
from crmcli.present.automatic import why_automatic
from crmcli.present.cells import Column, Listing, attributes
from crmcli.present.columns import name_of
from crmcli.present.told import Told
from crmcli.sales.consent.bounces import SOFT

if TYPE_CHECKING:
    from crmcli.channels.incoming_mail import IncomingMail
    from crmcli.sales.intake.junk import Junked
    from crmcli.workspace import Workspace

COLUMNS = [
    Column("at", "When", "datetime", keep=True), Column("what", "What", "word", keep=True),
    Column("name", "Record"), Column("subject", "Subject"), Column("who", "From, to", spare=True),
    Column("id", "Id", keep=True),
]  # fmt: skip
WHOLE = [
    COLUMNS[-1], *COLUMNS[:2], Column("from", "From"), Column("to", "To"), Column("subject", "Subject"),
    Column("name", "Record"), Column("attachments", "Files"), Column("because", "Automatic"),
    Column("address", "E-mail address"), Column("why", "Why", whole=True),
]  # fmt: skip


def letter_table(ws: Workspace, letters: Iterable[Event]) -> Listing:
    """Letters, one a line."""
    return Listing(
        [_row(ws, one) for one in letters],
        COLUMNS,
        "no letters yet: crm mail send sends one, crm mail fetch gets those that came",
    )


def _row(ws: Workspace, letter: Event) -> dict[str, Any]:
    data = letter.data
    who = {"mail.in": "from", BOUNCED: "address"}.get(letter.kind, "to")
    row = message_row(ws, letter)
    row |= {key: str(data.get(key) or "") for key in ("subject", "from", "to", "message_id")}
    is_soft = letter.kind == BOUNCED and data.get("bounce") == SOFT
    what = "mail.delayed" if is_soft else letter.kind
    if letter.kind == "mail.in" and data.get("automatic"):
        what = "mail.automatic"
    return row | {"who": str(data.get(who) or ""), "what": what}


def message_row(ws: Workspace, event: Event) -> dict[str, Any]:
    """What every message has, whatever its channel, as a row."""
    row = attributes(event, "id", "kind", "record") | {"at": format_instant(event.happened_at)}
    return row | {"name": name_of(ws, event.record)}


def letter_row(
    ws: Workspace, letter: Event, mail: IncomingMail | None
) -> tuple[dict[str, Any], list[Column], str, Sequence[Sequence[int]]]:
    """All of a letter but its text, as a row with its columns; the text; what of it is quoted."""
    data = letter.data
    row = _row(ws, letter) | {
        key: str(data.get(key) or "") for key in ("automatic", "address", "why")
    }
    row["because"] = why_automatic(row["automatic"])
    if mail is not None:
        row["from"] = f"{mail.sender.name} <{mail.sender.address}>".strip()
        row["attachments"] = ", ".join(one.name for one in mail.attachments)
    text, quoted = (mail.text, mail.quoted) if mail else (str(data.get("text") or ""), ())
    row |= {"text": text, "quoted": [list(span) for span in quoted]}
    return row, [column for column in WHOLE if row.get(column.name)], text, quoted


def junked(done: Junked) -> list[Told]:
    """What became of a letter that is spam."""
    words = (
        tr("Blocked {}.", done.address)
        if done.is_new
        else tr("{} was blocked before.", done.address)
    )
    told = [Told(words, {"blocked": done.address})]
    lead, row = done.lead, {"id": done.lead.id, "tasks": list(done.tasks), "stays": done.stays}
    name = f"{lead.id} {lead.get('name')}"
    if done.stays:
        return [*told, Told(tr("{} stays as it is: {}", name, done.stays), row)]
    closed = tr("{} is closed as junk.", name)
    if done.tasks:
        closed = tr("{} is closed as junk; done: {}.", name, ", ".join(done.tasks))
    return [*told, Told(closed, row)]


def folded(text: str, quoted: Sequence[Sequence[int]]) -> str:
    """A text in which a line stands for each piece that is quoted."""
    pieces, end = [], 0
    for start, stop in sorted((int(one[0]), int(one[1])) for one in quoted):
        lines = counted(text[start:stop].strip("\n").count("\n") + 1, "quoted line")
        pieces += [text[end:start].strip("\n"), tr("[… {}]", lines)]
        end = stop
    pieces.append(text[end:].strip("\n"))
    return "\n\n".join(piece for piece in pieces if piece.strip())
