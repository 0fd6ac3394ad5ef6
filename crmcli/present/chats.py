"""Chats as people read them: who waits, and what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Listing
from crmcli.present.columns import name_of
from crmcli.present.documents import outcome
from crmcli.present.letters import message_row
from crmcli.present.told import Told
from crmcli.sales.chats import MESSAGES

if TYPE_CHECKING:
    from crmcli.automation.person_mail import Delivery
    from crmcli.automation.person_sms import PersonSms
    from crmcli.model.event import Event
    from crmcli.sales.chats import Chat
    from crmcli.workspace import Workspace

COLUMNS = [
    Column("waits_since", "Waits since", "datetime", keep=True), Column("name", "Record"),
    Column("text", "Last message"), Column("at", "When", "datetime", spare=True),
    Column("taken", "Taken by", keep=True), Column("id", "Id", keep=True),
]  # fmt: skip
SAID = [
    Column("at", "When", "datetime"), Column("who", "Who", keep=True),
    Column("text", "Text", whole=True),
]  # fmt: skip


def chat_table(ws: Workspace, found: Iterable[Chat]) -> Listing:
    """Chats, one a line."""
    return Listing(
        [_row(ws, one) for one in found],
        COLUMNS,
        "no chats yet: a client begins one, see crm help chat",
    )


def _row(ws: Workspace, chat: Chat) -> dict[str, Any]:
    return {
        "id": chat.record,
        "name": name_of(ws, chat.record),
        "waits_since": format_instant(chat.waits_since) if chat.waits_since else "",
        "taken": chat.taken,
        "at": format_instant(chat.last.happened_at),
        "kind": chat.last.kind,
        "text": str(chat.last.data.get("text") or ""),
    }


def said_table(ws: Workspace, said: Iterable[Event]) -> Listing:
    """What was said, a message a line."""
    rows = [_said(ws, one) for one in said]
    waits = [Column("state", "State", "word", keep=True)] if any(r["state"] for r in rows) else []
    return Listing(rows, [*SAID[:2], *waits, *SAID[2:]], "no messages")


def _said(ws: Workspace, event: Event) -> dict[str, Any]:
    is_in = event.kind == "message.in"
    who = str(event.data.get("from") or "") if is_in else event.actor
    row = message_row(ws, event) | {"who": who, "text": str(event.data.get("text") or "")}
    state = event.kind.removeprefix("job.") if event.kind not in MESSAGES else ""
    return row | {"media": event.data.get("media") or [], "state": state}


def chat_sent(message: PersonSms, record_id: str, done: Delivery | None) -> Told:
    """What became of a message; None of one that only would be sent."""
    row: dict[str, object] = {"id": record_id, "to": message.to, "text": message.text}
    return outcome((message.text, message.to), row, done)
