"""JSON lines and the records in them: one object a line, every scalar taken as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.formats.encodings import TableUnreadable, decode, is_sound
from crmcli.formats.rows import Figure, FileRow
from crmcli.language import tr
from crmcli.model.values import Raw, json_number

DEPTH_LIMIT = 20
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[{\]])")


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of JSON lines; its columns are all the keys that occur in it."""

    labels: tuple[str, ...]
    text: str

    encoding = "utf-8"
    delimiter = ""

    def rows(self) -> Iterator[FileRow]:
        """Every line in order, broken ones too; empty ones are passed over."""
        for number, line in _lines(self.text):
            try:
                record = read_object(line)
            except ValueError as error:
                yield FileRow(number, ("",) * len(self.labels), str(error), line)
            else:
                yield FileRow(number, tuple(record.get(label, "") for label in self.labels))


def read_json_lines(content: bytes, name: str, encoding: str = "") -> JsonLines:
    """Decode a file of JSON lines and find its columns; TableUnreadable if it holds no object."""
    text = _one_a_line(decode(content, name, encoding).text, name)
    labels: dict[str, None] = {}
    first = ""
    for _, line in _lines(text):
        try:
            labels.update(dict.fromkeys(read_object(line)))
        except ValueError as error:
            first = first or str(error)
    if not labels and first:
        raise TableUnreadable(
            tr("{} is not JSON lines: {}", name, first), "one object in each line"
        )
    if not labels:
        raise TableUnreadable(
            tr("{} is empty", name), "a list of objects, or one object in each line"
        )
    return JsonLines(tuple(labels), text)


def is_json(content: bytes) -> bool:
    """Whether a file begins as an object does, or a list of objects."""
    return bool(_BEGINS.match(content))


def _one_a_line(text: str, name: str) -> str:
    """A list of objects, or objects that take several lines, as JSON lines: each where it begins."""
    lines = text.lstrip("\ufeff \r\n\t").split("\n", 1)
    if not lines[0].startswith("[") and not (lines[0].startswith("{") and _is_torn(lines[0])):
        return text
    found: list[str] = []
    try:
        for place, value in _values(text):
            line = text.count("\n", 0, place)
            found += [""] * (line - len(found))
            found.append(value)
    except json.JSONDecodeError as error:
        if not lines[0].startswith("["):
            return text  # lines, of which some are broken
        raise TableUnreadable(
            tr("{} is not JSON: {} at line {}", name, error.msg, error.lineno),
            "a list of objects, or one object in each line",
        ) from None
    return "\n".join(found)


def _is_torn(line: str) -> bool:
    """Whether an object goes on behind its first line."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos >= len(line.rstrip())
    return False


def _values(text: str) -> Iterator[tuple[int, str]]:
    """The values of a list, or of a row of objects, each in one line, and where it begins."""
    decoder = json.JSONDecoder()
    place = _behind(text, 0, "\ufeff")
    is_list = text[place : place + 1] == "["
    place = _behind(text, place, "[") if is_list else place
    while place < len(text) and not (is_list and text[place] == "]"):
        _, end = decoder.raw_decode(text, place)
        yield place, " ".join(text[place:end].split("\n"))
        place = _behind(text, end, ",")
    if is_list and place >= len(text):
        raise json.JSONDecodeError("Expecting ']'", text, len(text))


def _behind(text: str, place: int, mark: str) -> int:
    """The place behind white space and one mark, if that stands there."""
    for letters in (" \r\n\t", mark, " \r\n\t"):
        while place < len(text) and text[place] in letters:
            place += 1
            if letters == mark:
                break
    return place


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.strip()


def read_object(text: str) -> dict[str, Raw]:
    """Read one object, every scalar as text (`true` is yes, null is absent); ValueError if none."""
    if not is_sound(text):
        raise ValueError("is in another encoding")
    try:
        found = json.loads(text, parse_float=Figure, parse_int=str, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise ValueError(tr("is not JSON: {} at character {}", error.msg, error.pos + 1)) from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError('is not an object like {"name": "…"}')
    raw = as_raw(found)
    assert isinstance(raw, dict)
    return raw


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("has a key twice")
    return found


def as_raw(value: Any, depth: int = 0) -> Raw:
    """A value of JSON as record files have it: every scalar is text."""
    if depth > DEPTH_LIMIT:
        raise ValueError("is nested too deeply")
    if isinstance(value, dict):
        items = ((as_raw(key), item) for key, item in value.items() if item is not None)
        return {str(key): as_raw(item, depth + 1) for key, item in items}
    if isinstance(value, list):
        return [as_raw(item, depth + 1) for item in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else value if isinstance(value, str) else str(value)
    if "\0" in text or not is_sound(text):
        raise ValueError("has a character that text cannot have")
    return text


def json_line(raw: object) -> str:
    """One value as one line of JSON, letters as they are."""
    return json.dumps(raw, ensure_ascii=False, default=json_number)
