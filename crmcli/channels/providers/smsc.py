"""smsc.ru, and its sisters of other countries, by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmcli.channels.base import Queued
from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.sms import incoming_sms, report_of
from crmcli.channels.outcome import Failed, Outcome, Sending, Unknown, one_line, taken_sms
from crmcli.channels.providers import Posted
from crmcli.channels.providers.token_hook import TokenHook
from crmcli.language import tr

API = "https://smsc.ru"
DELIVERED = ("1", "2", "4")
"""Arrived, read, its link was followed."""
FAILED = ("3", "20", "22", "23", "24", "25")
LATER = (2, 3, 4, 9)
"""Errors that pass, or that somebody mends: the password, money, an address shut out, too many at once."""


class Smsc(TokenHook):
    """An account at smsc.ru."""

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """It is asked to send it, and to tell what that costs."""
        password = self.secret("password")
        login = self.told("login")
        who = {"login": login, "psw": password} if login else {"apikey": password}
        values = who | {
            "phones": str(given["to"]), "mes": str(given["text"]), "charset": "utf-8", "fmt": "3",
            "cost": "3", "sender": self.told("from"),
        }  # fmt: skip
        form = {name: value for name, value in values.items() if value}
        return self.asking(f"{self.told('api') or API}/sys/send.php", _accepted, form)

    def key(self, posted: Posted) -> str:
        """A message has the key of its id; a report also that of what it says."""
        given = posted.given
        if not given.get("id"):
            return ""
        return f"sms:smsc:{'in' if 'mes' in given else given.get('status', '')}:{given['id']}"

    def read(self, posted: Posted) -> Incoming:
        """A report of one of ours, or a message."""
        given = posted.given
        number = given.get("phone", "")
        if "mes" in given and number:
            return incoming_sms(f"+{number.lstrip('+')}", given["mes"], given.get("to", ""))
        if not given.get("id") or "status" not in given:
            raise Unreadable(tr("it is not what {} sends", "smsc.ru"))
        status = given["status"]
        if status not in (*DELIVERED, *FAILED):
            return Incoming("sms.out", why_nothing="it is still on its way")
        name, price = f"smsc:{given['id']}", given.get("cost", "")
        if status in DELIVERED:
            return report_of(name, is_delivered=True, price=price)
        why = f"{status} {given['err']}" if given.get("err") else status
        return report_of(name, is_delivered=False, why=why, price=price)


PROVIDER = Smsc


def _accepted(reply: Reply) -> Outcome:
    """What the answer says; an error has a number."""
    try:
        said = object_of(reply.text)
        if "error" in said or "error_code" in said:
            code = int(said.get("error_code") or 0)
            reason = tr("smsc.ru answered {}: {}", code, one_line(str(said.get("error", ""))))
            return Failed(reason, again=code in LATER)
        number = str(said["id"])[:50]
    except (Unreadable, ValueError, TypeError, KeyError):
        return Unknown(tr("smsc.ru answered without the id of the message"))
    return taken_sms(f"smsc:{number}", number, said.get("cost"))
