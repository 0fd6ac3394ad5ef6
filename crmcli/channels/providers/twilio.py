"""Twilio: what it tells of calls, signed by the token of the account, and calls that it makes."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from crmcli.channels.base import Queued
from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.call import (
    OneCall,
    incoming_call,
    moment_of,
    seconds_of,
    whose_extension,
)
from crmcli.channels.outcome import Outcome, Sending, Sent, Unknown
from crmcli.channels.providers import (
    Answer,
    Posted,
    Provider,
    check_age,
    check_same,
    pairs,
    twilio_sms,
)
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.phones import dialled
from crmcli.model.user import User

API = "https://api.twilio.com"
ENDS = ("completed", "busy", "failed", "no-answer", "canceled")
ANSWERED = ("completed", "answered")
_LANGUAGES = {"ru": "ru-RU", "en": "en-US"}
_XML = "text/xml"


class Twilio(Provider):
    """An account at Twilio."""

    starts_calls = True

    def check(self, posted: Posted, now: datetime) -> None:
        """The signature covers the address and all that is posted."""
        settings = posted.headers.get("x-twilio-webhooks-signature-settings", "")
        named = dict(part.strip().partition("=")[::2] for part in settings.split(","))
        hashes = {"": "sha1", "HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
        hashed = hashes.get(named.get("algorithm", "").upper())
        said = posted.headers.get("x-twilio-signature", "")
        found = pairs(posted.body.decode("utf-8", "replace")) if posted.method == "POST" else []
        rest = "".join(name + value for name, value in sorted(set(found)))
        token = self.secret("secret").encode()
        signed = [(url + rest).encode() for url in _spellings(posted.url) if hashed]
        digests = (hmac.digest(token, one, hashed or "") for one in signed)
        wanted = [base64.b64encode(digest).decode() for digest in digests]
        check_same("the signature is not that of Twilio", said, *wanted)
        if moment := _moment(dict(found)):
            check_age(moment, now)

    def key(self, posted: Posted) -> str:
        """A call has the key of its end; other notices of it have their own."""
        given = posted.given
        if self.channel == "sms":
            return twilio_sms.key_of(given)
        call = given.get("CallSid", "")
        if not call or _is_end(given):
            return key_of(call) if call else ""
        names = ("CallStatus", "RecordingSid", "RecordingStatus")
        return ":".join([key_of(call), *(given[name] for name in names if given.get(name))])

    def read(self, posted: Posted) -> Incoming:
        """The end of a call tells it; what was told before it says nothing yet, a recording says more."""
        given = posted.given
        if self.channel == "sms":
            return twilio_sms.read(given)
        link = given.get("RecordingUrl", "")
        if given.get("RecordingSid") and "CallStatus" not in given:
            if given.get("RecordingStatus", "completed") != "completed":
                return Incoming("call.in", why_nothing="the call is not over")
            call = key_of(given.get("CallSid", ""))
            return Incoming("call.in", {"recording": link}, adds_to=call)
        if not _is_end(given):
            return Incoming("call.in", why_nothing="the call is not over")
        way = "in" if given.get("Direction", "inbound") == "inbound" else "out"
        client, line = given.get("From", ""), given.get("To", "")
        if way == "out":
            client, line = line, client
        if way == "out" and whose_extension(client, self.settings):
            return Incoming("call.in", why_nothing="it is between extensions")
        status = given.get("DialCallStatus") or given.get("CallStatus", "")
        is_answered = status in ANSWERED
        seconds = seconds_of(given.get("DialCallDuration") or given.get("CallDuration")) or 0
        moment = _moment(given)
        began = moment - timedelta(seconds=seconds) if moment and moment.year > 1970 else None
        one = OneCall(
            way, client, line, self.told("dial"), seconds if is_answered else 0,
            is_missed=not is_answered, recording=link, status="" if is_answered else status,
            at=moment_of(began.isoformat()) if began else "",
        )  # fmt: skip
        return incoming_call(one, self.settings)

    def answer(self, posted: Posted) -> Answer:
        """What is to be done with a call that rings: it is put through; nothing with any other."""
        given = posted.given
        to = self.told("dial")
        if to and given.get("CallStatus") == "ringing" and given.get("Direction") == "inbound":
            action = quoteattr(urlsplit(posted.url)._replace(query="").geturl())
            return Answer(f"<Response><Dial action={action}>{_end(to)}</Dial></Response>", _XML)
        return Answer("<Response/>", _XML)

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """An SMS, or an automatic call that says its text."""
        if self.channel == "sms":
            to, text = str(given["to"]), str(given["text"])
            values = twilio_sms.values_of(to, self.told("from"), text, self.told("hook"))
            return self._asking("Messages", values, twilio_sms.accepted)
        language = _LANGUAGES.get(self.settings.language, "en-US")
        voice = f" voice={quoteattr(self.told('voice'))}" if self.told("voice") else ""
        says = f'<Say language="{language}"{voice}>{escape(str(given["text"]))}</Say>'
        return self._calling(str(given["to"]), says)

    def connecting(self, to: str, by: User, key: str, now: datetime) -> Sending:
        """Twilio calls the telephone of a user first, and then the client."""
        if not (phone := dialled(by.phone, self.settings.phone_country)):
            said = tr("{} has no telephone that Twilio could call", by)
            raise Refused(said, tr("users: {{{}: {{phone: +7…}}}} in settings.yaml", by.id))
        hook = self.told("hook")
        tells = f" statusCallback={quoteattr(hook)}" if hook else ""
        line = quoteattr(self.told("from"))
        dial = f"<Dial callerId={line}><Number{tells}>{escape(to)}</Number></Dial>"
        return self._calling(phone, dial)

    def _calling(self, to: str, does: str) -> Sending:
        values = {"To": to, "From": self.told("from"), "Twiml": f"<Response>{does}</Response>"}
        return self._asking("Calls", values, _made)

    def _asking(
        self, what: str, values: Mapping[str, str], read: Callable[[Reply], Outcome]
    ) -> Sending:
        account, token = self.told("account"), self.secret("secret")
        url = f"{self.told('api') or API}/2010-04-01/Accounts/{account}/{what}.json"
        login = base64.b64encode(f"{account}:{token}".encode()).decode()
        return self.asking(url, read, values, [login], Authorization=f"Basic {login}")


PROVIDER = Twilio


def key_of(call: str) -> str:
    """The key of a call by its SID."""
    return f"call:twilio:{call}"


def _made(reply: Reply) -> Outcome:
    try:
        return Sent(str(object_of(reply.text)["sid"])[:100])
    except (Unreadable, KeyError):
        return Unknown(tr("Twilio answered without the id of the call"))


def _is_end(given: Mapping[str, str]) -> bool:
    return "DialCallStatus" in given or given.get("CallStatus") in ENDS


def _end(to: str) -> str:
    return f"<Sip>{escape(to)}</Sip>" if to.startswith("sip:") else escape(to)


def _moment(given: Mapping[str, str]) -> datetime | None:
    """When it was told, where it says so."""
    try:
        found = parsedate_to_datetime(given.get("Timestamp", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _spellings(url: str) -> list[str]:
    """An address with its port, and without: Twilio signs now the one, now the other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return [url]
    return [url, *(parts._replace(netloc=net).geturl() for net in (host, f"{host}:{port}"))]
