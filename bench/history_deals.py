"""Deals of a made-up history: each goes its way through stages, and people write to its client meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from history_files import day_of, event_id, stamp, summed
from history_past import HOUR, Past
from history_talk import talk
from history_ways import Step, way
from history_world import (
    CAMPAIGNS,
    COMPETITORS,
    DAY,
    GOODS,
    OWNERS,
    PIPELINES,
    PRODUCTS,
    REASONS,
    SOURCES,
    STAGE,
)


class Origin(NamedTuple):
    """From where a deal comes: its lead, clients, owner, and the event that makes it."""

    at: int
    contact: str
    company: str
    owner: str
    source: str
    lead: str = ""
    utm: Mapping[str, str] = MappingProxyType({})
    number: int = 0


class Deal:
    """One deal: its file as it stands, and the events until then."""

    def __init__(self, past: Past, origin: Origin) -> None:
        self.past, self.origin = past, origin
        self.id = past.records.new_id("deal")
        chance = past.chance
        pipeline = "sales" if chance.random() < 0.8 else "service"
        stages = PIPELINES[pipeline]
        first = 0 if chance.random() < 0.95 else chance.randrange(len(stages) - 1)
        self.here = Step(origin.at, pipeline, stages[first].id)
        self.raw = self._raw()
        self.last = 0
        """The number of the event before."""
        self._stands_since = origin.at
        self._untold: dict[str, int] = {}
        self._goes = not origin.lead and chance.random() < 0.012
        """It is removed in the end."""

    def _raw(self) -> dict[str, Any]:
        chance, origin = self.past.chance, self.origin
        currency = chance.choices(("RUB", "USD", "EUR"), (80, 12, 8))[0]
        lines = self._lines() if chance.random() < 0.5 else []
        amount = f"{chance.randrange(5, 900) * 1000}"
        close_by = origin.at + int(chance.lognormvariate(3.4, 0.6) * DAY)
        return {
            "id": self.id,
            "name": f"{chance.choice(GOODS)} {self.id[-3:].upper()}",
            "pipeline": "",
            "stage": "",
            "amount": _total(lines) if lines else amount if chance.random() < 0.85 else "",
            "currency": currency,
            "probability": "",
            "close_by": day_of(close_by) if chance.random() < 0.85 else "",
            "company": origin.company,
            "contacts": [origin.contact] if origin.contact else [],
            "lines": lines,
            "vat_included": "yes" if lines else "",
            "source": origin.source,
            "utm": origin.utm,
            "owner": origin.owner,
            "lead": origin.lead,
            "lost_reason": "",
            "closed_at": "",
            "first_closed_at": "",
            "reopened": "",
            "batch": "",
            "created_at": stamp(origin.at),
            "competitor": "",
        }

    def _lines(self) -> list[dict[str, str]]:
        chance = self.past.chance
        lines = []
        for sku, name, unit, price in chance.sample(PRODUCTS, chance.choice((1, 1, 2, 3, 4))):
            lines.append({
                "product": sku, "name": name, "quantity": f"{chance.randrange(1, 40)}",
                "unit": unit, "price": f"{price}.00", "vat": "22",
                "discount": "10%" if chance.random() < 0.1 else "",
            })  # fmt: skip
        return lines

    # -- how it begins ------------------------------------------------------------------------

    def begin(self) -> None:
        """It is added by hand, by a command; a few by an editor, of which no event tells."""
        self._stand(self.here, self.origin.at)
        if not self.origin.lead and self.past.chance.random() < self.past.by_hand:
            return
        data = {"stage": self._called(self.here, self.origin.at), "pipeline": self.here.pipeline,
                "robots": []}  # fmt: skip
        if self.origin.lead:
            data["lead"] = self.origin.lead
        self._created(data, self.origin.number or self.past.journal.begin(self.origin.at))

    def came_in(self, batch: str, at: int, number: int) -> None:
        """An import brings it at a moment, with what its file knew of the past."""
        past, chance = self.past, self.past.chance
        steps = [self.here, *way(past, self.here, at)]
        steps = [step for step in steps if not step.undone_at or step.redone_at]
        self.here = steps[-1]
        by_day = chance.random() < 0.7
        told = [s._replace(at=past.midnight(s.at) if by_day else s.at) for s in steps]
        entered: dict[str, int] = {}
        for step in told:
            if step.pipeline == self.here.pipeline:
                entered.setdefault(step.stage, step.at)
        knows = chance.random()
        stood = {s: t for s, t in entered.items() if knows < 0.6 and chance.random() < 0.8}
        self.raw["batch"] = batch
        self.raw["created_at"] = stamp(min(told[0].at, *entered.values()))
        self._stand(self.here, told[-1].at)
        if self.raw["closed_at"] and chance.random() < 0.15:
            self.raw["closed_at"] = self.raw["created_at"]
        names = {self.past.called(self.here.pipeline, s, at): stamp(t) for s, t in stood.items()}
        data = {"stage": self._called(self.here, at), "pipeline": self.here.pipeline,
                "robots": False, "batch": batch, **({"stood": names} if names else {})}  # fmt: skip
        self._stands_since = at
        self._created(data, number, at)
        self.here = self.here._replace(at=at)
        if chance.random() < 0.2:
            self._untold = {s: t for s, t in entered.items() if s not in stood}

    def _created(self, data: dict[str, Any], number: int, at: int = 0) -> None:
        data["sum"] = summed(self.raw)
        at, owner = at or self.origin.at, self.origin.owner
        self.past.journal.note(number, at, owner, "deal.created", self.id, data)
        self.last = number

    # -- how it goes on -----------------------------------------------------------------------

    def live(self) -> None:
        """Everything that happens to it until now; then its file is written."""
        past, chance = self.past, self.past.chance
        begun = self.here.at
        acts: list[tuple[int, str, Any]] = [
            (s.at, "step", s) for s in way(past, self.here, past.now)
        ]
        end = acts[-1][0] + 5 * DAY if acts else begun + 20 * DAY
        end = min(end, past.now)
        if self._untold:
            acts.append((begun + chance.randrange(DAY, 20 * DAY), "dated", None))
        acts += [
            (begun + 1 + int((end - begun) * chance.random()), name, None)
            for name in ("amount", "close_by", "close_by", "owner")
            if chance.random() < 0.3
        ]
        acts += [(act[0] + HOUR, "competitor", None) for act in acts if act[1] == "step"]
        for at, act, step in sorted(acts, key=lambda act: act[0]):
            if at >= past.now:
                break
            if act == "step":
                self._step(step)
            elif act == "dated":
                self._dated(at)
            else:
                self._set(act, at)
        self._renamings(past.now)
        talk(past, self.id, self.raw, begun, end, has_papers=not self._goes)
        if self._goes:
            raw = {name: value for name, value in self.raw.items() if value}
            past.journal.one(past.now - 60, "anna", "deal.removed", self.id, {"record": raw})
        else:
            past.records.write(self.raw)

    def _step(self, step: Step) -> None:
        past, chance, owner = self.past, self.past.chance, str(self.raw["owner"])
        before, here = dict(self.raw), self.here
        self._renamings(step.at)
        changes = self._stand(step, step.at)
        number = past.journal.begin(step.at)
        by_robot = chance.random() < 0.05
        self._entered(number, step.at, here, step, changes, "robot:ask" if by_robot else owner)
        was = number
        if step.undone_at:
            back = past.journal.begin(step.undone_at)
            undone = {name: [new, old] for name, (old, new) in changes.items()}
            self._entered(back, step.undone_at, step, here, undone, owner, "undo")
            span: dict[str, Any] = {"undone": [[event_id(was)] * 2]}
            past.journal.note(back + 1, step.undone_at, owner, "change.undone", "", span)
            if step.redone_at:
                redo = past.journal.begin(step.redone_at)
                self._entered(redo, step.redone_at, here, step, changes, owner, "undo")
                span = {"undone": [[event_id(back), event_id(back + 1)]], "redo": True}
                past.journal.note(redo + 1, step.redone_at, owner, "change.undone", "", span)
            else:
                self.raw, self.here = before, here
                return
        self.last, self.here = number, step

    def _entered(
        self, number: int, at: int, was: Step, step: Step, changes: dict[str, Any], actor: str,
        by: str = "",
    ) -> None:  # fmt: skip
        by_robot = actor.startswith("robot:")
        data = {"stage": self._called(step, at), "pipeline": step.pipeline, "robots": [],
                **({"by": by or "robot"} if by or by_robot else {}),
                "from": self._called(was, at), "changes": changes}  # fmt: skip
        cause = self.last if by_robot else 0
        self.past.journal.note(number, at, actor, "stage.entered", self.id, data, cause)

    def _stand(self, step: Step, at: int) -> dict[str, list[str]]:
        """Put it in a stage; what that changed, under names of that day."""
        raw, before = self.raw, dict(self.raw)
        stage = STAGE[step.pipeline, step.stage]
        was_closed, is_closed = bool(raw["closed_at"]), stage.kind != "open"
        raw["pipeline"], raw["stage"] = step.pipeline, step.stage
        raw["probability"] = str(stage.chance)
        lost = REASONS if stage.kind == "lost" and self.past.chance.random() < 0.9 else ("",)
        raw["lost_reason"] = self.past.chance.choice(lost)
        if was_closed and not is_closed:
            raw["first_closed_at"] = raw["first_closed_at"] or raw["closed_at"]
            raw["reopened"] = f"{int(float(raw['reopened'] or 0)) + 1}.000000"
        raw["closed_at"] = stamp(at) if is_closed else ""
        changes = {name: [before[name], raw[name]] for name in raw if before[name] != raw[name]}
        if "stage" in changes:
            was = self._called(self.here, at) if before["stage"] else ""
            changes["stage"] = [was, self._called(step, at)]
        return changes

    def _called(self, step: Step, at: int) -> str:
        return self.past.called(step.pipeline, step.stage, at)

    def _renamings(self, at: int) -> None:
        """Tell of the stages that got another name while it stood there."""
        here, since = self.here, self._stands_since
        self.past.note_renamings(self.id, here.pipeline, here.stage, since, at)
        self._stands_since = at

    def _dated(self, at: int) -> None:
        """A later import knows more of its past."""
        stood = {self.past.called(self.here.pipeline, s, at): stamp(t)
                 for s, t in self._untold.items()
                 if (self.here.pipeline, s) in STAGE}  # fmt: skip
        if stood:
            data = {"batch": "batch-1ater000", "stood": stood}
            self.past.journal.one(at, "anna", "stage.dated", self.id, data)

    def _set(self, name: str, at: int) -> None:
        chance, raw = self.past.chance, self.raw
        value, old = "", str(raw[name])
        if name == "competitor":
            if raw["lost_reason"] != "competitor" or old or chance.random() < 0.2:
                return
            value = chance.choice(COMPETITORS)
        elif name == "owner":
            value = chance.choice(OWNERS)
        elif name == "amount" and not raw["lines"]:
            value = f"{chance.randrange(5, 900) * 1000}"
        elif name == "close_by":
            value = day_of(at + int(chance.lognormvariate(3.2, 0.7) * DAY))
        if value and value != old:
            raw[name] = value
            data = {"changes": {name: [old, value]}}
            self.last = self.past.journal.one(at, str(raw["owner"]), "field.changed", self.id, data)


def _total(lines: list[dict[str, str]]) -> str:
    cents = 0
    for line in lines:
        full = int(line["quantity"]) * int(line["price"][:-3]) * 100
        cents += full * 9 // 10 if line["discount"] else full
    return f"{cents // 100}.{cents % 100:02}"


def origin(past: Past, at: int) -> Origin:
    """A deal that somebody adds without a lead."""
    chance = past.chance
    contact, company = past.client(max(past.start, at - HOUR))
    utm = {"source": "ads", "medium": "cpc", "campaign": chance.choice(CAMPAIGNS)}
    return Origin(at, contact, company, chance.choice(OWNERS), chance.choice(SOURCES),
                  utm=utm if chance.random() < 0.2 else {})  # fmt: skip
