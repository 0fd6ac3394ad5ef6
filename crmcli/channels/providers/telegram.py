"""Telegram: a bot of the company, by web hook or asked at each tick, as its Bot API has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from crmcli.channels.base import Queued, Unsound
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.chat import ASKS_ID, WANTS_ID, OneMessage, incoming_message
from crmcli.channels.outcome import Sending
from crmcli.channels.providers import NoSignature, Posted, Provider, check_same
from crmcli.channels.providers.telegram_api import Bot
from crmcli.channels.providers.telegram_start import marks_of
from crmcli.language import tr
from crmcli.model.values import format_instant

NETWORK = "telegram"
TOKEN_HEADER = "x-telegram-bot-api-secret-token"
LONGEST = 4096
"""Letters that Telegram takes in one message."""
MESSAGES = ("message", "edited_message")
MEDIA = ("photo", "voice", "document", "video", "audio", "video_note", "sticker", "animation")
SERVICE = ("new_chat_members", "left_chat_member", "new_chat_title", "pinned_message",
           "migrate_to_chat_id")  # fmt: skip


class Telegram(Provider):
    """A bot at Telegram."""

    @property
    def bot(self) -> Bot:
        """What its API is asked by; NoSecret."""
        return Bot(self.secret("token"), self.told("api"), self.settings)

    def check(self, posted: Posted, now: datetime) -> None:
        """The token that was given to setWebhook comes along in a header."""
        secret = self.secret("secret")
        if not secret:
            raise NoSignature("nothing tells who calls", "give secret: in settings.yaml")
        said = posted.headers.get(TOKEN_HEADER, "")
        check_same("the token is not the right one", said, secret)

    def key(self, posted: Posted) -> str:
        """A message has the same key by web hook and when asked for; an edit belongs to its message."""
        return key_of(_update(posted.body))

    def read(self, posted: Posted) -> Incoming:
        """What an update tells."""
        update = _update(posted.body)
        kind = next((one for one in MESSAGES if isinstance(update.get(one), dict)), "")
        if not kind:
            return _nothing("no message of a client")
        message = update[kind]
        chat, sender = _map(message.get("chat")), _map(message.get("from"))
        if chat.get("type") != "private":
            return _nothing("it is from a group or a channel")
        if sender.get("is_bot"):
            return _nothing("a bot wrote it")
        if not isinstance(chat.get("id"), int):
            raise Unreadable("the message does not say in which chat it is")
        if any(name in message for name in SERVICE):
            return _nothing("no message of a client")
        if str(chat["id"]) in {one.telegram for one in self.settings.users.values()}:
            return _nothing("it is from one of us")
        if _text_of(message).strip() == ASKS_ID:
            return _nothing(WANTS_ID)
        if kind == "edited_message":
            told = {"text": _text_of(message), "edited_at": _moment(message.get("edit_date"))}
            return Incoming("message.in", told, adds_to=_message_key(message))
        return _read(message, chat, sender)

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """What sends a text into a chat."""
        network, _, chat = str(given["to"]).partition(":")
        if network != NETWORK or not chat.lstrip("-").isdecimal():
            raise Unsound(tr("{} is no chat at Telegram", given["to"]))
        text = str(given["text"])
        if len(text.encode("utf-16-le")) // 2 > LONGEST:
            raise Unsound(tr("it is longer than {} letters", LONGEST))
        params: dict[str, Any] = {"chat_id": int(chat), "text": text}
        if given.get("ask_phone"):
            button = {"text": str(given["ask_phone"]), "request_contact": True}
            keys = {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}
            params["reply_markup"] = keys
        return partial(self.bot.send, params)


PROVIDER = Telegram


def key_of(update: Mapping[str, Any]) -> str:
    """By what an update is the same if it comes again."""
    if isinstance(message := update.get("message"), dict) and message.get("message_id"):
        return _message_key(message)
    return f"telegram:update:{update.get('update_id')}"


def _message_key(message: Mapping[str, Any]) -> str:
    return f"telegram:{_map(message.get('chat')).get('id')}:{message.get('message_id')}"


def _update(body: bytes) -> dict[str, Any]:
    update = object_of(body)
    if not isinstance(update.get("update_id"), int):
        raise Unreadable("it is no update of Telegram")
    return update


def _read(
    message: Mapping[str, Any], chat: Mapping[str, Any], sender: Mapping[str, Any]
) -> Incoming:
    """A message of a client, with what Telegram says of that one."""
    own = _map(message.get("contact"))
    phone = str(own.get("phone_number", "")) if own.get("user_id") == sender.get("id") else ""
    text = _text_of(message)
    if own:
        names = (own.get("first_name"), own.get("last_name"), own.get("phone_number"))
        text = " ".join(str(one) for one in names if one)
    elif place := _map(message.get("location")):
        text = f"{place.get('latitude')}, {place.get('longitude')}"
    lead = marks_of(text)
    if language := sender.get("language_code"):
        lead["language"] = [str(language)]
    name = " ".join(str(sender[k]) for k in ("first_name", "last_name") if sender.get(k))
    number = f"+{phone.lstrip('+')}" if phone else ""
    at = _moment(message.get("date"))
    one = OneMessage(NETWORK, str(chat["id"]), text, str(sender.get("username") or ""), name,
                     number, "", at, _media(message), lead)  # fmt: skip
    return incoming_message(one)


def _text_of(message: Mapping[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


def _media(message: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Kind and id of what came with a message; of a picture in several sizes the largest."""
    found = []
    for kind in MEDIA:
        given = message.get(kind)
        given = given[-1] if isinstance(given, list) and given else given
        if not isinstance(given, dict) or (kind == "document" and "animation" in message):
            continue
        facts = {"kind": kind, "file_id": given.get("file_id"), "name": given.get("file_name"),
                 "type": given.get("mime_type"), "size": given.get("file_size")}  # fmt: skip
        found.append({key: str(value) for key, value in facts.items() if value})
    return found


def _moment(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    try:
        return format_instant(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _nothing(why: str) -> Incoming:
    return Incoming("message.in", why_nothing=why)
