"""The task: something that an employee has to do, by a time, for a record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.model.durations import parse_duration
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record, declare
from crmcli.model.values import Attachment, ChecklistLine, format_instant

_ANY = tuple(entity for entity in ENTITIES if entity != "task")


@dataclass(frozen=True, kw_only=True)
class Task(Record):
    """A task is open until `done_at` is set. One with a `length` keeps that time, from `due` on, for its
    owner, its participants and its resources: a call, a meeting, anything that is booked."""

    name: str = declare("text", "Title")
    about: str = declare("link", "For", entities=_ANY)
    owner: str = declare("user", "Owner")
    due: datetime | None = declare("datetime", "Due")
    kind: str = declare("choice", "Kind", choices=("call", "meeting"))
    length: str = declare("length", "Length")
    done_at: datetime | None = declare("happened", "Done at", system=True)
    participants: tuple[str, ...] = declare("users", "Participants")
    resources: tuple[str, ...] = declare("choices", "Resources", directory="resources")
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

    @property
    def is_booking(self) -> bool:
        """Whether it keeps a time."""
        return bool(self.due and self.length)

    @property
    def ends_at(self) -> datetime | None:
        """When its time is over; when it is due, if it keeps none."""
        if self.due is None or not self.length:
            return self.due
        return self.due + timedelta(seconds=parse_duration(self.length).seconds)

    @property
    def kept(self) -> frozenset[tuple[str, str]]:
        """The users and resources whose time it keeps."""
        if not self.is_booking:
            return frozenset()
        users = {("users", one) for one in (self.owner, *self.participants) if one}
        return frozenset(users | {("resources", one) for one in self.resources})

    def news(
        self, before: Record | None, *, gone: bool = False
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """That its checklist is done, that a time was booked or is free again."""
        told = {"task": self.id, "name": self.name}
        was = before if isinstance(before, Task) else None
        if self.is_checked and was and not was.is_checked:
            yield "checklist.done", told
        is_kept = self.is_booking and not gone
        if self.due and is_kept and not (was.is_booking if was else self.batch):
            yield "booking.made", told | {"due": format_instant(self.due), "length": self.length}
        if was and was.is_booking and was.is_open and not is_kept:
            yield "booking.cancelled", told
