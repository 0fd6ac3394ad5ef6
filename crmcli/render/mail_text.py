"""Mail templates: header lines, an empty line, the text; and how any template is refused."""

from __future__ import annotations

import re
import unicodedata

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.listed import allowed_hint

HEADERS = ("Subject", "From", "Reply-To", "To", "Attach")
_HEADER = re.compile(r"([A-Za-z][A-Za-z-]*)[ \t]*:[ \t]*(.*)")
_COMMENT = re.compile(r"\s*\{#.*#\}\s*")


class TemplateFailed(InvalidData):
    """A template cannot be rendered; `problem` holds its file and line."""

    def __init__(self, path: str, line: int, message: str, hint: str = "") -> None:
        self.problem = Problem(path, line, message, hint)
        where = tr("{}, line {}", path, line) if line else path
        super().__init__(f"{where}: {message}", hint)


@dataclass(frozen=True, slots=True)
class MailText:
    """A rendered mail template; "" and () for headers that it does not set, `attach` from the root."""

    subject: str
    text: str
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    to: str = ""
    attach: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One header line of a mail template, not yet rendered."""

    name: str
    source: str
    line: int


def split(source: str, shown: str) -> tuple[list[HeaderLine], str]:
    """The header lines and the text of a mail template; TemplateFailed for a bad header. The text keeps the
    empty lines before it, so that problems name the right line."""
    lines = source.split("\n")
    end = next((n for n, line in enumerate(lines) if not line.strip()), len(lines))
    headers: list[HeaderLine] = []
    for number, line in enumerate(lines[:end], 1):
        if not _COMMENT.fullmatch(line):
            headers.append(_header_line(line, number, shown))
    seen: set[str] = set()
    for header in headers:
        if header.name in seen and header.name != "Attach":
            raise TemplateFailed(shown, header.line, tr("a second {}", header.name), "keep one")
        seen.add(header.name)
    if "Subject" not in seen:
        raise TemplateFailed(shown, 1, "has no subject", "begin it with a line 'Subject: …'")
    return headers, "\n" * (end + 1) + "\n".join(lines[end + 1 :])


def _header_line(line: str, number: int, shown: str) -> HeaderLine:
    match = _HEADER.fullmatch(line)
    if not match:
        told = tr("{!r} is not a header line", line.strip()[:40])
        hint = "a mail template is header lines (Subject: …), an empty line, the text"
        raise TemplateFailed(shown, number, told, hint)
    name = {name.lower(): name for name in HEADERS}.get(match[1].lower())
    if name is None:
        told = tr("header {!r} is not allowed here", match[1])
        raise TemplateFailed(shown, number, told, allowed_hint(match[1], HEADERS, tr("known")))
    return HeaderLine(name, match[2], number)


def forbidden_in_header(text: str) -> str:
    """The name of the first character that must not stand in a header; "" if all is well."""
    for character in text:
        if character in "\u2028\u2029" or unicodedata.category(character) in ("Cc", "Cs"):
            names = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
            return names.get(character, f"the character U+{ord(character):04X}")
    return ""


def put_together(
    values: list[tuple[HeaderLine, str]], text: str, html: str, shown: str
) -> MailText:
    """The message from its rendered parts; TemplateFailed if a header has a line break."""
    given: dict[str, list[str]] = {name: [] for name in HEADERS}
    for header, value in values:
        fault = forbidden_in_header(value.strip())
        if fault:
            told = tr("{} has {}, which is not allowed in a header", header.name, fault)
            hint = "a value has it; remove it, e.g. with |replace"
            raise TemplateFailed(shown, header.line, told, hint)
        given[header.name] += [value.strip()] if value.strip() else []
    attach = tuple(given.pop("Attach"))
    subject, sender, reply_to, to = (given[name][0] if given[name] else "" for name in HEADERS[:4])
    if not subject:
        raise TemplateFailed(shown, 1, "the subject is empty", "write a text after 'Subject:'")
    return MailText(subject, text.strip("\n") + "\n", html, sender, reply_to, to, attach)


def html_beside(path: str) -> str:
    """The template of a message's HTML part: `mail/hello.html.j2` beside `mail/hello.j2`."""
    return path.removesuffix(".j2") + ".html.j2"


def is_mail(path: str) -> bool:
    """Whether a template is a message: below mail/, no HTML part, no piece to include (`mail/_foot.j2`)."""
    name = path.rpartition("/")[2]
    return path.startswith("mail/") and not (name.startswith("_") or name.endswith(".html.j2"))
