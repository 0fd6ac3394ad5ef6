"""Records that stand in a stage or a pipeline that is no longer declared, and the commands that bring them
home: what is open to the beginning, what has ended to the like end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.model.conditions import grammar
from crmcli.model.conditions.tree import Text
from crmcli.model.entities import ENTITIES, having
from crmcli.model.schema import has_field
from crmcli.store.layout import PIPELINES
from crmcli.workspace import Workspace

_DEALS = {
    "initial": "closed_at is empty",
    "won": "closed_at is not empty and probability = 100",
    "lost": "closed_at is not empty and not probability = 100",
}
_LEADS = {
    "initial": "converted_at is empty and closed_at is empty and junk_reason is empty",
    "won": "converted_at is not empty",
    "lost": "converted_at is empty and (closed_at is not empty or junk_reason is not empty)",
}
"""Which records go to the stage of that name of their pipeline."""


def are_homeless(ws: Workspace, entity: str) -> bool:
    """Whether there are such records, in any pipeline of an entity."""
    names = ["pipeline", "stage"] if has_field(entity, "pipeline") else ["stage"]
    keys = (total.keys for total in ws.sums(entity, names))
    return any(ws.pipelines.place(entity, *[""][len(key) - 1 :], *key)[1] is None for key in keys)


def homeless(ws: Workspace, entity: str = "") -> Iterator[Problem]:
    """What is to be told of such records, each kind of them once, with its command."""
    for of in [entity] if entity else having("staged"):
        has_pipelines = has_field(of, "pipeline")
        names = ["pipeline", "stage"] if has_pipelines else ["stage"]
        for end, text in (_DEALS if has_pipelines else _LEADS).items():
            for total in ws.sums(of, names, grammar.parse(text)):
                place = dict(zip(names, map(str, total.keys), strict=True))
                way = _way_home(ws, of, place, end, text)
                if way:
                    records = counted(total.count, of, ENTITIES[of].plural)
                    said = tr("{} in {}, which is not declared", records, "/".join(place.values()))
                    yield Problem(PIPELINES, 0, said, way)


def _way_home(ws: Workspace, entity: str, place: dict[str, str], end: str, which: str) -> str:
    """The command; "" if that place is declared."""
    named = place.get("pipeline", "")
    if ws.pipelines.place(entity, named, place["stage"])[1] is not None:
        return ""
    target, stage = ws.pipelines.home(entity, named, place["stage"], end)
    terms = [
        f"{name} = {Text(value)}" if value else f"{name} is empty" for name, value in place.items()
    ]
    where = shlex.quote(" and ".join([*terms, which]))
    option = f" --pipeline {target.id}" if target.key else ""
    return f"crm {entity} move --where {where} {stage.id}{option}"
