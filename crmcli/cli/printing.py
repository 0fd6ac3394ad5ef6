"""How commands print: records and lists, what changed, and what the workspace has to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.cli.params import Session
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.plural import counted
from crmcli.present.cells import Column
from crmcli.present.changes import difference
from crmcli.present.columns import columns_of, named
from crmcli.present.records import belonging, card_columns, last_events, raw_row

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.sales.add import Added
    from crmcli.sales.settings.fields import Reshaped


def say_changes(session: Session, changed: Sequence[tuple[Any, Any]]) -> None:
    """Print one line per changed record: which field went from what to what."""
    for before, after in changed:
        lines = difference(session.workspace, before, after)
        text = (
            f"{after.id} {after.get('name')}: {'; '.join(lines)}"
            if lines
            else f"{after.id}: nothing to change"
        )
        tell(session, text, raw_row(session.workspace, after))
    notes(session)


def tell(session: Session, text: str, row: Mapping[str, object] | None = None) -> None:
    """Print the one line of what changed, or would change."""
    session.out.changed(f"would: {text}" if session.dry_run else text, row)


def say_reshaped(session: Session, text: str, done: Reshaped, row: Mapping[str, object]) -> None:
    """Print what became of a field or a value, in how many records, and which other files changed."""
    count = f", in {counted(done.records, 'record')}" if done.records else ""
    tell(session, f"{text}{count}.", {**row, "records": done.records, "files": list(done.files)})
    for path in done.files:
        if path != "settings.yaml":
            done_or_not = "would change" if session.dry_run else "was changed"
            session.out.note(f"{path} {done_or_not} with it")
    for place in done.left:
        session.out.note(f"{place} still speaks of it")
    notes(session)


def mark_line(one: str, other: str, *, apart: bool) -> str:
    """What a mark on two records says of them now."""
    return f"{one} and {other} {'are no duplicates' if apart else 'may be duplicates again'}."


def notes(session: Session) -> None:
    """Pass on what the workspace has to say: recovered changes, a change saved but not finished."""
    for text in session.workspace.notes:
        session.out.note(text)
    session.workspace.notes.clear()


def say_known(session: Session, done: Added) -> None:
    """Say, in one line, whom a new record may be, or that one was there and nothing was added."""
    shown = "; ".join(map(str, done.known[:3]))
    more = f" and {len(done.known) - 3} more" if len(done.known) > 3 else ""
    if not done.is_new:
        session.out.note(f"nothing was added: {shown}{more}")
    elif done.known:
        session.out.note(f"may be known already: {shown}{more}")


def unreadable(session: Session) -> None:
    """Say how many files a list could not show."""
    count = len(session.workspace.problems())
    if count:
        session.out.note(f"{counted(count, 'file')} cannot be read: see crm check")
    notes(session)


def print_records(
    session: Session,
    entity: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    all_fields: bool = True,
) -> None:
    """Print a list of raw records; people see names for stages, users and links."""
    out = session.out
    if out.is_table:
        columns = [named(session.workspace, entity, column, rows) for column in columns]
        if not rows:
            out.note(f"no {ENTITIES[entity].plural}")
    out.records(rows, columns, all_fields=all_fields)


def print_one(session: Session, record: Record, at: datetime | None = None) -> None:
    """Print a record: its card, what belongs to it, its last events.

    As it was `at` a moment: without what belongs to it now, and with the events until then.
    """
    out, ws = session.out, session.workspace
    row, columns = raw_row(ws, record), card_columns(ws, record)
    if not out.is_table:
        out.one(row, columns)
        return
    from crmcli.present.events import event_columns, event_rows

    out.one(row, [named(ws, record.entity, column, [row]) for column in columns])
    for other, rows in ({} if at else belonging(ws, record)).items():
        columns = [named(ws, other, column, rows) for column in columns_of(ws, other, [])]
        out.section(ENTITIES[other].plural.capitalize(), rows, columns)
    out.section("Timeline", event_rows(ws, last_events(ws, record, at)), event_columns())
