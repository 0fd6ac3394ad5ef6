"""Records that are found by the names of the clients to which they link: a company's people and deals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Field
from crmcli.model.schema import Schema
from crmcli.store.index import texts
from crmcli.store.index.columns import Columns
from crmcli.store.index.questions import Word

_MOST = 8
"""Words; who types more of them knows what the record itself says."""


def linked(
    connection: sqlite3.Connection,
    columns: Columns,
    words: Sequence[Word],
    among: tuple[str, Sequence[str]],
    limit: int,
) -> list[tuple[int, str]]:
    """Numbers and ids of records so that each word stands in them or in the name of a client of theirs."""
    if len(words) > _MOST:
        return []
    tables, terms, named, own = [], [], [], []
    for number, word in enumerate(words):
        clients = f"clients{number}"
        is_scanned = columns.is_scanned
        names = texts.having([word], columns=texts.NAMES, is_scanned=is_scanned)
        whole = texts.having([word], is_scanned=is_scanned)
        tables.append(f"{clients}(id) AS MATERIALIZED ({_clients(names)})")
        found = [
            f"SELECT {whole.num} FROM {whole.table} WHERE {whole.where}",
            *_links(columns, clients),
        ]
        terms.append(f"num IN ({' UNION ALL '.join(found)})")
        named += names.parameters
        own += whole.parameters
    condition, entities = among
    rows = connection.execute(
        f"WITH {', '.join(tables)} SELECT num, id FROM doc WHERE {' AND '.join(terms)}"
        f" AND {condition} ORDER BY num LIMIT ?",
        [*named, *own, *entities, limit],
    )
    return rows.fetchall()


def _clients(names: texts.Texts) -> str:
    """The ids of clients with such names, those under which some were before they were merged too."""
    kinds = " OR ".join(f"doc.id GLOB '{entity}-*'" for entity in having("client"))
    found = (
        f"SELECT doc.id FROM {names.table} JOIN doc ON doc.num = {names.num}"
        f" WHERE {names.where} AND ({kinds})"
    )
    return (
        f"WITH now(id) AS ({found}) SELECT id FROM now"
        " UNION ALL SELECT merged.id FROM merged JOIN now ON now.id = survivor"
    )


def _links(columns: Columns, clients: str) -> Iterator[str]:
    """The numbers of the records that link to some clients."""
    lists = []
    for entity in ENTITIES:
        for field in links_of(columns.schema, entity):
            if number := columns.list_number(entity, field.name):
                lists.append(str(number))
            else:
                column = columns.columns(entity)[field.name].name
                yield f"SELECT num FROM {entity} WHERE {column} IN (SELECT id FROM {clients})"
    if lists:
        yield (
            f"SELECT num FROM item WHERE field IN ({', '.join(lists)})"
            f" AND key IN (SELECT id FROM {clients})"
        )


def links_of(schema: Schema, entity: str) -> list[Field]:
    """The fields by which people link a record to a client."""
    clients = {*having("client")}
    return [
        field
        for field in schema.fields(entity)
        if field.kind.is_link and not field.system and clients.intersection(field.entities)
    ]
