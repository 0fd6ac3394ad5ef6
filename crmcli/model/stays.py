"""Stays in stages: where each record stood, from when and until when, as its events tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from crmcli.model.event import DATED, STOOD, Event
from crmcli.model.values import parse_instant


class Dates(NamedTuple):
    """When a record was created and first closed by its own fields, in seconds; or None."""

    created: float | None
    closed: float | None = None


class Entry(NamedTuple):
    """A record came to a stage; to "" where nobody knows in which it began."""

    record: str
    at: float
    pipeline: str | None
    stage: str


class Stay(NamedTuple):
    """A record stood in a stage; `left_at` is None where it stands now. Instants in seconds."""

    record: str
    pipeline: str
    stage: str
    entered_at: float
    left_at: float | None


def stage_kinds(entity: str) -> tuple[str, ...]:
    """The events that say where the records of an entity stand."""
    return (f"{entity}.created", f"{entity}.unmerged", "stage.entered", DATED)


def stays(
    events: Iterable[Event], entity: str, dates: Mapping[str, Dates], home: str
) -> Iterator[Stay]:
    """The stays of the records that have `dates`, of each in order; several entries into one stage in a row
    are one stay.

    An event that names no pipeline belongs to the record's last one, or to `home`.
    """
    last: Stay | None = None
    for entry in entries_told(events, entity, dates):
        same = last if last is not None and last.record == entry.record else None
        pipeline = entry.pipeline or (same.pipeline if same else home)
        if same and (same.stage, same.pipeline) == (entry.stage, pipeline):
            continue
        if last is not None:
            yield last._replace(left_at=entry.at) if same else last
        last = Stay(entry.record, pipeline, entry.stage, entry.at, None)
    if last is not None:
        yield last


def entries_told(events: Iterable[Event], entity: str, dates: Mapping[str, Dates]) -> list[Entry]:
    """The same in a list, with the pipelines that the events name."""
    kinds = stage_kinds(entity)
    told = (e for e in events if e.kind in kinds and e.record in dates)
    rows: defaultdict[str, list[Entry]] = defaultdict(list)
    for event in sorted(told, key=lambda event: event.id):
        known = rows[event.record]
        if event.kind == DATED:
            known[:] = _dated(known, event)
        elif event.data.get("stage"):
            begins = not known and event.kind == kinds[0]
            known += _first(event, dates[event.record]) if begins else [_entry(event)]
    return [entry for entries in rows.values() for entry in entries]


def _entry(event: Event) -> Entry:
    pipeline = str(event.data.get("pipeline") or "") or None
    return Entry(event.record, event.at.timestamp(), pipeline, str(event.data["stage"]))


def _first(event: Event, dates: Dates) -> Iterator[Entry]:
    """The entries of a record before and at its first event, by what an import knew of its past.

    One that came in closed stood in no stage that is known until it was closed.
    """
    now = _entry(event)
    created = now.at if dates.created is None else dates.created
    stood = _stood(event)
    came = stood.pop(now.stage, None)
    if came is None:
        was_closed = dates.closed is not None and dates.closed <= now.at
        came = max(dates.closed if was_closed and dates.closed else created, created)
    entered = sorted((at, stage) for stage, at in stood.items())
    # Days have no hours: of stages that it came to on one day it stands in that of the event.
    entered.append((max([came, *stood.values()]), now.stage))
    if entered[0][0] > created:
        yield now._replace(at=created, stage="")
    for at, stage in entered:
        yield now._replace(at=at, stage=stage)


def _dated(known: Sequence[Entry], event: Event) -> Iterator[Entry]:
    """The entries of a record with the times that an import told later; it stands where it stood."""
    if not known:
        return
    here, stood = known[-1], _stood(event)
    entered = [entry for entry in known[:-1] if entry.stage and entry.stage not in stood]
    entered += [here._replace(at=at, stage=s) for s, at in stood.items() if s != here.stage]
    entered.sort(key=lambda entry: entry.at)
    last = max(stood.get(here.stage, here.at), *(entry.at for entry in entered[-1:]), 0)
    entered.append(here._replace(at=last))
    if known[0].at < entered[0].at:
        yield known[0]._replace(stage="")
    yield from entered


def _stood(event: Event) -> dict[str, float]:
    return {s: parse_instant(at).timestamp() for s, at in event.data.get(STOOD, {}).items()}
