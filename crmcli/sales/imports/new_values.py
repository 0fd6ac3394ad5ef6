"""Values that a file has and our directories lack, added to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.values import fold
from crmcli.sales.settings import directories
from crmcli.workspace import Workspace

MOST = 100
"""New values of one directory; more of them are no list, but texts of some other column."""


def add_values(
    ws: Workspace, unknown: Mapping[str, Counter[str]]
) -> Mapping[str, Mapping[str, str]]:
    """Add values to directories, as they are spelled most often; the new ones of each, labels by id.
    Refused if many."""
    labels = {name: _spelled(counts) for name, counts in unknown.items()}
    for name, found in labels.items():
        if len(found) > MOST:
            shown = ", ".join(found[:3])
            raise Refused(
                tr("{} new values for the directory {}: {}, …", len(found), name, shown),
                "is the column the right one? --map COLUMN=comment keeps its text",
            )
    known = ws.settings.directories
    added = {name: _with_ids(found, known[name]) for name, found in labels.items()}
    if added:
        directories.add_all(ws, added)
    return added


def _spelled(counts: Counter[str]) -> list[str]:
    """Each value once, as most rows have it."""
    found: dict[str, str] = {}
    for text, _ in counts.most_common():
        found.setdefault(fold(text), text)
    return [*found.values()]


def _with_ids(labels: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """The labels by ids that nobody has yet, made of their words."""
    found: dict[str, str] = {}
    taken = {fold(word) for pair in known.items() for word in pair}
    for label in labels:
        words = one = re.sub(r"\W+", "_", fold(label)).strip("_") or "value"
        number = 1
        while one in taken or one in found:
            number += 1
            one = f"{words}_{number}"
        found[one] = label
    return found
