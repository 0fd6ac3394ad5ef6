"""Calls, as a telephone exchange tells of them in JSON: who called whom, whether anybody spoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable, object_of
from crmcli.dataclass import dataclass, replace
from crmcli.language import tr
from crmcli.model.durations import parse_duration
from crmcli.model.settings import Settings
from crmcli.model.values import format_instant

KEYS = ("direction", "from", "to", "duration", "at", "recording", "id", "text", "agent", "status")
"""What is read of a call; an exchange that calls it otherwise is mapped to these."""
SHORTEST = 4
"""Digits that an extension has at most, where no user is said to have it."""
LONGEST = 1_000_000
"""Seconds; no call takes longer."""
_MISSED = ("missed", "no answer", "noanswer", "no-answer", "busy", "cancelled", "canceled",
           "failed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class OneCall:
    """A call: which way, the client's number, the line that was called or called from, whose extension took
    part, how long they spoke, and what became of it. `at` is as the timeline has it."""

    way: str
    client: str
    line: str = ""
    agent: str = ""
    seconds: int | None = None
    is_missed: bool = False
    at: str = ""
    recording: str = ""
    text: str = ""
    status: str = ""


def incoming_call(call: OneCall, settings: Settings) -> Incoming:
    """What a call says: nothing if it is between extensions, or has no number to be known by."""
    if is_inner(call.client, settings):
        return Incoming("call.in", why_nothing="it is between extensions")
    if not any(letter.isdecimal() for letter in call.client):
        return Incoming("call.in", why_nothing="its number is hidden")
    user = whose_extension(call.agent, settings)
    told = {"text": call.text, "number": call.client, "duration": call.seconds or None,
            "line": call.line, "agent": call.agent, "user": user, "recording": call.recording,
            "status": call.status, "at": call.at}  # fmt: skip
    kind = "call.missed" if call.is_missed and call.way == "in" else f"call.{call.way}"
    owner = {"owner": [user]} if user else {}
    lead = {"phones": [call.client], "source": ["call"], **owner}
    return Incoming(kind, told, phones=[call.client], lead=lead)


def whose_extension(extension: str, settings: Settings) -> str:
    """The id of the user who has an extension, or a telephone; "" for nobody."""
    wanted = _digits(extension)
    for user in settings.users.values() if wanted else ():
        phone = _digits(user.phone)
        if wanted in map(_digits, user.extensions) or (len(phone) > 6 and phone == wanted):
            return user.id
    return ""


def is_inner(number: str, settings: Settings) -> bool:
    """Whether a number is an extension: one of a user's, or as short as no client's is."""
    digits = _digits(number)
    own = {_digits(one) for user in settings.users.values() for one in user.extensions}
    return bool(digits) and "+" not in number and (digits in own or len(digits) <= SHORTEST)


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


class Call(Receiver):
    """Calls that an exchange tells of."""

    def parts(self, arrived: Arrived) -> Sequence[Arrived]:
        """The calls of a list (CDR), which is CSV; a call alone is JSON."""
        if arrived.facts or arrived.content.lstrip()[:1] == b"{":
            return [arrived]
        from crmcli.channels.incoming.call_records import calls_of

        return calls_of(arrived.content, self.settings)

    def key(self, content: bytes) -> str:
        """The id by which the exchange knows it."""
        try:
            name = str(object_of(content).get("id") or "")
        except Unreadable:
            return ""
        return f"call:{name}" if name else ""

    def read(self, arrived: Arrived) -> Incoming:
        """One call: {"direction": "in", "from": "+7…", "to": "+7…", "duration": 35, "recording": URL}."""
        given = object_of(arrived.content, "a call is an object with direction, from and to")
        way = str(given.get("direction", "in")).casefold()
        if way == "internal":
            return Incoming("call.in", why_nothing="it is between extensions")
        if way not in ("in", "out"):
            raise Unreadable(tr("{!r} is not a direction", way), "in or out")
        client = str(given.get("from" if way == "in" else "to", "")).strip()
        is_hidden = bool(client and arrived.facts.get("list") and given.get("at"))
        if not (is_hidden or any(letter.isdecimal() for letter in client)):
            hint = 'like {"direction": "in", "from": "+79161234567"}'
            raise Unreadable("the call has no number", hint)
        seconds = seconds_of(given.get("duration"))
        status = str(given.get("status", ""))
        call = OneCall(
            way, client, str(given.get("to" if way == "in" else "from", "")),
            str(given.get("agent", "")), seconds, status.casefold() in _MISSED or seconds == 0,
            moment_of(given.get("at")), str(given.get("recording") or ""), str(given.get("text") or ""),
            "" if status.casefold() in ("", "answered") else status,
        )  # fmt: skip
        found = incoming_call(call, self.settings)
        of_list = arrived.facts.get("list")  # one tells of each of its calls once
        return replace(found, told={**found.told, "lists": [of_list]}) if of_list else found


RECEIVER = Call


def moment_of(value: object) -> str:
    """When it was, as the timeline has it; "" where that is not told."""
    if value in (None, ""):
        return ""
    text = str(value)
    try:
        if text.isdecimal():
            return format_instant(datetime.fromtimestamp(int(text), UTC))
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return format_instant(at)
    except (ValueError, OverflowError, OSError):
        pass
    hint = "like 2026-05-14T10:30:00+03:00, or seconds since 1970"
    raise Unreadable(tr("{!r} is not when a call was", text[:60]), hint)


def seconds_of(value: object) -> int | None:
    """How long it took; None where that is not told."""
    if value in (None, ""):
        return None
    text = str(value)
    try:
        seconds = int(text) if text.isdecimal() else parse_duration(text).seconds
    except (ValueError, OverflowError):
        seconds = LONGEST
    if seconds >= LONGEST:
        raise Unreadable(tr("{!r} is not how long a call took", text[:60]), "seconds, or like 5m")
    return seconds
