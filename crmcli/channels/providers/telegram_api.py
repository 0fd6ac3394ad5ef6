"""Asking Telegram's Bot API: bounded, and quiet for as long as it says."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from crmcli.channels.http_exchange import BrokenOff, Inner, NoReply, endpoint_of, exchange
from crmcli.channels.incoming import Unreadable, object_of
from crmcli.channels.outcome import Failed, Later, Outcome, Sent, Unknown, one_line
from crmcli.dataclass import dataclass
from crmcli.errors import ServiceFailed
from crmcli.language import tr
from crmcli.model.redaction import without
from crmcli.model.settings import Settings

API = "https://api.telegram.org"
MOST = 4 * 1024 * 1024
"""Bytes of an answer: a hundred updates, each letter of a message as \\u0000."""
_GONE = " ".join(("chat", "not", "found"))
"""How its words end of a chat that is not there; they are no text of ours."""
LONGEST_REST = 24 * 3600
_rests: dict[str, float] = {}
"""Until when (monotonic) nothing is asked of a bot that was told to wait, by its token."""


class PauseWanted(ServiceFailed):
    """Telegram wants to be left alone for some seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(tr("Telegram wants a pause of {} s", seconds))
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Said:
    """What Telegram answered: whether it did it, its result, else the code, why, and how long to wait."""

    ok: bool
    result: Any = None
    code: int = 0
    why: str = ""
    rest: int = 0


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot, by its token; `api` is the address of the API, if not the usual one."""

    token: str
    api: str
    settings: Settings

    def send(self, params: Mapping[str, Any]) -> Outcome:
        """Send a message, at most once; what is not taken for now leaves later."""
        try:
            said = self._asked("sendMessage", params)
        except BrokenOff as error:
            return Unknown(self._discreet(str(error)))
        except NoReply as error:
            return Failed(self._discreet(str(error)), again=not isinstance(error, Inner))
        if said.ok:
            number = str(said.result.get("message_id", "")) if isinstance(said.result, dict) else ""
            return Sent(f"message {number}", (("message_id", number),))
        if said.rest:
            return Later(tr("Telegram wants a pause of {} s", said.rest), said.rest)
        if said.code >= 500:
            return Unknown(said.why)
        is_gone = said.code == 403 or (said.code == 400 and said.why.endswith(_GONE))
        refused = (("to", f"telegram:{params['chat_id']}"), ("why", said.why)) if is_gone else ()
        return Failed(said.why, again=False, refused=refused)

    def updates(self, after: int | None, limit: int = 100) -> list[dict[str, Any]]:
        """What has come that nobody has confirmed, the oldest first; all up to `after` is confirmed by
        that. ServiceFailed, PauseWanted."""
        params: dict[str, Any] = {"limit": limit, "timeout": 0}
        params["allowed_updates"] = ["message", "edited_message"]
        params |= {} if after is None else {"offset": after + 1}
        try:
            said = self._asked("getUpdates", params)
        except NoReply as error:
            raise ServiceFailed(self._discreet(str(error)), "crm tick tries again") from None
        if said.rest:
            raise PauseWanted(said.rest)
        if not said.ok or not isinstance(said.result, list):
            hint = "the token is that of another bot, or was revoked" if said.code == 401 else ""
            if said.code == 409:
                hint = "another program asks, or a web hook is set: only one of them can"
            raise ServiceFailed(said.why or tr("not an answer of Telegram"), hint)
        return [one for one in said.result if isinstance(one, dict)]

    def _asked(self, method: str, params: Mapping[str, Any]) -> Said:
        left = _rests.get(self.token, 0.0) - time.monotonic()
        if left > 0:
            return Said(False, code=429, rest=int(left) + 1)
        place = endpoint_of(f"{(self.api or API).rstrip('/')}/bot{self.token}/{method}")
        kind, allow = {"Content-Type": "application/json"}, self.settings.webhook.allow
        reply = exchange("POST", place, kind, json.dumps(params).encode(), allow, whole=MOST)
        said = self._said(place.host, reply.status, reply.text)
        if said.rest:
            _rests[self.token] = time.monotonic() + said.rest
        return said

    def _said(self, host: str, status: int, text: bytes) -> Said:
        told = tr("{} answered {}", host, status)
        try:
            found = object_of(text)
        except Unreadable:
            if 200 <= status < 300:
                raise BrokenOff(tr("{}: not an answer of Telegram", host)) from None
            return Said(False, code=status, why=f"{told}: {self._discreet(one_line(text[:200]))}")
        if found.get("ok") is True and 200 <= status < 300:
            return Said(True, found.get("result"))
        parameters = found.get("parameters")
        rest = parameters.get("retry_after") if isinstance(parameters, dict) else None
        rest = rest if isinstance(rest, int) and rest > 0 else (30 if status == 429 else 0)
        why = self._discreet(one_line(str(found.get("description") or told)))
        return Said(False, code=status, why=why, rest=min(rest, LONGEST_REST))

    def _discreet(self, text: str) -> str:
        return without(text, (self.token,))
