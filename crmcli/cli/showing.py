"""`show`, which every noun has and which stands alone, and `timeline`: a record as it is, or as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import REF, Verb, WholeNumber, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import KINDS
from crmcli.model.listed import allowed_hint
from crmcli.model.values import entity_of
from crmcli.model.words import in_words

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.fields import Record
    from crmcli.present.cells import Listing

PAST = (
    "--at shows it as it was at that time; a day means its end. The past is computed from the file and "
    "the timeline; edits made by hand are not on the timeline, so they show as if they had always been there."
)


def show_command(*entities: str) -> click.Command:
    """`crm show`, and `crm NOUN show` for the entity that is named."""
    told = "As of this time, e.g. 2026-11-20 or -2h."
    what = ENTITIES[entities[0]].one if entities else "any record"

    def callback(session: Session, ref: str, at: str | None, expand: bool) -> None:
        ws = session.workspace
        if expand and at is not None:
            raise BadUsage("--expand shows a record as it is now", "leave out --at")
        if at is None:
            _print(session, ws.find(ref, *entities), expand=expand)
        else:
            from crmcli.sales.history import past

            moment = past.moment_of(ws, at)
            _print(session, past.as_of(ws, _known(session, ref, *entities), moment), moment)

    return Verb(
        "show",
        params=[
            REF,
            option("--at", told, "WHEN", default=None),
            option(
                "--expand",
                "In JSON and YAML: names, linked records, stages, totals too.",
                is_flag=True,
            ),
        ],
        callback=callback,
        help=f"Show {what} with its links and latest events.\n\n{PAST}\n\n"
        f"Example: crm {' '.join([*entities, 'show'])} 7k3 --at yesterday",
    )


def _known(session: Session, ref: str, *entities: str) -> str:
    """The id of a record that is there, or was merged, or was removed and is named in full."""
    ws, typed = session.workspace, ref.strip().lower()
    try:
        return ws.named(ref, *entities)
    except NotFound:
        entity = entity_of(typed)
        if entity and entity in (entities or (entity,)) and ws.events(record=typed):
            return typed
        raise


def _print(
    session: Session, record: Record, at: datetime | None = None, *, expand: bool = False
) -> None:
    """Print a record: its card, what belongs to it, its last events.

    As it was `at` a moment: without what belongs to it now, and with the events until then.
    """
    from crmcli.present.columns import derived_columns, for_people, named, with_derived
    from crmcli.present.events import event_table
    from crmcli.present.records import (
        belonging,
        card_columns,
        last_events,
        raw_row,
        with_returned_mail,
    )
    from crmcli.sales.history.story import files_of

    out, ws = session.out, session.workspace
    row, columns = raw_row(ws, record), card_columns(ws, record)
    if not out.is_table:
        if expand:
            from crmcli.present.expanded import expanded

            row = expanded(ws, record)
        out.one(row, columns)
        return
    if at is None:
        columns += derived_columns(ws, record.entity)
        row = dict(with_derived(ws, record.entity, columns, [row])[0])
        if files := files_of(ws, record):
            row["files"] = ws.schema.field(record.entity, "files").kind.dump(tuple(files))
        row, columns = with_returned_mail(ws, record, row, columns)
    out.one(row, [named(ws, record.entity, column, [row]) for column in columns])
    from crmcli.present.lines import COLUMNS, line_rows, told_totals

    if lines := line_rows(record):
        out.section(f"{tr('Lines')}: {told_totals(ws, record)}", lines, COLUMNS)
    for other, rows in ({} if at else belonging(ws, record)).items():
        columns = for_people(ws, other, [], rows)
        out.section(ENTITIES[other].plural.capitalize(), rows, columns)
    out.section("Timeline", *event_table(ws, last_events(ws, record, at)))


show = show_command()


@click.command(cls=Verb)
@click.argument("ref")
@click.option("--kind", multiple=True, help="Only events of this kind, e.g. stage.entered or mail.")
@click.option("--limit", type=WholeNumber(min=1), metavar="N", help="Only the last N events.")
def timeline(session: Session, ref: str, kind: Sequence[str], limit: int | None) -> Listing:
    """What happened to a record, oldest first.

    Example: crm timeline 7k3 --kind stage.entered
    """
    from crmcli.present.events import event_table
    from crmcli.sales.history.story import story_of

    ws = session.workspace
    try:
        events = story_of(ws, ws.find(ref))
    except NotFound:  # it may be removed: its story outlives it
        events = ws.events(record=_known(session, ref))
    known = {k.partition(".")[0] for k in KINDS} | {*KINDS}
    said = {in_words(k): k for k in reversed(KINDS)}
    kind = [word if word in known else said.get(word, word) for word in kind]
    for word in kind:
        if word not in known:
            raise BadUsage(
                tr("no event is of the kind {!r}", word), allowed_hint(word, known, shown=KINDS)
            )
    if kind:
        events = [e for e in events if any(e.kind == k or e.kind.startswith(f"{k}.") for k in kind)]
    return event_table(ws, events[-limit:] if limit else events)
