"""What is done on the board: each act is a `crm` command and the sales verb that it calls."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.entities import may_be_created
from crmcli.model.fields import Record
from crmcli.model.schema import own_fields
from crmcli.model.values import entity_of
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.sales.many import Refusal
    from crmcli.workspace.trail import Trail


@dataclass
class Outcome:
    """What was done, in words; what was not; the last event, by which it is undone, "" if nothing was."""

    told: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    event: str = ""


class Act(NamedTuple):
    """The command that does the same, and what does it."""

    command: str
    do: Callable[[Workspace, Outcome], None]


def done(opened: Callable[[], Workspace], act: Act) -> Outcome:
    """Do an act in a workspace opened for it, and what follows a change; refusals are part of the outcome."""
    from crmcli.sales import after_change
    from crmcli.sales.many import Refusal

    outcome, ws = Outcome(), None
    try:
        ws = opened()
        ws.call = act.command
        act.do(ws, outcome)
        if ws.has_changed:
            outcome.event = ws.newest_id()
        outcome.told += ws.notes
        after_change.follow(ws, outcome.told.append)
    except CrmError as error:
        outcome.refused.append(Refusal("", error))
    if ws is not None and ws.trail is not None:
        _mask(ws, ws.trail, outcome)
    return outcome


def _mask(ws: Workspace, trail: Trail, outcome: Outcome) -> None:
    """Tell nothing of a client that the day's number keeps back."""
    outcome.told = [trail.masked(text, ws) for text in outcome.told]
    for refusal in outcome.refused:
        error = refusal.error
        error.message, error.hint = (trail.masked(t, ws) for t in (error.message, error.hint))
    trail.give_out()


def _words(*words: str) -> str:
    return shlex.join(["crm", *words])


@dataclass(frozen=True, slots=True)
class Move:
    """Cards that go to a stage, by which verb, with what a refusal asked for; `put` are fields to fill in."""

    ids: tuple[str, ...]
    stage: str
    pipeline: str = ""
    verb: str = "move"
    reason: str = ""
    reopen: bool = False
    put: Mapping[str, str] = field(default_factory=dict)

    @property
    def act(self) -> Act:
        """The act: all cards in one transaction, those that are refused stay where they are."""
        return Act(self.command, self._do)

    @property
    def command(self) -> str:
        """What does the same in a shell."""
        entity, sets = entity_of(self.ids[0]), _sets(self.put)
        verb = "move" if self.reopen else self.verb
        words = [entity, verb, *self.ids, *([self.stage] if verb == "move" else [])]
        words += ["--pipeline", self.pipeline] if self.pipeline and verb == "move" else []
        words += ["--reason", self.reason] if self.reason else []
        moved = _words(*words, *(["--reopen"] if self.reopen else []))
        filled = (_words(entity, "edit", i, *sets, *_create(entity, self.put)) for i in self.ids)
        return " && ".join([*(filled if sets else ()), moved])

    def _do(self, ws: Workspace, outcome: Outcome) -> None:
        from crmcli.present import changes
        from crmcli.sales.many import Chosen, each
        from crmcli.sales.stages import Move as Moved
        from crmcli.sales.stages import move_one

        entity, put = entity_of(self.ids[0]), {name: [text] for name, text in self.put.items()}

        def one(change: Change, record_id: str) -> Moved:
            if put:
                _fill_in(change, ws, record_id, put)
            return move_one(
                change, ws, record_id, self.stage,
                pipeline=self.pipeline, reason=self.reason, reopen=self.reopen,
            )  # fmt: skip

        found = each(ws, f"{entity} {self.verb}", Chosen(entity, self.ids), one)
        outcome.refused += found.refused
        outcome.told += [changes.moved(ws, move).text for move in found.done[:1]]
        if len(found.done) > 1:
            outcome.told[-1:] = [tr("{} moved to {!r}", len(found.done), found.done[0].stage.name)]


def _sets(given: Mapping[str, str]) -> list[str]:
    return [word for pair in given.items() for word in ("--set", "=".join(pair))]


def _fill_in(
    change: Change, ws: Workspace, record_id: str, put: Mapping[str, Sequence[str]]
) -> None:
    """Set fields within an open change, with the contacts and companies that they name and nobody knows."""
    from crmcli.sales.records.edit import Edit, edited
    from crmcli.sales.records.new_links import linking

    linked: list[Record] = []
    wanted = Edit(put, {}, {})
    record = edited(ws, change.get(record_id), wanted, linking(ws, linked, create=True))
    for one in linked:
        change.add(one)
    change.save(record)


def _create(entity: str, given: Mapping[str, str]) -> list[str]:
    """The option by which contacts and companies that nobody knows are added, where some are named."""
    fields = [field for field in own_fields(entity) if field.name in given and not field.system]
    return ["--create"] if any(may_be_created(field.entities) for field in fields) else []


def edit(ids: Sequence[str], given: Mapping[str, str]) -> Act:
    """Set fields of all cards in one transaction."""
    commands = (_words(entity_of(one), "edit", one, *_sets(given)) for one in ids)

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.present import changes
        from crmcli.sales.records.edit import Edit, edit_in

        wanted = Edit({name: [text] for name, text in given.items()}, {}, {})
        with ws.change(f"{entity_of(ids[0])} edit") as change:
            pairs = [(change.get(one), edit_in(change, ws, one, wanted)) for one in ids]
        outcome.told += [changes.changed(ws, *pair).text for pair in pairs]

    return Act(" && ".join(commands), do)


def add(entity: str, given: Mapping[str, str], stage: str, pipeline: str) -> Act:
    """Add a record to a stage; contacts and companies that it names and nobody knows are added with it."""
    values = {name: text for name, text in given.items() if text.strip()}
    placed = {**values, "stage": stage, **({"pipeline": pipeline} if pipeline else {})}
    create = _create(entity, values)

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.present import changes
        from crmcli.sales.add import add as add_record

        texts = {name: [text] for name, text in placed.items()}
        made = add_record(ws, entity, texts, create=bool(create))
        outcome.told += [tr("Added {} {}.", made.record.id, made.record.get("name"))]
        outcome.told += filter(None, [changes.known(made)])

    return Act(_words(entity, "add", *_sets(placed), *create), do)


def log(record_id: str, kind: str, text: str) -> Act:
    """Log a call or a note."""
    word, _, way = kind.partition(".")
    words = ["log", word, record_id, text, *(["--in"] if way == "in" else [])]

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.model.words import in_words
        from crmcli.sales import activities

        activities.log(ws, record_id, kind, text)
        name = ws.get(record_id).get("name")
        outcome.told.append(tr("Logged {} on {} {}.", in_words(word), record_id, name))

    return Act(_words(*words), do)


def task(record_id: str, name: str, due: str) -> Act:
    """Add a task about a record."""
    when = ["--due", due] if due.strip() else []

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.sales.add import add as add_record

        given = {"name": [name], "about": [record_id], **({"due": [due]} if when else {})}
        made = add_record(ws, "task", given)
        outcome.told.append(tr("Added {} {}.", made.record.id, made.record.get("name")))

    return Act(_words("task", "add", name, "--for", record_id, *when), do)


def convert(record_id: str, pipeline: str, given: Mapping[str, str]) -> Act:
    """Convert a lead into what follows from it; `given` are values such as deal.amount."""
    words = [*(["--pipeline", pipeline] if pipeline else []), *_sets(given)]

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.present import changes
        from crmcli.sales import leads
        from crmcli.sales.conversion.plan import ConvertOptions

        values: dict[str, dict[str, list[str]]] = {}
        for name, text in given.items():
            entity, _, field_name = name.partition(".")
            values.setdefault(entity, {})[field_name] = [text]
        made = leads.convert(ws, record_id, ConvertOptions(pipeline=pipeline, given=values))
        outcome.told.append(changes.converted(ws, made).text)

    return Act(_words("lead", "convert", record_id, *words), do)


def undo(event: str) -> Act:
    """Take back the act that wrote an event."""

    def do(ws: Workspace, outcome: Outcome) -> None:
        from crmcli.present import changes
        from crmcli.sales.history.undo import undo_at

        undone = undo_at(ws, event)
        outcome.told += [told.text for told in changes.undone(ws, undone)]
        outcome.told += changes.left_alone(undone)

    return Act(_words("undo", "--event", event), do)
