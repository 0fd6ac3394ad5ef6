"""The headers of a message: found in its bytes, decoded, and read into people, ids and times."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crmcli.channels.incoming_mail.charsets import decoded, one_line
from crmcli.channels.incoming_mail.facts import Person
from crmcli.model.addresses import readable

MOST = 2000
"""Headers of one part that are read."""

LONGEST = 1000
"""Characters of a header as it is shown."""

_MOST_PEOPLE = 200
_LONGEST_ID = 250
_LINE = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_BREAK = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*")
_WORD = re.compile(
    r"=\?(?P<charset>[^?\s]*)\?(?P<way>[bBqQ])\?(?P<text>(?:(?!\?=).)*?)(?:\?=|\Z)[ \t]*", re.DOTALL
)
_ID = re.compile(r"<([^<>]+)>")
_LOCAL = r"[^\s<>\"(),:;\\@]{1,200}"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LOCAL}|\"[^\"\s]{{1,200}}\"@{_LOCAL}")
_PIECE = re.compile(
    r'"(?:\\.|[^"\\])*"|\((?:\\.|[^()\\])*\)|<[^<>]*>|=\?\S{1,500}?\?=|[,;]|[^",;<(]+|.', re.DOTALL
)
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,200}@[^\s<>;]{1,200})>?")
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to",
              "x-original-recipient", "x-forwarded-to")  # fmt: skip


class Headers:
    """The headers of a part, in order; a name may come more than once."""

    def __init__(self, head: bytes) -> None:
        self.lines: list[tuple[str, bytes]] = list(_split(head))

    def raw(self, name: str) -> str:
        """The first value of a header as it stands there, on one line; "" if there is none."""
        return next(self.all_raw(name), "")

    def all_raw(self, name: str) -> Iterator[str]:
        """Each value of a header as it stands there, on one line."""
        return (_BREAK.sub(" ", decoded(value)).strip() for key, value in self.lines if key == name)

    def text(self, name: str) -> str:
        """A header as people read it."""
        return unencoded(self.raw(name))

    def people(self, *names: str) -> tuple[Person, ...]:
        """Whom headers name."""
        return tuple(one for name in names for raw in self.all_raw(name) for one in people(raw))

    def ids(self, name: str) -> list[str]:
        """The message ids in a header, in order."""
        found = [match[1] for raw in self.all_raw(name) for match in _ID.finditer(raw)]
        bare = [word for raw in self.all_raw(name) for word in raw.split() if "@" in word]
        ids = (re.sub(r"\s+", "", one) for one in found or [word.strip("<>,;") for word in bare])
        return [f"<{one_line(one, LONGEST)}>" for one in ids if 0 < len(one) <= _LONGEST_ID]

    def answers(self) -> tuple[str, ...]:
        """The messages that are answered, the nearest first."""
        before = self.ids("references")[-100:]
        return tuple(dict.fromkeys([*self.ids("in-reply-to"), *reversed(before)]))

    def date(self) -> datetime | None:
        """When the message was written, as it says; None where it says no time that can be."""
        try:
            found = parsedate_to_datetime(re.sub(r"\s*\(.*", "", self.raw("date"))[:100])
            found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return found if 1980 <= found.year < 2100 else None

    def delivered_to(self) -> tuple[str, ...]:
        """The addresses to which servers say that they delivered it."""
        noted = [one.address for one in self.people(*_DELIVERED)]
        passed = [match[1] for raw in self.all_raw("received") for match in _FOR.finditer(raw)]
        return tuple(dict.fromkeys(filter(None, (*noted, *map(_tidy, passed)))))[:_MOST_PEOPLE]


def _split(head: bytes) -> Iterator[tuple[str, bytes]]:
    """The headers of a head. A line that is none, between others, is what a broken one was torn into."""
    name, pieces = "", list[bytes]()
    for line in re.split(rb"\r\n|\n|\r", head)[: MOST * 10]:
        match = None if line[:1] in (b" ", b"\t") else _LINE.match(line)
        if not match:
            pieces.append(line.strip())
            continue
        if name:
            yield name, b" ".join(pieces).strip()
        name, pieces = match[1].decode("ascii").lower(), [match[2].strip()]
    if name:
        yield name, b" ".join(pieces).strip()


def unencoded(text: str) -> str:
    """A header as people read it: encoded words decoded, broken ones too, on one line, and bounded.

    Words that follow each other are put together before they are decoded, since some programs cut letters in
    two; one that was never ended goes to the end.
    """
    words = list(_WORD.finditer(text[: LONGEST * 20]))
    said, end, together = "", 0, list[re.Match[str]]()
    for place, match in enumerate(words):
        said += text[end : match.start()]
        end = match.end()
        together.append(match)
        after = words[place + 1] if place + 1 < len(words) else None
        if after is None or after.start() != end or _charset(after) != _charset(match):
            said += decoded(b"".join(map(_bytes, together)), _charset(match))
            said += "" if after and after.start() == end else " " * match[0][-1:].isspace()
            together = []
    return one_line(said + text[end:], LONGEST)


def _charset(word: re.Match[str]) -> str:
    return word["charset"].lower()


def _bytes(word: re.Match[str]) -> bytes:
    raw = word["text"].encode("utf-8", "replace")
    if word["way"] in "qQ":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False)
    raw = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return base64.b64decode(raw[: len(raw) - (len(raw) % 4 == 1)] + b"==")
    except binascii.Error:
        return raw


def people(raw: str) -> list[Person]:
    """Whom the value of a header names; commas within names in quotes part nobody."""
    entries: list[list[str]] = [[]]
    for match in _PIECE.finditer(raw[: LONGEST * 20]):
        if match[0] in (",", ";"):
            entries.append([])
        else:
            entries[-1].append(match[0])
    read = (_person(entry) for entry in entries[:_MOST_PEOPLE])
    return [one for one in read if one.address or one.name]


def _person(pieces: list[str]) -> Person:
    angle = next((piece for piece in reversed(pieces) if piece[:1] == "<"), "")
    rest = [piece for piece in pieces if piece[:1] not in ("<", "(")]
    match = _ADDRESS.search(angle) or ("" if angle else _ADDRESS.search("".join(rest)))
    address = _tidy(match[0]) if match else ""
    name = "".join(rest)
    if match and not angle:
        comments = [piece[1:-1] for piece in pieces if piece[:1] == "(" and len(piece) > 1]
        bare = name.replace(match[0], " ")
        name = bare if bare.strip(' "') else " ".join(comments)
    name = re.sub(r"^[^<\"=]*:(?=\s|$)", "", name) if not angle else name  # the name of a group
    name = unencoded(re.sub(r"\\(.)", r"\1", name.strip().strip('"')))
    return Person(unencoded(name).strip("\"'<> ")[:200], address)


def _tidy(address: str) -> str:
    address = one_line(unencoded(address), 254).replace(" ", "").strip("<>'\",;:.")
    local, at, domain = address.rpartition("@")
    return readable(f"{local}@{domain.lower()}") if at and local and domain else ""
