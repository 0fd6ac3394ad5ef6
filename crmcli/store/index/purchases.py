"""What clients bought: whose a won record is, whether it was the first, how long after the first it came."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.model.entities import ENTITIES
from crmcli.model.schema import own_fields
from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import NOW, Beside, Cell, place

VALUE_DAYS = (91, 182, 365)
"""After so many days it is told what a client has brought: a quarter, half a year, a year."""
_ACTIVE_DAYS = 365
"""Who bought within so many days still buys."""
_DAY = 86_400
_MONTH = 2_629_800


def beside(entity: str, column: Mapping[str, str], columns: Columns) -> Beside:
    """What the won records of clients say of these."""
    client, name = _client_of(entity, columns), f"bought_{entity}"
    if not client:
        return Beside()
    again, first, ended = "bought.again", "bought.first", "bought.ended"
    found = {
        "buyer": Cell(f"CASE {again} WHEN 0 THEN 'new_client' WHEN 1 THEN 'returning' END", "word"),
        "client": Cell("bought.client", is_numbered=True),
        "bought": Cell(f"{again} IS NOT NULL", "flag"),
        "bought_again": Cell(f"{again} = 1", "flag"),
        "bought_lately": Cell(f"{ended} > {NOW} - {_ACTIVE_DAYS * _DAY}", "flag"),
        "first_bought": Cell(first, "moment"),
        "client_months": Cell(f"round(({NOW} - {first}) / {_MONTH}.0, 1)", "number"),
    }
    for days in VALUE_DAYS:
        is_so_old = f"{first} <= {NOW} - {days * _DAY}"
        found[f"known_{days}"] = Cell(is_so_old, "flag")
        found[f"within_{days}"] = Cell(f"{is_so_old} AND {ended} < {first} + {days * _DAY}", "flag")
    return Beside(
        {key: cell._replace(ready=(name,)) for key, cell in found.items()},
        {"first": Cell(first, "moment"), "bought_at": Cell(ended, "moment")},
        {name: _sales(entity, column, client)},
        {name: f" LEFT JOIN temp.{name} AS bought ON bought.record = {entity}.id"},
    )


def _client_of(entity: str, columns: Columns) -> str:
    """Whose a record is: the firm, or else the first person; "" where it belongs to nobody."""
    own, found = columns.columns(entity), []
    for field in own_fields(entity):
        is_client = field.entities and all("client" in ENTITIES[e].traits for e in field.entities)
        if is_client and not field.system:
            is_one = field.name in own
            first = f"SELECT json_extract(doc.doc, '$.{field.name}[0]') FROM doc"
            its_first = f"({first} WHERE doc.num = {entity}.num)"
            found.append(f"{entity}.{own[field.name].name}" if is_one else its_first)
    return f"coalesce({', '.join(found)}, NULL)" if found else ""


def _sales(entity: str, column: Mapping[str, str], client: str) -> str:
    """The won records of clients, each with its client, whether that one bought before, when first."""
    ended = f"ifnull({column['closed_at']}, {column.get('converted_at', 'NULL')})"
    end = place(entity, column.get("pipeline", "'leads'"), column["stage"], "its_end")
    return f"""
    SELECT sale.record AS record, sale.client AS client, sale.ended AS ended,
           row_number() OVER (PARTITION BY sale.client ORDER BY sale.ended, sale.record) > 1 AS again,
           min(sale.ended) OVER (PARTITION BY sale.client) AS first
    FROM (SELECT {entity}.id AS record, {client} AS client, unixepoch({ended}) AS ended
          FROM {entity} JOIN {end} WHERE its_end.kind = 'won') AS sale WHERE sale.client IS NOT NULL
    """
