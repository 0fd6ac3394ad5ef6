"""Posting JSON to a web address that somebody wrote into the pipelines: never to an inner one."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from crmcli.channels import secrets
from crmcli.channels.address import checked
from crmcli.channels.base import Prepared, Queued, Sender, Unsound
from crmcli.channels.connection import Connection, look_up
from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown, discreet, one_line
from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.redaction import redacted, secrets_of

if TYPE_CHECKING:
    import socket

SECONDS = 10.0
"""How long a whole call may take."""

MAX_ANSWER = 64 * 1024
MOST_HEARD = 256 * 1024
"""Bytes that the other side may send in all: what goes before an answer, its headers, its text."""

LONGEST_LINE = 8 * 1024
MAX_BODY = 256 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] +([1-9][0-9][0-9])(?:[ \t].*)?", re.DOTALL)
_AGAIN = (408, 425, 429)
_DOUBTFUL = (408, 500, 502, 504, *range(505, 600))
"""After these nobody knows whether it was taken; 429 and 503 say that it was not."""
_OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te",
         "trailer", "proxy-authorization", "idempotency-key", "user-agent", "expect")  # fmt: skip
_ALSO_INNER = (
    ipaddress.ip_network("100.64.0.0/10"),  # carriers' inner addresses, and Alibaba's metadata
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's metadata, though it looks public
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("fec0::/10"),
)


class BadHook(Unsound):
    """A web hook that cannot be called as it is written."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A call to be made: where to, with what. `secret` signs it; `key` is the job's key."""

    url: str
    body: object
    key: str
    secret: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def post(
    hook: Hook,
    at: datetime,
    allow: Sequence[str] = (),
    seconds: float = SECONDS,
    *,
    at_most_once: bool = False,
) -> Outcome:
    """Post the body as JSON; `allow` lists host:port of inner addresses that are right to call.

    The same hook has the same body and the same `webhook-id` each time, so the other side can tell
    a repetition; therefore what went wrong on the way is Failed, to be tried again, and Unknown only where it
    must get there `at_most_once`.
    The signature is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. BadHook for an
    address, header or body that cannot be sent.
    """
    place = _place(hook.url)
    data = _json(hook.body)
    headers = _headers(hook, place, data, int(at.timestamp()))
    until = time.monotonic() + seconds
    told = {*secrets_of(hook.url), hook.secret, *hook.headers.values()}
    try:
        address = _resolve(place, allow, until)
    except _Inner as inner:
        return Failed(str(inner), again=False)
    except OSError as error:
        return Failed(f"{place.host}: {error.strerror or error}")
    connection, has_begun = _Pinned(place, address, until), False
    outcome: Outcome
    try:
        connection.connect()
        has_begun = True
        outcome, status = connection.call(place.target, headers, data)
        is_doubtful = status in _DOUBTFUL
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError) or time.monotonic() >= until
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        reason = tr("no reply in time") if late else words
        outcome, is_doubtful = Failed(f"{place.host}: {reason}"), has_begun
    finally:
        connection.close()
    if at_most_once and is_doubtful and isinstance(outcome, Failed):
        outcome = Unknown(outcome.reason)
    return discreet(outcome, told)


class Webhook(Sender):
    """Calls of the addresses that robots name."""

    noun = "a call"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read the call that was kept, and the secret that signs it."""
        call = json.loads(message.content)
        secret = secrets.read(str(message.facts.get("secret", "")))
        hook = Hook(call["url"], call["body"], message.key, secret, call["headers"])
        return Prepared(partial(post, hook, now, self.settings.webhook.allow))

    @classmethod
    def shown(cls, message: Queued) -> dict[str, Any]:
        """The call, without what is secret in its address."""
        return {**json.loads(message.content), "url": redacted(str(message.facts["to"]))}

    @classmethod
    def may_repeat(cls, transport: str) -> bool:
        """The other side can tell by the key."""
        return transport == cls.name()

    @classmethod
    def lane(cls, facts: Mapping[str, Any]) -> str:
        """Each address for itself."""
        return str(facts.get("to"))

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """Which inner addresses may be called."""
        allow = declared.get("allow")
        allowed = ", ".join(map(str, allow if isinstance(allow, list) else ()))
        return tr("web hooks may also call {}", allowed)


SENDER = Webhook


class _Inner(Exception):
    """The address leads into the own network."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a hook is called, taken apart: host as the wire has it, target with its query."""

    tls: bool
    host: str
    port: int
    target: str

    @property
    def name(self) -> str:
        """Host and port, as the list of allowed addresses has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def header(self) -> str:
        """Host and port, as the Host header has them."""
        usual = self.port == (443 if self.tls else 80)
        return self.name.removesuffix(f":{self.port}") if usual else self.name


def _place(url: str) -> _Place:
    hint = "write it like https://example.com/hook"
    if not url.isprintable() or " " in url:
        raise BadHook("the web hook's URL has spaces or control characters", hint)
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:  # its words quote what stands there, which may be a password
        raise BadHook("the web hook's URL is not valid", hint) from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadHook("the web hook's URL is not valid", hint)
    if parts.username is not None or parts.password is not None:
        raise BadHook("a web hook's URL may not contain a user or password", "use headers")
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe="%/?:@!$&'()*+,;=~-._[]")
    return _Place(parts.scheme == "https", host, port, target)


def _json(body: object) -> bytes:
    try:
        data = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        hint = "use texts, numbers, lists and maps"
        raise BadHook(tr("the body is not JSON: {}", error), hint) from None
    if len(data) > MAX_BODY:
        raise BadHook(tr("the body is longer than {} KB", MAX_BODY // 1024), "send less")
    return data


def _headers(hook: Hook, place: _Place, data: bytes, timestamp: int) -> dict[str, str]:
    own = {
        "Host": place.header,
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(data)),
        "User-Agent": "crmcli",
        "Connection": "close",
        "webhook-id": checked("webhook-id", hook.key),
        "webhook-timestamp": str(timestamp),
        "Idempotency-Key": hook.key,
    }
    if hook.secret:
        own["webhook-signature"] = sign(hook.secret, hook.key, timestamp, data)
    for name, value in hook.headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or name.lower().startswith("webhook-"):
            raise BadHook(tr("{!r} cannot be set as a header", name), "leave it out")
        if name.lower() in _OURS or not value.isascii():
            raise BadHook(tr("the header {} cannot have that value", name), "leave it out")
        own[name] = checked(name, value)
    return own


def sign(secret: str, key: str, timestamp: int, data: bytes) -> str:
    """The signature of a call; a secret `whsec_…` is base64, any other one is taken as it is."""
    raw = secret.encode()
    if secret.startswith("whsec_"):
        try:
            raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            told = "the secret begins with whsec_ but is not base64"
            raise BadHook(told, "copy it whole") from None
    signed = f"{key}.{timestamp}.".encode() + data
    return "v1," + base64.b64encode(hmac.digest(raw, signed, hashlib.sha256)).decode()


def _resolve(place: _Place, allow: Sequence[str], until: float) -> str:
    """The one address to connect to, looked up once; _Inner if any answer is an inner one."""
    allowed = place.name.lower() in {entry.lower() for entry in allow}
    hint = tr("to allow it: channels: {{webhook: {{allow: [{!r}]}}}} in settings.yaml", place.name)
    if place.port not in (80, 443) and not allowed:
        raise _Inner(tr("{} is on a port other than 80 or 443; {}", place.name, hint))
    addresses = look_up(place.host, place.port, until)
    if not allowed and any(is_inner(address) for address in addresses):
        raise _Inner(tr("{} is a private network address; {}", place.name, hint))
    return addresses[0]


def is_inner(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local, reserved or a cloud's metadata."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (within := _carried(ip)) is not None:
        return is_inner(str(within))
    return (
        not ip.is_global
        or ip.is_multicast
        or ip.is_reserved
        or any(ip in net for net in _ALSO_INNER if net.version == ip.version)
    )


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries inside: mapped, 6to4, Teredo, NAT64."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in ipaddress.ip_network("64:ff9b::/96") or int(ip) >> 32 == 0:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name means a moment later."""

    def __init__(self, place: _Place, address: str, until: float) -> None:
        super().__init__(place.host, place.port)
        self.tls, self.address, self.until = place.tls, address, until

    def connect(self) -> None:
        """Connect within what is left of the time, encrypted for https."""
        self.line = Connection([self.address], self.port, self.until, MOST_HEARD)
        self.sock = cast("socket.socket", self.line)  # all that is asked of one here
        if self.tls:
            self.line.encrypt(ssl.create_default_context(), self.host)

    def call(
        self, target: str, headers: Mapping[str, str], data: bytes
    ) -> tuple[Sent | Failed, int]:
        """Call, and tell what came of it. The status decides; the rest serves the message, where it comes."""
        self.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.putheader(name, value)
        self.endheaders(data)
        status = self._status()
        answer = http.client.HTTPResponse(self.sock, method="POST")
        text, location = b"", ""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            answer.begin()
            location = answer.getheader("Location") or ""
            text = answer.read(MAX_ANSWER) if status >= 400 else b""
        return _outcome(self.host, status, location, text), status

    def _status(self) -> int:
        """The status of the answer, past those that only announce it (1xx)."""
        while True:
            first = self.line.line(LONGEST_LINE)
            match = _STATUS.fullmatch(first)
            if match is None:
                raise OSError(tr("not an HTTP reply: {!r}", one_line(first[:60])))
            if int(match[1]) >= 200:
                self.line.unread(first + b"\r\n")
                return int(match[1])
            while self.line.line(LONGEST_LINE):
                pass  # its headers


def _outcome(host: str, status: int, location: str, text: bytes) -> Sent | Failed:
    said = tr("{} answered {}", host, status)
    if 200 <= status < 300:
        return Sent(said)
    if 300 <= status < 400:
        return Failed(tr("{}: moved to {!r}, use that URL", said, location[:200]), again=False)
    again = status in _AGAIN or status >= 500
    return Failed(f"{said}: {words}" if (words := one_line(text)) else said, again)
