"""The head of a template: what it is for, and of a mail template the headers of its message.

It stands between two lines `---`, or before the first empty line of a mail template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import allowed_hint, read_listed
from crmcli.model.number_mask import read_mask
from crmcli.model.settings import LANGUAGES

HEADERS = ("Subject", "From", "Reply-To", "To", "Attach")
"""The headers of a message: rendered with its text."""
ABOUT = ("Entity", "Language", "Number", "Topic")
"""What a template says of itself; no template is filled in there."""
FENCE = "---"
_HEADER = re.compile(r"([A-Za-z][A-Za-z-]*)[ \t]*:[ \t]*(.*)")
_COMMENT = re.compile(r"\s*(\{#.*#\}|#.*)\s*")


class TemplateFailed(InvalidData):
    """A template cannot be rendered; `problem` holds its file and line."""

    def __init__(self, path: str, line: int, message: str, hint: str = "") -> None:
        self.problem = Problem(path, line, message, hint)
        where = tr("{}, line {}", path, line) if line else path
        super().__init__(f"{where}: {tr(message)}", hint)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One line of a template's head, not yet rendered."""

    name: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class TemplateHead:
    """What stands at the head of a template: the nouns that it is for, its language, the mask of the
    numbers of what it makes, the topic that its readers may refuse, and the headers of its message. Empty is
    what it does not say."""

    entities: tuple[str, ...] = ()
    language: str = ""
    number: str = ""
    topic: str = ""
    headers: tuple[HeaderLine, ...] = ()

    @property
    def subject(self) -> str:
        """The subject as it is written, not yet rendered."""
        return next((line.source for line in self.headers if line.name == "Subject"), "")


def split(
    source: str, shown: str, *, mail: bool, topics: Mapping[str, str] | None = None
) -> tuple[TemplateHead, str]:
    """The head and the text of a template; TemplateFailed for a bad line, and for a topic that is none of
    `topics` if they are given. The text keeps as many empty lines as were before it, so that problems name
    the right line."""
    lines = source.split("\n")
    begin, end = 0, 0
    if lines[0].rstrip() == FENCE:
        begin, end = 1, _closing(lines, shown)
    elif mail:
        end = next((n for n, line in enumerate(lines) if not line.strip()), len(lines))
    numbered = list(enumerate(lines[begin:end], begin + 1))
    given = [_header_line(line, n, shown) for n, line in numbered if not _skipped(line)]
    seen: set[str] = set()
    for header in given:
        if header.name in seen and header.name != "Attach":
            raise TemplateFailed(shown, header.line, tr("a second {}", header.name), "keep one")
        seen.add(header.name)
    if mail and "Subject" not in seen:
        raise TemplateFailed(shown, 1, "has no subject", "begin it with a line 'Subject: …'")
    body = lines[end + 1 :] if end else lines
    above = "\n" * (len(lines) - len(body))
    if above and not mail:
        above = f"{{#{above}#}}"  # a page begins with its first line
    return _head(given, shown, topics), above + "\n".join(body)


def _closing(lines: list[str], shown: str) -> int:
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return number
    raise TemplateFailed(shown, 1, "its head has no end", "close it with a line ---")


def _skipped(line: str) -> bool:
    return not line.strip() or bool(_COMMENT.fullmatch(line))


def _header_line(line: str, number: int, shown: str) -> HeaderLine:
    match = _HEADER.fullmatch(line)
    if not match:
        told = tr("{!r} is not a header line", line.strip()[:40])
        hint = "a mail template is header lines (Subject: …), an empty line, the text"
        raise TemplateFailed(shown, number, told, hint)
    known = (*HEADERS, *ABOUT)
    name = {name.lower(): name for name in known}.get(match[1].lower())
    if name is None:
        told = tr("header {!r} is not allowed here", match[1])
        raise TemplateFailed(shown, number, told, allowed_hint(match[1], known, tr("known")))
    return HeaderLine(name, match[2].strip(), number)


def _topic(line: HeaderLine | None, shown: str, topics: Mapping[str, str] | None) -> str:
    """The id of the topic that a line names by id or label."""
    if line is None or topics is None:
        return line.source if line else ""
    if not topics:
        hint = "declare topics: crm directory add topics news"
        raise TemplateFailed(shown, line.line, tr("no topic {!r}", line.source), hint)
    try:
        return read_listed(line.source, topics, "topics")
    except ValueError as error:
        raise TemplateFailed(shown, line.line, str(error)) from None


def _head(given: list[HeaderLine], shown: str, topics: Mapping[str, str] | None) -> TemplateHead:
    said = {line.name: line for line in given if line.name in ABOUT}
    nouns, number, language = said.get("Entity"), said.get("Number"), said.get("Language")
    entities = tuple(re.split(r"[\s,]+", nouns.source)) if nouns else ()
    for entity in entities:
        if nouns and entity not in ENTITIES:
            told, hint = tr("no noun {!r}", entity), allowed_hint(entity, ENTITIES, tr("known"))
            raise TemplateFailed(shown, nouns.line, told, hint)
    if language and language.source not in LANGUAGES:
        told = tr("{!r} is not a language", language.source)
        hint = allowed_hint(language.source, LANGUAGES, tr("known"))
        raise TemplateFailed(shown, language.line, told, hint)
    if number:
        try:
            read_mask(number.source)
        except ValueError as error:
            raise TemplateFailed(
                shown, number.line, str(error), "like КП-{year}-{seq:04}"
            ) from None
    headers = tuple(line for line in given if line.name not in ABOUT)
    spoken, mask = (line.source if line else "" for line in (language, number))
    topic = _topic(said.get("Topic"), shown, topics)
    return TemplateHead(entities, spoken, mask, topic, headers)
