"""Problems of files and of configuration as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcli.present.cells import Column, Listing

if TYPE_CHECKING:
    from crmcli.errors import Problem


def problem_table(faults: Sequence[Problem], warnings: Sequence[Problem]) -> Listing:
    """What is wrong, then what may be meant so, each with its place."""
    rows = [
        {"path": p.path, "line": p.line, "severity": severity, "message": p.message, "hint": p.hint}
        for severity, found in (("error", faults), ("warning", warnings))
        for p in found
    ]
    return Listing(rows, [Column(name) for name in ("path", "line", "severity", "message", "hint")])
