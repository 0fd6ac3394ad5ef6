"""Where the index keeps each field: as a column of the entity's table, or as items of a list."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from crmcli import __version__
from crmcli.dataclass import dataclass
from crmcli.model.conditions.paths import PathStep
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field
from crmcli.model.schema import Schema

if TYPE_CHECKING:
    from crmcli.model.scoring.scorer import Scorer

LAYOUT = 23
"""Counts up whenever the tables, or what stands in them, change."""

LIKENESS = "~"
"""Names the list of a client's keys by which its name is found in any spelling."""

AS_GIVEN = "#"
"""Marks the second list of a phone field: the keys of numbers that do not stand there as E.164."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in SQL, its type, the field whose keys it holds, whether it is indexed.

    `cents` names the column beside it that holds the same amount in whole cents; "" for no money.
    `order` names that for what stands for a text in sorted lists, NULL if that is the text; "" for
    what is no free text.
    """

    name: str
    type: str
    field: Field
    indexed: bool
    cents: str = ""
    order: str = ""

    @property
    def cells(self) -> list[str]:
        """What its table has for it: columns with their types."""
        found = [f"{self.name} {self.type}"]
        found += [f"{self.cents} INTEGER"] if self.cents else []
        return found + ([f"{self.order} TEXT"] if self.order else [])

    @property
    def sorted_by(self) -> str:
        """What its rows are sorted by: an expression, for a table called as `{0}`."""
        return (
            f"ifnull({{0}}.{self.order}, {{0}}.{self.name})" if self.order else f"{{0}}.{self.name}"
        )

    @property
    def is_long(self) -> bool:
        """Whether it may hold pages of text: such columns stand where a scan need not read them."""
        return self.field.kind.is_long


def _is_spelled(field: Field) -> bool:
    """Whether lists sort a field as words: a short text that may say anything."""
    return field.kind.is_free and not (field.kind.is_long or field.directory)


class Columns:
    """The columns of all entities of one schema, and the numbers of all lists."""

    def __init__(self, schema: Schema, country: str) -> None:
        self.schema = schema
        self.country = country
        self.is_narrow = False
        """Whether the reader sees a part alone: nothing may be ranked by what all records say."""
        self.is_scanned = False
        """Whether words must be sought in the texts that the reader sees, not in the full text."""
        self.scorer: Callable[[str], Scorer | None] = lambda _entity: None
        """What scores the records of an entity, if anything was learned of them."""
        self._columns: dict[str, dict[str, Column]] = {}
        self._lists: dict[tuple[str, str], int] = {}
        for entity in ENTITIES:
            self._columns[entity] = {}
            for position, field in enumerate(schema.fields(entity)):
                self._place(entity, position, field)
            if "client" in ENTITIES[entity].traits:
                self._number(entity, LIKENESS)
            found = self._columns[entity].items()
            self._columns[entity] = dict(sorted(found, key=lambda item: item[1].is_long))

    def _place(self, entity: str, position: int, field: Field) -> None:
        names = [field.name, *(f"{field.name}.{part}" for part in field.kind.parts)]
        if field.kind.is_phone:
            self._number(entity, field.name + AS_GIVEN)
        if field.is_many or field.kind.is_map:
            for name in names:
                self._number(entity, name)
            return
        # Two custom names may differ by case alone, which SQL would take for one.
        name = f"x{position}" if field.custom else "id" if field.name == "id" else f"f_{field.name}"
        self._columns[entity][field.name] = Column(
            name,
            field.kind.column,
            field,
            indexed=field.kind.is_indexed or field.name == "name",
            cents=f"{name}_cents" if field.kind.is_money else "",
            order=f"{name}_order" if _is_spelled(field) else "",
        )

    def _number(self, entity: str, name: str) -> None:
        self._lists[entity, name] = len(self._lists) + 1

    def columns(self, entity: str) -> Mapping[str, Column]:
        """The columns of an entity's single-valued fields by name; long texts come last."""
        return self._columns[entity]

    def column(self, step: PathStep) -> str:
        """The column of a step; "" if the field is a list or a map."""
        found = self._columns[step.entity].get(step.field.name) if not step.key else None
        return found.name if found else ""

    def list_number(self, entity: str, name: str) -> int:
        """Under which number a list's items stand; `utm.source` for a part, 0 for no list."""
        return self._lists.get((entity, name), 0)

    def lists_of(self, entity: str) -> Mapping[str, int]:
        """The numbers of all lists of an entity, by name."""
        return {name: number for (noun, name), number in self._lists.items() if noun == entity}

    def list_of(self, step: PathStep) -> int:
        """Under which number the items of a step stand."""
        name = f"{step.field.name}.{step.key}" if step.key else step.field.name
        return self._lists[step.entity, name]

    def found_by(self, entity: str, look_up: str) -> tuple[list[str], list[int]]:
        """The columns, and the lists, of the fields whose values a look-up finds."""
        if look_up == "likeness":
            return [], list(filter(None, [self.list_number(entity, LIKENESS)]))
        fields = [f for f in self.schema.fields(entity) if f.kind.found_by == look_up]
        columns = [self._columns[entity][f.name].name for f in fields if not f.is_many]
        numbers = [
            self._lists[entity, name]
            for f in fields
            for name in (f.name, f.name + AS_GIVEN)
            if (entity, name) in self._lists
        ]
        return columns, numbers

    def signature(self) -> str:
        """What an index must have been built for to be of use here."""
        facts = [__version__, LAYOUT, self.country]
        for entity in ENTITIES:
            facts += [(entity, f.name, f.kind.name, f.entities) for f in self.schema.fields(entity)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def noun_of(record: str) -> str:
    """Of which noun the record of an id is."""
    return f"substr({record}, 1, instr({record}, '-') - 1)"


def is_of(entity: str, record: str) -> str:
    """Whether it is of that one: said so that an index by ids helps."""
    return f"{record} > '{entity}-' AND {record} < '{entity}.'"
