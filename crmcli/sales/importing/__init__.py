"""Bringing in records from a file: every row becomes a record, repeats one, or is given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from crmcli.errors import BadUsage, Refused
from crmcli.sales.importing.run import Import
from crmcli.sales.importing.summary import Summary
from crmcli.sales.importing.wanted import ON_DUPLICATE, Wanted
from crmcli.store.decoding import TableUnreadable
from crmcli.store.jsonlines import JsonLines, read_json_lines
from crmcli.store.tables import Table, read_table
from crmcli.workspace import Workspace

__all__ = ["ENTITIES", "ON_DUPLICATE", "RowsRepeat", "Wanted", "import_records", "open_source"]

ENTITIES = ("lead", "contact", "company", "deal")
SHOWN = 10
"""Duplicates that a refusal lists."""


class RowsRepeat(Refused):
    """Rows of the file repeat records, and that was to stop the import; nothing was written."""


def open_source(
    content: bytes, name: str, encoding: str = "", delimiter: str = ""
) -> Table | JsonLines:
    """The rows of a file: JSON lines by its name or its first letter, else CSV."""
    if content.lstrip()[:2] == b"[{":
        raise TableUnreadable(
            f"{name} is one list of JSON", "put each object on a line of its own: jq -c '.[]'"
        )
    is_json = name.lower().endswith((".jsonl", ".ndjson")) or content.lstrip()[:1] == b"{"
    if is_json and content.strip():
        return read_json_lines(content, name, encoding)
    return read_table(content, name, encoding, delimiter)


def import_records(
    ws: Workspace,
    entity: str,
    source: Table | JsonLines,
    name: str,
    wanted: Wanted,
    progress: Callable[[int], None] = lambda rows: None,
) -> Summary:
    """Import a file; `progress` is told how many rows are done.

    A row is taken whole or not at all. Raises RowsRepeat with `fail`, before anything is written;
    an error in the middle leaves the transactions before it, and a rejects file of their rows.
    """
    if wanted.on_duplicate not in ON_DUPLICATE:
        raise BadUsage(f"{wanted.on_duplicate!r} is no policy", f"one of {', '.join(ON_DUPLICATE)}")
    wanted = replace(wanted, dry_run=wanted.dry_run or ws.dry_run)
    if wanted.on_duplicate == "fail":
        _refuse_repeats(ws, entity, source, name, wanted)
    return Import(ws, entity, source, name, wanted).run(progress)


def _refuse_repeats(
    ws: Workspace, entity: str, source: Table | JsonLines, name: str, wanted: Wanted
) -> None:
    trial = Import(ws, entity, source, name, replace(wanted, dry_run=True))
    trial.run(lambda rows: None)
    if trial.repeated:
        lines = [f"line {line} repeats {', '.join(ids)}" for line, ids in trial.repeated]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        raise RowsRepeat(
            f"{len(lines)} rows repeat records: {'; '.join(lines[:SHOWN])}{more}",
            "nothing was written; choose --on-duplicate skip, merge, replace or create",
        )
