"""The same rule as row-level security of PostgreSQL: a mirror shows each user what this base does.

A mirror has a table for each noun with a column of text for each field of one value and an array for
each list, an id among them; a role of the database for each user.
"""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.model.access import Access, Rights
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import Schema
from crmcli.store.policy.reading import Reading


def named(word: str) -> str:
    """A word as the name of a table, a column or a role."""
    return '"' + word.replace('"', '""') + '"'


class Postgres:
    """How a mirror holds the records."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def table(self, entity: str) -> str:
        """Its table."""
        return named(entity)

    def column(self, entity: str, name: str, table: str) -> str:
        """Its column."""
        return f"{table}.{named(name)}" if self._schema.named(entity, name) else ""

    def linking(self, entity: str, name: str, record: str) -> str:
        """Rows that link to a record, by one value or by a list."""
        column = self.column(entity, name, "down")
        is_list = self._schema.field(entity, name).is_many
        holds = f"{record} = ANY ({column})" if is_list else f"{column} = {record}"
        return f"{self.table(entity)} AS down WHERE {holds}"

    def key(self, value: str) -> str:
        """Values stand as they are written."""
        return value


def row_security(access: Access, schema: Schema) -> Iterator[str]:
    """The statements that let each user of the mirror read what that user reads here."""
    for entity in ENTITIES:
        yield f"ALTER TABLE {named(entity)} ENABLE ROW LEVEL SECURITY"
        for user in access.users:
            if user not in access.off:
                reading = Reading(Rights(user, access), schema, Postgres(schema))
                yield (
                    f"CREATE POLICY {named(f'{entity} of {user}')} ON {named(entity)} FOR SELECT"
                    f" TO {named(user)} USING {reading.condition(entity)}"
                )
