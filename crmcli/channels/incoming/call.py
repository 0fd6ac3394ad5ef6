"""Calls, as a telephone exchange tells of them in JSON: who called whom, whether anybody spoke."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable
from crmcli.language import tr
from crmcli.model.durations import parse_duration
from crmcli.model.values import format_instant

KEYS = ("direction", "from", "to", "duration", "at", "recording", "id", "text")
"""What is read of a call; an exchange that calls it otherwise is mapped to these."""
_MISSED = (
    "missed",
    "no answer",
    "noanswer",
    "no-answer",
    "busy",
    "cancelled",
    "canceled",
    "failed",
)


class Call(Receiver):
    """Calls that an exchange tells of."""

    def read(self, arrived: Arrived) -> Incoming:
        """One call: {"direction": "in", "from": "+7…", "to": "+7…", "duration": 35, "recording": URL}."""
        given = _object(arrived.content)
        way = str(given.get("direction", "in")).casefold()
        if way not in ("in", "out"):
            raise Unreadable(tr("{!r} is not a direction", way), "in or out")
        client = str(given.get("from" if way == "in" else "to", "")).strip()
        if not any(letter.isdigit() for letter in client):
            raise Unreadable(
                "the call has no number", 'like {"direction": "in", "from": "+79161234567"}'
            )
        seconds = _seconds(given.get("duration"))
        is_missed = way == "in" and (
            str(given.get("status", "")).casefold() in _MISSED or seconds == 0
        )
        told = {"text": str(given.get("text", "")), "number": client, "duration": seconds or None,
                "line": str(given.get("to" if way == "in" else "from", "")),
                "recording": str(given.get("recording", "")), "at": _moment(given.get("at"))}  # fmt: skip
        kind = "call.missed" if is_missed else f"call.{way}"
        return Incoming(kind, told, phones=[client], lead={"phones": [client], "source": ["call"]})


RECEIVER = Call


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(content)
    except ValueError:  # UnicodeDecodeError is one
        given = None
    if not isinstance(given, dict):
        raise Unreadable("it is no JSON object", "a call is an object with direction, from and to")
    return given


def _moment(value: object) -> str:
    """When it was, as the timeline has it; "" where that is not told."""
    if value in (None, ""):
        return ""
    try:
        text = str(value)
        if text.isdigit():
            return format_instant(datetime.fromtimestamp(int(text), UTC))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        at = None
    if at is None or at.tzinfo is None:
        hint = "like 2026-05-14T10:30:00+03:00, or seconds since 1970"
        raise Unreadable(tr("{!r} is not when a call was", value), hint)
    return format_instant(at)


def _seconds(value: object) -> int | None:
    """How long it took; None where that is not told."""
    if value in (None, ""):
        return None
    text = str(value)
    try:
        return int(text) if text.isdigit() else parse_duration(text).seconds
    except ValueError:
        raise Unreadable(
            tr("{!r} is not how long a call took", text), "seconds, or like 5m"
        ) from None
