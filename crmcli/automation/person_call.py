"""Calls that a person starts: the provider calls that person first, and then the client."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex

from crmcli.automation.actions.to_phone import number_for
from crmcli.automation.approval.gate import ASK, Gate
from crmcli.channels.outcome import Outcome, Unknown
from crmcli.channels.providers import provider_of
from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, NotFound, Refused, ServiceFailed
from crmcli.language import tr
from crmcli.model.phones import dialled
from crmcli.model.user import User
from crmcli.sales.consent.permission import why_not
from crmcli.workspace import Workspace

CHANNEL = "call"


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom to call: the number, and the record that it is of, if anybody's."""

    number: str
    name: str = ""


def wanted(ws: Workspace, ref: str, number: str = "", *, anyway: bool = False) -> Callee:
    """Whom a reference means; Refused if it must not be called or has no number."""
    try:
        record = ws.get(ws.resolve(ref))
    except NotFound:
        if not dialled(ref, ws.settings.phone_country):
            raise
        record, number = None, number or ref
    to = dialled(number, ws.settings.phone_country, InvalidData)
    if not (number or to) and record:
        to = number_for(ws, record, CHANNEL)
    if not to:
        raise Refused(tr("{} has no phone number", ref), "give it with --number")
    why = "" if anyway else why_not(ws, record, [to], CHANNEL)
    if why:
        raise Refused(why, "call --anyway")
    return Callee(to, str(record.get("name")) if record else "")


def starting(ws: Workspace, whom: Callee) -> Callable[[], Outcome]:
    """What lets the provider connect the acting user with somebody; Refused where it cannot."""
    provider = provider_of(CHANNEL, ws.settings)
    if provider is None:
        hint = "channels: {call: {provider: NAME}} in settings.yaml, see crm help calls"
        raise Refused("no provider of calls is set up", hint)
    if why := Gate(ws).why_not_channel(CHANNEL):
        raise Refused(why, ASK)
    by = ws.settings.users.get(ws.actor) or User(ws.actor)
    return provider.connecting(whom.number, by, f"call-{token_hex(8)}", ws.now)


def check(outcome: Outcome) -> None:
    """ServiceFailed where the provider did not start the call, or nobody knows."""
    reason = str(getattr(outcome, "reason", ""))
    if isinstance(outcome, Unknown):
        told = tr("the call may or may not have been started: {}", reason)
        raise ServiceFailed(told, "see crm help calls")
    if reason:
        raise ServiceFailed(tr("the call was not started: {}", reason), "see crm help calls")
