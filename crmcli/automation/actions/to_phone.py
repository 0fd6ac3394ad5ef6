"""What sms, chat and call have in common: a text to somebody's phone, queued in the change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmcli.automation.actions.work import Effect, Work
from crmcli.channels.base import sender_class
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.actions import OWNER, channel_of
from crmcli.model.fields import Record
from crmcli.sales import chats
from crmcli.sales.consent.permission import why_not
from crmcli.sales.documents import messages
from crmcli.workspace import Change, Workspace


def run(work: Work) -> Effect:
    """Queue the message, unless there is no number for it or whoever has that refuses it."""
    channel = channel_of(work.action)
    to = _number(work, channel)
    if not to:
        has_no = "there is no phone number for it"
        if channel == "chat":
            has_no = "the client has never written in a chat"
        return Effect("skipped", {"reason": has_no})
    text, topic = _text(work), _topic(work)
    if not text:
        return Effect("skipped", {"reason": "there is nothing to say"})
    if why := why_not(work.ws, work.record, [to], sender_class(channel).consent, topic):
        return Effect("skipped", {"reason": why})
    robot = work.who.removeprefix("robot:")
    sha = attach(work.change, work.record, channel, work.key, to, text, robot)
    facts = {"to": to, "file": sha, **({"topic": topic} if topic else {})}
    return Effect("queued", facts, tr("«{}» to {}", text, to))


def attach(
    change: Change, record: Record | None, channel: str, key: str, to: str, text: str, robot: str
) -> str:
    """Keep a message as whoever takes it gets it, in an open change; the name of its file."""
    about = {"record": record.id, "name": str(record.get("name"))} if record else {}
    given = {"key": key, "channel": channel, "robot": robot, **about, "to": to, "text": text}
    return change.attach(json.dumps(given, ensure_ascii=False, sort_keys=True).encode())


def number_for(ws: Workspace, record: Record, channel: str) -> str:
    """The number of the client by which a channel reaches them, in E.164; "" where they have none."""
    from crmcli.model.phones import sendable

    people = messages.reached(ws, record)
    found = (sendable(getattr(one, "phones", ()), channel == "call") for one in people)
    return next(filter(None, found), "")


def announced(channel: str, params: Mapping[str, Any]) -> str:
    """What it says to whom."""
    said = params.get("template") or f"«{params.get('text', '?')}»"
    return tr("sends {} to {} ({})", said, params.get("to") or tr("the client"), channel)


def _text(work: Work) -> str:
    template = work.text("template")
    if not template:
        return work.text("text")
    return messages.renderer(work.ws).render_text(template, work.names).strip()


def _topic(work: Work) -> str:
    template = work.text("template")
    return messages.renderer(work.ws).head(template).topic if template else ""


def _number(work: Work, channel: str) -> str:
    """The number in E.164; "" where the client, or the user who is named, has none."""
    from crmcli.model.phones import dialled

    word, settings = work.text("to"), work.ws.settings
    if not word and channel == "chat" and settings.channels.get(channel, {}).get("provider"):
        return chats.address_of(work.ws, work.contact or work.the_record)
    if not word:
        return number_for(work.ws, work.contact or work.the_record, channel)
    if word[:1] not in "+(0123456789":
        user = work.ws.user_id(work.whose if word == OWNER else word)
        word = settings.users[user].phone if user in settings.users else ""
    return dialled(word, settings.phone_country, BadUsage)
