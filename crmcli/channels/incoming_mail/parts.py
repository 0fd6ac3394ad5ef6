"""A message taken into its parts. Python's own parser is not asked: it goes as deep as it is led, and a
thousand parts within each other break it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from crmcli.channels.incoming_mail.charsets import one_line
from crmcli.channels.incoming_mail.facts import Attachment
from crmcli.channels.incoming_mail.headers import Headers, unencoded
from crmcli.dataclass import dataclass, field

DEEPEST = 20
MOST = 300
LARGEST = 60 * 1024 * 1024
"""How deep parts may stand in each other, how many there may be, and how many bytes of a message are read."""

_LONGEST_HEAD = 1024 * 1024
_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_LONGEST_NAME = 150
_ENDINGS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "image/jpeg": "jpg", "image/png": "png",
    "image/gif": "gif", "application/pdf": "pdf", "message/rfc822": "eml",
}  # fmt: skip

_NOT_READ = (ValueError, LookupError, TypeError, AttributeError)
"""What Python raises where the parameters of a header are none (RFC 2231)."""


@dataclass
class Part:
    """A part of a message: its headers, its content undecoded, and the parts within it."""

    headers: Headers
    body: bytes
    parts: list[Part] = field(default_factory=list)
    within: str = ""
    """The type of what it stands in."""
    whole: bytes = b""
    """All of the message, of its outermost part."""

    def __post_init__(self) -> None:
        self._message = Message()
        for name in ("content-type", "content-disposition", "content-transfer-encoding"):
            if value := self.headers.raw(name):
                self._message[name] = value[:4000]

    @property
    def type(self) -> str:
        """Its type: text/plain, …"""
        return self._message.get_content_type()

    @property
    def charset(self) -> str:
        """The encoding that it says it is in."""
        return self.param("charset")

    @property
    def disposition(self) -> str:
        """What is to be done with it: attachment, inline or nothing."""
        try:
            return (self._message.get_content_disposition() or "").strip()
        except _NOT_READ:
            return ""

    def param(self, name: str) -> str:
        """A parameter of its type."""
        try:
            value = self._message.get_param(name, "")
        except _NOT_READ:
            return ""
        return "".join(value[-1:] if isinstance(value, tuple) else str(value or ""))

    @property
    def content(self) -> bytes:
        """Its content decoded; as it stands where that cannot be."""
        self._message.set_payload(self.body.decode("ascii", "surrogateescape"))
        try:
            found = self._message.get_payload(decode=True)
        except (ValueError, LookupError, AssertionError):
            found = self.body
        self._message.set_payload("")
        return found if isinstance(found, bytes) else self.body

    @property
    def file_name(self) -> str:
        """The name that it says it has, in whichever way (RFC 2231, or encoded words as most write it)."""
        try:
            name = self._message.get_filename("")
        except _NOT_READ:
            name = ""
        return unencoded(name or "")

    def walk(self) -> Iterator[Part]:
        """Itself and all parts within."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def attachment(self, number: int) -> Attachment:
        """It as a file with a name that is safe."""
        content = self.content
        is_shown = bool(self.headers.raw("content-id") or self.disposition)
        inline = is_shown and self.disposition != "attachment"
        return Attachment(safe_name(self.file_name, self.type, number), self.type, content, inline)


def safe_name(name: str, kind: str, number: int) -> str:
    """A name that a file may have anywhere; one made of the type where there is none."""
    name = _NAME.sub("_", one_line(name.replace("\\", "/").rpartition("/")[2], 1000)).strip(" ._")
    if not name:
        return f"{kind.partition('/')[0]}-{number}.{_ENDINGS.get(kind, 'bin')}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending)]}.{ending}"


class Tree:
    """The parts of a message; `is_cut` if there were more, or deeper ones, than are read."""

    def __init__(self, data: bytes) -> None:
        self.is_cut = len(data) > LARGEST
        self._count = 0
        if b"\n" not in data[:_LONGEST_HEAD] and b"\r" in data:
            data = data.replace(b"\r", b"\n")
        data = re.sub(rb"\A(?:[\s\0]*\n)?(?:>?From [^\n]*\n)?", b"", data[:LARGEST])
        self.root = self._part(data, 0, "")
        self.root.whole = data

    def _part(self, data: bytes, depth: int, within: str) -> Part:
        self._count += 1
        head, body = _parted(data)
        part = Part(Headers(head), body, within=within)
        kind = part.type
        if not kind.startswith("multipart/") and kind not in ("message/rfc822", "message/global"):
            return part
        if depth >= DEEPEST:
            self.is_cut = True
            return part
        is_whole = kind.startswith("message/")
        for piece in [part.content] if is_whole else _between(body, part.param("boundary")):
            if self._count >= MOST:
                self.is_cut = True
                break
            part.parts.append(self._part(piece, depth + 1, kind))
        return part


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """The head and the body; what begins with no header has no head."""
    first = data[:_LONGEST_HEAD].partition(b"\n")[0]
    if not first.strip():
        return b"", data.partition(b"\n")[2]
    if not re.match(rb"[!-9;-~]+[ \t]*:", first):
        return b"", data
    blank = re.search(rb"\r?\n[ \t]*\r?\n", data[:_LONGEST_HEAD])
    return (data[: blank.start()], data[blank.end() :]) if blank else (data[:_LONGEST_HEAD], b"")


def _between(body: bytes, boundary: str) -> list[bytes]:
    """What stands between the boundaries; () where they are not found."""
    if not boundary:
        return []
    line = re.escape(b"--" + boundary.rstrip().encode("utf-8", "surrogateescape"))
    found = [*re.finditer(rb"(?:\A|\r?\n)" + line + rb"(--)?[ \t]*(?:\r?(?=\n)|\Z)", body)]
    ends = [*(one.start() for one in found[1:]), len(body)]
    return [body[one.end() + 1 : end] for one, end in zip(found, ends, strict=False) if not one[1]]
