"""E-mail and web addresses as people write them, checked."""

from __future__ import annotations

import re
from unicodedata import name

from crmcli.language import tr

LONGEST_EMAIL = 254
NO_LOCAL = r"\s<>()\[\]\\,;:\"…"
"""No address has these before its @, as in a class of a regular expression; v…@b.c is a mask."""
_FORBIDDEN = re.compile(rf"[{NO_LOCAL}]|\.\.")
_AROUND = re.compile(r"[^<>]*<([^<>]+)>")
_MAILTO = re.compile("mailto:", re.IGNORECASE)
_AFTER_COLON = re.compile(r":\s+")
_BETWEEN = re.compile(r"[,;\s]")
_BETWEEN_NAMED = re.compile(r"[,;\n]")
_LABEL = re.compile(r"[^\W_]([^\W_]|-)*(?<!-)")


def read_email(text: str) -> str:
    """Check an e-mail address and lower-case its domain; ValueError if it is none.

    A name around it, `Anna <anna@romashka.ru>`, and `mailto:` are taken off.
    """
    around = _AROUND.fullmatch(text.strip())
    address = around[1].strip() if around else text.strip()
    if prefix := _MAILTO.match(address):
        address = address[prefix.end() :]
    local, _, domain = address.partition("@")
    labels = domain.split(".")
    fits = (
        local
        and len(labels) > 1
        and len(address) <= LONGEST_EMAIL
        and not _FORBIDDEN.search(address)
        and not local.startswith(".")
        and not local.endswith(".")
        and all(_LABEL.fullmatch(label) for label in labels)
    )
    if not fits:
        raise ValueError(tr("{!r} is not an e-mail address", text.strip()))
    return readable(f"{local}@{domain.lower()}")


def readable(address: str) -> str:
    """The address with its domain as people read it: `xn--80a1acny.xn--p1ai` is `почта.рф`. One that mixes
    letters of several scripts, so as to look like another, stays as it is."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain.lower():
        return address
    try:
        read = domain.lower().encode("ascii").decode("idna")
    except UnicodeError:
        return address
    scripts = (
        {name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}
        for label in read.split(".")
    )
    return address if any(len(found) > 1 for found in scripts) else f"{local}{at}{read}"


def email_in(text: str) -> str:
    """The address in `Anna <anna@example.ru>` and `mailto:anna@example.ru`; else the text itself."""
    try:
        return read_email(text)
    except ValueError:
        return text


def split_emails(text: str) -> list[str]:
    """The addresses of one cell; names are only understood around addresses in angle brackets."""
    if "@" not in text:
        return [text]
    separator = _BETWEEN_NAMED if "<" in text else _BETWEEN
    joined = _AFTER_COLON.sub(":", text)
    return [item.strip() for item in separator.split(joined) if item.strip()]


def read_url(text: str) -> str:
    """Check a web address; it stays as it is written. ValueError if it is none."""
    host = re.sub("^https?://", "", text, flags=re.IGNORECASE).partition("/")[0]
    if re.search(r"\s", text) or "@" in host or "://" in host or "." not in host.strip("."):
        raise ValueError(tr("{!r} is not a web address like https://example.ru", text))
    return text
