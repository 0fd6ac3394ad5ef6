"""A new client of a chat is greeted and asked for the phone, where settings.yaml says so."""

from __future__ import annotations

import json

from crmcli.automation.ledger import enter, job_key
from crmcli.channels.incoming.chat import WANTS_ID
from crmcli.channels.providers import BY
from crmcli.language import tr, tr_in
from crmcli.model.fields import Record
from crmcli.sales import chats
from crmcli.sales.intake.kept import Kept, Taken
from crmcli.workspace import Change, Workspace

WHO = "chat:hello"
CHAT = "chat"


def is_fetched(ws: Workspace) -> bool:
    """Whether a bot is to be asked what has come."""
    declared = ws.settings.channels.get(CHAT, {})
    return declared.get("provider") == "telegram" and bool(declared.get("fetch"))


def answer_new(change: Change, ws: Workspace, taken: Taken) -> None:
    """Queue, with what was taken up, what a new chat is told: the question for the phone, or to one of us
    the number of the chat."""
    if taken.kept.channel != CHAT:
        return
    if taken.is_new and taken.record is not None:
        _ask_for_phone(change, ws, taken.record, taken.kept)
    elif taken.why == tr(WANTS_ID):
        to = _chat_of(taken.kept)
        _queue(change, taken.kept.id, to, to.rpartition(":")[2])


def _ask_for_phone(change: Change, ws: Workspace, record: Record, kept: Kept) -> None:
    """Of a client whom a message made a lead, if no phone is known."""
    declared = ws.settings.channels.get(CHAT, {})
    button = str(declared.get("ask_phone") or "")
    # Where no leads are kept the client stands in a contact that is not written yet.
    to = chats.address_of(ws, record) or _chat_of(kept)
    if not button or not to or getattr(record, "phones", None):
        return
    said = str(declared.get("hello") or "")
    said = said or tr_in("Please send us your phone.", ws.settings.language)
    _queue(change, kept.id, to, said, record.id, ask_phone=button)


def _chat_of(kept: Kept) -> str:
    """The chat that the key of a message of Telegram names."""
    return kept.key.rpartition(":")[0] if kept.facts.get(BY) == "telegram" else ""


def _queue(
    change: Change, cause: str, to: str, text: str, record_id: str = "", **more: str
) -> None:
    key = job_key(WHO, record_id, to, cause)
    given = {"key": key, "channel": CHAT, "robot": WHO, "record": record_id, "to": to, "text": text}
    content = json.dumps({**given, **more}, ensure_ascii=False, sort_keys=True)
    sha = change.attach(content.encode())
    enter(change, "queued", record_id, key, WHO, CHAT, to=to, file=sha)
