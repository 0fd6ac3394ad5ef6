"""Which of the records that an undo would remove must stay, because something that stays links to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crmcli.model.values import Raw
from crmcli.sales.history.past import restored
from crmcli.sales.records.links import links_of, referring_to
from crmcli.workspace import Workspace


def still_linked(
    ws: Workspace, gone: Sequence[str], touched: Mapping[str, Mapping[str, Raw] | None]
) -> dict[str, str]:
    """Those of the `gone` that something links to which stays, each with that; `touched` are the records as
    they will be."""
    links = list(_links_to(ws, gone, touched)) if gone else []
    left, found = set(gone), dict[str, str]()
    while held := {to: source for source, to in links if to in left and source not in left}:
        left -= held.keys()
        found |= held
    return found


def _links_to(
    ws: Workspace, gone: Sequence[str], touched: Mapping[str, Mapping[str, Raw] | None]
) -> Iterator[tuple[str, str]]:
    """Who links to these: as the records are on disk, or as they will be where they are touched."""
    targets = set(gone)
    there = (r for r in referring_to(ws, gone) if r.id not in touched or r.id in targets)
    new = (restored(ws, record_id, raw) for record_id, raw in touched.items() if raw is not None)
    for record in (*there, *new):
        yield from ((record.id, to) for _, to, _ in links_of(ws, record) if to in targets)
