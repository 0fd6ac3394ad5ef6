"""A folder of records as the index's tests need it: written by hand, without any verb."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crmcli.errors import InvalidData, NotFound
from crmcli.model.conditions.grammar import parse
from crmcli.model.conditions.holds import Env
from crmcli.model.conditions.tree import Condition
from crmcli.model.conditions.where import check
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.schema import Schema
from crmcli.model.values import Raw, entity_of
from crmcli.store import layout
from crmcli.store.index import Index
from crmcli.store.records.stored import read_record
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.event_ids import EventIds
from crmcli.store.yaml import codec

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


class Folder:
    """Files of records and events in a new folder, and an index over them."""

    def __init__(self, root: Path, schema: Schema | None = None) -> None:
        self.root = root
        self.schema = schema or Schema()
        self.ids: EventIds | None = None
        self.index = Index(root, self.schema)

    def path(self, record_id: str) -> Path:
        return self.root / layout.record_path(record_id)

    def write(self, raw: Mapping[str, Raw], *, settled: bool = True) -> Path:
        """Write a record's file; `settled` as if that had been a minute ago."""
        path = self.path(str(raw["id"]))
        return self.write_text(path, codec.dump(dict(raw)), settled=settled)

    def write_text(self, path: Path, text: str, *, settled: bool = True) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if settled:
            before = NOW.timestamp() - 60
            os.utime(path, (before, before))
        return path

    def log(
        self, clone: str, *events: tuple[str, str, Mapping[str, Any]], at: datetime = NOW
    ) -> list[str]:
        """Append events (kind, record, data) to a clone's timeline; returns the events' ids."""
        path = layout.timeline_path(at, clone)
        tail = csv_lines.tail(self.root, path)
        self.ids = self.ids or EventIds(at, tail.last_id)
        made = [
            Event(self.ids.next(), at, "anna", kind, record, data=data)
            for kind, record, data in events
        ]
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        with (self.root / path).open("ab") as file:
            file.write(csv_lines.lines(made, tail))
        return [event.id for event in made]

    def fresh(self) -> Index:
        """The index after a refresh."""
        self.index.refresh()
        return self.index

    def again(self) -> Index:
        """Another command's index, after a refresh."""
        index = Index(self.root, self.schema)
        index.refresh()
        return index

    def ids_of(
        self, entity: str, text: str = "", order: Sequence[str] = (), **more: Any
    ) -> list[str]:
        condition = self.condition(entity, text) if text else None
        return [
            str(raw["id"]) for raw in self.index.select(entity, condition, self.env, order, **more)
        ]

    def condition(self, entity: str, text: str) -> Condition:
        condition = parse(text)
        check(condition, self.schema, entity)
        return condition

    @property
    def env(self) -> Env:
        return Env(now=NOW, zone=MOSCOW, schema=self.schema, follow=self.record)

    def record(self, record_id: str) -> Record | None:
        try:
            return (
                read_record(self.root, self.schema, record_id).record
                if entity_of(record_id)
                else None
            )
        except (NotFound, InvalidData):
            return None
