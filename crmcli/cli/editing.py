"""`edit` in an editor: the record's file as text, checked before it is taken."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli import asking
from crmcli.cli.printing import changes
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError
from crmcli.language import tr
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.model.fields import Record


VERSION = "# version: "


def as_text(
    session: Session, record_id: str, way: str, *, keep_unknown: bool, create: bool
) -> list[Told]:
    """Edit the record as text: in an editor, or elsewhere, for which it is printed, or taken from a file."""
    if way == "print":
        return print_text(session, record_id)
    edit_by = partial(take_edited, source=way) if way else edit_as_text
    return edit_by(session, record_id, keep_unknown=keep_unknown, create=create)


def edit_as_text(
    session: Session, record_id: str, *, keep_unknown: bool, create: bool = False
) -> list[Told]:
    """Open the record in $EDITOR; what comes back is taken if it is sound and nobody was faster.

    The lock is not held meanwhile. A text that does not fit is offered for mending on a terminal, and
    the file stays where it was edited if it cannot be taken, so that no typing is lost.
    """
    from crmcli.sales.duplicates.known import look_for_known
    from crmcli.sales.records import edit, editor_text
    from crmcli.sales.records.new_links import linking

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if session.gate:
        raise BadUsage(
            "nothing to change", "give options; crm --remote opens the editor on your side"
        )
    if not editor and not sys.stdin.isatty():
        raise BadUsage("nothing to change", "give options, or set EDITOR")
    ws = session.workspace
    look = partial(look_for_known, ws, "warn")
    stored = ws.stored(record_id)
    original = session.out.masked(editor_text.to_text(ws, stored.record)).encode()
    session.out.clear_the_way()
    path = _write(original)
    taken: list[tuple[Record, Record]] = []
    try:
        while True:
            click.edit(filename=str(path), editor=editor)
            data = path.read_bytes() if path.exists() else original
            if data.replace(b"\r\n", b"\n") == original:
                session.out.note("nothing changed")
                break
            try:
                linked: list[Record] = []
                record = editor_text.from_text(
                    ws, stored.record, data, keep_unknown=keep_unknown,
                    inputs=linking(ws, linked, create=create),
                )  # fmt: skip
                taken.append(edit.take_text(ws, record_id, stored.digest, record, look, linked))
                break
            except CrmError as error:
                if not _again(error):
                    raise _kept(error, path) from None
    except click.ClickException:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)
    return changes(session, taken)


def print_text(session: Session, record_id: str) -> list[Told]:
    """Print the text that an editor would get, with the version of the record in its first line."""
    from crmcli.sales.records import editor_text

    stored = session.workspace.stored(record_id)
    text = editor_text.to_text(session.workspace, stored.record)
    session.out.text(f"{VERSION}{stored.digest}\n{text}".rstrip("\n"))
    return []


def take_edited(
    session: Session, record_id: str, source: str, *, keep_unknown: bool, create: bool
) -> list[Told]:
    """Take a text that was edited elsewhere; FileChanged if the record is not what it was when the text was
    printed."""
    from crmcli.sales.duplicates.known import look_for_known
    from crmcli.sales.records import edit, editor_text
    from crmcli.sales.records.input_files import LARGEST_TEXT, read_file, read_stream
    from crmcli.sales.records.new_links import linking

    ws = session.workspace
    stdin = sys.stdin.buffer
    data = (
        read_stream(stdin, "stdin", LARGEST_TEXT)
        if source == "-"
        else read_file(source, LARGEST_TEXT)[1]
    )
    stored, linked = ws.stored(record_id), list[Any]()
    first = data.decode("utf-8", "replace").partition("\n")[0]
    digest = stored.digest
    if first.startswith(VERSION):
        given = first.removeprefix(VERSION).strip()
        is_same = ws.trail is not None and given == ws.trail.signed(digest)
        digest = digest if is_same else given
    record = editor_text.from_text(
        ws,
        stored.record,
        data,
        keep_unknown=keep_unknown,
        inputs=linking(ws, linked, create=create),
    )
    look = partial(look_for_known, ws, "warn")
    return changes(session, [edit.take_text(ws, record_id, digest, record, look, linked)])


def _write(text: bytes) -> Path:
    """The text in a file of its own, which only its owner can read."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        "wb", prefix="crm-edit-", suffix=".yaml", delete=False
    ) as file:
        file.write(text)
    return Path(file.name)


def _again(error: CrmError) -> bool:
    """Whether the text shall be opened again; only faults of the text can be mended in it."""
    if error.exit_code in (3, 5) or not sys.stdin.isatty():
        return False
    return asking.agrees(tr("{}. Edit again?", error.message))


def _kept(error: CrmError, path: Path) -> CrmError:
    """The same refusal, saying where the text is."""
    error.hint = "; ".join(filter(None, (error.hint, tr("your text is kept in {}", path))))
    return error


def written(session: Session, begun: str) -> str:
    """What somebody writes in $EDITOR above a text that is there; BadUsage if that is nothing."""
    if session.gate or not (
        os.environ.get("VISUAL") or os.environ.get("EDITOR") or sys.stdin.isatty()
    ):
        raise BadUsage(
            "give the text or --template", tr("crm mail reply MESSAGE 'Yes, tomorrow at ten.'")
        )
    text = click.edit(begun, extension=".txt") or ""
    if not text.strip() or text.strip() == begun.strip():
        raise BadUsage("nothing was written, so nothing is sent")
    return text.strip()
