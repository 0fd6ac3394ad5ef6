"""Who makes a change, and who is asked whether they may."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from crmcli.dataclass import dataclass
from crmcli.model.fields import Record


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes, and why: acting name, command, the event that caused it and how deep that chain is."""

    actor: str
    command: str
    at: datetime
    cause: str = ""
    depth: int = 0
    call: str = ""
    """The whole command line where git shall have the change, "" where it shall not."""


class Guard(Protocol):
    """Who is asked before anything is written; each raises Forbidden."""

    def added(self, record: Record) -> None:
        """A record is new."""

    def saved(self, before: Record | None, old: Record, new: Record) -> Record:
        """A record is changed, which stood on disk like `before`: the record as it may be written."""

    def removed(self, record: Record, made_here: bool) -> None:
        """A record is removed, which may be as new as the change."""

    def told(self, record_id: str) -> None:
        """Something is told of a record."""

    def rewritten(self, path: str) -> None:
        """A file that is no record is written."""
