"""E-mail addresses and header values: what may stand in a message, and what is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crmcli.errors import InvalidData
from crmcli.render.letter import forbidden_in_header

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")


class UnsafeHeader(InvalidData):
    """A header value or an address that must not stand in a message."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name that people see; the domain is ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


def checked(header: str, value: str) -> str:
    """The value of a header as it will be read; UnsafeHeader if it holds a control character.

    What RFC 2047 hides (`=?UTF-8?Q?=0A?=`) is looked at too: Python before 3.11.10 writes it out.
    """
    for text in (value, _decoded(header, value)):
        fault = forbidden_in_header(text)
        if fault:
            raise UnsafeHeader(f"{header} would hold {fault}, which a header must not", "remove it")
    return value


def _decoded(header: str, value: str) -> str:
    if "=?" not in value:
        return value
    from email.errors import HeaderParseError
    from email.header import decode_header

    try:
        parts = decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
            for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError) as error:
        raise UnsafeHeader(
            f"{header} holds an encoded word that cannot be read: {value[:60]!r}", "remove the '=?'"
        ) from error


def mailbox(header: str, text: str) -> Mailbox:
    """Read `Anna <anna@example.com>` or a bare address; UnsafeHeader if it is neither."""
    checked(header, text)
    match = _NAMED.fullmatch(text.strip())
    name = _unquoted(match["name"].strip()) if match else ""
    address = _ascii(match["address"].strip() if match else text.strip())
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise UnsafeHeader(
            f"{header}: {text[:80]!r} is not an e-mail address", "write it like anna@example.com"
        )
    return Mailbox(name, address)


def _unquoted(name: str) -> str:
    """A name as people see it, where it stands in quotes."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name


def _ascii(address: str) -> str:
    """The address with its domain as the wire has it: `почта.рф` is `xn--80a1acny.xn--p1ai`."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return f"{local}{at}{domain.lower()}"
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address  # no address, as the caller will find
