"""What a change comes to, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.model.fields import Record, dump_value
from crmcli.present.cells import in_short

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def difference(ws: Workspace, before: Record, after: Record) -> list[str]:
    """What an edit changed: `amount 100 → 200`."""
    lines: list[str] = []
    for field in ws.schema.fields(after.entity):
        old, new = before.get(field.name), after.get(field.name)
        if old != new:
            lines.append(f"{field.name} {_short(field.kind, old)} → {_short(field.kind, new)}")
    names = sorted({*before.unknown, *after.unknown})
    lines += [f"{n} changed" for n in names if before.unknown.get(n) != after.unknown.get(n)]
    return lines


def _short(kind: str, value: Any) -> str:
    return in_short(dump_value(kind, value))
