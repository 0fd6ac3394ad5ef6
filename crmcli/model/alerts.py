"""What our own people are told of as it happens, and how: settings.yaml says it for each user."""

from __future__ import annotations

from crmcli.dataclass import dataclass
from crmcli.model.durations import Cap, Duration
from crmcli.model.user import User

NOTICE = "notice"
"""The event by which robots, and crm itself, tell somebody something."""

HEARD: dict[str, str] = {
    "lead.created": "New lead",
    "deal.created": "New deal",
    "mail.in": "New letter",
    "message.in": "New message",
    "sms.in": "SMS",
    "call.in": "Incoming call",
    "call.missed": "Missed call",
    "form.submitted": "Form",
    "task.overdue": "Overdue task",
    "record.unanswered": "No first answer in time",
    "offer.accepted": "Offer accepted",
    "offer.declined": "Offer declined",
    "invoice.paid": "Invoice paid",
}
"""The events of one's own records that a user may ask to hear of, each as it is told."""

MAIL, TELEGRAM, NONE = "mail", "telegram", "none"
STAFF = "users"
"""Where settings.yaml declares how our own people are told, as an act that is to be approved."""
FLOOD = Cap(5, Duration(10, "m"))


@dataclass(frozen=True, slots=True)
class Alerts:
    """How a user is told: `by` are mail, telegram or where an apprise address stands (`env:NAME`), `about`
    the kinds of events. More than `most` become one message; with `quiet` nothing is told outside working
    hours, and all of it after them."""

    by: tuple[str, ...] = ()
    about: tuple[str, ...] = (NOTICE,)
    most: Cap = FLOOD
    quiet: bool = False


def ways_of(user: User, alerts: Alerts | None) -> tuple[str, ...]:
    """By what a user is told; () for whoever has no address, or wants nothing."""
    by = (alerts.by if alerts else ()) or (MAIL, TELEGRAM)
    known = {MAIL: user.email, TELEGRAM: user.telegram, NONE: ""}
    return tuple(one for one in by if known.get(one, one))
