"""Zadarma: notices of its exchange, signed by the secret of its API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.call import OneCall, incoming_call, moment_of, seconds_of
from crmcli.channels.outcome import Failed, Outcome, Sending, Sent, Unknown, one_line
from crmcli.channels.providers import OLDEST, Answer, Posted, Provider, check_age, check_same
from crmcli.language import tr
from crmcli.model.user import User

_CALLER = ("caller_id", "called_did", "call_start")
_CALLED = ("caller_id", "destination", "call_start")
_OUT = ("internal", "destination", "call_start")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "NOTIFY_START": _CALLER, "NOTIFY_INTERNAL": _CALLER, "NOTIFY_IVR": _CALLER,
    "NOTIFY_ANSWER": _CALLED, "NOTIFY_END": _CALLER, "NOTIFY_OUT_START": _OUT,
    "NOTIFY_OUT_END": _OUT, "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
}  # fmt: skip
"""The fields of each notice that its signature covers, in their order."""
ENDS = ("NOTIFY_END", "NOTIFY_OUT_END")
RECORD = "NOTIFY_RECORD"
API, CALLBACK = "https://api.zadarma.com", "/v1/request/callback/"
TALK = timedelta(days=1)
"""So long a call may last, which is dated by its beginning."""
_ECHO = re.compile(r"[\w.-]{1,200}", re.ASCII)


def signature(secret: str, text: str) -> str:
    """The signature of a notice or a request: base64 of the HMAC-SHA1 in hexadecimal letters."""
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
    return base64.b64encode(digest.encode()).decode()


class Zadarma(Provider):
    """An account at Zadarma."""

    starts_calls = True

    def greeting(self, posted: Posted) -> Answer | None:
        """The echo by which Zadarma sees that the address is ours."""
        echo = posted.query.get("zd_echo", "")
        return Answer(echo) if _ECHO.fullmatch(echo) else None

    def check(self, posted: Posted, now: datetime) -> None:
        """The signature covers who called whom, and when; a notice that comes again has the same key."""
        given = posted.form
        fields = SIGNED.get(given.get("event", ""))
        if fields is None:
            raise Unreadable(tr("{!r} is not a notice of a call", given.get("event", "")))
        wanted = signature(self.secret("secret"), "".join(given.get(one, "") for one in fields))
        said = posted.headers.get("signature", "")
        check_same("the signature is not that of Zadarma", said, wanted)
        if began := given.get("call_start"):
            check_age(_zoned(began, self.settings.time_zone), now, OLDEST + TALK)

    def key(self, posted: Posted) -> str:
        """A call has the key of its end, as in the statistics; other notices of it have their own."""
        given = posted.form
        event, call = given.get("event", ""), given.get("pbx_call_id", "")
        if not call:
            return ""
        told = ("call_id_with_rec", "internal", "destination", "called_did")
        rest = [event, *(given[name] for name in told if given.get(name))]
        return ":".join([key_of(call), *([] if event in ENDS else rest)])

    def read(self, posted: Posted) -> Incoming:
        """The end of a call tells it; what was told before it says nothing yet, a recording says more."""
        given = posted.form
        event, way = given.get("event", ""), "out" if "OUT" in given.get("event", "") else "in"
        if event == RECORD:
            told = {"recording_id": given.get("call_id_with_rec", "")}
            return Incoming("call.in", told, adds_to=key_of(given.get("pbx_call_id", "")))
        if event not in ENDS:
            return Incoming("call.in", why_nothing="the call is not over")
        disposition = given.get("disposition", "")
        call = OneCall(
            way,
            given.get("caller_id" if way == "in" else "destination", ""),
            given.get("called_did" if way == "in" else "caller_id", ""),
            given.get("internal", ""),
            seconds_of(given.get("duration")),
            is_missed=disposition != "answered",
            at=moment_of(_zoned(given.get("call_start", ""), self.settings.time_zone).isoformat()),
            status="" if disposition == "answered" else disposition,
        )
        return incoming_call(call, self.settings)

    def connecting(self, to: str, by: User, key: str, now: datetime) -> Sending:
        """Zadarma calls the extension of a user first, and then the client."""
        asked = urlencode({"format": "json", "from": self.extension_of(by), "to": to})
        secret, hashed = self.secret("secret"), hashlib.md5(asked.encode()).hexdigest()
        signed = signature(secret, f"{CALLBACK}{asked}{hashed}")
        url, key = f"{self.told('api') or API}{CALLBACK}?{asked}", self.told("key")
        return self.asking(url, _taken, hidden=[signed], Authorization=f"{key}:{signed}")


PROVIDER = Zadarma


def key_of(call: str) -> str:
    """The key of a call by its id at Zadarma."""
    return f"call:zadarma:{call}"


def _taken(reply: Reply) -> Outcome:
    try:
        told = object_of(reply.text)
    except Unreadable as error:
        return Unknown(tr("Zadarma answered strangely: {}", error.message))
    if told.get("status") == "success":
        return Sent("Zadarma")
    why = one_line(str(told.get("message")))
    return Failed(tr("Zadarma refused the call: {}", why), again=False)


def _zoned(text: str, zone: str) -> datetime:
    """A time of the account, which is meant as that of the workspace."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Unreadable(tr("{!r} is not when a call was", text)) from None
