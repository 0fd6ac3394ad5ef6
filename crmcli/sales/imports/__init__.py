"""Importing records: each row becomes a record, repeats one, or is rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.language import counted, tr
from crmcli.model.access import IMPORT
from crmcli.sales.imports.new_values import add_values
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.run import Import
from crmcli.sales.imports.sources import Source, open_source
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace

__all__ = ["ImportOptions", "RowsRepeat", "import_records", "open_source"]

SHOWN = 10
"""Duplicates that a refusal lists."""


class RowsRepeat(Refused):
    """Rows of the file repeat records, and that was to stop the import; nothing was written."""


def import_records(
    ws: Workspace,
    entity: str,
    source: Source,
    name: str,
    wanted: ImportOptions,
    progress: Callable[[int], None] = lambda rows: None,
) -> Summary:
    """Import a file; `progress` is told how many rows are done.

    With `create_values` the file is read once before, and what our directories lack is added to them.
    A row is taken whole or not at all. With `fail`, RowsRepeat before anything is written; after an error
    the transactions before it stand, with a rejects file of their rows.
    """
    wanted = replace(wanted, dry_run=wanted.dry_run or ws.dry_run)
    ws.within(IMPORT, entity, None)  # before a row is judged: rows tell of what is there
    if wanted.on_duplicate == "fail":
        _refuse_repeats(ws, entity, source, name, wanted)
    created: Mapping[str, Mapping[str, str]] = {}
    if wanted.create_values and wanted.dry_run == ws.dry_run:
        trial = Import(ws, entity, source, name, replace(wanted, dry_run=True))
        created = add_values(ws, trial.unknown_values())
    found = Import(ws, entity, source, name, wanted, created).run(progress)
    found.created_values = {name: [*labels.values()] for name, labels in created.items()}
    return found


def _refuse_repeats(
    ws: Workspace, entity: str, source: Source, name: str, wanted: ImportOptions
) -> None:
    trial = Import(ws, entity, source, name, replace(wanted, dry_run=True))
    trial.run(lambda rows: None)
    if repeated := trial.taker.repeated:
        lines = [tr("line {} repeats {}", line, ", ".join(ids)) for line, ids in repeated]
        more = tr(" and {} more", len(lines) - SHOWN) if len(lines) > SHOWN else ""
        raise RowsRepeat(
            tr(
                "{} existing records: {}{}",
                counted(len(lines), "row repeats", "rows repeat"),
                "; ".join(lines[:SHOWN]),
                more,
            ),
            "nothing was written; choose --on-duplicate skip, merge, replace or create",
        )
