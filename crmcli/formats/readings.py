"""All that a file says, however it is written down: to look for something in it, not to show it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from urllib.parse import unquote_plus

_WIDE = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
_HEAD = 2000
"""Letters at its beginning by which a letter is known."""


def said_in(content: bytes) -> str:
    """What a text, a page, a form, JSON or a letter says: as it stands, and read; "" of what is none."""
    text = _text(content)
    return "\n".join(dict.fromkeys([text, *_read(text, content)])) if text else ""


def _text(content: bytes) -> str:
    if content[:2] in _WIDE:
        return content.decode("utf-16", "replace")
    if b"\0" in content:
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")  # digits and addresses are the same everywhere


def _read(text: str, content: bytes) -> Iterator[str]:
    if "&" in text:
        yield unescape(text)
    if "%" in text:
        yield unquote_plus(text)
    if text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError):
            yield json.dumps(json.loads(text), ensure_ascii=False)
    if ":" in text[:_HEAD].split("\n", 1)[0]:
        yield from _letter(content)


def _letter(content: bytes) -> Iterator[str]:
    from email import message_from_bytes
    from email.header import decode_header, make_header

    letter = message_from_bytes(content)
    for part in letter.walk():
        for name, value in part.items():
            try:
                yield f"{name}: {make_header(decode_header(value))}"
            except (ValueError, LookupError):
                yield f"{name}: {value}"
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            yield (said := _text(body))
            yield unescape(said)
