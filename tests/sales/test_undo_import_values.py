"""An import that is undone takes the values along that it added to directories."""

from __future__ import annotations

from crmcli.sales.imports.undo import undo_import
from crmcli.workspace import Workspace
from tests import kit

TEXT = "name;Источник\nКровля;Радио\nЗабор;Газета\n"


def sources(ws: Workspace) -> list[str]:
    return [*kit.opened(ws.root).settings.directories["sources"].values()]


def test_values_that_nobody_uses_go_with_the_import(ws: Workspace) -> None:
    before = sources(ws)
    found = kit.bring(ws, "deal", TEXT, create_values=True)
    assert sources(ws) == [*before, "Радио", "Газета"]
    undo_import(ws, found.batch)
    assert sources(ws) == before
    assert kit.all_of(ws, "deal") == []


def test_a_value_that_somebody_uses_stays_and_is_told(ws: Workspace) -> None:
    before = sources(ws)
    found = kit.bring(ws, "deal", TEXT, create_values=True)
    ws = kit.opened(ws.root)
    kit.deal(ws, name="Крыльцо", source="Радио")
    undo_import(ws, found.batch)
    assert sources(ws) == [*before, "Радио"]
    assert [note for note in ws.notes if "sources" in note][-1].endswith(": радио")


def test_a_dry_run_takes_nothing(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", TEXT, create_values=True)
    before = sources(ws)
    dry = kit.opened(ws.root)
    dry.dry_run = True
    undo_import(dry, found.batch)
    assert sources(ws) == before
