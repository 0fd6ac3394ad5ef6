"""Moving a lead or a deal from stage to stage: all its rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.sales.activities import note_in
from crmcli.sales.records.given_values import read_value
from crmcli.sales.records.required import check_stage
from crmcli.sales.records.stage_lookup import (
    NotConverted,
    find_pipeline,
    find_stage,
    reason_field,
    require_reason,
)
from crmcli.workspace import Change, UnknownStage, Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.pipeline import Pipeline, Stage


class Closed(Refused):
    """The record has ended; moving it on needs a word."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move: the record now, where it came from and where it is; `reason` is new if it did not move."""

    record: Record
    origin: str
    stage: Stage
    moved: bool
    reason: str = ""


def move(
    ws: Workspace,
    record_id: str,
    stage_ref: str,
    *,
    pipeline: str = "",
    reason: str = "",
    reopen: bool = False,
    note: str = "",
) -> Move:
    """Move a lead or deal to a stage, by hand; a note on it may be written down with that."""
    with ws.change(f"{record_id.split('-')[0]} move") as change:
        return move_one(
            change, ws, record_id, stage_ref,
            pipeline=pipeline, reason=reason, reopen=reopen, note=note,
        )  # fmt: skip


def move_one(
    change: Change, ws: Workspace, record_id: str, stage_ref: str, *, note: str = "", **how: Any
) -> Move:
    """Move a record by its id within an open change; a note on it may be written down with that."""
    done = move_in(change, ws, change.get(record_id), stage_ref, **how)
    note_in(change, record_id, note)
    return done


def move_in(
    change: Change,
    ws: Workspace,
    record: Record,
    stage_ref: str,
    *,
    pipeline: str = "",
    reason: str = "",
    reopen: bool = False,
    closed_at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
) -> Move:
    """Move a lead or deal within an open change; nothing if it is there. An end is now, or at `closed_at`.

    Refused if it is closed (unless `reopen`), lacks what the stage requires, or is lost without a reason.
    """
    target = find_pipeline(ws, pipeline) if pipeline else _current_pipeline(ws, record)
    stage = find_stage(target, stage_ref)
    origin = str(record.get("stage"))
    same_pipeline = getattr(record, "pipeline", "") in (target.key, "")
    if origin == stage.id and same_pipeline:
        return _stay(change, ws, record, stage, reason)
    _check_end(ws, record, target, stage, reopen=reopen)
    moved = _moved(ws, record, target, stage, reason, closed_at or ws.now)
    check_stage(ws, moved, stage)
    change.save(moved, "stage.entered", {"from": origin, **(data or {})})
    return Move(moved, origin, stage, moved=True)


def _stay(change: Change, ws: Workspace, record: Record, stage: Stage, reason: str) -> Move:
    """No move; but a better reason for what was lost already is taken down."""
    better = _reason(ws, record, stage, reason) if reason else ""
    name = reason_field(record.entity) if better else ""
    if not better or better == record.get(name):
        return Move(record, stage.id, stage, moved=False)
    record = record.with_values({name: better})
    change.save(record)
    return Move(record, stage.id, stage, moved=False, reason=better)


def _current_pipeline(ws: Workspace, record: Record) -> Pipeline:
    row = ENTITIES[record.entity]
    if "staged" not in row.traits:
        raise BadUsage(
            tr("{} has no stages", tr(row.one)), tr("what moves: {}", ", ".join(having("staged")))
        )
    return ws.pipeline_of(record)


def _check_end(
    ws: Workspace, record: Record, target: Pipeline, stage: Stage, *, reopen: bool
) -> None:
    if isinstance(record, Lead) and record.converted_at is not None:
        if target.stage(record.stage) is not None:
            raise Closed(tr("{} is converted", record.id), "use what it was converted to")
        if stage.kind != "won":
            way = f"crm lead move {record.id} {target.won.id}"
            raise Closed(tr("{} is converted", record.id), way)
    elif isinstance(record, Lead) and stage.kind == "won":
        raise NotConverted(
            tr("a lead gets to {!r} by converting it", stage.name), f"crm lead convert {record.id}"
        )
    try:
        now = ws.stage_of(record)
    except UnknownStage:
        return  # whoever stands nowhere may go anywhere
    if not now.is_open and not reopen:
        place = f"{stage.id} --pipeline {target.id}" if target.key else stage.id
        raise Closed(
            tr("{} is closed in {!r}", record.id, now.name),
            f"crm {record.entity} move {record.id} {place} --reopen",
        )


def _moved(
    ws: Workspace,
    record: Record,
    pipeline: Pipeline,
    stage: Stage,
    reason: str,
    closed_at: datetime,
) -> Record:
    """The record as it stands in the new stage: reason, time of closing and probability follow."""
    why = _reason(ws, record, stage, reason)
    assert isinstance(record, Lead | Deal)
    try:
        before = ws.pipeline_of(record).stage(record.stage)
    except UnknownStage:
        before = None  # it comes from a pipeline that is no longer declared
    ends = ended(record, before, stage, closed_at)
    if isinstance(record, Lead):
        return replace(record, stage=stage.id, junk_reason=why, **ends)
    by_hand = record.probability not in (None, None if before is None else before.chance)
    probability = record.probability if by_hand and stage.is_open else stage.chance
    return replace(
        record,
        pipeline=pipeline.id,
        stage=stage.id,
        probability=probability,
        lost_reason=why,
        **ends,
    )


def ended(record: Lead | Deal, before: Stage | None, stage: Stage, at: datetime) -> dict[str, Any]:
    """When a record ended that goes from one stage to another; of one that is taken up again the first end is
    kept, and how often that was."""
    values: dict[str, Any] = {"closed_at": None if stage.is_open else at}
    if before is not None and not before.is_open:
        values["first_closed_at"] = record.first_closed_at or record.closed_at
        values["reopened"] = (record.reopened or 0) + 1
    return values


def _reason(ws: Workspace, record: Record, stage: Stage, reason: str) -> str:
    """The reason of a lost record as its directory's id; asked for where a directory is declared."""
    if stage.kind != "lost":
        if reason:
            raise BadUsage(
                tr("{!r} does not take a reason", stage.name), "only lost stages have one"
            )
        return ""
    name = reason_field(record.entity)
    if not reason:
        before = str(record.get(name))
        if not before:
            require_reason(ws, record.entity, record.id, "--reason")
        return before
    return str(read_value(ws, ws.schema.field(record.entity, name), [reason]))
