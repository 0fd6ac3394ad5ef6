"""`show`, which every noun has and which stands alone: a record as it is, or as it was."""

from __future__ import annotations

import click

from crmcli.cli.params import REF, Session, Verb, option
from crmcli.errors import NotFound
from crmcli.model.entities import ENTITIES

PAST = (
    "--at shows it as it was at that time; a day means its end. The past is computed from the file and "
    "the timeline; edits made by hand are not on the timeline, so they show as if they had always been there."
)


def show_command(*entities: str) -> click.Command:
    """`crm show`, and `crm NOUN show` for the entity that is named."""
    told = "As of this time, e.g. 2026-11-20 or -2h."
    what = ENTITIES[entities[0]].one if entities else "any record"

    @click.pass_obj
    def callback(session: Session, ref: str, at: str | None) -> None:
        from crmcli.cli.printing import notes, print_one

        ws = session.workspace
        if at is None:
            print_one(session, ws.find(ref, *entities))
        else:
            from crmcli.sales.history import past

            moment = past.moment_of(ws, at)
            record = past.as_of(ws, _known(session, ref, *entities), moment)
            print_one(session, record, moment)
        notes(session)

    return Verb(
        "show",
        params=[REF, option("--at", told, "WHEN", default=None)],
        callback=callback,
        help=f"Show {what} with its links and latest events.\n\n{PAST}\n\n"
        f"Example: crm {' '.join([*entities, 'show'])} 7k3 --at yesterday",
    )


def _known(session: Session, ref: str, *entities: str) -> str:
    """The id of a record that is there, or was merged, or was removed and is named in full."""
    from crmcli.model.values import entity_of

    ws, typed = session.workspace, ref.strip().lower()
    try:
        return ws.named(ref, *entities)
    except NotFound:
        entity = entity_of(typed)
        if entity and entity in (entities or (entity,)) and ws.events(record=typed):
            return typed
        raise


show = show_command()
