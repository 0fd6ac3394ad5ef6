"""Mango Office: notices of its exchange, and calls that it starts, signed by the salt of its API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.call import OneCall, incoming_call
from crmcli.channels.outcome import Failed, Outcome, Sending, Sent, Unknown, one_line
from crmcli.channels.providers import Posted, Provider, check_age, check_same
from crmcli.language import tr
from crmcli.model.user import User
from crmcli.model.values import format_instant

API = "https://app.mango-office.ru/vpbx"
RECORDING = "https://app.mango-office.ru/vpbx/queries/recording/issa/{}/play"
"""Where who is logged in at Mango hears a recording; other links to it end soon."""
SUMMARY, RECORDED, RECORD = "events/summary", "events/record/added", "events/recording"
_INNER, _IN, _OUT = 0, 1, 2
TAKEN = 1000


class Mango(Provider):
    """An exchange at Mango Office."""

    starts_calls = True

    def check(self, posted: Posted, now: datetime) -> None:
        """The signature covers all that is told; it is of the last day."""
        given = posted.form
        key, salt, said = self.told("key"), self.secret("secret"), given.get("json", "")
        why = "the signature is not that of Mango Office"
        check_same(why, given.get("vpbx_api_key", ""), key)
        check_same(why, given.get("sign", ""), signature(key, salt, said))
        told = object_of(said)
        if moment := _number(told.get("timestamp") or told.get("end_time")):
            check_age(datetime.fromtimestamp(moment, UTC), now)

    def key(self, posted: Posted) -> str:
        """A call has the key of its summary, as in the statistics; other notices of it have their own."""
        told = object_of(posted.form.get("json", ""))
        entry, kind = str(told.get("entry_id") or ""), _kind(posted, told)
        if not entry:
            return ""
        rest = [told.get(name) for name in ("recording_id", "call_id", "recording_state", "seq")]
        more = [kind, *(str(one) for one in rest if one not in (None, ""))]
        return ":".join([key_of(entry), *([] if kind == SUMMARY else more)])

    def read(self, posted: Posted) -> Incoming:
        """The summary of a call tells it; what was told before it says nothing yet, a recording says more."""
        told = object_of(posted.form.get("json", ""))
        kind = _kind(posted, told)
        if kind == RECORDED or (kind == RECORD and told.get("recording_state") == "Completed"):
            link = RECORDING.format(told.get("recording_id"))
            entry = key_of(str(told.get("entry_id")))
            return Incoming("call.in", {"recording": link}, adds_to=entry)
        if kind != SUMMARY:
            return Incoming("call.in", why_nothing="the call is not over")
        way = _number(told.get("call_direction"))
        if way == _INNER:
            return Incoming("call.in", why_nothing="it is between extensions")
        return incoming_call(self._call(told, "in" if way == _IN else "out"), self.settings)

    def _call(self, told: Mapping[str, Any], way: str) -> OneCall:
        client, ours = _side(told.get("from")), _side(told.get("to"))
        if way == "out":
            client, ours = ours, client
        moments = (told.get(f"{name}_time") for name in ("create", "talk", "end"))
        began, talked, ended = map(_number, moments)
        is_answered = bool(talked) and told.get("entry_result") in (1, "1")
        return OneCall(
            way,
            client.get("number", ""),
            str(told.get("line_number") or ""),
            ours.get("extension", ""),
            max(ended - talked, 0) if is_answered else 0,
            is_missed=not is_answered,
            at=format_instant(datetime.fromtimestamp(began, UTC)) if began else "",
            status="" if is_answered else f"no answer ({told.get('disconnect_reason', '')})",
        )

    def connecting(self, to: str, by: User, key: str, now: datetime) -> Sending:
        """Mango calls the extension of a user first, and then the client."""
        asked = {"command_id": key, "from": {"extension": self.extension_of(by)},
                 "to_number": to.lstrip("+")}  # fmt: skip
        if line := self.told("line"):
            asked["line_number"] = line.lstrip("+")
        said = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        mine, salt = self.told("key"), self.secret("secret")
        form = {"vpbx_api_key": mine, "sign": signature(mine, salt, said), "json": said}
        return self.asking(f"{self.told('api') or API}/commands/callback", _taken, form, [mine])


PROVIDER = Mango


def signature(key: str, salt: str, said: str) -> str:
    """The signature of a notice or a request: SHA-256 of the key, the JSON and the salt."""
    return hashlib.sha256(f"{key}{said}{salt}".encode()).hexdigest()


def key_of(entry: str) -> str:
    """The key of a call by its entry_id."""
    return f"call:mango:{entry}"


def _taken(reply: Reply) -> Outcome:
    try:
        result = object_of(reply.text).get("result", TAKEN) if reply.text.strip() else TAKEN
    except Unreadable as error:
        return Unknown(tr("Mango Office answered strangely: {}", error.message))
    if str(result) == str(TAKEN):
        return Sent("Mango Office")
    return Failed(tr("Mango Office refused the call: {}", one_line(str(result))), again=False)


def _kind(posted: Posted, told: Mapping[str, Any]) -> str:
    """Which notice it is; one that came without its path is told by what it has."""
    if posted.rest:
        return posted.rest.strip("/")
    if "entry_result" in told:
        return SUMMARY
    return RECORD if "recording_id" in told else "events/call"


def _side(value: object) -> dict[str, str]:
    found = value if isinstance(value, dict) else {}
    return {name: str(text) for name, text in found.items() if text not in (None, "")}


def _number(value: object) -> int:
    """A whole number that fits a time; Unreadable for anything else."""
    if value in (None, ""):
        return 0
    text = str(value)
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise Unreadable(tr("{!r} is not a whole number", text))
    return int(text)
