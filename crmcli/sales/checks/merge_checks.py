"""Contradictions that git merged without a conflict, each with the command that resolves it."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.merged import MERGEABLE
from crmcli.model.settings import CREDIT_NOTE, NUMBERED
from crmcli.model.values import entity_of, fold
from crmcli.sales.bookings import doubles, said
from crmcli.sales.records.numbers import mask_here, next_number
from crmcli.store import layout
from crmcli.workspace import Workspace
from crmcli.workspace.storage import where_is
from crmcli.workspace.undone import dead

if TYPE_CHECKING:
    from datetime import date

    from crmcli.model.invoice import Invoice

BY_FIX = "crm check --fix --yes"
_DECISIONS = ("offer.accepted", "offer.declined")
_SEARCHED = 20
"""Files for which git is asked where they are: each takes a process."""


def problems(ws: Workspace) -> Iterator[Problem]:
    """What two clones did that contradicts, one problem for each record."""
    yield from _numbers(ws)
    yield from _credits(ws)
    was_undone = dead(ws)
    yield from _conversions(ws, was_undone)
    yield from _decisions(ws, was_undone)
    yield from _returned(ws)
    yield from _rejoined(ws)
    yield from _recordless(ws)


def _numbers(ws: Workspace) -> Iterator[Problem]:
    """Documents that have the number of another; the one that came first, or left, keeps it."""
    for entity in NUMBERED:
        known: defaultdict[str, list[Record]] = defaultdict(list)
        taken: list[str] = []
        for record in ws.select(entity):
            number = str(record.get("name"))
            taken.append(number)
            if number:
                known[fold(number)].append(record)
        for same in known.values():
            first, *others = sorted(same, key=_seniority)
            for record in others:
                noun = CREDIT_NOTE if getattr(record, "credits", "") else entity
                mask = mask_here(ws, ws.settings.numbering[noun])
                fresh = next_number(mask, taken, _day(ws, record))
                taken.append(fresh)
                said = tr(
                    "{} {!r}: {} has the same number", tr(entity), record.get("name"), first.id
                )
                hint = tr("crm {} edit {} --name {}", entity, record.id, shlex.quote(fresh))
                yield Problem(layout.record_path(record.id), 0, said, hint)


def bookings(ws: Workspace) -> Iterator[Problem]:
    """Times of a person or a resource that were booked twice; the task that came first keeps it."""
    for first, later in doubles(ws):
        hint = tr("crm task edit {} --due …", later.id)
        yield Problem(layout.record_path(later.id), 0, said(ws, later, first), hint)


def _credits(ws: Workspace) -> Iterator[Problem]:
    """Invoices from which another sum was taken off than their credit notes say."""
    every = cast("list[Invoice]", list(ws.select("invoice")))
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in every:
        if one.credits and one.status != "cancelled":
            taken[one.credits] -= one.credited or 0
    for one in every:
        credited = one.credited or Decimal(0)
        if not one.credits and credited != taken[one.id]:
            said = tr("{} is credited, and its credit notes took off {}", credited, taken[one.id])
            hint = "correct the file by hand; git diff shows what changed"
            yield Problem(layout.record_path(one.id), 0, said, hint)


def _seniority(record: Record) -> tuple[bool, str, str]:
    return getattr(record, "status", "") == "draft", str(record.get("created_at")), record.id


def _day(ws: Workspace, record: Record) -> date:
    return cast("date | None", getattr(record, "date", None)) or ws.now.astimezone(ws.zone).date()


def _conversions(ws: Workspace, was_undone: Callable[[Event], bool]) -> Iterator[Problem]:
    """Leads that were converted on both sides: what one of the conversions made is left over."""
    told: defaultdict[str, list[Event]] = defaultdict(list)
    for event in ws.events(kinds=("lead.converted",)):
        if not was_undone(event):
            told[event.record].append(event)
    for lead, events in told.items():
        record = _there(ws, lead) if len(events) > 1 else None
        if record is None:
            continue
        became = cast("Mapping[str, str]", record.get("converted"))
        made = (str(target) for event in events for target in event.data.get("made", ()))
        for target in dict.fromkeys(made):
            entity = entity_of(target)
            kept = _survivor(ws, became.get(entity) or str(events[0].data.get(entity, "")))
            if target == kept or _there(ws, target) is None:
                continue
            said = tr("{} was converted {} times; {} is left over", lead, len(events), target)
            if not kept:
                use = f"crm lead convert {lead} --use-{entity} {target}"
                hint = tr("crm {} rm {} --yes; or keep it: {}", entity, target, use)
            else:
                said += tr(" beside {}", kept)
                hint = tr("crm {} merge {} {}", entity, kept, target)
            yield Problem(layout.record_path(target), 0, said, hint)


def _there(ws: Workspace, record_id: str) -> Record | None:
    """A record that stands for itself and can be read; what else is wrong with it is told elsewhere."""
    try:
        return ws.get(record_id)
    except CrmError:
        return None


def _decisions(ws: Workspace, was_undone: Callable[[Event], bool]) -> Iterator[Problem]:
    """Offers that were accepted on one side and declined on the other; the events stand on the deal."""
    told: defaultdict[str, list[Event]] = defaultdict(list)
    for event in ws.events(kinds=_DECISIONS):
        if not was_undone(event):
            told[str(event.data.get("offer", event.record))].append(event)
    for offer, events in told.items():
        record = _there(ws, offer) if len({event.kind for event in events}) > 1 else None
        if record is None:
            continue
        status = str(record.get("status"))
        wrong = next((event for event in events if event.kind != f"offer.{status}"), events[0])
        word = wrong.kind.partition(".")[2]
        said = tr("the offer is {}, and was {} on another side", status, word)
        hint = tr("crm undo --event {} takes back that it was {}", wrong.id, word)
        yield Problem(layout.record_path(offer), 0, said, hint)


def _returned(ws: Workspace) -> Iterator[Problem]:
    for record_id in ws.births.returned():
        said = "it was removed on one side and changed on the other, and its file is there"
        hint = tr("crm {} rm {} --yes; or, to keep it: {}", entity_of(record_id), record_id, BY_FIX)
        yield Problem(layout.record_path(record_id), 0, said, hint)


def _rejoined(ws: Workspace) -> Iterator[Problem]:
    """Records that stand for themselves though the timeline's last word is that they were merged."""
    for record_id, survivor in ws.births.rejoined():
        entity = entity_of(record_id)
        if entity not in MERGEABLE:
            continue
        said = tr("it was merged into {} on one side and changed on the other", survivor)
        stays = _survivor(ws, survivor)
        if stays and stays != record_id:
            hint = tr("crm {} merge {} {}", entity, stays, record_id)
        else:
            hint = tr("to keep it: {}", BY_FIX)
        yield Problem(layout.record_path(record_id), 0, said, hint)


def _survivor(ws: Workspace, record_id: str) -> str:
    """The record that a merged one is now; "" if there is none."""
    try:
        found = ws.survivor(record_id)
    except CrmError:
        return ""
    return found if _there(ws, found) is not None else ""


def _recordless(ws: Workspace) -> Iterator[Problem]:
    """Records of which the timeline tells something, but neither beginning nor end, and without a file."""
    for number, (record_id, event_id) in enumerate(ws.births.recordless()):
        path = layout.record_path(record_id)
        if ws.has_file(path):
            continue  # it cannot be read, which is told of the file itself
        said = tr("the timeline has events of it ({}), but no file and no creation", event_id)
        back = where_is(ws, path) if number < _SEARCHED else ""
        yield Problem(path, 0, said, back or tr("{} notes it as removed", BY_FIX))


def ways_back(ws: Workspace, paths: list[str]) -> dict[str, str]:
    """For the first of these lost files the commands that bring them back out of git, where one does."""
    return {path: back for path in paths[:_SEARCHED] if (back := where_is(ws, path))}
