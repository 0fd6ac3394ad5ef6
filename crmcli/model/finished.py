"""Which records are finished: won, lost, converted, done, declined. The others live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.model.entities import ENTITIES

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env
    from crmcli.model.conditions.tree import Condition, Node
    from crmcli.model.fields import Record
    from crmcli.model.pipeline import Pipelines

_TOLD_BY = ("stage", "closed_at", "converted", "converted_at", "lost_reason", "junk_reason")
"""The fields of what stands in stages that say how it ended."""


def finished(pipelines: Pipelines, entity: str) -> Node | None:
    """What is true of the finished records of an entity; None where nothing ever is finished.

    What stands in a stage that is no longer declared is not.
    """
    from crmcli.model.conditions.tree import And, Compare, Empty, In, Not, Or, Text

    row = ENTITIES[entity]
    if row.finished:
        name, *values = row.finished
        return In((name,), tuple(map(Text, values))) if values else Not(Empty((name,)))
    if "staged" not in row.traits:
        return None
    own = pipelines.of(entity)
    parts: list[Node] = []
    for pipeline in own:
        ended = In(("stage",), tuple(Text(s.id) for s in pipeline.stages if not s.is_open))
        if not pipeline.key:
            return ended
        here: Node = Compare(("pipeline",), "=", Text(pipeline.id))
        if pipeline == own[0]:  # that of deals which name none
            here = Or((here, Empty(("pipeline",))))
        parts.append(And((here, ended)))
    return Or(tuple(parts))


def asks_for_ends(condition: Condition, entity: str) -> bool:
    """Whether a condition itself says which of the finished records are meant."""
    from crmcli.model.conditions.where import leaves

    told = ENTITIES[entity].finished[:1] or _TOLD_BY
    return any(leaf.path[0] in ("id", *told) for leaf in leaves(condition.tree))


def is_finished(pipelines: Pipelines, record: Record, env: Env) -> bool:
    """Whether a record came to its end."""
    from crmcli.model.conditions.holds import holds
    from crmcli.model.conditions.tree import Condition

    tree = finished(pipelines, record.entity)
    return tree is not None and holds(Condition(str(tree), tree), record, env)
