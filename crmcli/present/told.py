"""What a verb did or found, told: a line for people, the same as a row for programs, and remarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.present.cells import Column, Listing

_PLACES = 3
_TIMELINE = "data/timeline/"


class Told(NamedTuple):
    """One thing that was done. `notes` are for everybody, `details` for who wants to know more."""

    text: str
    row: Mapping[str, object] | None = None
    notes: Sequence[str] = ()
    details: Sequence[str] = ()


def problem_table(faults: Sequence[Problem], warnings: Sequence[Problem]) -> Listing:
    """What is wrong with files, then what may be meant so, each with its place."""
    rows = [
        {"path": p.path, "line": p.line, "severity": severity, "message": p.message, "hint": p.hint}
        for severity, found in (("error", faults), ("warning", warnings))
        for p in found
    ]
    return Listing(rows, [Column(name) for name in ("path", "line", "severity", "message", "hint")])


def left_out(found: Sequence[Problem]) -> Iterator[str]:
    """Of what nothing can be shown: lines of the timeline, with where they stand, and other files."""
    lines = [f"{one.path}:{one.line}" for one in found if one.path.startswith(_TIMELINE)]
    if len(lines) < len(found):
        yield tr("{} cannot be read: see crm check", counted(len(found) - len(lines), "file"))
    if lines:
        places = ", ".join(lines[:_PLACES]) + (", …" if lines[_PLACES:] else "")
        number = counted(len(lines), "line of the timeline", "lines of the timeline")
        yield tr("{} left out, unreadable: {}; see crm check", number, places)
