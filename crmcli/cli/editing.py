"""`edit` in an editor: the record's file as text, checked before it is taken."""

from __future__ import annotations

import os
import sys

import click

from crmcli.cli.params import Session
from crmcli.cli.telling import say_changes
from crmcli.errors import BadUsage, InvalidData
from crmcli.model.fields import BadValues, Record
from crmcli.model.values import entity_of


def edit_as_text(session: Session, record_id: str) -> None:
    """Open the record in $EDITOR; what comes back is taken if it is sound and nobody was faster.

    The lock is not held meanwhile. A text that does not fit is offered for mending on a terminal and
    kept in a file elsewhere, so that no typing is lost.
    """
    from crmcli.sales import records
    from crmcli.store import codec

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor and not sys.stdin.isatty():
        raise BadUsage("nothing is to be changed", "give options, or set EDITOR")
    ws = session.workspace
    stored = ws.stored(record_id)
    original = codec.dump(ws.schema.write(stored.record))
    text = original
    while True:
        edited = click.edit(text, editor=editor, extension=".yaml", require_save=False)
        if edited is None or edited == original:
            session.out.note("nothing changed")
            return
        try:
            record = _read(session, record_id, edited)
            break
        except InvalidData as error:
            text = edited
            if not (
                sys.stdin.isatty() and click.confirm(f"{error.message}. Edit again?", err=True)
            ):
                raise InvalidData(error.message, f"your text is kept in {_keep(edited)}") from None
    records.take_text(ws, record_id, stored.digest, record)
    say_changes(session, [(stored.record, record)])


def _read(session: Session, record_id: str, text: str) -> Record:
    from crmcli.store import codec
    from crmcli.store.repository import unreadable

    data = text.encode()
    raw = codec.load(data, "the edited text")
    try:
        return session.workspace.schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise unreadable("the edited text", data, error) from None


def _keep(text: str) -> str:
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="crm-edit-", suffix=".yaml", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return file.name
