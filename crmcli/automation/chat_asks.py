"""A new client of a chat is greeted and asked for the phone, where settings.yaml says so."""

from __future__ import annotations

import json
from collections.abc import Iterable

from crmcli.automation.ledger import enter, job_key
from crmcli.channels.incoming.chat_words import WANTS_ID
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.sales import chats
from crmcli.sales.intake.kept import Taken
from crmcli.workspace import Workspace

WHO = "chat:hello"
CHAT = "chat"


def is_fetched(ws: Workspace) -> bool:
    """Whether a bot is to be asked what has come."""
    declared = ws.settings.channels.get(CHAT, {})
    return declared.get("provider") == "telegram" and bool(declared.get("fetch"))


def answer_new(ws: Workspace, taken: Iterable[Taken]) -> None:
    """Queue what new chats are told: the question for the phone, or to one of us the number of the chat."""
    for one in taken:
        if one.kept.channel != CHAT:
            continue
        if one.is_new and one.record is not None:
            _ask_for_phone(ws, one.record, one.kept.id)
        elif one.why == tr(WANTS_ID):
            to = one.kept.key.rpartition(":")[0]
            _queue(ws, one.kept.id, to, to.rpartition(":")[2])


def _ask_for_phone(ws: Workspace, record: Record, cause: str) -> None:
    """Of a client whom a message made a lead, if no phone is known."""
    declared = ws.settings.channels.get(CHAT, {})
    button, to = str(declared.get("ask_phone") or ""), chats.address_of(ws, record)
    if not button or not to or record.get("phones"):
        return
    said = str(declared.get("hello") or "") or tr("Please send us your phone.")
    _queue(ws, cause, to, said, record.id, ask_phone=button)


def _queue(ws: Workspace, cause: str, to: str, text: str, record_id: str = "", **more: str) -> None:
    key = job_key(WHO, record_id, to, cause)
    given = {"key": key, "channel": CHAT, "robot": WHO, "record": record_id, "to": to, "text": text}
    with ws.change("tick", actor="crm", cause=cause) as change:
        content = json.dumps({**given, **more}, ensure_ascii=False, sort_keys=True)
        sha = change.attach(content.encode())
        enter(change, "queued", record_id, key, WHO, CHAT, to=to, file=sha)
