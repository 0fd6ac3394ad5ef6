"""crm snapshot: the columns that reports over millions of records are asked of."""

from __future__ import annotations

import click

from crmcli.cli.params import Verb
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.present.told import Told
from crmcli.workspace import snapshots


@click.command(cls=Verb)
def snapshot(session: Session) -> Told:
    """Write what reports ask as Parquet files into .crm/snapshot, for DuckDB.

    crm report NAME --snapshot asks these files: the same figures, as of now, and quicker where there
    are hundreds of thousands of records. reports: {snapshot: 1h} in settings.yaml lets crm tick renew them.

    Example: crm snapshot
    """
    note = snapshots.write(session.workspace)
    rows = sum(note.rows.values())
    told = tr(
        "Wrote {} of {} into {}.",
        counted(rows, "row"),
        counted(len(note.rows), "table"),
        snapshots.PATH,
    )
    return Told(told, {"at": note.at, "events": note.events, "rows": note.rows})
