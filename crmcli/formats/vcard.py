"""vCards 2.1, 3.0 and 4.0 as lines: unfolded, decoded, and written again."""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence

from crmcli.dataclass import dataclass, replace
from crmcli.formats.encodings import decode
from crmcli.formats.vcard_lines import STRUCTURED, CardLine, cut, escape, folded
from crmcli.language import tr

LISTS = ("CATEGORIES", "NICKNAME")
BINARY = ("PHOTO", "LOGO", "SOUND", "KEY")

MOST_LINE = 16 << 20
_ENCODINGS = ("QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B", "Q")
_VERSIONS = ("2.1", "3.0", "4.0")
_HEAD = re.compile(r'(?:([\w-]+)\.)?([\w-]+)((?:;(?:"[^"]*"|[^":;])*)*)$', re.ASCII)
_PARTS = re.compile(rb'((?:"[^"]*"|[^":])*):(.*)', re.DOTALL)  # its first colon in no quotes
_PARAM = re.compile(r';((?:"[^"]*"|[^";])*)')
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?;base64,(.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """One card: the line of the file where it begins, its properties, and what is wrong with it."""

    line: int
    lines: tuple[CardLine, ...]
    fault: str = ""
    source: str = ""


def is_vcard(content: bytes) -> bool:
    """Whether bytes begin like a vCard, in whatever encoding."""
    head = content[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head[:11].upper() == b"BEGIN:VCARD"


def read_cards(
    content: bytes, name: str, encoding: str = ""
) -> tuple[list[tuple[int, bytes]], str]:
    """The lines of a file with their numbers, and the encoding of those that name none."""
    read = decode(content, name, encoding)
    if read.encoding.startswith("utf-"):
        content = read.text.encode("utf-8", "surrogateescape")
        read = replace(read, encoding="utf-8")
    return list(enumerate(re.split(rb"\r*\n|\r", content), start=1)), read.encoding


def cards(lines: Sequence[tuple[int, bytes]], encoding: str) -> Iterator[Card]:
    """Every card in order, broken ones too; reading goes on with the next BEGIN."""
    found: list[tuple[int, bytes]] = []
    depth = 0
    for number, line in lines:
        word = line.strip().upper()
        if word == b"BEGIN:VCARD":
            if found and not _may_nest(found):
                yield _broken(found, "has no END:VCARD", encoding)
                found, depth = [], 0
            depth += 1
        if depth or word:
            found.append((number, line))
        if word == b"END:VCARD" and depth:
            depth -= 1
            if not depth:
                yield _card(found, encoding)
                found = []
        elif not depth and word:
            yield _broken(found, "is outside any card", encoding)
            found = []
    if found and depth:
        yield _broken(found, "has no END:VCARD", encoding)


def _may_nest(lines: Sequence[tuple[int, bytes]]) -> bool:
    return lines[-1][1].strip().upper() in (b"AGENT:", b"AGENT;TYPE=VCARD:")


def _broken(lines: Sequence[tuple[int, bytes]], fault: str, encoding: str) -> Card:
    text = b"\n".join(line for _, line in lines).decode(encoding, "replace")
    return Card(lines[0][0], (), fault, text[:100_000])


def _card(lines: Sequence[tuple[int, bytes]], encoding: str) -> Card:
    body = lines[1:-1]
    if any(line.strip().upper() == b"BEGIN:VCARD" for _, line in body):
        return _broken(lines, "contains another card (AGENT): make it a separate card", encoding)
    version = next(
        (line[8:].strip().decode("ascii", "replace") for _, line in body
         if line[:8].upper() == b"VERSION:"), "3.0",
    )  # fmt: skip
    if version not in _VERSIONS:
        return _broken(lines, tr("has version {!r}; known are 2.1, 3.0 and 4.0", version), encoding)
    found: list[CardLine] = []
    for number, line in _unfolded(body, version):
        try:
            found.append(_line(line, version, encoding))
        except ValueError as error:
            return _broken(lines, tr("line {} {}", number, error), encoding)
    source = b"\n".join(line for _, line in lines).decode(encoding, "replace")
    return Card(lines[0][0], tuple(found), "", source)


def _unfolded(lines: Sequence[tuple[int, bytes]], version: str) -> Iterator[tuple[int, bytes]]:
    """Whole lines: folded ones, those of quoted-printable and of base64 put together again."""
    number, whole = 0, b""
    for at, line in lines:
        head = whole.partition(b":")[0].upper()
        is_base64 = b"BASE64" in head or b"ENCODING=B" in head
        if whole.endswith(b"=") and b"QUOTED-PRINTABLE" in head:
            whole = whole[:-1] + (line.lstrip(b" \t") if line[:1] in b" \t" else line)
        elif whole and line[:1] in (b" ", b"\t"):
            whole += line.strip() if is_base64 else line if version == "2.1" else line[1:]
        elif whole and is_base64 and line and b":" not in line:
            whole += line.strip()
        else:
            if whole.strip():
                yield number, whole
            number, whole = at, line
        if len(whole) > MOST_LINE:
            break
    if whole.strip():
        yield number, whole


def _line(line: bytes, version: str, encoding: str) -> CardLine:
    if len(line) > MOST_LINE:
        raise ValueError(tr("is longer than {} MB", MOST_LINE >> 20))
    parts = _PARTS.fullmatch(line)
    match = parts and _HEAD.match(parts[1].decode("ascii", "replace").strip())
    if parts is None or match is None:
        shown = line[:40].decode(encoding, "replace")
        raise ValueError(tr("is not a property: {!r}", shown))
    raw = parts[2]
    params, how, charset = _params(match[3])
    name = match[2].upper()
    if how in ("BASE64", "B"):
        return CardLine(name, "", params, match[1] or "", _bytes(raw))
    text = _text(raw, how, charset or encoding)
    uri = _DATA_URI.fullmatch(text) if name in BINARY else None
    if uri:
        media = (("MEDIATYPE", uri[1]),) if uri[1] else ()
        return CardLine(name, "", (*params, *media), match[1] or "", _bytes(uri[2].encode()))
    is_uri = any(key == "VALUE" and value.lower() in ("uri", "url") for key, value in params)
    value = text if version != "2.1" or is_uri else _escaped_as_3(name, text)
    value = re.sub("\r\n?|\n", r"\\n", value)
    return CardLine(name, value, params, match[1] or "")


def _params(text: str) -> tuple[tuple[tuple[str, str], ...], str, str]:
    """The parameters that stay, the encoding and the charset; a bare word of 2.1 is a type."""
    found: list[tuple[str, str]] = []
    how = charset = ""
    for item in _PARAM.findall(text):
        key, equals, value = item.strip().partition("=")
        key, value = key.strip().upper(), value.strip().replace('"', "")
        if not equals and key in _ENCODINGS:
            how = key
        elif not equals and key:
            found.append(("TYPE", key))
        elif key == "ENCODING":
            how = value.upper()
        elif key == "CHARSET":
            charset = value
        elif key:
            found.append((key, value))
    return tuple(found), how, charset


def _bytes(raw: bytes) -> bytes:
    try:
        return base64.b64decode(re.sub(rb"\s", b"", raw), validate=True)
    except binascii.Error:
        raise ValueError("is not base64") from None


def _text(raw: bytes, how: str, charset: str) -> str:
    if how in ("QUOTED-PRINTABLE", "Q"):
        raw = quopri.decodestring(raw)
    try:
        codecs.lookup(charset)
        text = raw.decode(charset)
    except LookupError:
        raise ValueError(tr("has an unknown charset {!r}", charset)) from None
    except UnicodeDecodeError:
        raise ValueError(tr("has bytes that are not {}", charset)) from None
    if "\0" in text:
        raise ValueError("has a NUL byte")
    return text


def _escaped_as_3(name: str, text: str) -> str:
    """A value of 2.1, which escapes semicolons alone, and those only in structured ones."""
    if name not in STRUCTURED:
        return escape(text.replace("\\;", ";"))
    return ";".join(escape(part.replace("\\;", ";"), "") for part in cut(text, ";"))


def parse_kept(text: str) -> CardLine:
    """A line that was kept as text; ValueError if it is none."""
    return _line(text.encode(), "3.0", "utf-8")


# -- writing --------------------------------------------------------------------------------


def card_text(lines: Iterable[CardLine], version: str) -> str:
    """A whole card of version 3.0 or 4.0, folded, with the line ends of the standard."""
    body = [CardLine("BEGIN", "VCARD"), CardLine("VERSION", version)]
    body += [_binary(line, version) if line.content else line for line in lines]
    return "".join(map(folded, map(str, [*body, CardLine("END", "VCARD")])))


def _binary(line: CardLine, version: str) -> CardLine:
    """A picture as 3.0 has it, with its encoding; as 4.0 has it, a data URI."""
    content = base64.b64encode(line.content).decode()
    media = line.param("MEDIATYPE")
    kind = media.partition("/")[2].upper() or line.param("TYPE")
    others = tuple(p for p in line.params if p[0] not in ("MEDIATYPE", "TYPE", "ENCODING"))
    if version == "3.0":
        typed = (("TYPE", kind),) if kind else ()
        return replace(line, value=content, params=(("ENCODING", "b"), *typed, *others))
    family = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio"}.get(line.name, "application")
    media = media or (f"{family}/{kind.lower()}" if kind else f"{family}/octet-stream")
    return replace(line, value=f"data:{media};base64,{content}", params=others)
