"""Phones and e-mails that are masked are not told part by part: by conditions, order, words of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from crmcli.errors import Refused
from crmcli.model.conditions.tree import Compare, nodes_of
from crmcli.model.masking import CONTACTS, is_whole
from crmcli.model.values import Raw

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.store.index.answers import Hit
    from crmcli.workspace.trail import Trail

WHOLE = ("=", "!=", "has")
"""Comparisons with all of a number or an address."""


def refuse_parts(condition: Condition | None, order: Sequence[str]) -> None:
    """Refused where a condition compares parts of them, or they decide the order."""
    asked = {word.lstrip("-") for word in order}
    for node in nodes_of(condition.tree) if condition else ():
        if isinstance(node, Compare) and node.op not in WHOLE:
            asked.update(node.path)
    if not asked.isdisjoint(CONTACTS):
        raise Refused(
            "today's number of clients is reached: phones and e-mails are found by all of them only",
            "write the whole number or address",
        )


def found(
    trail: Trail, hits: Sequence[Hit], text: str, rows: Iterable[Mapping[str, Raw]]
) -> list[Hit]:
    """What was found, without the clients whose number or address, now masked, holds what was asked for."""
    raws = {str(raw["id"]): raw for raw in rows}
    return [
        hit
        for hit in hits
        if not (trail.hides(hit.id) and hit.field in CONTACTS)
        or is_whole(text, raws.get(hit.id, {}))
    ]
