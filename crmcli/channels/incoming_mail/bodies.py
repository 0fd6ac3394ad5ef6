"""The text of a message: which of its parts are read, and which are files that came along."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crmcli.channels.incoming_mail.charsets import clean, decoded
from crmcli.channels.incoming_mail.facts import Attachment
from crmcli.channels.incoming_mail.html_text import Marked, html_text
from crmcli.channels.incoming_mail.parts import Part

LONGEST = 1_000_000
"""Characters of a text that are read."""

_ENOUGH = 100
_HTML_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_LOOKS_HTML = re.compile(r"\s*<(?:!doctype html|html|head|body|div|p|table)\b", re.IGNORECASE)


def body(root: Part) -> Marked:
    """The text that a person reads, with its marks."""
    whole = Marked()
    for part in _shown(root):
        read = _read(part)
        if not read.text.strip():
            continue
        text = f"{whole.text.rstrip()}\n\n" if whole.text.strip() else ""
        by = len(text)
        whole.marks += [(kind, start + by, end + by) for kind, start, end in read.marks]
        whole.text = text + read.text
    whole.text = whole.text[:LONGEST].rstrip()
    return whole


def attachments(root: Part) -> tuple[Attachment, ...]:
    """The parts that are no text to be read, nor a choice of the same."""
    read = {id(part) for part in _shown(root)}
    return tuple(part.attachment(number) for number, part in enumerate(_files(root, read), 1))


def _files(part: Part, read: set[int]) -> Iterator[Part]:
    if part.type.startswith("multipart/") and part.parts:
        for one in part.parts:
            yield from _files(one, read)
    elif id(part) not in read and (part.body.strip() or part.file_name) and not _is_choice(part):
        yield part


def _is_choice(part: Part) -> bool:
    return part.within == "multipart/alternative" and _is_text(part)


def _shown(part: Part) -> Iterator[Part]:
    """The parts whose text is read, in order."""
    if part.type.startswith("multipart/") and part.parts:
        kept = [_best(part.parts)] if part.type == "multipart/alternative" else part.parts
        if part.type == "multipart/related":
            kept = part.parts[:1]
        for one in kept:
            yield from _shown(one)
    elif _is_text(part) or part.type.startswith("multipart/"):
        yield part


def _best(parts: list[Part]) -> Part:
    """Of a choice the plain text, unless it is empty or says no more than that there is HTML."""
    plain = next((part for part in parts if part.type == "text/plain"), None)
    rest = [part for part in parts if part is not plain]
    able = (part for part in reversed(rest) if any(map(_is_text, part.walk())))
    rich = next(able, None)
    if plain is None or rich is None:
        return plain or rich or parts[-1]
    said = _read(plain).text.strip()
    has_no_text = not said or (len(said) < _ENOUGH * 3 and re.search(r"\bHTML\b", said) is not None)
    return rich if has_no_text else plain


def _is_text(part: Part) -> bool:
    """Whether a part is text to be read, and no file."""
    is_named = bool(part.file_name) and part.within != "multipart/alternative"
    is_file = part.disposition == "attachment" or is_named
    return part.type in ("text/plain", "text/html", "text/enriched") and not is_file


def _read(part: Part) -> Marked:
    content = part.content
    announced = part.charset
    is_html = part.type == "text/html"
    if is_html and not announced and (meta := _HTML_META.search(content[:4096])):
        announced = meta[1].decode("ascii")
    text = clean(decoded(content[: LONGEST * 8], announced))
    if is_html or (not part.headers.raw("content-type") and _LOOKS_HTML.match(text)):
        return html_text(text)
    if part.param("format").lower() == "flowed":
        text = _flowed(text, part.param("delsp").lower() == "yes")
    return Marked(text[:LONGEST])


def _flowed(text: str, has_no_space: bool) -> str:
    """Lines that were broken to be sent, whole again (RFC 3676)."""
    lines: list[list[str]] = []  # each in pieces: one made of a million is put together once
    goes_on, depth = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        quoted = len(line) - len(bare)
        bare = bare[1:] if bare.startswith(" ") else bare
        if goes_on and quoted == depth and bare != "-- ":
            lines[-1].append(bare)
        else:
            lines.append([f"{'>' * quoted} {bare}" if quoted else bare])
        goes_on, depth = bare.endswith(" ") and bare != "-- ", quoted
        if goes_on and has_no_space:
            lines[-1][-1] = lines[-1][-1][:-1]
    return "\n".join(map("".join, lines))
