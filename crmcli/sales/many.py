"""One act on many records, in one transaction: each by its own rules, what is refused is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, CrmError, InvalidData, NotFound, Refused
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.sales.records.stage_lookup import NoSuchStage
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

T = TypeVar("T")
_OF_ONE = (Refused, InvalidData, NotFound, NoSuchStage)
"""What keeps one record from something and not the others."""


class NotAll(Refused):
    """All were wanted or none, and some cannot be."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that stays as it was, and why."""

    record: str
    error: CrmError

    def __str__(self) -> str:
        hint = f" ({tr(self.error.hint)})" if self.error.hint else ""
        said = tr(self.error.message)
        return f"{said}{hint}" if self.record in said else f"{self.record}: {said}{hint}"


@dataclass(slots=True)
class Many(Generic[T]):
    """What became of each, in order, and who was refused."""

    done: list[T] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records by their ids or, if there is a `condition`, all that fit it when the change is open."""

    entity: str
    ids: Sequence[str] = ()
    condition: Condition | None = None

    @property
    def is_one(self) -> bool:
        """Whether it is about one record, whose refusal is that of the command."""
        return self.condition is None and len(set(self.ids)) == 1

    def counted(self, count: int) -> str:
        """So many of them, in words."""
        return counted(count, self.entity, ENTITIES[self.entity].plural)

    def now(self, ws: Workspace) -> list[str]:
        """The ids of those that fit, before the change is open."""
        if self.condition is None:
            return [*dict.fromkeys(self.ids)]
        return [row.id for row in ws.select(self.entity, self.condition)]

    def under_lock(self, ws: Workspace, change: Change) -> Iterator[str]:
        """The ids of those that fit now."""
        from crmcli.model.conditions.holds import holds

        if self.condition is None:
            yield from dict.fromkeys(self.ids)
            return
        ws.look_again()
        asked = ws.asked(self.entity, self.condition)
        for found in ws.select(self.entity, asked):
            if holds(asked, change.get(found.id), ws.env):
                yield found.id


def each(
    ws: Workspace,
    command: str,
    chosen: Chosen,
    act: Callable[[Change, str], T],
    *,
    whole: bool = False,
) -> Many[T]:
    """Do something to each of many records; `whole` to all of them or to none. What was refused half
    way through is refused for all."""
    found: Many[T] = Many()
    with ws.change(command) as change:
        for record_id in chosen.under_lock(ws, change):
            noted = len(change.events)
            try:
                found.done.append(act(change, record_id))
            except _OF_ONE as error:
                if chosen.is_one or len(change.events) != noted:
                    raise
                found.refused.append(Refusal(record_id, error))
        if found.refused and not found.done and isinstance(found.refused[0].error, BadUsage):
            raise found.refused[0].error  # it is the word that is wrong, not the records
        if whole and found.refused:
            first, count = found.refused[0], len(found.refused)
            told = tr("nothing changed: {} of {} refused", count, count + len(found.done))
            raise NotAll(told, str(first))
    return found
