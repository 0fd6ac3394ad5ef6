"""What a verb did or found, told: a line for people, the same as a row for programs, and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmcli.errors import Problem
from crmcli.present.cells import Column, Listing


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
