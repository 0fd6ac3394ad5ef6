"""What Twilio says of SMS, and how it is asked to send one."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.channels.http_exchange import Reply
from crmcli.channels.incoming import Incoming, Unreadable, object_of
from crmcli.channels.incoming.sms import incoming_sms, report_of
from crmcli.channels.outcome import Outcome, Unknown, taken_sms
from crmcli.language import tr

DELIVERED = ("delivered", "read")
FAILED = ("undelivered", "failed", "canceled")


def key_of(given: Mapping[str, str]) -> str:
    """A message has the key of its SID; a report also that of what it says."""
    sid = given.get("MessageSid") or given.get("SmsSid", "")
    state = _state(given) if _is_report(given) else "in"
    return f"sms:twilio:{state}:{sid}" if sid else ""


def read(given: Mapping[str, str]) -> Incoming:
    """A report of one of ours, or a message."""
    sid = given.get("MessageSid") or given.get("SmsSid", "")
    if _is_report(given):
        state = _state(given)
        if state not in (*DELIVERED, *FAILED):
            return Incoming("sms.out", why_nothing="it is still on its way")
        why = tr("error {}", given["ErrorCode"]) if given.get("ErrorCode") else ""
        return report_of(f"twilio:{sid}", is_delivered=state in DELIVERED, why=why)
    if not sid or "From" not in given or "Body" not in given:
        raise Unreadable(tr("it is not what {} sends", "Twilio"))
    return incoming_sms(given["From"], given["Body"], given.get("To", ""))


def values_of(to: str, sender: str, text: str, hook: str) -> dict[str, str]:
    """What is posted to send one; a sender that is no number is a messaging service."""
    key = "MessagingServiceSid" if sender.startswith("MG") else "From"
    callback = {"StatusCallback": hook} if hook else {}
    return {"To": to, key: sender, "Body": text, **callback}


def accepted(reply: Reply) -> Outcome:
    """What the answer says."""
    try:
        said = object_of(reply.text)
        sid = str(said["sid"])[:100]
    except (Unreadable, KeyError):
        return Unknown(tr("Twilio answered without the id of the message"))
    price = str(said.get("price") or "").lstrip("-")
    return taken_sms(f"twilio:{sid}", sid, price and f"{price} {said.get('price_unit') or ''}")


def _is_report(given: Mapping[str, str]) -> bool:
    return "MessageStatus" in given or _state(given) not in ("", "received")


def _state(given: Mapping[str, str]) -> str:
    return given.get("MessageStatus") or given.get("SmsStatus", "")
