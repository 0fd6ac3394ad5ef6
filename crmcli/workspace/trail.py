"""What a command shows is kept before it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from crmcli.errors import CrmError
from crmcli.model.audit import CANARY, CLI, COMMAND, EXPORT, REFUSED, REVEAL, Entry
from crmcli.model.values import entity_of
from crmcli.store.audit import canaries, journal
from crmcli.workspace.limits import AnyRaw, Limits, Place, ShownPlace


class Trail(Limits):
    """What one command has shown of which records, for the audit.

    `give_out` comes before anything leaves the program. A command has one line; if it shows more
    records after that, another follows, which names the first as its cause. `by` is who acts in the place
    of the user, if somebody does.
    """

    def __init__(self, ws: ShownPlace, command: str, door: str = CLI, by: str = "") -> None:
        super().__init__(ws)
        self._of_all = {"door": door, "command": command, **({"by": by} if by else {})}
        self._told: set[str] = set()
        self._new: set[str] = set()
        self._first = ""
        self._exported: set[str] = set()
        self._alarmed: set[str] = set()

    def let_out(self, raw: AnyRaw) -> AnyRaw:
        """A raw record is handed out of the workspace; it is given back."""
        if self.is_at_rest or self._silent:
            return raw
        record_id = str(raw["id"])
        entity = entity_of(record_id)
        if record_id not in self._told and entity not in self._exported:
            self._new.add(record_id)
        if entity in self._exported:
            self.alarm(record_id, "exported")
        return super().let_out(raw)

    @cached_property
    def _canaries(self) -> Mapping[str, str]:
        return canaries.known(self._ws.root)

    def alarm(self, record_id: str, what: str) -> None:
        """Keep that a canary was touched, and leave word for crm tick."""
        if not self._canaries or canaries.digest(record_id) not in self._canaries:
            return
        if record_id not in self._alarmed:
            self._alarmed.add(record_id)
            self.keep(CANARY, record_id, what=what)
            facts = {"record": record_id, "user": self._ws.user, "what": what}
            canaries.touch(self._ws.root, facts, any_disk=self._ws.settings.any_disk)

    def reveal(self, record_id: str) -> bool:
        """Show a client in full for today, which is kept; False if it was anyway."""
        if self._budget is None or not self._budget.hides(record_id):
            return False
        self.keep(REVEAL, record_id)
        self.alarm(record_id, "revealed")
        self._budget.reveal(record_id)
        return True

    def give_out(self) -> None:
        """Keep what was not kept yet; what is written to people waits for it."""
        if self._first and not self._new:
            return
        new = set(self._new)  # another thread of a board may add to them meanwhile
        counts = Counter(map(entity_of, new))
        facts: dict[str, Any] = {"shown": dict(sorted(counts.items()))} if counts else {}
        if self._budget is not None and (hidden := self._budget.masked & new):
            facts["masked"] = len(hidden)
        count, clients = self._budget.guessed() if self._budget is not None else (0, [])
        facts |= {"numbers": count} if count else {}
        facts |= {"clients": clients} if clients else {}
        for record_id in clients:
            self.alarm(record_id, "among many numbers in a text")
        self.keep(COMMAND, **facts)
        self._told |= new
        self._new -= new

    def keep(self, kind: str, record: str = "", **facts: Any) -> None:
        """Keep a line of this command; nothing in a folder that is only read."""
        ws = self._ws
        entry = Entry(kind, ws.user, record, {**self._of_all, **facts}, self._first)
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


def append_entry(ws: Place, kind: str, actor: str, record: str, data: Mapping[str, Any]) -> None:
    """Add a line that no command of a user makes."""
    append(ws, [Entry(kind, actor, record, data)])


def append(ws: Place, entries: Sequence[Entry]) -> str:
    """Add lines to the audit of this clone, durably; the id of the last one."""
    at = ws.fixed_now or datetime.now(UTC).replace(microsecond=0)
    return journal.append(ws.root, ws.clone, at, entries, any_disk=ws.settings.any_disk)
