"""Kannel: messages leave by its sendsms, what comes in and reports of delivery by addresses that it calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from crmcli.channels.base import Queued
from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable
from crmcli.channels.incoming.call import moment_of
from crmcli.channels.incoming.sms import incoming_sms, report_of
from crmcli.channels.outcome import Failed, Outcome, Sending, Unknown, one_line, taken_sms
from crmcli.channels.providers import Posted
from crmcli.channels.providers.token_hook import TokenHook
from crmcli.language import tr
from crmcli.model.sms_length import GSM, measured

DELIVERED, FAILED, REJECTED = 1, 2, 16
"""The kinds of reports that are asked for."""
_TAKEN = ("0", "3")


class Kannel(TokenHook):
    """A smsbox of Kannel."""

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """It is asked to send it, and to tell what becomes of it."""
        mark = hashlib.sha256(message.key.encode()).hexdigest()[:24]
        text = str(given["text"])
        values = {
            "username": self.told("login"), "password": self.secret("password"), "to": str(given["to"]),
            "from": self.told("from"), "text": text, "charset": "UTF-8",
            "coding": "0" if measured(text).alphabet == GSM else "2",
        }  # fmt: skip
        if callback := self.callback():
            told = f"&dlr={mark}&status=%d&answer=%A"
            values["dlr-url"] = callback.replace("%", "%%") + told
            self.secrets |= {quote(one, safe="").replace("%", "%%") for one in self.secrets}
            values["dlr-mask"] = str(DELIVERED | FAILED | REJECTED)
        url = f"{self.told('api')}?{urlencode({k: v for k, v in values.items() if v})}"
        return self.asking(url, partial(_accepted, f"kannel:{mark}"))

    def key(self, posted: Posted) -> str:
        """The id of a message that came in; of a report the message that it is about, and what it says."""
        given = posted.given
        if mark := given.get("dlr"):
            return f"sms:kannel:{mark}:{given.get('status', '')}"
        return f"sms:kannel:in:{given['id']}" if given.get("id") else ""

    def read(self, posted: Posted) -> Incoming:
        """A report of one of ours, or a message."""
        given = posted.given
        if mark := given.get("dlr"):
            return _report(mark, given)
        if "from" not in given or "text" not in given:
            raise Unreadable("the SMS has no number or no text", "get-url: …&from=%p&text=%a")
        line, at = given.get("to", ""), moment_of(given.get("at"))
        return incoming_sms(given["from"], given["text"], line, at)


PROVIDER = Kannel


def _report(mark: str, given: Mapping[str, str]) -> Incoming:
    status = given.get("status", "")
    bits = int(status) if status.isdecimal() else 0
    if not bits & (DELIVERED | FAILED | REJECTED):
        return Incoming("sms.out", why_nothing="it is still on its way")
    why = one_line(given.get("answer", ""))
    return report_of(f"kannel:{mark}", is_delivered=bool(bits & DELIVERED), why=why)


def _accepted(message_id: str, reply: Reply) -> Outcome:
    said = one_line(reply.text)
    if not said:
        return Unknown(tr("Kannel answered without a word"))
    if said.partition(":")[0] not in _TAKEN:
        return Failed(tr("Kannel answered: {}", said), again=False)
    return taken_sms(message_id)
