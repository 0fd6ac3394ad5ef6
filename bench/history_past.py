"""What all records of a made-up history share: its clock and chance, the names of stages by day, clients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from history_files import Journal, Records, day_of, event_id, stamp, summed
from history_world import (
    DAY,
    FIRMS,
    NAMES,
    OWNERS,
    PIPELINES,
    PRODUCTS,
    RATES,
    RENAMED,
    SOURCES,
    STAGE,
    SURNAMES,
    YEARS,
    Renaming,
    pipelines,
    settings,
)

HOUR = 3600
_MIDNIGHT = 21 * HOUR
"""In Moscow, of the day before, by UTC."""


class Renamed:
    """A renaming at a moment, with the events of the records that stood there."""

    def __init__(self, what: Renaming, at: int, journal: Journal) -> None:
        self.what, self.at = what, at
        self.back_at = at + HOUR if what.undone else 0
        self._journal = journal
        self._first, self._back = journal.begin(at), journal.begin(at + HOUR)
        self._count = 0

    def note(self, record: str) -> None:
        """A record stood in the stage."""
        _, pipeline, old, new, undone = self.what
        self._count += 1
        place = {} if pipeline == "leads" else {"pipeline": pipeline}
        data = {"stage": new, **place, "from": old, "changes": {"stage": [old, new]}}
        self._tell(self._first, self.at, "stage.renamed", record, data)
        if undone:
            data = {"by": "undo", "stage": old, **place, "from": new}
            data["changes"] = {"stage": [new, old]}
            self._tell(self._back, self.back_at, "stage.renamed", record, data)

    def finish(self, before: str, after: str) -> None:
        """Tell of the file, by the digests of its texts."""
        _, pipeline, old, new, undone = self.what
        first = self._first
        data: dict[str, Any] = {"file": "pipelines.yaml", "from": before, "to": after,
                "renamed": ["stages", pipeline, old, new], "command": "stage rename"}  # fmt: skip
        self._journal.note(first, self.at, "anna", "file.changed", "", data)
        if undone:
            number = self._back + self._count + 1
            data = {"file": "pipelines.yaml", "from": after, "to": before}
            self._journal.note(number, self.back_at, "anna", "file.changed", "", data)
            span = [event_id(first), event_id(first + self._count)]
            data = {"undone": [span]}
            self._journal.note(number + 1, self.back_at, "anna", "change.undone", "", data)

    def _tell(self, first: int, at: int, kind: str, record: str, data: dict[str, Any]) -> None:
        self._journal.note(first + self._count, at, "anna", kind, record, data)


class Past:
    """Years until `now`, in a folder."""

    def __init__(self, root: Path, now: int, seed: int, by_hand: float = 0) -> None:
        self.root, self.now, self.by_hand = root, now, by_hand
        self.start = now - YEARS * 365 * DAY
        self.chance = random.Random(seed)
        self.journal = Journal(self.chance)
        self.records = Records(root, self.chance)
        self.renamed = [Renamed(r, self.at_share(r.share), self.journal) for r in RENAMED]
        self.clients: list[tuple[str, str]] = []
        """Contact and company, either may be ""."""
        self.offers = 0
        self._names: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._name_stages()

    def at_share(self, share: float) -> int:
        return self.start + int((self.now - self.start) * share) // DAY * DAY + 9 * HOUR

    def _name_stages(self) -> None:
        for place in STAGE:
            name, told = place[1], []
            for one in reversed(self.renamed):
                if not one.what.undone and (one.what.pipeline, one.what.new) == (place[0], name):
                    told.append((one.at, one.what.old))
                    name = one.what.old
            self._names[place] = told[::-1]

    def called(self, pipeline: str, stage: str, at: int) -> str:
        """The id that a stage of today had at a moment."""
        return next((old for until, old in self._names[pipeline, stage] if at < until), stage)

    def note_renamings(self, record: str, pipeline: str, stage: str, since: int, till: int) -> None:
        """A record stood in a stage of today: tell how that was called anew meanwhile."""
        for one in self.renamed:
            if since < one.at <= till and one.what.pipeline == pipeline:
                was = self.called(pipeline, stage, one.at - 1)
                if was == one.what.old:
                    one.note(record)

    def calm(self, at: int) -> int:
        """A moment, later if a renaming that was undone was under way."""
        for one in self.renamed:
            if one.what.undone and one.at <= at <= one.back_at:
                return one.back_at + 60 + (at - one.at) // 60
        return at

    def midnight(self, at: int) -> int:
        """When the local day began."""
        return at - (at - _MIDNIGHT) % DAY

    def phone(self) -> list[dict[str, str]]:
        return [{"value": f"+79{self.chance.randrange(10**9):09}", "type": "mobile"}]

    def client(self, at: int, lead: str = "", number: int = 0) -> tuple[str, str]:
        """Who buys, a contact and a company: a third of them bought before."""
        chance = self.chance
        if self.clients and not lead and chance.random() < 0.35:
            return self.clients[int(len(self.clients) * chance.random())]
        owner = chance.choice(OWNERS)
        company = self._company(at, owner) if chance.random() < 0.5 else ""
        contact = ""
        if lead or not company or chance.random() < 0.8:
            contact = self._contact(at, owner, company, lead, number)
        self.clients.append((contact, company))
        return contact, company

    def _company(self, at: int, owner: str) -> str:
        raw = {
            "id": self.records.new_id("company"),
            "name": f"ООО {self.chance.choice(FIRMS)} {self.records.count}",
            "phones": self.phone(),
            "owner": owner,
            "created_at": stamp(at),
        }
        self.made(raw, at, owner, {})
        return str(raw["id"])

    def _contact(self, at: int, owner: str, company: str, lead: str, number: int) -> str:
        first, last = self.chance.choice(NAMES), self.chance.choice(SURNAMES)
        raw: dict[str, Any] = {
            "id": self.records.new_id("contact"),
            "name": f"{first} {last}",
            "first_name": first,
            "last_name": last,
            "companies": [{"company": company}] if company else [],
            "phones": self.phone(),
            "source": self.chance.choice(SOURCES),
            "owner": owner,
            "lead": lead,
            "created_at": stamp(at),
        }
        self.made(raw, at, owner, {"lead": lead} if lead else {}, number)
        return str(raw["id"])

    def made(
        self, raw: dict[str, Any], at: int, actor: str, data: dict[str, Any], number: int = 0
    ) -> None:
        """Write a record that stays as it was made, and tell of it."""
        self.records.write(raw)
        record = str(raw["id"])
        kind = record.partition("-")[0] + ".created"
        told = {**data, "sum": summed(raw)}
        self.journal.note(number or self.journal.begin(at), at, actor, kind, record, told)

    def finish(self) -> None:
        """The settings, the rates, the products, and the tale of renamings."""
        root = self.root
        (root / "settings.yaml").write_text(settings(), encoding="utf-8")
        (root / "pipelines.yaml").write_text(pipelines(), encoding="utf-8")
        for one in self.renamed:
            one.finish(*(self._kept(text) for text in self._texts(one)))
        rates = [f"{day_of(self.at_share(s))},{currency},{rate}" for currency, rate, s in RATES]
        table = "\n".join(["date,currency,rate", *sorted(rates), ""])
        (root / "data/rates.csv").write_text(table, encoding="utf-8")
        lines = ["sku,name,unit,price,currency,vat,active"]
        lines += [f"{sku},{name},{unit},{price},RUB,22,yes" for sku, name, unit, price in PRODUCTS]
        (root / "data/products.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        self.journal.write(root)

    def _texts(self, one: Renamed) -> Iterator[str]:
        """pipelines.yaml before and after a renaming."""
        called = {place: self.called(*place, one.at - 1) for place in STAGE}
        yield pipelines(called)
        place = next(p for p, name in called.items() if (p[0], name) == one.what[1:3])
        yield pipelines({**called, place: one.what.new})

    def _kept(self, text: str) -> str:
        content = text.encode()
        digest = sha256(content).hexdigest()
        folder = self.root / "data/files" / digest[:2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / digest).write_bytes(content)
        return digest


def kind_of(pipeline: str, stage: str) -> str:
    return STAGE[pipeline, stage].kind


def won_of(pipeline: str) -> str:
    return next(s.id for s in PIPELINES[pipeline] if s.kind == "won")
