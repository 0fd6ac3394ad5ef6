"""One act of a robot or schedule in an open change: what it gets, how it ends, its line in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from crmcli.automation.ledger import Done, enter
from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.actions import HEAD, OWNER
from crmcli.model.fields import Record
from crmcli.model.user import User
from crmcli.model.values import ID_LETTERS
from crmcli.sales.documents import messages
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.automation.cron_slots import Slot
    from crmcli.model.automation import Schedule


@dataclass(frozen=True)
class Work:
    """One act: who does what for which record, in which open change. `record` is None where a schedule acts
    once for a whole selection. `named` makes what templates see, which takes longer than many an act."""

    ws: Workspace
    change: Change
    record: Record | None
    who: str
    action: str
    params: Mapping[str, Any]
    key: str
    named: Callable[[], Mapping[str, object]]
    workdays: bool = False
    """Whether a deadline that it sets counts company working time."""
    contact: Record | None = None
    """Whom it is about, of several that are linked: the one whose date has come."""
    owner: str = ""
    """Who is to do what it makes: the record's owner, or who stands in for that."""
    rule: str = ""
    """The hash of the rule that has it done."""
    met: str = ""
    """The condition that holds, with the value that each of its parts met."""
    prepared: Callable[[], Any] = lambda: None
    """What `prepared` of an action by the clock has made, or its refusal raised."""

    @cached_property
    def names(self) -> Mapping[str, object]:
        """What templates see."""
        return self.named()

    @property
    def target(self) -> str:
        """The record on which the events of this act stand, if any."""
        return self.record.id if self.record else ""

    @property
    def the_record(self) -> Record:
        """The record, for an action that needs one; BadUsage if there is none."""
        if self.record is None:
            told = tr("{}: {!r} cannot run once for all, it needs a record", self.who, self.action)
            raise BadUsage(told, "remove once:")
        return self.record

    def new_id(self, entity: str) -> str:
        """The id of the record that this act makes: made again elsewhere, it is the same one."""
        number = int(self.key, 16)
        return f"{entity}-" + "".join(ID_LETTERS[number >> 5 * n & 31] for n in range(8))

    def values(self, name: str) -> dict[str, list[str]]:
        """A parameter of fields and their values, filled in."""
        given = self.params.get(name) or {}
        lists = {name: text if isinstance(text, list) else [text] for name, text in given.items()}
        return {field: [self.fill(one, field) for one in texts] for field, texts in lists.items()}

    def text(self, name: str) -> str:
        """A parameter with its template filled in."""
        given = self.params.get(name, "")
        return "" if given in ("", None) else self.fill(given, name).strip()

    def texts(self, name: str) -> list[str]:
        """The parts of a parameter that lists several: a list, or one text with commas between them."""
        parts = (part.strip() for text in self.lines(name) for part in text.split(","))
        return [part for part in parts if part]

    def lines(self, name: str) -> list[str]:
        """The texts of a parameter that is a list, or one text."""
        given = self.params.get(name) or []
        return [self.fill(one, name) for one in (given if isinstance(given, list) else [given])]

    @property
    def its_owner(self) -> str:
        """Who has to do with what the act makes, "" if nobody does."""
        return self.owner or (str(self.record.get("owner")) if self.record else "")

    @property
    def whose(self) -> str:
        """Whom `owner` means: the record's, or where there is none whoever runs the tick."""
        return self.its_owner if self.record else self.ws.user

    def users(self, name: str, owner: str) -> list[str]:
        """The users whom a parameter names by id, name or e-mail, as the owner or the head of that."""
        found: list[str] = []
        for word in self.texts(name):
            if word == OWNER:
                word = owner
            elif word == HEAD:
                word = self.ws.settings.users.get(owner, User(owner)).head
            if word:
                found.append(self.ws.user_id(word))
        return list(dict.fromkeys(found))

    def fill(self, source: object, name: str) -> str:
        """A text with its template filled in; TemplateFailed names the robot and the parameter."""
        text = str(source)
        if "{" not in text:  # names are not made for nothing
            return text
        return messages.renderer(self.ws).render_inline(text, self.names, f"{self.who}, {name}")


@dataclass(frozen=True, slots=True)
class Effect:
    """How an act ended: done, queued or skipped, what the ledger keeps of it, and what it did in words."""

    word: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


class ActionModule(Protocol):
    """What the file of an action holds."""

    def prepared(self, ws: Workspace, rule: Schedule, who: str, slot: Slot) -> Any:
        """What takes long, made before the lock is taken; only of those by the clock."""

    def run(self, work: Work) -> Effect:
        """Do it; refusals are raised before anything is written."""

    def at_a_time(
        self, ws: Workspace, params: Mapping[str, Any], at: datetime
    ) -> Mapping[str, Any]:
        """The parameters as they are at a time of the schedule; only of those by the clock."""

    def announced(self, params: Mapping[str, Any]) -> str:
        """What it would do, for whoever has to approve it; only of those that leave the machine."""


def module_of(action: str) -> ActionModule:
    """The file of an action of `model.actions`."""
    return cast("ActionModule", import_module(f"{__package__}.{action}"))


def act(work: Work) -> Done:
    """Do it, and write the line of the ledger, in the one open change. Refusals of the verbs and of the
    templates are raised before anything is written."""
    effect = module_of(work.action).run(work)
    facts = {**effect.facts, "rule": work.rule, "met": work.met}
    done = enter(work.change, effect.word, work.target, work.key, work.who, work.action, **facts)
    return replace(done, effect=effect.words)
