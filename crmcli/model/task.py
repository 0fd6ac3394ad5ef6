"""The task: something that an employee has to do, by a time, for a record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record, declare
from crmcli.model.values import Attachment, ChecklistLine

_ANY = tuple(entity for entity in ENTITIES if entity != "task")


@dataclass(frozen=True, kw_only=True)
class Task(Record):
    """A task is open until `done_at` is set."""

    name: str = declare("text", "Title")
    about: str = declare("link", "For", entities=_ANY)
    owner: str = declare("user", "Owner")
    due: datetime | None = declare("datetime", "Due")
    done_at: datetime | None = declare("happened", "Done at", system=True)
    participants: tuple[str, ...] = declare("users", "Participants")
    checklist: tuple[ChecklistLine, ...] = declare("checklist", "Checklist")
    external: tuple[str, ...] = declare("external", "Ids elsewhere")
    tags: tuple[str, ...] = declare("tags", "Tags")
    comment: str = declare("note", "Comment")
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    batch: str = declare("text", "Import batch", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_at is None

    @property
    def is_checked(self) -> bool:
        """Whether it has a checklist, all of which is done."""
        return bool(self.checklist) and all(line.done for line in self.checklist)

    def news(self, before: Record | None) -> Iterator[tuple[str, dict[str, Any]]]:
        """That its checklist is done."""
        if self.is_checked and isinstance(before, Task) and not before.is_checked:
            yield "checklist.done", {"task": self.id, "name": self.name}
