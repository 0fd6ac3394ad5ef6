"""One exchange over HTTP with an address that somebody wrote down: never an inner one, and bounded."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from crmcli.channels.base import Unsound
from crmcli.channels.connection import Connection, look_up
from crmcli.channels.outcome import one_line
from crmcli.dataclass import dataclass
from crmcli.language import tr

if TYPE_CHECKING:
    import socket

SECONDS = 10.0
"""How long a whole call may take."""

MAX_ANSWER = 64 * 1024
MOST_HEARD = 256 * 1024
"""Bytes that the other side may send in all: what goes before an answer, its headers, its text."""

LONGEST_LINE = 8 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] +([1-9][0-9][0-9])(?:[ \t].*)?", re.DOTALL)
AGAIN = (408, 425, 429)
DOUBTFUL = (408, 500, 502, 504, *range(505, 600))
"""After these nobody knows whether it was taken; 429 and 503 say that it was not."""
_ALSO_INNER = (
    ipaddress.ip_network("100.64.0.0/10"),  # carriers' inner addresses, and Alibaba's metadata
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's metadata, though it looks public
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("fec0::/10"),
)


class BadHook(Unsound):
    """A web hook that cannot be called as it is written."""


class NoReply(Exception):
    """There is none; why."""


class Inner(NoReply):
    """The address leads into the own network."""


class Unreached(NoReply):
    """Nothing has been sent; why."""


class BrokenOff(NoReply):
    """Nobody knows whether the other side took it; why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered: its status, where it points to, and as much of the text as was read."""

    status: int
    location: str
    text: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
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


def endpoint_of(url: str) -> Endpoint:
    """A web address taken apart; BadHook if it is none that could be called."""
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
    return Endpoint(parts.scheme == "https", host, port, target)


def exchange(
    method: str, place: Endpoint, headers: Mapping[str, str], data: bytes, allow: Sequence[str],
    seconds: float = SECONDS, *, reads_all: bool = False, whole: int = 0,
) -> Reply:  # fmt: skip
    """Call an address and give its reply; Inner, Unreached or BrokenOff say why there is none. `allow` lists
    host:port of inner addresses that are right to call. With `whole` the reply has up to so many bytes, and
    one that ends too early is BrokenOff."""
    until = time.monotonic() + seconds
    sent = {"Host": place.header, "User-Agent": "crmcli", "Connection": "close", **headers}
    if method != "GET":
        sent["Content-Length"] = str(len(data))
    try:
        address = _resolved(place, allow, until)
    except OSError as error:
        raise Unreached(f"{place.host}: {error.strerror or error}") from None
    connection, has_begun = _Pinned(place, address, until, whole or MOST_HEARD), False
    try:
        connection.connect()
        has_begun = True
        return connection.call(
            method, place.target, sent, data, reads_all=reads_all, is_whole=bool(whole)
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError) or time.monotonic() >= until
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        reason = f"{place.host}: {tr('no reply in time') if late else words}"
        raise (BrokenOff if has_begun else Unreached)(reason) from None
    finally:
        connection.close()


def _resolved(place: Endpoint, allow: Sequence[str], until: float) -> str:
    """The one address to connect to, looked up once; Inner if any answer is an inner one."""
    allowed = place.name.lower() in {entry.lower() for entry in allow}
    hint = tr("to allow it: channels: {{webhook: {{allow: [{!r}]}}}} in settings.yaml", place.name)
    if place.port not in (80, 443) and not allowed:
        raise Inner(tr("{} is on a port other than 80 or 443; {}", place.name, hint))
    addresses = look_up(place.host, place.port, until)
    if not allowed and any(is_inner(address) for address in addresses):
        raise Inner(tr("{} is a private network address; {}", place.name, hint))
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

    def __init__(self, place: Endpoint, address: str, until: float, most: int) -> None:
        super().__init__(place.host, place.port)
        self.tls, self.address, self.until, self.most = place.tls, address, until, most

    def connect(self) -> None:
        """Connect within what is left of the time, encrypted for https."""
        self.line = Connection([self.address], self.port, self.until, self.most)
        self.sock = cast("socket.socket", self.line)  # all that is asked of one here
        if self.tls:
            self.line.encrypt(ssl.create_default_context(), self.host)

    def call(
        self, method: str, target: str, headers: Mapping[str, str], data: bytes, *, reads_all: bool,
        is_whole: bool,
    ) -> Reply:  # fmt: skip
        """Call, and give the reply. The status decides; the rest serves the message, where it comes."""
        self.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.putheader(name, value)
        self.endheaders(data)
        status = self._status()
        answer = http.client.HTTPResponse(self.sock, method=method)
        text, location = b"", ""
        if is_whole:
            answer.begin()
            location, etag = (answer.getheader(name) or "" for name in ("Location", "ETag"))
            return Reply(status, location, answer.read(), etag)
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            answer.begin()
            location = answer.getheader("Location") or ""
            text = answer.read(MAX_ANSWER) if reads_all or status >= 400 else b""
        return Reply(status, location, text)

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
