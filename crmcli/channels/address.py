"""E-mail addresses and header values: what may stand in a message, and what is refused."""

from __future__ import annotations

import contextlib
import re

from crmcli.channels.base import Unsound
from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.render.mail_text import forbidden_in_header

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_ENCODED_WORD = re.compile(r"=\?.*\?=", re.DOTALL)
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")


class UnsafeHeader(Unsound):
    """A header value or an address that must not stand in a message."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name that people see; the domain is ASCII."""

    name: str
    address: str


def checked(header: str, value: str) -> str:
    """The value of a header as it will be read; UnsafeHeader if it would be read as something else. Control
    characters end a header, and mail programs decode what looks like an encoded word (`=?UTF-8?Q?=0A?=`,
    RFC 2047), some of them also where the standard says it is none."""
    fault = forbidden_in_header(value)
    if fault:
        told = tr("{} has {}, which is not allowed in a header", header, fault)
        raise UnsafeHeader(told, "remove it")
    if _ENCODED_WORD.search(value):
        told = tr(
            "{} has an encoded word, which mail programs would show as other text: {!r}",
            header, value[:60],
        )  # fmt: skip
        raise UnsafeHeader(told, "write the text itself, without '=?'")
    return value


def mailbox(header: str, text: str) -> Mailbox:
    """Read `Anna <anna@example.com>` or a bare address; UnsafeHeader if it is neither."""
    checked(header, text)
    match = _NAMED.fullmatch(text.strip())
    name = _unquoted(match["name"].strip()) if match else ""
    address = _ascii(match["address"].strip() if match else text.strip())
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        told = tr("{}: {!r} is not an e-mail address", header, text[:80])
        raise UnsafeHeader(told, "write it like anna@example.com")
    return Mailbox(name, address)


def _unquoted(name: str) -> str:
    """A name as people see it, where it stands in quotes."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name


def _ascii(address: str) -> str:
    """The address with its domain as the wire has it: `почта.рф` is `xn--80a1acny.xn--p1ai`."""
    local, at, domain = address.rpartition("@")
    with contextlib.suppress(UnicodeError):  # then it is no address, as the caller will find
        domain = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"
