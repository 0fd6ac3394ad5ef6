"""The task: something that an employee has to do, by a time, for a record."""

from __future__ import annotations

from datetime import datetime

from crmcli.dataclass import dataclass
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record, declare
from crmcli.model.values import Attachment

_ANY = tuple(entity for entity in ENTITIES if entity != "task")


@dataclass(frozen=True, kw_only=True)
class Task(Record):
    """A task is open until `done_at` is set."""

    name: str = declare("text", "Title")
    about: str = declare("link", "For", entities=_ANY)
    owner: str = declare("user", "Owner")
    due: datetime | None = declare("datetime", "Due")
    done_at: datetime | None = declare("happened", "Done at", system=True)
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
