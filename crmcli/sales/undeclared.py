"""Values that records still have and the configuration no longer lists: of users who left, stages that were
removed, entries of a directory or choices of a field that were taken out; and how to move records on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from shlex import quote
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass
from crmcli.language import counted, tr
from crmcli.model.conditions.tree import And, Condition, Empty, In, Not, Text
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field
from crmcli.model.values import fold

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Undeclared:
    """One value: in which field of how many records it stands."""

    entity: str
    field: Field
    value: str
    count: int

    @property
    def records(self) -> str:
        """`3 leads`."""
        return counted(self.count, self.entity, ENTITIES[self.entity].plural)

    @property
    def way_on(self) -> str:
        """The command that gives them another value."""
        name, value = self.field.name, self.value.replace('"', '""')
        if self.field.is_many:
            change = f"--remove {quote(f'{name}={self.value}')} --add {name}={name.upper()}"
            return f"crm {self.entity} bulk --where '{name} has \"{value}\"' {change}"
        where = f"--where '{name} = \"{value}\"'"
        if self.field.kind.is_moved:
            other = "" if name == "stage" else f" --{name} {name.upper()}"
            return f"crm {self.entity} move {where} STAGE{other}"
        return f"crm {self.entity} bulk {where} --set {name}={name.upper()}"


def undeclared(ws: Workspace) -> Iterator[Undeclared]:
    """All such values, by entity and field."""
    for entity in ENTITIES:
        for field in ws.schema.fields(entity):
            declared = _declared(ws, entity, field)
            if declared and field.is_many:
                known = {fold(one) for one in declared}
                counts = ws.listed(entity, field.name)
                yield from (
                    Undeclared(entity, field, v, n) for v, n in counts.items() if v not in known
                )
            elif declared:
                path = (field.name,)
                tree = And((Not(Empty(path)), Not(In(path, tuple(map(Text, declared))))))
                counts = {}
                for total in ws.sums(entity, path, Condition(str(tree), tree)):
                    counts[total.keys[0]] = counts.get(total.keys[0], 0) + total.count
                yield from (Undeclared(entity, field, v, n) for v, n in counts.items())


def _declared(ws: Workspace, entity: str, field: Field) -> Collection[str]:
    """What a field may hold; nothing where anything may stand."""
    listed_in, own = field.kind.listed_in, ws.outline.of(entity)
    if listed_in == "users":
        return ws.settings.users
    if listed_in == "pipelines":
        return [pipeline.id for pipeline in own]
    if listed_in == "stages":
        return [stage.id for pipeline in own for stage in pipeline.stages]
    return field.choices or ws.settings.directories.get(field.directory, {})


def told(one: Undeclared) -> str:
    """What is said of a value: `source 'fair': 3 leads`."""
    return tr("{} {!r} is no longer declared: {}", one.field.name, one.value, one.records)
