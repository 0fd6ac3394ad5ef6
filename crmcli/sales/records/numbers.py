"""The numbers of documents, as settings.yaml shapes them: none is given twice, not in two clones either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.values import fold
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from datetime import date

    from crmcli.workspace.reads import Reads


class NumberTaken(Refused):
    """Another document has the number."""


CLONE = "{clone}"
_LETTERS = 6
"""Of a clone's name, in the numbers that it gives: two of a thousand clones share them once in 2,000."""
_LAST = 100
"""Documents that this clone made last, among which the highest number is looked for that is in no file."""


def free_number(
    change: Change, ws: Workspace, entity: str, mask: str = "", *, above: int = 0
) -> str:
    """The number of a new record, by a mask of its own or that of settings.yaml. The lock of the open change
    keeps it unique in this clone, the clone's own part among all. The event that tells of the record needs it
    as `name`, so that it is never given again."""
    ws.look_again()
    taken = [*_given(ws.house, entity)]
    taken += [str(new.get("name")) for _, new in change.records if new and new.entity == entity]
    today = ws.now.astimezone(ws.zone).date()
    mask = mask_here(ws, mask or ws.settings.numbering[entity])
    if mask.endswith(f"-{ws.clone[:_LETTERS]}"):
        _tell(ws)
    return next_number(mask, taken, today, above)


def has_twin(ws: Workspace, document: Record) -> bool:
    """Whether another document has its number."""
    names = (key for facts in ws.house.facts(document.entity, ["name"]) for key in facts.keys[0])
    return [*map(str, names)].count(fold(str(document.get("name")))) > 1


def check_free(ws: Workspace, document: Record) -> None:
    """NumberTaken if a document has the number that this one gets."""
    ws.look_again()
    for other in ws.house.lookup("name", str(document.get("name")), [document.entity]):
        if other != document.id:
            who = other if ws.is_seen(other) else tr("another document")
            told = tr("{} has the number {} already", who, document.get("name"))
            raise NumberTaken(told, "give another number")


def _tell(ws: Workspace) -> None:
    """Say once why the numbers are longer, and how they become shorter."""
    said = tr(
        "numbers of this clone end in {}, so that no other clone gives the same; to call it otherwise:"
        " numbering: {{clones: {{{}: ''}}}} in settings.yaml",
        ws.clone[:_LETTERS],
        ws.clone,
    )
    if said not in ws.notes:
        ws.notes.append(said)


def _given(ws: Reads, entity: str) -> Iterator[str]:
    """The numbers of all documents, folded, and those that this clone gave to removed ones."""
    for facts in ws.facts(entity, ["name"]):
        yield from map(str, facts.keys[0])
    kinds, own = (f"{entity}.created",), ws.clone
    for event in ws.events(kinds=kinds, clone=own, limit=_LAST, newest_first=True):
        yield str(event.data.get("name", ""))


def mask_here(ws: Workspace, mask: str) -> str:
    """The mask as this clone numbers: with its own part, where others may number beside it."""
    named = ws.settings.clones.get(ws.clone)
    part = named or ws.clone[:_LETTERS]
    if CLONE in mask:
        return mask.replace(CLONE, part)
    if named == "" or (named is None and not _is_one_of_many(ws)):
        return mask
    return f"{mask}-{part}"


def _is_one_of_many(ws: Workspace) -> bool:
    from crmcli.workspace.clones import is_shared

    return "" in ws.settings.clones.values() or is_shared(ws)


def next_number(mask: str, taken: Iterable[str], day: date, above: int = 0) -> str:
    """The number after the highest that fits the mask `КП-{year}-{seq:04}`, of that year if it has one."""
    pattern = re.compile(re.sub(r"\\\{(year|month|seq)[^}]*\\\}", _group, re.escape(fold(mask))))
    highest = above
    for name in taken:
        match = pattern.fullmatch(fold(name))
        if match and int(match.groupdict().get("year") or day.year) == day.year:
            highest = max(highest, int(match["seq"]))
    return mask.format(year=day.year, month=day.month, seq=highest + 1)


def _group(match: re.Match[str]) -> str:
    """The digits that stand for a part of the mask; one named twice counts where it stands first."""
    before = match.string[: match.start()]
    return r"\d+" if rf"\{{{match[1]}" in before else rf"(?P<{match[1]}>\d+)"
