"""What is wrong in a workspace: configuration, unreadable files, dangling links, the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import InvalidData, Problem
from crmcli.model.fields import Record
from crmcli.model.schema import CLASSES
from crmcli.model.values import entity_of
from crmcli.sales.links import links_of
from crmcli.store import layout, timeline
from crmcli.store.transaction import leftovers
from crmcli.workspace import UnknownStage, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems(ws: Workspace) -> list[Problem]:
    """Everything that a person should mend, by file and line."""
    found: list[Problem] = []
    staged = True
    try:
        _ = ws.pipelines
    except InvalidData as error:
        found += error.problems
        staged = False
    found += leftovers(ws.root)
    found += ws.problems()
    for path in sorted((ws.root / layout.TIMELINE).glob("*/*.csv")):
        found += timeline.verify_chain(path, name=path.relative_to(ws.root).as_posix())
    for entity in CLASSES:
        for record in ws.select(entity):
            found += _of_record(ws, record, staged=staged)
    return list(dict.fromkeys(found))


def _of_record(ws: Workspace, record: Record, *, staged: bool) -> Iterator[Problem]:
    path = layout.record_path(record.id)
    for name, target, allowed in links_of(ws, record):
        if not ws.exists(target):
            yield Problem(
                path, 0, f"{name} links to {target}, which is not there", "unset the link"
            )
        elif allowed and entity_of(target) not in allowed:
            yield Problem(
                path, 0, f"{name} links to {target}, which is no {' or '.join(allowed)}",
                "unset the link",
            )  # fmt: skip
    if staged and record.entity in ("lead", "deal"):
        try:
            ws.stage_of(record)
        except UnknownStage as error:
            yield Problem(path, 0, error.message, error.hint)
