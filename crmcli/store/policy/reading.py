"""From the rights of a user to what in SQL is true of the records that this user reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from crmcli.model.access import READ, Rights
from crmcli.model.conditions.tree import And, Empty, In, Node, Not, Or, Text
from crmcli.model.entities import ENTITIES, having
from crmcli.model.schema import Schema
from crmcli.model.values import fold


class Dialect(Protocol):
    """How a database holds the records."""

    def table(self, entity: str) -> str:
        """The table of a noun."""

    def column(self, entity: str, name: str, table: str) -> str:
        """What holds a field in a row of that table; "" if the noun has no such field."""

    def linking(self, entity: str, name: str, record: str) -> str:
        """FROM and WHERE of the rows, as `down`, that link to a record by a field."""

    def key(self, value: str) -> str:
        """What stands in a column for a value."""


def quoted(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"


def sql_of(node: Node, named: Callable[[str], str], key: Callable[[str], str] = fold) -> str:
    """A condition of rights, whose fields hold one text each, as SQL that is true exactly where it holds.

    `key` makes of a value what stands in the column. SQLite and PostgreSQL read it alike.
    """
    if isinstance(node, And | Or):
        word, nothing = (" AND ", "TRUE") if isinstance(node, And) else (" OR ", "FALSE")
        return f"({word.join(sql_of(part, named, key) for part in node.parts) or nothing})"
    if isinstance(node, Not):
        return f"({sql_of(node.part, named, key)} IS NOT TRUE)"
    if isinstance(node, Empty):
        column = named(node.path[0])
        return f"({column} IS NULL OR {column} = '')"
    if isinstance(node, In):
        values = [quoted(key(one.value)) for one in node.values if isinstance(one, Text)]
        return f"({named(node.path[0])} IN ({', '.join(values) or 'NULL'}))"
    raise TypeError(node)


class Reading:
    """Which records one user reads, in the words of one database."""

    def __init__(self, rights: Rights, schema: Schema, dialect: Dialect) -> None:
        self._rights = rights
        self._schema = schema
        self._dialect = dialect

    def condition(self, entity: str) -> str:
        """What is true of the rows of a noun that the user reads: for their own sake, or for what they hang
        on, as a deal's papers and tasks do, and the people of one's deals."""
        table = self._dialect.table(entity)
        ways = [self.direct(entity, table)]
        if self._rights.may_any(entity, READ):
            ways += self._by_parents(entity, table)
            ways += self._by_children(entity, table)
        return f"({' OR '.join(ways)})"

    def direct(self, entity: str, table: str, verb: str = READ) -> str:
        """What is true of the rows with which the user may do that for their own sake."""

        def named(name: str) -> str:
            return self._dialect.column(entity, name, table) or "''"

        return sql_of(self._rights.node(entity, verb), named, self._dialect.key)

    def _by_parents(self, entity: str, table: str) -> Iterator[str]:
        parent = ENTITIES[entity].parent
        for above in self._schema.field(entity, parent).entities if parent else ():
            link = self._dialect.column(entity, parent, table)
            found = f"{self._dialect.table(above)} AS up WHERE up.id = {link}"
            yield f"EXISTS (SELECT 1 FROM {found} AND {self.direct(above, 'up')})"

    def _by_children(self, entity: str, table: str) -> Iterator[str]:
        for staged in having("staged") if "client" in ENTITIES[entity].traits else ():
            for field in self._schema.fields(staged):
                if field.kind.is_link and not field.system and entity in field.entities:
                    found = self._dialect.linking(staged, field.name, f"{table}.id")
                    yield f"EXISTS (SELECT 1 FROM {found} AND {self.direct(staged, 'down')})"
