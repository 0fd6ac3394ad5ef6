"""Leads of a made-up history: some become deals, some junk, some wait."""

from __future__ import annotations

from typing import Any

from history_deals import Deal, Origin
from history_files import stamp, summed
from history_past import HOUR, Past
from history_talk import talk
from history_world import (
    CAMPAIGNS,
    DAY,
    FORMS,
    GOODS,
    JUNK,
    NAMES,
    OWNERS,
    SOURCES,
    SURNAMES,
)

OPEN = ("new", "working", "ready")


class Lead:
    """One lead: its file as it stands, and the events until then."""

    def __init__(self, past: Past, at: int) -> None:
        self.past, self.at = past, at
        chance = past.chance
        self.id = past.records.new_id("lead")
        self.form = chance.choice(FORMS) if chance.random() < 0.4 else ""
        first, last = chance.choice(NAMES), chance.choice(SURNAMES)
        utm = {"source": chance.choice(("ads", "search")), "medium": "cpc",
               "campaign": chance.choice(CAMPAIGNS)}  # fmt: skip
        self.raw: dict[str, Any] = {
            "id": self.id,
            "name": f"{chance.choice(GOODS)} для {first} {last}",
            "stage": "new",
            "first_name": first,
            "last_name": last,
            "phones": past.phone(),
            "amount": f"{chance.randrange(1, 500)}000" if chance.random() < 0.5 else "",
            "currency": "USD" if chance.random() < 0.1 else "RUB",
            "source": "form" if self.form else chance.choice(SOURCES),
            "utm": utm if chance.random() < 0.4 else {},
            "owner": chance.choice(OWNERS),
            "contact": "",
            "junk_reason": "",
            "closed_at": "",
            "first_closed_at": "",
            "reopened": "",
            "converted": {},
            "converted_at": "",
            "created_at": stamp(at),
        }
        if not self.raw["amount"]:
            self.raw["currency"] = ""
        self._since = at

    def begin(self) -> None:
        """It comes in, by a form or by hand."""
        actor = "crm" if self.form else str(self.raw["owner"])
        number = self.past.journal.begin(self.at)
        data: dict[str, Any] = {"stage": "new", "robots": [], "sum": summed(self.raw)}
        self.past.journal.note(number, self.at, actor, "lead.created", self.id, data)
        if self.form:
            data = {"form": self.form, "subject": "Заявка с сайта", "text": "Имя: Анна",
                    "page": "https://example.ru/", "values": {"first_name": ["Анна"]}}  # fmt: skip
            self.past.journal.note(number + 1, self.at, "crm", "form.submitted", self.id, data)

    def enter(self, at: int, stage: str, number: int = 0, **more: Any) -> None:
        """It comes to another stage."""
        raw, was = self.raw, str(self.raw["stage"])
        self._renamings(at)
        changes: dict[str, Any] = {
            "stage": [self.past.called("leads", was, at), self.past.called("leads", stage, at)]
        }
        values: dict[str, Any] = {"stage": stage, **more}
        values["closed_at"] = "" if stage in OPEN else stamp(at)
        values["junk_reason"] = self.past.chance.choice(JUNK) if stage == "junk" else ""
        if stage in OPEN and raw["closed_at"]:
            values["first_closed_at"], values["reopened"] = raw["closed_at"], "1.000000"
        for name in raw:
            if name in values and values[name] != raw[name]:
                changes.setdefault(name, [raw[name] or "", values[name]])
        raw.update(values)
        data: dict[str, Any] = {"stage": changes["stage"][1], "robots": [], "from": changes["stage"][0],
                "changes": changes}  # fmt: skip
        number = number or self.past.journal.begin(at)
        self.past.journal.note(number, at, str(raw["owner"]), "stage.entered", self.id, data)

    def _renamings(self, at: int) -> None:
        self.past.note_renamings(self.id, "leads", str(self.raw["stage"]), self._since, at)
        self._since = at

    def finish(self, end: int) -> None:
        self._renamings(self.past.now)
        talk(self.past, self.id, self.raw, self.at, min(end, self.past.now), mean=2)
        self.past.records.write(self.raw)


def converted(past: Past, at: int) -> Deal:
    """A lead that becomes a deal at a moment."""
    chance = past.chance
    came = max(past.start, past.calm(at - 60 - int(chance.lognormvariate(0.5, 1.0) * DAY)))
    at = max(at, came + 300)
    lead = Lead(past, came)
    lead.begin()
    if chance.random() < 0.8 and at - came > 200:
        lead.enter(came + (at - came) // 2, chance.choice(OPEN[1:]))
    number = past.journal.begin(at)
    contact, company = past.client(at, lead.id, number)
    owner = str(lead.raw["owner"])
    origin = Origin(
        at, contact, company, owner, str(lead.raw["source"]), lead.id, lead.raw["utm"], number + 1
    )
    deal = Deal(past, origin)
    deal.begin()
    made = {"contact": contact, "deal": deal.id}
    lead.enter(at, "converted", number + 2, converted=made, converted_at=stamp(at))
    data = {**made, "made": [contact, deal.id], "unmapped": []}
    past.journal.note(number + 3, at, owner, "lead.converted", lead.id, data)
    lead.finish(at)
    return deal


def unconverted(past: Past, at: int) -> None:
    """A lead that is junk, was junk once, or waits."""
    chance = past.chance
    lead = Lead(past, at)
    lead.begin()
    here = at
    for stage in OPEN[1 : 1 + chance.randrange(3)]:
        here += 60 + int(chance.lognormvariate(0.3, 1.0) * DAY)
        if here >= past.now:
            break
        lead.enter(here, stage)
    here += 60 + int(chance.lognormvariate(0.8, 1.0) * DAY)
    if here < past.now and chance.random() < 0.8:
        lead.enter(here, "junk" if chance.random() < 0.8 else "double")
        here += HOUR + int(chance.lognormvariate(0.8, 1.0) * DAY)
        if here < past.now and chance.random() < 0.06:
            lead.enter(here, "working")
    lead.finish(here)
