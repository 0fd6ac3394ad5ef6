"""Pairs that people marked as no duplicates: events, so that clones merge and undo works."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias

from crmcli.errors import BadUsage
from crmcli.language import together, tr
from crmcli.model.event import MARKS
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead

DENIED, REOPENED = MARKS

Denied: TypeAlias = frozenset[tuple[str, str]]
"""Pairs of ids, the smaller first."""


def pair_of(one: str, other: str) -> tuple[str, str]:
    """A pair as it stands among the denied."""
    return (one, other) if one < other else (other, one)


def denied(ws: Workspace) -> Denied:
    """The pairs marked as no duplicates; the marks of a merged record are its survivor's."""
    return frozenset(_standing(ws, dict(ws.merged())))


def _standing(ws: Workspace, heirs: dict[str, str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    is_dead = dead(ws)
    for event in ws.events(kinds=MARKS):
        other = str(event.data.get("other", ""))
        if is_dead(event) or not (entity_of(event.record) and entity_of(other)):
            continue
        pair = pair_of(_survivor(event.record, heirs), _survivor(other, heirs))
        if event.kind == DENIED:
            found.add(pair)
        else:
            found.discard(pair)
    return found


def _survivor(record_id: str, heirs: dict[str, str]) -> str:
    seen = {record_id}
    while (heir := heirs.get(record_id, "")) and heir not in seen:
        seen.add(heir)
        record_id = heir
    return record_id


def deny(ws: Workspace, record_ids: Sequence[str], *, back: bool = False) -> list[tuple[str, str]]:
    """Mark records as no duplicates of each other, or take the marks `back`; the pairs that changed."""
    kind = REOPENED if back else DENIED
    ids = list(dict.fromkeys(record_ids))
    if len(ids) < 2:
        raise BadUsage(
            "a duplicate needs at least two records", "name two or more: crm dupes apart A B"
        )
    if len({entity_of(record_id) for record_id in ids}) > 1:
        raise BadUsage(
            tr("{} are of different kinds", together(ids)), "use leads, contacts or companies"
        )
    with ws.change("dupes apart" if kind == DENIED else "dupes reopen") as change:
        ws.look_again()
        names = {record_id: change.get(record_id).get("name") for record_id in ids}
        standing = denied(ws)
        pairs = [
            pair
            for one, other in combinations(ids, 2)
            if ((pair := pair_of(one, other)) in standing) == (kind == REOPENED)
        ]
        for pair in pairs:
            for record_id, other in (pair, pair[::-1]):
                change.note(kind, record_id, {"other": other, "name": names[other]})
    return pairs
