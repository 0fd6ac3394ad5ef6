"""Walking through a configuration file: each place knows its line and collects what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from crmcli.dataclass import dataclass, field
from crmcli.errors import InvalidData, Problem
from crmcli.language import counted, tr
from crmcli.model.listed import allowed_hint
from crmcli.model.values import Raw
from crmcli.store.disk import files
from crmcli.store.layout import PIPELINES

T = TypeVar("T")
Place = tuple[str | int, ...]

ID_RULE = r"[a-z][a-z0-9_-]{0,39}"
ID_HINT = "small latin letters, digits, - and _, a letter first"


@dataclass
class Findings:
    """What is wrong in one file so far."""

    path: str
    lines: Mapping[Place, int]
    problems: list[Problem] = field(default_factory=list)
    text: bytes = b""
    of_rules: list[Problem] = field(default_factory=list)
    """Those among them that are one robot's, trigger's or schedule's own."""
    secrets: list[tuple[int, str]] = field(default_factory=list)
    """Where secrets stand, as `env:NAME`, with the line that says so."""

    def line(self, path: Place) -> int:
        """The line of a place, or of the nearest place around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def row(self, line: int) -> str:
        """A line as it is written, counted from 1."""
        rows = self.text.decode("utf-8", "replace").split("\n")
        return rows[line - 1] if 0 < line <= len(rows) else ""

    def settle(self) -> None:
        """Raise InvalidData with everything that was found, in the order of lines."""
        if not self.problems:
            return
        ordered = sorted(dict.fromkeys(self.problems), key=lambda problem: problem.line)
        again = "pipeline check" if self.path == PIPELINES else "check"
        raise InvalidData(
            tr("{} has {}", self.path, counted(len(ordered), "fault")),
            tr("fix the lines named, then run crm {}", again),
            ordered,
        )


@dataclass(frozen=True)
class Cursor:
    """One place in a configuration file; `value` is None where nothing stands.

    Readers return a default for an absent or wrong value, and note what is wrong.
    """

    value: Raw | None
    path: Place
    findings: Findings

    @property
    def is_present(self) -> bool:
        """Whether something stands here; a key without a value counts as nothing."""
        return self.value is not None and self.value != ""

    @property
    def line(self) -> int:
        """Where it stands, counted from 1."""
        return self.findings.line(self.path)

    @property
    def name(self) -> str:
        """The last key of the place, as messages name it."""
        return next((str(step) for step in reversed(self.path) if isinstance(step, str)), "file")

    def fault(self, message: str, hint: str = "", *, of_rule: bool = False) -> None:
        """Note that something is wrong here, or with one rule alone."""
        from crmcli.model.redaction import redacted

        problem = Problem(self.findings.path, self.line, redacted(message), redacted(hint))
        self.findings.problems.append(problem)
        self.findings.of_rules += [problem] if of_rule else []

    def at(self, key: str) -> Cursor:
        """The place below a key, absent if this is no map or has no such key."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Cursor(value, (*self.path, key), self.findings)

    def at_most(self, limit: int, what: str) -> Cursor:
        """This place, after a look at how many entries it has; InvalidData at once if too many."""
        if too_many := self._too_many(limit, what):
            self.findings.problems.clear()  # what else is wrong may only follow from it
            self.fault(too_many, "remove some")
            self.findings.settle()
        return self

    def count_fault(self, limit: int, what: str) -> str:
        """The fault of a list of rules that has too many entries, which is noted as one of rules alone; ""
        if it has not."""
        if too_many := self._too_many(limit, what):
            self.fault(too_many, "remove some", of_rule=True)
            return str(self.findings.problems[-1])
        return ""

    def _too_many(self, limit: int, what: str) -> str:
        value = self.value
        if not isinstance(value, dict | list) or len(value) <= limit:
            return ""
        return tr("{} has at most {:,}; there are {:,}", tr(what), limit, len(value))

    def known(self, allowed: Sequence[str], required: Sequence[str] = ()) -> Cursor:
        """This place, after a look at its keys: unknown ones and missing ones are faults."""
        for place in self.entries():
            if place.path[-1] not in allowed:
                word = str(place.path[-1])
                hint = allowed_hint(word, allowed)
                if place.value == "":  # {text: one, two} has a key `two` without a value
                    hint += "; a value that holds a comma needs quotes"
                place.fault(tr("unknown key {!r}", word), hint)
        if isinstance(self.value, dict):
            for key in required:
                if not self.at(key).is_present:
                    self.fault(tr("{!r} is missing", key), tr("write {}: …", key))
        return self

    def entries(self) -> Iterator[Cursor]:
        """The places below a map, in order; a fault if there is something else here."""
        if not self.is_present:
            return
        if not isinstance(self.value, dict):
            self.fault(
                tr("{!r} must have keys with values", self.name), "write key: value, indented"
            )
            return
        for key in self.value:
            yield self.at(key)

    def items(self) -> Iterator[Cursor]:
        """The places of a list, in order; a fault if there is something else here."""
        if not self.is_present:
            return
        if not isinstance(self.value, list):
            self.fault(
                tr("{!r} must be a list", self.name), "begin each item with - or write [a, b]"
            )
            return
        for number, value in enumerate(self.value):
            yield Cursor(value, (*self.path, number), self.findings)

    def text(self, default: str = "") -> str:
        """A single value as text."""
        if not self.is_present:
            return default
        if not isinstance(self.value, str):
            self.fault(tr("{!r} must be a single value, not a list or keys", self.name))
            return default
        return self.value

    def texts(self) -> list[tuple[str, Cursor]]:
        """A list of single values, each with its place."""
        return [(place.text(), place) for place in self.items() if place.text()]

    def one_of(self, allowed: Sequence[str], default: str = "") -> str:
        """One of a few words."""
        word = self.text(default)
        if word == default or word in allowed:
            return word
        self.fault(tr("{!r} is not allowed for {!r}", word, self.name), allowed_hint(word, allowed))
        return default

    def parsed(self, parse: Callable[[str], T], default: T, hint: str = "") -> T:
        """A single value read by a function whose ValueError is the complaint."""
        text = self.text()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.fault(f"{self.name!r}: {error}", hint)
            return default


def unique(places: Iterable[tuple[str, Cursor]], what: str) -> None:
    """Note every id that already stands above."""
    seen: dict[str, int] = {}
    for word, place in places:
        if word and word in seen:
            place.fault(
                tr("{} {!r} is there twice", tr(what), word),
                tr("the first is in line {}", seen[word]),
            )
        elif word:
            seen[word] = place.line


def read_marked(root: Path, name: str, data: bytes | None = None) -> Cursor | None:
    """The top of a configuration file, or of `data` in its place; None if there is no file."""
    from crmcli.store.yaml.canonical import MAX_BYTES

    if data is not None:
        return marked(data, name)
    try:
        data = files.read_bytes(root / name, most=MAX_BYTES)
    except files.Missing:
        return None
    return marked(data, name)


def marked(data: bytes, name: str) -> Cursor:
    """The top of a configuration file of that text."""
    from crmcli.store.yaml.codec import load_marked

    read = load_marked(data, name)
    return Cursor(read.value, (), Findings(name, read.lines, text=data))
