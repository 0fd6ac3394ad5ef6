"""The numbers of documents, as settings.yaml shapes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from crmcli.workspace import Change, Workspace


def free_number(change: Change, ws: Workspace, entity: str) -> str:
    """The number of a new record; the lock of the open change keeps it unique."""
    ws.look_again()
    taken = [str(record.get("name")) for record in ws.select(entity)]
    taken += [str(new.get("name")) for _, new in change.records if new and new.entity == entity]
    today = ws.now.astimezone(ws.zone).date()
    return next_number(ws.settings.numbering[entity], taken, today)


def next_number(mask: str, taken: Iterable[str], day: date) -> str:
    """The number after the highest that fits the mask `КП-{year}-{seq:04}`, of that year if it has one."""
    pattern = re.compile(re.sub(r"\\\{(year|month|seq)[^}]*\\\}", _group, re.escape(mask)))
    highest = 0
    for name in taken:
        match = pattern.fullmatch(name)
        if match and int(match.groupdict().get("year") or day.year) == day.year:
            highest = max(highest, int(match["seq"]))
    return mask.format(year=day.year, month=day.month, seq=highest + 1)


def _group(match: re.Match[str]) -> str:
    """The digits that stand for a part of the mask; one named twice counts where it stands first."""
    before = match.string[: match.start()]
    return r"\d+" if rf"\{{{match[1]}" in before else rf"(?P<{match[1]}>\d+)"
