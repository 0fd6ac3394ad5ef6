"""YAML: records as text and back, and configuration files with the line of every value."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from crmcli.dataclass import dataclass
from crmcli.errors import CrmError, InvalidData, Problem
from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.store.yaml.canonical import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_KEY,
    Unwritable,
    dump,
    read_canonical,
)
from crmcli.words import rows

if TYPE_CHECKING:
    import yaml

    from crmcli.model.fields import BadValues

__all__ = ["Marked", "Place", "RecordUnreadable", "Unwritable", "dump", "load", "load_marked"]

Place = tuple[str | int, ...]
"""Where a value stands in a file: the keys and list positions that lead to it."""

_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: .*)?$", re.MULTILINE)
_UNQUOTED = re.compile(
    r"""(?:[^#'"]|'[^']*'|"[^"]*"|(?<! )\#)*\b(\w+):\s+(\#[0-9a-fA-F]{3,8})\s*[,}]"""
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")

_PLURAL = {"anchor": "anchors", "alias": "aliases", "tag": "tags"}


class RecordUnreadable(InvalidData):
    """A YAML file of the workspace cannot be read; `problems` has the one place."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A configuration file as read: its value, and the line (from 1) of every value in it."""

    value: dict[str, Raw]
    lines: Mapping[Place, int]


def load(data: bytes, path: str) -> dict[str, Raw]:
    """The raw record in a file's content, every scalar as text; RecordUnreadable names the line."""
    text = _text(data, path)
    record = read_canonical(text)
    if record is not None:
        return record
    return _Reader(text, path).read(empty_allowed=False)


def load_marked(data: bytes, path: str) -> Marked:
    """A configuration file: as `load`, with lines; one that holds nothing yet is an empty map."""
    reader = _Reader(_text(data, path), path)
    return Marked(reader.read(empty_allowed=True), reader.lines)


def unreadable(path: str, data: bytes, error: BadValues) -> InvalidData:
    """The refusal for a record whose values do not fit the schema, with the line of each."""
    lines = load_marked(data, path).lines
    problems = [
        Problem(path, lines.get((name,), 0), f"{name}: {why}") for name, why in error.faults
    ]
    return InvalidData(str(problems[0]), "fix the file, see crm check", problems)


def _refuse(path: str, line: int, message: str, hint: str = "") -> NoReturn:
    problem = Problem(path, line, message, hint)
    where = f"{path}:{line}" if line else path
    raise RecordUnreadable(f"{where}: {tr(message)}", hint, [problem])


def _text(data: bytes, path: str) -> str:
    if len(data) > MAX_BYTES:
        _refuse(path, 0, "the file is larger than 1 MB", "keep long texts as attached files")
    damaged = data.find(0)
    if damaged >= 0:
        _refuse(
            path,
            data.count(b"\n", 0, damaged) + 1,
            "the file has NUL bytes, as after a crash of the machine",
            "restore it from git or from a backup",
        )
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        _refuse(
            path,
            data.count(b"\n", 0, error.start) + 1,
            "the file is not UTF-8",
            "save it as UTF-8 in your editor",
        )


def quoted_color(written: str) -> str:
    """A colour as a file should have it: with six digits, in quotes."""
    digits = written.removeprefix("#")
    return f"'#{''.join(2 * digit for digit in digits) if len(digits) == 3 else digits}'"


class _Reader:
    """Builds values out of libyaml's events, refusing whatever a record has no use for."""

    def __init__(self, text: str, path: str) -> None:
        import yaml

        if not yaml.__with_libyaml__:
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(
                    "yaml._yaml"
                )  # it is there: this says what is wrong with it
            raise CrmError(
                "PyYAML was installed without libyaml",
                "pip install --force-reinstall --only-binary :all: pyyaml",
            )
        self.yaml = yaml
        self.text = text
        self.path = path
        self.lines: dict[Place, int] = {(): 1}

    def read(self, *, empty_allowed: bool) -> dict[str, Raw]:
        """The one mapping of the file."""
        for pattern, message, hint in (
            (_CONFLICT, "unresolved merge conflict", "keep one of the two versions"),
            (_CONTROL, "the file has a control character", 'remove it, or write "\\xNN"'),
        ):
            match = pattern.search(self.text)
            if match:
                _refuse(self.path, self.text.count("\n", 0, match.start()) + 1, message, hint)
        try:
            return self._document(empty_allowed)
        except self.yaml.MarkedYAMLError as error:
            self._explain(error)

    def _document(self, empty_allowed: bool) -> dict[str, Raw]:
        events = iter(self.yaml.parse(self.text, Loader=self.yaml.CBaseLoader))
        next(events)
        if isinstance(next(events), self.yaml.StreamEndEvent):
            if empty_allowed:
                return {}
            _refuse(self.path, 0, "the file is empty", "restore it from git, or delete it")
        start = next(events)
        if not isinstance(start, self.yaml.MappingStartEvent):
            self._refuse_at(start, "the file does not begin with `key: value`")
        self._check(start)
        value = self._map(events, (), 1)
        next(events)
        after = next(events)
        if not isinstance(after, self.yaml.StreamEndEvent):
            self._refuse_at(
                after, "a second document begins here", "keep one in a file, without ---"
            )
        return value

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], at: Place, depth: int) -> Raw:
        self._check(event)
        if isinstance(event, self.yaml.ScalarEvent):
            return str(event.value)
        if depth >= MAX_DEPTH:
            self._refuse_at(event, tr("values are nested deeper than {} levels", MAX_DEPTH))
        if isinstance(event, self.yaml.MappingStartEvent):
            return self._map(events, at, depth + 1)
        return self._list(events, at, depth + 1)

    def _map(self, events: Iterator[yaml.Event], at: Place, depth: int) -> dict[str, Raw]:
        values: dict[str, Raw] = {}
        for event in events:
            if isinstance(event, self.yaml.MappingEndEvent):
                break
            key = self._key(event)
            here = (*at, key)
            if key in values:
                first = self.lines[here]
                self._refuse_at(event, tr("the key {!r} is here again, after line {}", key, first),
                                "keep one of the two")  # fmt: skip
            self.lines[here] = _line(event)
            values[key] = self._value(next(events), events, here, depth)
        return values

    def _list(self, events: Iterator[yaml.Event], at: Place, depth: int) -> list[Raw]:
        items: list[Raw] = []
        for event in events:
            if isinstance(event, self.yaml.SequenceEndEvent):
                break
            here = (*at, len(items))
            self.lines[here] = _line(event)
            items.append(self._value(event, events, here, depth))
        return items

    def _key(self, event: yaml.Event) -> str:
        self._check(event)
        if not isinstance(event, self.yaml.ScalarEvent):
            self._refuse_at(event, "a list or a map stands where a key must")
        key = str(event.value)
        if key == "<<" and not event.style:
            self._refuse_at(event, "merge keys (<<) are not allowed", "write the values out")
        if len(key) > MAX_KEY:
            self._refuse_at(event, tr("a key is longer than {} letters", MAX_KEY))
        return key

    def _check(self, event: yaml.Event) -> None:
        for name, written in (("anchor", "&"), ("tag", "")):
            found = getattr(event, name, None)
            if found is None:
                continue
            kind = "alias" if isinstance(event, self.yaml.AliasEvent) else name
            sign = "*" if kind == "alias" else written
            self._refuse_at(
                event,
                tr("{}{}: {} are not allowed", sign, found, _PLURAL[kind]),
                "write the value out; put a text that begins with this sign in quotes",
            )

    def _refuse_at(self, event: yaml.Event, message: str, hint: str = "") -> NoReturn:
        _refuse(self.path, _line(event), message, hint)

    def _refuse_unquoted(self, number: int) -> None:
        """Tell of a colour without quotes in braces: what is behind its # is a comment, the brace too."""
        above = self.text.split("\n")[:number]
        for line, row in reversed([*enumerate(above, 1)]):
            if found := _UNQUOTED.match(row):
                told = tr("{} without quotes is a comment, not a colour", found[2])
                _refuse(self.path, line, told, f"{found[1]}: {quoted_color(found[2])}")

    def _explain(self, error: yaml.MarkedYAMLError) -> NoReturn:
        said = error.problem or ""
        mark = error.problem_mark or error.context_mark
        last = self.text.rstrip().count("\n")
        if mark and mark.line > last and error.context_mark:
            mark = error.context_mark  # where it was opened says more than the file's end
        number = min(mark.line, last) + 1 if mark else 0
        line = self.text.split("\n")[number - 1] if 0 < number <= self.text.count("\n") + 1 else ""
        blank = line[: len(line) - len(line.lstrip())]
        if "\t" in blank:
            _refuse(self.path, number, "a tab in the indentation", "indent with spaces")
        if said.startswith("found character") and "cannot start any token" in said:
            sign = line[mark.column] if mark and mark.column < len(line) else ""
            _refuse(
                self.path, number, tr("a text cannot begin with {!r}", sign), "put it in quotes"
            )
        if error.context and "flow" in error.context:
            self._refuse_unquoted(number)
        message, _, hint = dict(rows("yaml_errors")).get(said, said).partition(" | ")
        _refuse(self.path, number, message, hint)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
