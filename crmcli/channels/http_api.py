"""Asking over HTTP: once, bounded, and never at an inner address that nobody allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from urllib.parse import quote, quote_plus

from crmcli.channels.address import checked
from crmcli.channels.http_exchange import (
    AGAIN,
    DOUBTFUL,
    SECONDS,
    BrokenOff,
    Inner,
    Reply,
    Unreached,
    endpoint_of,
    exchange,
)
from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown, discreet, one_line
from crmcli.dataclass import dataclass, field
from crmcli.language import tr

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


def ask(
    request: Request, allow: Sequence[str], read: Callable[[Reply], Outcome] | None = None,
    seconds: float = SECONDS, *, at_most_once: bool = True,
) -> Outcome:  # fmt: skip
    """Ask, and let `read` tell what an answer between 200 and 299 means, if its status does not say all. What
    got lost on the way is Unknown once it may have arrived, where it must arrive at most once."""
    place = endpoint_of(request.url)
    headers = {name: checked(name, value) for name, value in request.headers.items()}
    found: Outcome
    try:
        asked = (request.method, place, headers, request.data, allow, seconds)
        reply = exchange(*asked, reads_all=read is not None)
        found = _outcome(place.host, reply, read)
    except Inner as inner:
        found = Failed(str(inner), again=False)
    except Unreached as error:
        found = Failed(str(error))
    except BrokenOff as error:
        found = Unknown(str(error))
    if isinstance(found, Unknown) and not at_most_once:
        found = Failed(found.reason)
    return discreet(found, _spelled(request.secrets))


def _spelled(secrets: Iterable[str]) -> set[str]:
    """Secrets as an answer may repeat them: plain, and as they stood in an address or in one within it."""
    once = {spelled(one) for one in secrets for spelled in (str, quote_plus, _quoted)}
    return once | {spelled(one) for one in once for spelled in (quote_plus, _quoted)}


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _outcome(host: str, reply: Reply, read: Callable[[Reply], Outcome] | None) -> Outcome:
    status, said = reply.status, tr("{} answered {}", host, reply.status)
    if 200 <= status < 300:
        return read(reply) if read else Sent(said)
    if 300 <= status < 400:
        told = tr("{}: moved to {!r}, use that URL", said, reply.location[:200])
        return Failed(told, again=False)
    told = f"{said}: {words}" if (words := one_line(reply.text)) else said
    if status in DOUBTFUL:
        return Unknown(told)
    return Failed(told, again=status in AGAIN or status >= 500)
