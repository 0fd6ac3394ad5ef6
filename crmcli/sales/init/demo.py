"""The made-up company: a month of its sales, done by the same verbs as everybody's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.model.values import ID_LETTERS, Raw, Value
from crmcli.sales import activities, deals, leads, stages, tasks
from crmcli.sales.documents import invoices, offers, payments
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build
from crmcli.store import layout
from crmcli.store.config import starter
from crmcli.store.config.settings import load_settings
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace

CLONE = "dem0dem0"

Step = Mapping[str, Raw]


class _DemoWorkspace(Workspace):
    """A workspace that gives out the same ids each time, so that two demos are equal."""

    made: int = 0

    def new_id(self, entity: str) -> str:
        self.made += 1
        number = int.from_bytes(hashlib.sha256(f"demo {self.made}".encode()).digest()[:5])
        letters = "".join(ID_LETTERS[number >> 5 * n & 31] for n in range(layout.ID_LENGTH))
        return f"{entity}-{letters}"


@dataclass
class _Story:
    """The story so far: the workspace, and the ids by the short names that steps refer to."""

    ws: _DemoWorkspace
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, raw: Raw) -> str:
        """The id behind `@name`."""
        return self.ids[str(raw).removeprefix("@")]

    def text(self, raw: Raw) -> str:
        """A value with its `@name` at the start as the id: `@ozero: закупки` for a contact."""
        text = str(raw)
        if not text.startswith("@"):
            return text
        name, colon, rest = text.partition(":")
        return self.id(name) + colon + rest


def play(root: Path, now: datetime | None = None) -> list[str]:
    """Let the made-up company work in a fresh workspace up to `now`; the paths that it wrote."""
    now = now or datetime.now(UTC).replace(microsecond=0)
    story = _Story(_DemoWorkspace(root, load_settings(root), "", now, CLONE))
    top = codec.load_marked(starter.demo_story(), starter.STORY).value
    steps = cast("Sequence[Step]", top["steps"])
    for step in sorted(steps, key=_age, reverse=True):  # told by subject, done by date
        _act(story, step, now)
    folder = root / layout.DATA
    return sorted(p.relative_to(root).as_posix() for p in folder.rglob("*") if p.is_file())


def _age(step: Step) -> tuple[int, int]:
    """How long ago a step was: days, and the minutes that were left of that day."""
    days, clock = str(step["at"]).split()
    hours, minutes = clock.split(":")
    return int(days), 24 * 60 - int(hours) * 60 - int(minutes)


def _act(story: _Story, step: Step, now: datetime) -> None:
    ws = story.ws
    days, clock = str(step["at"]).split()
    day = now.astimezone(ws.zone).date() - timedelta(days=int(days))
    ws.fixed_now = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ws.zone).astimezone(UTC)
    ws.read_clock()
    ws.user = str(step["by"])
    _VERBS[next(word for word in _VERBS if word in step)](story, step)


def _add(story: _Story, step: Step) -> None:
    ws, entity = story.ws, str(step["add"])
    given = cast("dict[str, Raw]", step["with"])
    texts = {name: _texts(story, raw) for name, raw in given.items() if name != "lines"}
    values: dict[str, Value] = dict(read_values(ws, entity, texts))
    if "lines" in given:
        values["lines"] = ws.schema.field(entity, "lines").kind.parse(given["lines"])
    record = build(ws, entity, values)
    with ws.change(f"{entity} add") as change:
        change.add(record)
    story.ids[str(step["as"])] = record.id


def _texts(story: _Story, raw: Raw) -> list[str]:
    return [story.text(item) for item in (raw if isinstance(raw, list) else [raw])]


def _log(story: _Story, step: Step) -> None:
    more: dict[str, Any] = {key: step[key] for key in ("subject",) if key in step}
    if "duration" in step:
        more["duration"] = int(str(step["duration"]))
    activities.log(story.ws, story.id(step["log"]), str(step["kind"]), str(step["text"]), **more)


def _offer(story: _Story, step: Step) -> None:
    made = offers.draft(story.ws, story.id(step["offer"]))
    story.ids[str(step["as"])] = made.id


def _bill(story: _Story, step: Step) -> None:
    terms = invoices.InvoiceTerms(due=str(step.get("due", "")))
    made = invoices.add(story.ws, story.id(step["bill"]), terms)
    story.ids[str(step["as"])] = made.id
    invoices.note_sent(story.ws, made.id)


def _convert(story: _Story, step: Step) -> None:
    name = str(step["convert"]).removeprefix("@")
    wanted = leads.ConvertOptions(make=tuple(str(word) for word in cast("list[Raw]", step["make"])))
    done = leads.convert(story.ws, story.ids[name], wanted)
    story.ids |= {f"{name}.{entity}": record_id for entity, record_id in done.ids.items()}


_VERBS: Mapping[str, Callable[[_Story, Step], object]] = {
    "add": _add,
    "move": lambda s, step: stages.move(s.ws, s.id(step["move"]), str(step["to"])),
    "log": _log,
    "offer": _offer,
    "accept": lambda s, step: offers.accept(s.ws, s.id(step["accept"])),
    "bill": _bill,
    "pay": lambda s, step: payments.pay(s.ws, s.id(step["pay"]), str(step.get("amount", ""))),
    "convert": _convert,
    "win": lambda s, step: deals.win(s.ws, s.id(step["win"])),
    "lose": lambda s, step: deals.lose(s.ws, s.id(step["lose"]), str(step["reason"])),
    "junk": lambda s, step: leads.junk(s.ws, s.id(step["junk"]), str(step["reason"])),
    "done": lambda s, step: tasks.finish(s.ws, s.id(step["done"])),
}
