"""A workspace read by other hands than crm's: YAML and CSV into tables of pandas. Nothing of crmcli is imported."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import yaml

csv.field_size_limit(sys.maxsize)
Raw = dict[str, Any]


class Event(NamedTuple):
    """A line of the timeline; `at` in seconds."""

    id: str
    at: float
    actor: str
    kind: str
    record: str
    data: Raw


class Stage(NamedTuple):
    id: str
    kind: str
    chance: int


def seconds(text: str) -> float:
    """An instant of a file in seconds."""
    return datetime.fromisoformat(text).timestamp()


class Base:
    """A workspace as its files have it, at a moment."""

    def __init__(self, root: Path, now: str) -> None:
        self.root, self.now = root, seconds(now)
        self.settings = _yaml(root / "settings.yaml")
        self.zone = ZoneInfo(self.settings["time_zone"])
        rules = _yaml(root / "pipelines.yaml")
        self.pipelines = {p["id"]: _stages(p) for p in rules["deals"]}
        self.home = rules["deals"][0]["id"]
        self.pipelines["leads"] = _stages(rules["leads"])

    def records(self, plural: str) -> dict[str, Raw]:
        """The files of a noun by id."""
        if plural not in self._records:
            paths = sorted((self.root / "data" / plural).glob("?/*.yaml"))
            self._records[plural] = {path.stem: _yaml(path) for path in paths}
        return self._records[plural]

    @cached_property
    def _records(self) -> dict[str, dict[str, Raw]]:
        return {}

    @cached_property
    def kept(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Tables that were worked out once, by what they are and of which noun."""
        return {}

    @cached_property
    def events(self) -> list[Event]:
        """All events in the order of their ids."""
        found = [
            event
            for path in (self.root / "data/timeline").glob("*/*.csv")
            for event in _events(path)
        ]
        return sorted(found)

    @cached_property
    def rates(self) -> pd.DataFrame:
        return pd.read_csv(self.root / "data/rates.csv", dtype=str)

    def local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone)

    def kind_of(self, pipeline: str, stage: str) -> str:
        """What kind a stage of today is; one that is not declared is open."""
        return next((s.kind for s in self.pipelines.get(pipeline, ()) if s.id == stage), "open")

    @cached_property
    def undone(self) -> list[tuple[str, str]]:
        """From which event to which changes were undone, and not done again since."""
        spans: list[tuple[str, str]] = []
        for event in reversed(self.events):
            if event.kind == "change.undone" and not _within(event.id, spans):
                spans += [(first, last) for first, last in event.data["undone"]]
        return sorted(spans)

    @cached_property
    def dead(self) -> frozenset[str]:
        """The ids of events that were undone."""
        ids = [event.id for event in self.events]
        gone: set[str] = set()
        frame = pd.Series(ids)
        for first, last in self.undone:
            here = frame.searchsorted(first), frame.searchsorted(last, side="right")
            gone.update(ids[here[0] : here[1]])
        return frozenset(gone)

    @cached_property
    def renamings(self) -> list[tuple[str, str, str, str]]:
        """When (the event's id) in which pipeline a stage was called anew: its old and its new id."""
        return [
            (event.id, *event.data["renamed"][1:])
            for event in self.events
            if event.kind == "file.changed" and event.id not in self.dead
            and event.data.get("renamed", [""])[0] == "stages"
        ]  # fmt: skip

    def today(self, event_id: str, pipeline: str, stage: str) -> str:
        """The id that a stage named by an event has today."""
        for renamed_at, where, old, new in self.renamings:
            if event_id < renamed_at and (where, old) == (pipeline, stage):
                stage = new
        return stage


def _within(event_id: str, spans: list[tuple[str, str]]) -> bool:
    return any(first <= event_id <= last for first, last in spans)


def _yaml(path: Path) -> Raw:
    found: Raw = yaml.load(path.read_bytes(), yaml.CBaseLoader)
    return found


def _stages(pipeline: Mapping[str, Any]) -> list[Stage]:
    return [
        Stage(s["id"], s.get("kind", "open"), int(s.get("probability", 0)))
        for s in pipeline["stages"]
    ]


def _events(path: Path) -> Iterator[Event]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Event(row["id"], seconds(row["at"]), row["actor"], row["kind"], row["record"],
                        json.loads(row["data"]) if row["data"] else {})  # fmt: skip
