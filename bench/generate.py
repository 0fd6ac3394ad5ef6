"""Writes a workspace of any size: N contacts, N/2 deals, N/4 leads, N/20 companies, their timeline.

    python bench/generate.py DIR N

Files come straight from the codec, not through `crm`, so that 100,000 contacts take seconds. The
same N gives the same records, but for the clock: everything happened in the last sixty days.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.model.event import Event
from crmcli.model.values import ID_LETTERS, Raw, format_instant
from crmcli.store import layout
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.event_ids import EventIds
from crmcli.store.yaml import codec

CLONE = "benchc1n"
NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Зинаида", "Илья", "Ксения",
         "Лев", "Мария", "Никита", "Ольга", "Пётр", "Раиса", "Семён", "Татьяна")  # fmt: skip
SURNAMES = ("Иваненко", "Ковальчук", "Лысенко", "Мельник", "Ткач", "Шевчук", "Ким", "Пак", "Цой",
            "Черных", "Долгих", "Седых", "Живаго", "Дурново", "Гоголь", "Ёлкин")  # fmt: skip
FIRMS = ("Ромашка", "Лютик", "Василёк", "Кровля и фасад", "Северный лес", "Тёплый дом", "Вектор",
         "Горизонт", "Ёлочка", "Мастер окон")  # fmt: skip
GOODS = ("Окна", "Двери", "Кровля", "Фасад", "Забор", "Лестница", "Навес", "Ворота")
NOTES = (
    "Звонить после 15:00, спросить про замеры.",
    "Просит скидку, сравнивает с соседями.\nПерезвонить в понедельник.",
    "Нужен договор и счёт на юридическое лицо.",
    "",
)
SOURCES = ("web", "call", "fair", "partner", "repeat")
OWNERS = ("anna", "boris", "vera", "gleb")
STAGES = {"lead": ("new", "working"), "deal": ("new", "talks", "paper")}

SETTINGS = """\
language: ru
currency: RUB
time_zone: Europe/Moscow
users:
  anna: {name: Анна Ким}
  boris: {name: Борис Цой}
  vera: {name: Вера Пак}
  gleb: {name: Глеб Седых}
"""
_ROBOT = "robots: [{id: later, do: task, with: {title: 'Позвонить'}, after: 200w}]"
PIPELINES = f"""\
leads:
  stages:
    - {{id: new, name: Новый, kind: open, {_ROBOT}}}
    - {{id: working, name: В работе, kind: open, {_ROBOT}}}
    - {{id: converted, name: Качественный, kind: won}}
    - {{id: junk, name: Некачественный, kind: lost}}
deals:
  - id: sales
    name: Продажи
    stages:
      - {{id: new, name: Новая, kind: open, {_ROBOT}}}
      - {{id: talks, name: Переговоры, kind: open, max_days: 30, {_ROBOT}}}
      - {{id: paper, name: Договор, kind: open, {_ROBOT}}}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Отказ, kind: lost}}
"""
"""Every open record has a robot that waits, so that a tick has something to look through."""


class Made(NamedTuple):
    """One generated record and the events of its life."""

    raw: dict[str, Raw]
    events: list[Event]


class Maker:
    """Makes records one after another; `seed` decides them all."""

    def __init__(self, contacts: int, seed: int = 1, deals: int | None = None) -> None:
        self.contacts = contacts
        self.deals = contacts // 2 if deals is None else deals
        self.chance = random.Random(seed)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._ids: set[str] = set()
        self.companies: list[str] = []
        self.people: list[str] = []

    def records(self) -> Iterator[Made]:
        """All records of the base, companies first, so that others can link to them."""
        for number in range(max(1, self.contacts // 20)):
            yield self._company(number)
        for number in range(self.contacts):
            yield self._contact(number)
        for _ in range(self.deals):
            yield self._deal()
        for number in range(self.contacts // 4):
            yield self._lead(number)

    def _id(self, entity: str) -> str:
        while True:
            record_id = f"{entity}-" + "".join(self.chance.choices(ID_LETTERS, k=8))
            if record_id not in self._ids:
                self._ids.add(record_id)
                return record_id

    def _pick(self, choices: tuple[str, ...]) -> str:
        return self.chance.choice(choices)

    def _moment(self) -> datetime:
        return self.now - timedelta(seconds=self.chance.randrange(60, 60 * 86_400))

    def _phone(self) -> Raw:
        return [{"value": f"+79{self.chance.randrange(10**9):09}", "type": "mobile"}]

    def _made(self, raw: dict[str, Raw], at: datetime, **data: str) -> Made:
        record_id = str(raw["id"])
        raw["created_at"] = format_instant(at)
        kind = f"{record_id.split('-')[0]}.created"
        return Made({k: v for k, v in raw.items() if v != ""}, [_event(at, kind, record_id, data)])

    def _company(self, number: int) -> Made:
        company_id = self._id("company")
        self.companies.append(company_id)
        raw: dict[str, Raw] = {
            "id": company_id,
            "name": f"ООО «{self._pick(FIRMS)} {number}»",
            "phones": self._phone(),
            "owner": self._pick(OWNERS),
        }
        return self._made(raw, self._moment())

    def _contact(self, number: int) -> Made:
        contact_id = self._id("contact")
        self.people.append(contact_id)
        first, last = self._pick(NAMES), self._pick(SURNAMES)
        raw: dict[str, Raw] = {
            "id": contact_id,
            "name": f"{first} {last}",
            "first_name": first,
            "last_name": last,
            "companies": [{"company": self.chance.choice(self.companies), "role": "закупки"}],
            "phones": self._phone(),
            "emails": [{"value": f"user{number}@example{number % 97}.ru", "type": "work"}],
            "source": self._pick(SOURCES),
            "owner": self._pick(OWNERS),
            "tags": ["vip"] if number % 10 == 0 else [],
            "comment": self._pick(NOTES),
        }
        return self._made({k: v for k, v in raw.items() if v != []}, self._moment())

    def _deal(self) -> Made:
        at, stage = self._moment(), self._pick(STAGES["deal"])
        raw: dict[str, Raw] = {
            "id": self._id("deal"),
            "name": f"{self._pick(GOODS)} для {self._pick(FIRMS)}",
            "pipeline": "sales",
            "stage": stage,
            "amount": f"{self.chance.randrange(1, 10**6)}.{self.chance.randrange(100):02}",
            "currency": "USD" if self.chance.random() < 0.05 else "RUB",
            "close_by": (self.now + timedelta(days=self.chance.randrange(90))).date().isoformat(),
            "company": self.chance.choice(self.companies),
            "contacts": [self.chance.choice(self.people)],
            "owner": self._pick(OWNERS),
        }
        made = self._made(raw, at, stage="new", pipeline="sales")
        if stage != "new":
            data = {"stage": stage, "from": "new", "pipeline": "sales"}
            after = at + (self.now - at) * self.chance.random()
            made.events.append(_event(after, "stage.entered", str(raw["id"]), data))
        return made

    def _lead(self, number: int) -> Made:
        first, last, stage = self._pick(NAMES), self._pick(SURNAMES), self._pick(STAGES["lead"])
        raw: dict[str, Raw] = {
            "id": self._id("lead"),
            "name": f"{self._pick(GOODS)}: {first} {last}",
            "stage": stage,
            "first_name": first,
            "last_name": last,
            "phones": self._phone(),
            "emails": [{"value": f"lead{number}@example.ru", "type": "work"}],
            "source": self._pick(SOURCES),
            "owner": self._pick(OWNERS),
        }
        return self._made(raw, self._moment(), stage=stage)


def _event(at: datetime, kind: str, record: str, data: Mapping[str, Any]) -> Event:
    return Event("", at.replace(microsecond=0), "anna", kind, record, data=dict(data))


def make_base(root: Path, contacts: int, deals: int | None = None) -> int:
    """Write a workspace with so many contacts at `root`; returns how many record files it has.

    It has half as many deals, or as many as `deals` says.
    """
    make_empty(root)
    folders: set[Path] = set()
    events: list[Event] = []
    count = 0
    for made in Maker(contacts, deals=deals).records():
        path = root / layout.record_path(str(made.raw["id"]))
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)
        path.write_bytes(codec.dump(made.raw).encode())
        events += made.events
        count += 1
    _write_timeline(root, events)
    os.sync()
    return count


def make_empty(root: Path) -> None:
    """Write a workspace without records at `root`."""
    (root / "data").mkdir(parents=True)
    (root / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    (root / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")


def _write_timeline(root: Path, events: list[Event]) -> None:
    """The events in time's order, a file a month, each line with the hash of the one before it."""
    months: dict[str, list[Event]] = {}
    last = ""
    for event in sorted(events, key=lambda event: event.at):
        last = EventIds(event.at, last).next()
        dated = Event(last, event.at, event.actor, event.kind, event.record, data=event.data)
        months.setdefault(layout.timeline_path(event.at, CLONE), []).append(dated)
    for path, dated_events in months.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(csv_lines.lines(dated_events, csv_lines.Tail(0, "", "")))


def import_csv(path: Path, rows: int) -> None:
    """Write a CSV of so many contacts, as another system would export them."""
    chance = random.Random(2)
    with path.open("w", encoding="utf-8") as out:
        out.write("name,phones,emails,source,tags,comment\n")
        for number in range(rows):
            name = f"{chance.choice(NAMES)} {chance.choice(SURNAMES)}"
            phone = f"+79{chance.randrange(10**9):09}"
            note = chance.choice(NOTES).replace("\n", " ")
            email = f"user{number}@example{number % 97}.ru"
            out.write(f'{name},{phone},{email},{chance.choice(SOURCES)},vip,"{note}"\n')


def main() -> None:
    """Write a base where the arguments say."""
    folder, contacts = Path(sys.argv[1]), int(sys.argv[2].replace(",", "").replace("_", ""))
    if folder.exists():
        sys.exit(f"{folder} already exists")
    started = time.perf_counter()
    count = make_base(folder, contacts)
    print(f"{folder}: {count:,} records in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
