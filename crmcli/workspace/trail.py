"""What a command shows is kept before it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from crmcli.errors import CrmError
from crmcli.model.audit import CLI, COMMAND, EXPORT, REFUSED, Entry
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, entity_of
from crmcli.store.audit import journal


class Place(Protocol):
    """The opened folder, as far as its audit goes."""

    root: Path
    settings: Settings
    user: str
    only_reads: bool
    fixed_now: datetime | None

    @property
    def clone(self) -> str:
        """This clone's own name."""


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

    def shown(self, record_id: str) -> None:
        """A record is handed out of the workspace."""
        if record_id not in self._told and entity_of(record_id) not in self._exported:
            self._new.add(record_id)

    def let_out(self, raw: dict[str, Raw]) -> dict[str, Raw]:
        """The same of a raw record, which is given back."""
        self.shown(str(raw["id"]))
        return raw

    def give_out(self) -> None:
        """Keep what was not kept yet; what is written to people waits for it."""
        if self._first and not self._new:
            return
        counts = Counter(map(entity_of, self._new))
        facts: dict[str, Any] = {"shown": dict(sorted(counts.items()))} if counts else {}
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
