"""Taking up many things that came in: those that have nothing to do with each other share a transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import replace
from crmcli.errors import CrmError
from crmcli.model.assignment import LEAST_BUSY
from crmcli.sales.intake.kept import Kept, Taken
from crmcli.sales.intake.taking import Then, numbers, read, take, take_in
from crmcli.workspace import Workspace

TOGETHER = 100
"""So many share a transaction: who waits for the lock waits some tenths of a second."""
_SURE_DIGITS = 7
"""Digits at its end by which two spellings of a number are the same one, and now and then two numbers."""


def take_each(ws: Workspace, waiting: Iterable[Kept], then: Then | None = None) -> list[Taken]:
    """Take up each, in this order, with what is `then` to be written; where one of a transaction fails
    nothing of that is written, and each is taken up alone."""
    done: list[Taken] = []
    for group in _groups(ws, waiting):
        done += _together(ws, group, then) or [take(ws, one, then=then) for one, _ in group]
    return done


def _together(
    ws: Workspace, group: Sequence[tuple[Kept, Incoming | None]], then: Then | None
) -> list[Taken]:
    """What became of each; nothing if they cannot be taken up in one transaction."""
    if len(group) == 1:
        return []
    done = []
    try:
        with ws.change("intake take", actor="crm") as change:
            ws.look_again()
            for one, incoming in group:
                assert incoming is not None  # what cannot be read stands alone
                change.author = replace(change.author, cause=one.id)
                done.append(take_in(change, ws, one, incoming, then=then))
    except CrmError:
        return []
    return done


def _groups(
    ws: Workspace, waiting: Iterable[Kept]
) -> Iterator[Sequence[tuple[Kept, Incoming | None]]]:
    """What may share a transaction: nobody in it is found by what another has just brought."""
    most = TOGETHER if _may_share(ws) else 1
    group: list[tuple[Kept, Incoming | None]] = []
    met: set[str] = set()
    for one in waiting:
        incoming = _read(ws, one) if most > 1 else None
        own = _marks(ws, one, incoming) if incoming else set()
        if group and (incoming is None or len(group) == most or own & met):
            yield group
            group, met = [], set()
        group.append((one, incoming))
        met |= own
        if incoming is None:
            yield group
            group = []
    if group:
        yield group


def _may_share(ws: Workspace) -> bool:
    """Not where what is made of one counts for the next: who is least busy, which client a deal is with."""
    return ws.settings.leads and all(rule.by != LEAST_BUSY for rule in ws.settings.assignment)


def _read(ws: Workspace, kept: Kept) -> Incoming | None:
    try:
        return read(ws, kept)
    except CrmError:
        return None


def _marks(ws: Workspace, kept: Kept, incoming: Incoming) -> set[str]:
    """All by which this one may be found, or may find another."""
    texts = [*incoming.emails, *incoming.handles]
    words = {word.casefold() for text in texts for word in re.findall(r"[\w.+-]+", text)}
    written = [*incoming.phones, *numbers(ws, incoming)]
    digits = {re.sub(r"\D", "", text)[-_SURE_DIGITS:] for text in written}
    return words | digits | {kept.key, incoming.adds_to, *incoming.answers} - {""}
