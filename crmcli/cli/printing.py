"""How commands print: records and lists, what changed, and what the workspace has to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Session
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.present.cells import Column
from crmcli.present.columns import columns_of, named
from crmcli.present.records import belonging, card_columns, last_events, raw_row
from crmcli.present.told import Told

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.errors import Problem


def say(session: Session, told: Told) -> None:
    """Print the one line of what changed, or would change, its remarks, and what the workspace has to say."""
    text = tr("dry run: {}", told.text) if session.dry_run else told.text
    session.out.changed(text, told.row)
    for text in told.details:
        session.out.detail(text)
    for text in told.notes:
        session.out.note(text)
    notes(session)


def say_changes(session: Session, pairs: Iterable[tuple[Record, Record]]) -> None:
    """Print one line per changed record: which field went from what to what."""
    from crmcli.present.changes import changed

    for before, after in pairs:
        say(session, changed(session.workspace, before, after))


def tell(session: Session, text: str, row: Mapping[str, object] | None = None) -> None:
    """Print the one line of what changed, or would change, where there is no more to it."""
    say(session, Told(text, row))


def notes(session: Session) -> None:
    """Pass on what the workspace has to say: recovered changes, a change saved but not finished."""
    for text in session.workspace.notes:
        session.out.note(text)
    session.workspace.notes.clear()


def unreadable(session: Session) -> None:
    """Say how many files a list could not show."""
    count = len(session.workspace.problems())
    if count:
        session.out.note(tr("{} cannot be read: see crm check", counted(count, "file")))
    notes(session)


def print_problems(
    session: Session, found: Sequence[Problem], warnings: Sequence[Problem], fine: str
) -> None:
    """Print problems, or that all is `fine`; the command ends with 6 if there are any."""
    from crmcli.present.problems import problem_table

    out = session.out
    if out.is_table:
        if found:
            out.prose("\n".join(map(str, found)))
        for warning in warnings:
            out.note(tr("warning: {}", str(warning).removeprefix(": ")))
        if fine and not found:
            out.note(fine)
    else:
        out.records(*problem_table(found, warnings))
    if found:
        click.get_current_context().exit(6)


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
            out.note(tr("no {}", tr(ENTITIES[entity].plural)))
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
