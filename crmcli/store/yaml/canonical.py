"""The canonical form of a record in YAML: how it is written, and a fast reader for that form."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product

from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.values import Raw

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_KEY = 128
"""Letters of a key: longer ones are no simple keys in YAML, nor names that anybody gives a field."""

# A plain text goes on with anything but `: ` and ` #`, and does not end in a space or a colon.
# Only plain runs are possessive: Python 3.11.2 fails on possessive groups, and this is linear as well.
_ON = "(?:[^\n:#]++|:(?! )|(?<! )#)*(?<![ :])"
# What begins with a letter no reader takes for a number, a date or a sign of YAML.
_plain = re.compile(f"(?:[^\\W\\d_]|[«„№]){_ON}").fullmatch
# What a `|` block, or an editor that trims lines, would lose.
_LOSES = re.compile(r"[ \t]\n|[ \t]\Z|(?:\A|\n)\t|\n\n\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOWER = ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "inf", "nan")
_WORDS = frozenset(
    "".join(letters)
    for word in _LOWER
    for letters in product(*zip(word, word.upper(), strict=True))
)
"""What some YAML reader takes for a truth value or for nothing, in every case."""


class Unwritable(InvalidData):
    """A value cannot stand in a record file."""


def dump(raw: dict[str, Raw]) -> str:
    """The canonical YAML of a raw record, keys in the order given; Unwritable if a text holds half a
    character, or if the file could not be read back for its size."""
    lines: list[str] = []
    try:
        _write_map(raw, "", lines, 1)
    except Unwritable as error:
        record_id = raw.get("id")
        where = f"{record_id}: " if isinstance(record_id, str) else ""
        raise Unwritable(where + error.message, error.hint) from None
    if not lines:
        return "{}\n"
    text = "\n".join(lines) + "\n"
    if len(text) * 4 > MAX_BYTES and len(text.encode()) > MAX_BYTES:
        raise Unwritable(
            tr("{} would be larger than 1 MB", raw.get("id", "the record")),
            "keep long texts as attached files",
        )
    return text


def _write_map(raw: dict[str, Raw], indent: str, lines: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Unwritable(tr("values are nested deeper than {} levels", MAX_DEPTH))
    for key, value in raw.items():
        name = indent + _key(key)
        if isinstance(value, str):
            lines.append(f"{name} {_scalar(value, indent)}")
        elif not value:
            lines.append(name + (" []" if isinstance(value, list) else " {}"))
        elif isinstance(value, list):
            lines.append(name)
            _write_list(value, indent + "  ", lines, depth + 1)
        else:
            lines.append(name)
            _write_map(value, indent + "  ", lines, depth + 1)


def _write_list(items: list[Raw], indent: str, lines: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Unwritable(tr("values are nested deeper than {} levels", MAX_DEPTH))
    for item in items:
        if isinstance(item, str):
            lines.append(f"{indent}- {_scalar(item, indent)}")
        elif not item:
            lines.append(indent + ("- []" if isinstance(item, list) else "- {}"))
        else:
            first = len(lines)
            if isinstance(item, list):
                _write_list(item, indent + "  ", lines, depth + 1)
            else:
                _write_map(item, indent + "  ", lines, depth + 1)
            lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"


def _scalar(text: str, indent: str) -> str:
    """A text as a value: on one line, or as a `|` block if its lines come back as they are."""
    if "\n" not in text:
        return _flat(text)
    if _LOSES.search(text) or not text.strip("\n") or not is_safe(text.replace("\t", " ")):
        return _double_quoted(text)
    return _block(text, indent + "  ")


def _flat(text: str) -> str:
    """A text on one line: plain where every reader sees a text, else quoted."""
    if not (text.isprintable() or is_safe(text)) or "\n" in text:
        return _double_quoted(text)
    if _plain(text) and text not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"


def _block(text: str, indent: str) -> str:
    head = "|2" if text.lstrip("\n")[0] == " " else "|"
    if text[-1] != "\n":
        head += "-"
    lines = text.rstrip("\n").split("\n")
    return "\n".join([head, *[indent + line if line else "" for line in lines]])


def is_plain(text: str) -> bool:
    """Whether every reader takes a text for that without quotes, outside of brackets."""
    return bool(_plain(text)) and text not in _WORDS


def is_safe(text: str) -> bool:
    """Whether readers, editors and git will give every letter back, and a person can see it."""
    return text.replace("\n", "").isprintable() or not _unsafe().search(text)


@cache
def _unsafe() -> re.Pattern[str]:
    """Controls, NEL, line and paragraph separators, direction marks, byte order mark; not LF. Compiled when
    first needed: that takes as long as reading a hundred records."""
    return re.compile(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
    )


@lru_cache(maxsize=1024)
def _key(text: str) -> str:
    if len(text) > MAX_KEY:
        raise Unwritable(tr("the key {!r}… is longer than {} letters", text[:20], MAX_KEY))
    return _flat(text) + ":"


def _double_quoted(text: str) -> str:
    if _SURROGATE.search(text):
        raise Unwritable(
            tr("the text {!r} holds half a character (a lone surrogate)", text[:40]),
            "remove that character",
        )
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + _unsafe().sub(_escaped, plain) + '"'


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {9: "\\t", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


# The fast reader. One pattern takes the file apart into the fields of the record, a second one a
# list or a map inside it. What they do not fit goes to the full YAML reader, so they need to know
# only what records look like nearly always.
_TEXT = f"([^\n :?,\\[\\]{{}}#&*!|>'\"%@`-]{_ON})"
_QUOTED = "('(?:[^\n']++|'')*')"
_KEY = rf"([^\W\d][\w-]{{0,{MAX_KEY - 1}}}+):"
_FIELD = re.compile(
    f"^{_KEY}(?: (?:{_TEXT}|{_QUOTED}"
    r"|(\|-?)\n(  [^\n ].*+(?:\n++  .++)*))"
    r"|((?:\n  .++)+))\n",
    re.MULTILINE,
)
_INNER = re.compile(rf"\n  (- |  |)(?:{_KEY} )?(?:{_TEXT}|{_QUOTED})(?=\n|\Z)")
_Rows = list[tuple[str, str, str, str]]


def read_canonical(text: str) -> dict[str, Raw] | None:
    """The raw record, as the full reader reads it, if the text is (nearly) in canonical form; else None."""
    if not text.endswith("\n") or not is_safe(text):
        return None
    record: dict[str, Raw] = {}
    fields = _FIELD.findall(text)
    lines = len(fields)
    for key, plain, quoted, chomp, block, inner in fields:
        if plain:
            record[key] = plain
        elif quoted:
            record[key] = quoted[1:-1].replace("''", "'")
        elif inner:
            value = _read_inner(inner)
            if value is None:
                return None
            record[key] = value
            lines += inner.count("\n")
        else:
            lines += block.count("\n") + 1
            record[key] = block[2:].replace("\n  ", "\n") + ("\n" if chomp == "|" else "")
    if not fields or len(record) != len(fields) or lines != text.count("\n"):
        return None  # a key stands there twice, or some line fits no pattern
    return record


def _read_inner(text: str) -> Raw | None:
    rows: _Rows = _INNER.findall(text)
    if len(rows) != text.count("\n"):
        return None
    if rows[0][0] == "- ":
        return _read_items(rows)
    values: dict[str, Raw] = {}
    for mark, key, plain, quoted in rows:
        if mark or not key:
            return None
        values[key] = plain or quoted[1:-1].replace("''", "'")
    return values if len(values) == len(rows) else None


def _read_items(rows: _Rows) -> list[Raw] | None:
    items: list[Raw] = []
    item: dict[str, Raw] | None = None
    for mark, key, plain, quoted in rows:
        value = plain or quoted[1:-1].replace("''", "'")
        if mark == "- ":
            item = {key: value} if key else None
            items.append(value if item is None else item)
        elif mark and key and item is not None and key not in item:
            item[key] = value
        else:
            return None
    return items
