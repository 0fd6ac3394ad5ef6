"""Questions in SQL: within the rights of who asks, and kept by the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model.access import EXPORT, Rights
from crmcli.model.audit import EXPORT as KEPT
from crmcli.model.entities import ENTITIES
from crmcli.model.masking import contacts_of
from crmcli.model.sql_views import Answer, Cell, Filling, View
from crmcli.model.values import entity_of
from crmcli.store.audit import canaries
from crmcli.store.index.asked.checking import Check
from crmcli.store.index.asked.published import STAYS
from crmcli.store.index.asked.running import Question
from crmcli.store.index.asked.sentences import Named
from crmcli.workspace.stays import settle_stays

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

MOST_KEPT = 2000
"""Letters of a query that the audit keeps."""


def answer(
    ws: Workspace,
    text: str,
    parameters: Mapping[str, Cell],
    more: Filling,
    seconds: float,
) -> Answer:
    """What a query finds. BadUsage with one sentence where it is no good, Forbidden where the user may not
    export what it reads, Refused where it takes too long or too much. `more` gives rows of views of which the
    workspace does not know itself."""
    text = text.rstrip("; \t\r\n")
    views = ws.sql_views
    check = Check(text, parameters, views, ws.published.in_memory())
    named = Named(text, views)
    rights = ws.rights
    if rights is not None:
        _may_export(rights, [views[name] for name in sorted(check.read)])
        if not rights.is_narrow and rights.may_all(EXPORT):
            rights = None
    if any(view.name == STAYS for view in named.mentioned):
        settle_stays(ws)
    filling: Filling = {"stages": lambda: _stages(ws), "users": lambda: _users(ws), **more}
    # Also what SQLite has no need to read (`where 0 and exists (…)`) must be there.
    there = tuple(named.mentioned)
    asked = Question(named, parameters, there, filling, ws.now, ws.zone, seconds, rights)
    count = 0
    try:
        found = ws.published.answer(asked)
        count = len(found.rows)
    finally:
        if ws.trail is not None:
            ws.trail.keep(KEPT, count=count, query=text[:MOST_KEPT])
    _look_for_canaries(ws, found)
    return found


def _may_export(rights: Rights, read: Iterable[View]) -> None:
    """A query gives out as much as an export does: it takes the same right, of all that it tells of."""
    for view in read:
        for noun in view.nouns:
            if not rights.may_any(noun, EXPORT):
                what = tr(ENTITIES[noun].plural)
                told = tr("{} tells of {}, which {} may not export", view.name, what, rights.user)
                raise Forbidden(told, "ask an administrator; crm can tells why")


def _stages(ws: Workspace) -> Iterator[tuple[Cell, ...]]:
    for pipeline in ws.pipelines:
        for number, stage in enumerate(pipeline.stages, 1):
            chance = None if stage.chance is None else float(stage.chance)
            yield (pipeline.entity, pipeline.id, stage.id, stage.name, stage.kind, number,
                   chance, stage.max_days)  # fmt: skip


def _users(ws: Workspace) -> Iterator[tuple[Cell, ...]]:
    for user in ws.settings.users.values():
        yield user.id, str(user)


def _look_for_canaries(ws: Workspace, found: Answer) -> None:
    """Tell of made-up clients that stand in an answer, by their id, phones or e-mails."""
    if ws.trail is None or not canaries.known(ws.root):
        return
    from crmcli.workspace.canaries import all_of

    cells = {cell for row in found.rows for cell in row if isinstance(cell, str)}
    for raw in ws.house.rows_of([one.id for one in all_of(ws) if one.id]):
        words = [str(raw["id"]), *contacts_of(raw, ws.schema.contacts(entity_of(str(raw["id"]))))]
        if any(word in cell for cell in cells for word in words):
            ws.trail.alarm(str(raw["id"]), "exported")
