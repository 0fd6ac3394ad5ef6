"""Tombstones of merged records: whether they lead to a record."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model.merged import MERGED_INTO, fault_of, tombstone
from crmcli.model.values import entity_of
from crmcli.store import layout
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace


def problems(ws: Workspace) -> Iterator[Problem]:
    """The tombstones that lead nowhere: to a record that is not there, or round in a circle."""
    way = dict(ws.merged())
    for record_id, survivor in way.items():
        if fault_of(tombstone(record_id, survivor))[0]:
            continue  # it is told where the file was read
        path = layout.record_path(record_id)
        unmerge = tr("crm {} unmerge {}", entity_of(record_id), record_id)
        if _is_in_a_circle(way, record_id):
            said = tr("merged into {}, which was merged into it in turn", survivor)
            hint = tr("decide which one stays, and {} for that one", unmerge)
        elif survivor not in way and not ws.has_file(layout.record_path(survivor)):
            said = tr("merged into {}, which does not exist", survivor)
            hint = tr("{} brings it back; or remove the file", unmerge)
        else:
            continue
        line = marked(ws, path).lines.get((MERGED_INTO,), 0)
        yield Problem(path, line, said, hint)


def _is_in_a_circle(way: dict[str, str], record_id: str) -> bool:
    here = way[record_id]
    for _ in way:
        if here == record_id or here not in way:
            break
        here = way[here]
    return here == record_id


def marked(ws: Workspace, path: str) -> codec.Marked:
    """A record's file with the lines of its fields; empty if it cannot be read, which is told elsewhere."""
    try:
        return codec.load_marked(ws.file(path) or b"", path)
    except CrmError:
        return codec.Marked({}, {})


def successor(ws: Workspace, target: str) -> str:
    """The record to which a link shall lead instead, if its target was merged; else ""."""
    survivor = ws.heir(target) if entity_of(target) else target
    return survivor if survivor != target and ws.exists(survivor) else ""
