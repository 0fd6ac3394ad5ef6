"""What happened with a client: calls, messages, meetings, notes, and codes that triggers wait for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import ACTIVITIES
from crmcli.model.listed import allowed_hint
from crmcli.sales.consent.block_list import check_welcome
from crmcli.store.layout import PIPELINES
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.pipeline import Pipeline


class NobodyWaits(NotFound):
    """A code that no trigger waits for."""


def log(
    ws: Workspace, record_id: str, kind: str, text: str, *, anyway: bool = False, **data: Any
) -> str:
    """Log an activity (one of ACTIVITIES) of a record and return the event's id.

    Blocked if it came from somebody on the block list, unless `anyway`.
    """
    if kind not in ACTIVITIES:
        raise BadUsage(tr("{!r} is not an activity", kind), tr("one of {}", ", ".join(ACTIVITIES)))
    with ws.change("log") as change:
        record = change.get(record_id)
        if kind.endswith(".in") and not anyway:
            check_welcome(ws, record)
        return log_in(change, record_id, kind, text, data)


def log_in(
    change: Change, record_id: str, kind: str, text: str, data: Mapping[str, Any] | None = None
) -> str:
    """Write down an activity within an open change."""
    facts = {name: value for name, value in (data or {}).items() if value not in ("", None)}
    return change.note(kind, record_id, {"text": text, **facts})


def fire(ws: Workspace, record_id: str, code: str, call_id: str = "") -> str:
    """Tell the triggers that something happened outside; returns the event's id, "" for a call of which the
    record was told before under the same `call_id`. NobodyWaits if no trigger has that code."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", code):
        raise BadUsage(
            tr("{!r} is not a valid code", code),
            "a word of small Latin letters, digits, - and _, e.g. paid",
        )
    with ws.change("trigger fire") as change:
        _check_awaited(ws, change.get(record_id), code)
        if call_id and calls(ws, record_id, code, call_id):
            return ""
        return change.note(
            "signal", record_id, {"code": code, **({"id": call_id} if call_id else {})}
        )


def calls(ws: Workspace, record_id: str, code: str, call_id: str) -> list[str]:
    """The events by which a record was told of one call, the first first; not those that were undone."""
    from crmcli.sales.history.undo import dead

    told = ws.events(record=record_id, kinds=("signal",))
    same = [e for e in told if (e.data.get("code"), e.data.get("id")) == (code, call_id)]
    is_dead = dead(ws) if same else None
    return [event.id for event in same if not (is_dead and is_dead(event))]


def _check_awaited(ws: Workspace, record: Record, code: str) -> None:
    """NobodyWaits where no trigger can hear of it: none of the record's pipeline, or, for a record that has
    no stages, of any."""
    own = [ws.pipeline_of(record)] if "staged" in ENTITIES[record.entity].traits else ws.pipelines
    if code in _codes(own):
        return
    where = own[0].id if isinstance(own, list) else PIPELINES
    there = [line.id for line in ws.pipelines if code in _codes([line])]
    codes = _codes(ws.pipelines)
    hint = (
        tr("{} waits for it", ", ".join(there)) if there else allowed_hint(code, codes, tr("codes"))
    )
    raise NobodyWaits(tr("no trigger of {} waits for {!r}", where, code), hint)


def _codes(pipelines: Iterable[Pipeline]) -> list[str]:
    """The codes for which triggers wait there."""
    rules = (rule for line in pipelines for stage in line.stages for rule in stage.triggers)
    return sorted({rule.on for rule in rules if rule.on and "." not in rule.on})
