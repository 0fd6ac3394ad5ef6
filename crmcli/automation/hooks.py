"""Programs in hooks.d/ for people who script: one is asked before a change is written, one told of it after.

The contract is in `crm help hooks`. Each gets a line of JSON for each record that the change is about.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import weakref
from collections.abc import Iterator
from functools import partial
from typing import Any

from crmcli.automation.approval.acts import Act, hook_acts
from crmcli.automation.approval.gate import ASK, is_news, unapproved_of
from crmcli.automation.approval.origin import read_here
from crmcli.channels import program
from crmcli.channels.base import Unsound
from crmcli.channels.outcome import one_line
from crmcli.channels.own import checked
from crmcli.errors import CrmError, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model.event import Event, actor_of
from crmcli.model.fields import Record
from crmcli.model.values import entity_of, format_instant
from crmcli.store import layout
from crmcli.workspace import Change, Workspace

BEFORE, AFTER = layout.HOOKS
SECONDS = {BEFORE: 10.0, AFTER: 60.0}
"""How long each may take; while the first runs all other commands wait."""
CALLED = "CRM_HOOK"
"""In the environment of a hook: which one it is."""
NO, BROKEN = 1, 2
"""How a hook ended that did not say yes: it said no, or could not give an answer."""
_IN_MEMORY = 1 << 20
_LEDGER = (
    "job",
    "schedule",
    "trigger",
    "triggers",
    "robot",
    "turn",
    "automation",
    "clock",
    "import",
)
"""Beginnings of the kinds of events that are crm's own books, of which no hook is told."""


class HookRefused(Refused):
    """A hook did not let a change be written."""


class Hooks:
    """The hooks of an opened workspace."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._lines = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # lives as long as we
        weakref.finalize(self, self._lines.close)
        self._written = 0

    def before(self, change: Change) -> None:
        """Ask before a change is written, under the lock. HookRefused if the answer is not yes."""
        self._lines.seek(self._written)
        self._lines.truncate()
        self._lines.writelines(_lines_of(change))
        if self._lines.tell() == self._written or not self._may_run(BEFORE):
            return
        path = layout.hook_path(BEFORE)
        code, said = self._run(BEFORE, self._written)
        if code == NO:
            raise HookRefused(tr("{} refuses: {}", path, said or tr("without a word")))
        if code:
            way = tr("crm help hooks; to do without it, move {} away", path)
            raise HookRefused(tr("{} gave no answer, nothing is changed: {}", path, said), way)
        self._ws.notes += [f"{path}: {said}"] if said else []

    def committed(self) -> None:
        """What was asked about stands now."""
        self._lines.seek(0, os.SEEK_END)
        self._written = self._lines.tell()

    def after(self) -> None:
        """Tell of all that was written since, without the lock; nothing that happens here undoes it."""
        is_due, self._written = bool(self._written), 0
        if not is_due or CALLED in os.environ or not self._may_run(AFTER):
            return
        code, said = self._run(AFTER, 0)
        if code:
            path, said = layout.hook_path(AFTER), said or tr("without a word")
            self._ws.notes.append(tr("{} failed, the change stands: {}", path, said))

    def _may_run(self, name: str) -> bool:
        path = layout.hook_path(name)
        if not os.path.lexists(self._ws.root / path):
            return False
        acts = hook_acts(partial(read_here, self._ws.root))
        waiting = unapproved_of(self._ws, [act for act in acts if act.place == path])
        if waiting:
            self._tell_once(waiting[0])
        return not waiting

    def _tell_once(self, act: Act) -> None:
        try:
            if is_news(self._ws, act):
                told = tr("{} does not run before you approve it ({})", act.place, tr(ASK))
                self._ws.notes.append(told)
        except CrmError as error:
            self._ws.notes.append(error.message)

    def _run(self, name: str, start: int) -> tuple[int, str]:
        """How it ended, 0, NO or BROKEN, and what it said."""
        ws, path = self._ws, layout.hook_path(name)
        self._lines.seek(start)
        given = {CALLED: name, "CRM_WORKSPACE": str(ws.root), "CRM_USER": ws.user or actor_of(name)}
        environ = program.plain_environ({key: value for key, value in given.items() if value})
        until = time.monotonic() + SECONDS[name]
        try:
            words = [str(checked(ws.root, path))]
            ended = program.run(words, until, given=self._lines, folder=ws.root, environ=environ)
        except TimeoutError:
            return BROKEN, tr("it did not finish in {:g} s", SECONDS[name])
        except OSError as error:
            return BROKEN, tr("it cannot be run: {}", error.strerror)
        except Unsound as error:
            return BROKEN, f"{error.message} ({tr(error.hint)})"
        if len(ended.said) > program.LONGEST:
            return BROKEN, tr("it prints more than {} KB", program.LONGEST // 1024)
        said = one_line(ended.said) or one_line(ended.complained)
        if ended.code in (0, NO):
            return ended.code, said
        return BROKEN, f"{tr('it exited with {}', ended.code)}{f': {said}' if said else ''}"


def _lines_of(change: Change) -> Iterator[bytes]:
    """What a change does: a line for each record, and for each file that is none."""
    author = change.author
    who = {"command": author.command, "user": author.actor, "at": format_instant(author.at)}
    events: dict[str, list[Event]] = {}
    for event in change.events:
        if event.kind.partition(".")[0] not in _LEDGER:
            events.setdefault(event.record, []).append(event)
    for before, after in change.records:
        record = after or before
        if record is None or (before == after and record.id not in events):
            continue
        told = _raw(change, before), _raw(change, after), events.pop(record.id, [])
        yield _line(who, record.id, *told)
    for event in events.pop("", []):
        yield _line({**who, "file": str(event.data.get("file", ""))}, "", None, None, [event])
    for record_id, of_record in events.items():
        state = _standing(change, record_id)
        yield _line(who, record_id, state, state, of_record)


def _line(who: dict[str, str], record_id: str, before: Any, after: Any, of: list[Event]) -> bytes:
    events = [{"kind": event.kind, "data": dict(event.data)} for event in of]
    about = {"record": record_id, "entity": entity_of(record_id)} if record_id else {}
    states = {"before": before, "after": after} if record_id else {}
    told = {**who, **about, **states, "events": events}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _standing(change: Change, record_id: str) -> dict[str, Any] | None:
    try:
        return _raw(change, change.get(record_id, merged=True))
    except (NotFound, InvalidData):
        return None


def _raw(change: Change, record: Record | None) -> dict[str, Any] | None:
    return None if record is None else change.schema.write(record)
