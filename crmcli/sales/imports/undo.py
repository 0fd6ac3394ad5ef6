"""Undoing an import: its records, and what it added to directories."""

from __future__ import annotations

from crmcli.errors import InvalidData, Refused
from crmcli.language import tr
from crmcli.model.event import CREATED_VALUES
from crmcli.sales.history import undo as undoing
from crmcli.sales.settings import directories
from crmcli.workspace import Workspace


def undo_import(ws: Workspace, ref: str, telling: undoing.Telling | None = None) -> undoing.Undone:
    """Undo an import as `undo_batch` does, and then remove the values of directories that it added and that
    nobody uses now; a note tells of these and of the others."""
    done = undoing.undo_batch(ws, ref, telling)
    if not ws.dry_run:
        _remove_values(ws, undoing.batch_of(ws, ref))
    return done


def _remove_values(ws: Workspace, batch: str) -> None:
    made: dict[str, list[str]] = {}
    for event in ws.events(kinds=("import.part",)):
        if event.data.get("batch") == batch:
            made |= event.data.get(CREATED_VALUES, {})
    if not made:
        return
    ws.look_again()
    try:
        gone = directories.remove_unused(ws, made)
    except (Refused, InvalidData) as error:
        gone = {}
        ws.notes.append(tr(error.message))
    for name, values in made.items():
        removed = gone.get(name, ())
        left = [value for value in values if value not in removed]
        if removed:
            ws.notes.append(tr("removed from the directory {}: {}", name, ", ".join(removed)))
        if left:
            ws.notes.append(tr("left in the directory {}: {}", name, ", ".join(left)))
