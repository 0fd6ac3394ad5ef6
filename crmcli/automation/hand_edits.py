"""Records that an editor or git changed, outside the commands: other values, another stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmcli.automation import linked_dates
from crmcli.automation.job_failures import raise_general
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.fields import BadValues, Record
from crmcli.model.values import Raw, entity_of
from crmcli.store.index.edited import Edited
from crmcli.workspace import Change, Workspace
from crmcli.workspace.current_stage import (
    PAGE,
    CurrentStage,
    current_stage,
    current_stages,
    is_unwritten,
)
from crmcli.workspace.storage import as_committed

BY_HAND = "edit"
"""Who did it, as the timeline has it."""


def receive(ws: Workspace, failed: dict[str, Exception]) -> list[str]:
    """Write down each stage that a record entered without a command; the records that did, and what went
    wrong with others in `failed`. So robots, triggers and reports see a hand edit, a git merge and a file
    that was dropped in."""
    found = [place.record for place in strayed(ws, ws.agenda.dirty(), failed)]
    moved: list[str] = []
    if not found:
        return moved
    with ws.change("tick", actor=BY_HAND) as change:
        for record_id in found:
            try:
                record = change.get(record_id)
                if _is_odd(ws, current_stage(ws, record)) and _has_moved(ws, change, record):
                    moved.append(record_id)
            except (NotFound, InvalidData, Forbidden):
                continue  # it went or broke since we looked
            except Exception as error:
                failed[record_id] = raise_general(error)
    return moved


def _has_moved(ws: Workspace, change: Change, found: Record) -> bool:
    """Write down where a record is now, in its file by ids; whether that is another place than before."""
    record = _by_ids(ws, found)
    place = current_stage(ws, record)
    if not place.has_strayed:
        change.save(record)
        return False
    facts = facts_of(place, ws.robots_of(record))
    if not change.save(record, "stage.entered", facts):
        change.note("stage.entered", record.id, facts)
    return True


def _by_ids(ws: Workspace, record: Record) -> Record:
    """The record with the ids of its stage and its pipeline where a hand wrote their names."""
    pipeline, stage = str(getattr(record, "pipeline", "")), str(record.get("stage"))
    if ws.pipelines.place(record.entity, pipeline, stage)[1] is not None:
        return record
    named = ws.pipelines.find(pipeline) if pipeline else ws.pipelines.of(record.entity)[0]
    meant = named.named(stage) if named and named.entity == record.entity else None
    if named is None or meant is None:
        return record
    placed = {"stage": meant.id} | ({"pipeline": named.key} if pipeline else {})
    return record.with_values(placed)


def receive_values(ws: Workspace, failed: dict[str, Exception]) -> list[str]:
    """Write down the values that records got without a command, so that triggers and history see them; the
    records that did. For whom robots go by a date of theirs is looked at again."""
    noted: list[str] = []
    place = ""
    while page := ws.agenda.edited_records(place):
        place = page[-1].record
        if suspects := _suspects(ws, page):
            with ws.change("tick", actor=BY_HAND) as change:
                ws.look_again()
                for record_id, changes in edited_values(ws, change, suspects, failed):
                    change.note("field.changed", record_id, {"changes": changes})
                    noted.append(record_id)
        there = {str(row["id"]) for row in ws.rows_of([one.record for one in page])}
        seen = [one for one in page if one.record in there or not ws.exists(one.record)]
        seen = [one for one in seen if one.record not in failed]
        ws.agenda.settle_edited(seen, linked_dates.leaning_on(ws, [one.record for one in seen]))
    return noted


def recall(ws: Workspace) -> None:
    """Where the index was made anew, as in a fresh clone, let git say how the records were that have changed
    since its last commit: what no event tells of them is a hand edit. What was committed came along."""
    if not ws.agenda.signed():
        ws.agenda.recall_edited([*as_committed(ws)])


def _suspects(ws: Workspace, page: Sequence[Edited]) -> list[Edited]:
    """Those whose files say something that no event does."""
    told = ws.timeline.last_values([one.record for one in page])
    rows = {str(row["id"]): row for row in ws.rows_of([one.record for one in page])}

    def is_odd(one: Edited) -> bool:
        now, known = rows[one.record], told.get(one.record, {})
        changed = [name for name in {*one.before, *now} if one.before.get(name) != now.get(name)]
        return any((known.get(name) or None) != (now.get(name) or None) for name in changed)

    return [one for one in page if one.record in rows and is_odd(one)]


def edited_values(
    ws: Workspace, change: Change, page: Sequence[Edited], failed: dict[str, Exception]
) -> Iterator[tuple[str, dict[str, list[Raw]]]]:
    """Which fields of these records changed without a command, from what to what; what went wrong with
    others goes into `failed`. A stage is an entry, and told as such."""
    told = ws.timeline.last_values([one.record for one in page])
    for one in page:
        known = told.get(one.record, {})
        try:
            now = change.get(one.record)
            before = ws.schema.read(now.entity, one.before)
            changes = {
                name: [known.get(name, was), value]
                for name, (was, value) in change.schema.differences(before, now).items()
                if name not in ("stage", "pipeline") and known.get(name, was) != value
            }
        except (NotFound, InvalidData, Forbidden, BadValues):
            continue  # it went or broke since we looked, or other fields were declared then
        except Exception as error:
            failed[one.record] = raise_general(error)
            continue
        if changes:
            yield one.record, changes


def strayed(
    ws: Workspace, candidates: Sequence[str], failed: dict[str, Exception]
) -> Iterator[CurrentStage]:
    """Where those stand that stand elsewhere than the timeline says; what went wrong with others goes into
    `failed`. They are looked at together, or, where that fails, one by one."""
    for start in range(0, len(candidates), PAGE):
        page = candidates[start : start + PAGE]
        try:
            found = [place for place in current_stages(ws, page) if _is_odd(ws, place)]
        except Exception as error:
            if len(page) == 1:
                failed[page[0]] = raise_general(error)
                continue
            found = [one for record_id in page for one in strayed(ws, [record_id], failed)]
        yield from found


def _is_odd(ws: Workspace, place: CurrentStage) -> bool:
    """Whether a record stands elsewhere than its last entry says, or was dropped in with no id of a stage."""
    if place.entry is None or not is_unwritten(place.entry):
        return place.has_strayed
    return ws.pipelines.place(entity_of(place.record), place.pipeline, place.stage)[1] is None


def facts_of(place: CurrentStage, robots: list[str]) -> dict[str, Any]:
    """What the event of a move by hand says; `robots` are those of the stage."""
    origin = str(place.entry.data.get("stage", "")) if place.entry else ""
    facts = {"stage": place.stage, "from": origin, "by": BY_HAND, "robots": robots}
    if place.pipeline:
        facts["pipeline"] = place.pipeline
    return facts
