"""A new client of a chat is greeted and asked for the phone, where settings.yaml says so."""

from __future__ import annotations

import json
from collections.abc import Iterable

from crmcli.automation.ledger import enter, job_key
from crmcli.language import tr
from crmcli.sales import chats
from crmcli.sales.intake.kept import Taken
from crmcli.workspace import Workspace

WHO = "chat:hello"
CHAT = "chat"


def is_fetched(ws: Workspace) -> bool:
    """Whether a bot is to be asked what has come."""
    declared = ws.settings.channels.get(CHAT, {})
    return declared.get("provider") == "telegram" and bool(declared.get("fetch"))


def ask_for_phones(ws: Workspace, taken: Iterable[Taken]) -> None:
    """Queue the question for each client whom a message of a chat made a lead, if no phone is known."""
    button = str(ws.settings.channels.get(CHAT, {}).get("ask_phone") or "")
    if not button:
        return
    for one in taken:
        record = one.record
        if one.kept.channel != CHAT or not one.is_new or record is None:
            continue
        to = chats.address_of(ws, record)
        if not to or record.get("phones"):
            continue
        key = job_key(WHO, record.id, to)
        said = str(ws.settings.channels[CHAT].get("hello") or "") or tr(
            "Please send us your phone."
        )
        given = {"key": key, "channel": CHAT, "robot": WHO, "record": record.id, "to": to,
                 "text": said, "ask_phone": button}  # fmt: skip
        with ws.change("tick", actor="crm", cause=one.kept.id) as change:
            sha = change.attach(json.dumps(given, ensure_ascii=False, sort_keys=True).encode())
            enter(change, "queued", record.id, key, WHO, CHAT, to=to, file=sha)
