"""crm timeline."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import Session, Verb
from crmcli.errors import NotFound
from crmcli.model.values import entity_of


@click.command(cls=Verb)
@click.argument("ref")
@click.option("--kind", multiple=True, help="Only events of this kind, e.g. stage.entered or mail.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the last N events.")
@click.pass_obj
def timeline(session: Session, ref: str, kind: Sequence[str], limit: int | None) -> None:
    """What happened to a record, oldest first.

    Example: crm timeline 7k3 --kind stage.entered
    """
    from crmcli.cli.printing import notes
    from crmcli.present.events import event_columns, event_rows
    from crmcli.sales.history.story import story_of

    ws = session.workspace
    try:
        events = story_of(ws, ws.find(ref))
    except NotFound:
        events = ws.events(record=ref.strip().lower()) if entity_of(ref.strip().lower()) else []
        if not events:  # else it was removed: its story outlives it
            raise
    if kind:
        events = [e for e in events if any(e.kind == k or e.kind.startswith(f"{k}.") for k in kind)]
    if limit:
        events = events[-limit:]
    session.out.records(event_rows(ws, events), event_columns())
    notes(session)
