"""Asking a provider's API over HTTP: once, bounded, and never at an inner address that nobody allowed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from crmcli.channels.address import checked
from crmcli.channels.http_exchange import (
    AGAIN,
    DOUBTFUL,
    SECONDS,
    BrokenOff,
    Inner,
    Reply,
    Unreached,
    exchange,
    place_of,
)
from crmcli.channels.outcome import Failed, Outcome, Unknown, discreet, one_line
from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.settings import Settings

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the method, the address, headers and body. `secrets` are not repeated in what is told of
    the answer."""

    url: str
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    secrets: Collection[str] = ()


def form(values: Mapping[str, str]) -> tuple[bytes, str]:
    """Some values as the body of a form, and what that is called."""
    return urlencode(values).encode(), FORM


def ask(request: Request, settings: Settings, read: Callable[[Reply], Outcome]) -> Outcome:
    """Ask, and let `read` tell what an answer between 200 and 299 means. What got lost on the way is Unknown
    once it may have arrived, for it must arrive at most once."""
    place = place_of(request.url)
    headers = {"Host": place.header, "User-Agent": "crmcli", "Connection": "close"}
    headers |= {name: checked(name, value) for name, value in request.headers.items()}
    if request.method != "GET":
        headers["Content-Length"] = str(len(request.data))
    until = time.monotonic() + SECONDS
    allow = settings.webhook.allow
    try:
        reply = exchange(request.method, place, headers, request.data, allow, until, reads_all=True)
    except Inner as inner:
        return Failed(str(inner), again=False)
    except Unreached as error:
        return Failed(str(error))
    except BrokenOff as error:
        return Unknown(str(error))
    found = read(reply) if 200 <= reply.status < 300 else _refused(place.host, reply)
    return discreet(found, _spelled(request.secrets))


def _spelled(secrets: Iterable[str]) -> set[str]:
    """Secrets as an answer may repeat them: plain, and as they stood in an address or in one within it."""
    once = {spelled(one) for one in secrets for spelled in (str, quote_plus, _quoted)}
    return once | {spelled(one) for one in once for spelled in (quote_plus, _quoted)}


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _refused(host: str, reply: Reply) -> Outcome:
    words = one_line(reply.text)
    said = tr("{} answered {}", host, reply.status)
    told = f"{said}: {words}" if words else said
    if reply.status in DOUBTFUL:
        return Unknown(told)
    return Failed(told, again=reply.status in AGAIN or reply.status >= 500)


def members(text: bytes) -> dict[str, Any]:
    """A JSON object; ValueError if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(tr("it is no JSON object"))
    return found
