"""What a command shows is kept before it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.access import EXPORT as MAY_EXPORT
from crmcli.model.access import Rights
from crmcli.model.audit import CLI, COMMAND, EXPORT, REFUSED, REVEAL, Entry
from crmcli.model.entities import having
from crmcli.model.fields import Record
from crmcli.model.masking import contact_keys, masked
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, entity_of
from crmcli.store.audit import journal, shown

AnyRaw = TypeVar("AnyRaw", bound=Mapping[str, Raw])


class Place(Protocol):
    """The opened folder, as far as its audit goes."""

    root: Path
    settings: Settings
    user: str
    only_reads: bool
    fixed_now: datetime | None
    now: datetime
    zone: ZoneInfo
    rights: Rights | None
    notes: list[str]

    @property
    def clone(self) -> str:
        """This clone's own name."""


class Budget(NamedTuple):
    """How many clients of some nouns are shown in a day."""

    nouns: Collection[str]
    shown: shown.Shown


def _budget_of(ws: Place) -> Budget | None:
    """Of whom may not export; None where all is shown."""
    if ws.rights is None or ws.only_reads:
        return None
    nouns = [one for one in having("client") if not ws.rights.may_any(one, MAY_EXPORT)]
    if not nouns:
        return None
    day = ws.now.astimezone(ws.zone).date().isoformat()
    path = shown.path_of(ws.root, ws.user)
    return Budget(nouns, shown.Shown(path, day, ws.rights.access.budget))


def _reached(most: int) -> str:
    return tr(
        "today's number of clients ({}) is reached: phones and e-mails of others are masked until"
        " tomorrow; crm reveal REF shows one",
        most,
    )


class Trail:
    """What one command has shown of which records, for the audit.

    `give_out` comes before anything leaves the program. A command has one line; if it shows more
    records after that, another follows, which names the first as its cause.
    """

    def __init__(self, ws: Place, command: str, door: str = CLI) -> None:
        self._ws = ws
        self._command, self._door = command, door
        self._told: set[str] = set()
        self._new: set[str] = set()
        self._first = ""
        self._exported: set[str] = set()
        self._budget = _budget_of(ws)
        self._masked: set[str] = set()
        self.withheld: set[str] = set()
        """By what the phones and e-mails are known that are masked wherever they stand."""
        self._allowed: set[str] = set()
        self.is_at_rest = False
        """Whether what is read now is for crm itself: the house's work, a look for duplicates."""

    def let_out(self, raw: AnyRaw) -> AnyRaw:
        """A raw record is handed out of the workspace; it is given back."""
        if self.is_at_rest:
            return raw
        record_id = str(raw["id"])
        entity = entity_of(record_id)
        if record_id not in self._told and entity not in self._exported:
            self._new.add(record_id)
        if self._budget is not None and entity in self._budget.nouns:
            self._weigh(self._budget, record_id, raw)
        return raw

    def touched(self, record: Record, schema: Schema) -> None:
        """A record is changed, and may be shown with that."""
        if self._budget is not None and record.entity in self._budget.nouns:
            self.let_out(schema.write(record))

    def _weigh(self, budget: Budget, record_id: str, raw: Mapping[str, Raw]) -> None:
        """Whether its phones and e-mails may be shown: the day's number is for all doors together."""
        if budget.shown.enter(record_id):
            self._allow(raw)
        elif record_id not in self._masked:
            self._masked.add(record_id)
            self.withheld |= contact_keys(raw) - self._allowed
            if len(self._masked) == 1:
                self._ws.notes.append(_reached(budget.shown.most))

    @property
    def is_spent(self) -> bool:
        """Whether the day's number of clients is reached."""
        return self._budget is not None and self._budget.shown.is_full

    def hides(self, record_id: str) -> bool:
        """Whether the phones and e-mails of a record are masked."""
        return record_id in self._masked

    @property
    def is_limited(self) -> bool:
        """Whether there is a number of clients for a day."""
        return self._budget is not None

    def masked(self, text: str) -> str:
        """A text as it may be shown."""
        return masked(text, self.withheld) if self.withheld else text

    def reveal(self, raw: Mapping[str, Raw]) -> bool:
        """Show a client in full for today, which is kept; False if it was anyway."""
        record_id = str(raw["id"])
        if self._budget is None or record_id not in self._masked:
            return False
        self.keep(REVEAL, record_id)
        self._budget.shown.reveal(record_id)
        self._masked.discard(record_id)
        self._allow(raw)
        return True

    def _allow(self, raw: Mapping[str, Raw]) -> None:
        keys = contact_keys(raw)
        self._allowed |= keys
        self.withheld -= keys

    def give_out(self) -> None:
        """Keep what was not kept yet; what is written to people waits for it."""
        if self._first and not self._new:
            return
        counts = Counter(map(entity_of, self._new))
        facts: dict[str, Any] = {"shown": dict(sorted(counts.items()))} if counts else {}
        if hidden := self._masked & self._new:
            facts["masked"] = len(hidden)
        self.keep(COMMAND, **facts)
        self._told |= self._new
        self._new.clear()

    def keep(self, kind: str, record: str = "", **facts: Any) -> None:
        """Keep a line of this command; nothing in a folder that is only read."""
        ws = self._ws
        data = {"door": self._door, "command": self._command, **facts}
        entry = Entry(kind, ws.user, record, data, self._first)
        line = "-" if ws.only_reads else append(ws, [entry])
        self._first = self._first or line

    def exported(self, entity: str, count: int, where: str) -> None:
        """So many records of a noun leave at once: one line tells of all."""
        self.keep(EXPORT, noun=entity, count=count, where=where)
        self._exported.add(entity)

    def refused(self, why: str) -> None:
        """Keep that the command was refused; what keeps it from being kept is not told."""
        with suppress(CrmError, OSError):
            self.keep(REFUSED, why=why)


def append(ws: Place, entries: Sequence[Entry]) -> str:
    """Add lines to the audit of this clone, durably; the id of the last one."""
    at = ws.fixed_now or datetime.now(UTC).replace(microsecond=0)
    return journal.append(ws.root, ws.clone, at, entries, any_disk=ws.settings.any_disk)
