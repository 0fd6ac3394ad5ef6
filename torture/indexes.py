"""Two indexes compared, but for their own numbers and for what robots still have to look at."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.model.entities import ENTITIES
from crmcli.store.index import Index

_ALL = "SELECT * FROM"
_FACTS = {
    "records": "SELECT id, doc FROM doc ORDER BY id",
    "lists": "SELECT id, field, key FROM item JOIN doc USING (num) ORDER BY id, field, key",
    "merges": "SELECT id, survivor FROM merged ORDER BY id",
    "problems": "SELECT path, line, message FROM problem ORDER BY path, line, message",
    "events": "SELECT path, id, at, actor, kind, record, cause, depth, data, job FROM event"
    " JOIN journal ON journal.num = event.journal ORDER BY path, event.num",
    "forks": "SELECT path, id, parent FROM fork JOIN journal ON journal.num = fork.journal"
    " ORDER BY path, id",
    "texts": "SELECT event.id, text FROM talk JOIN event USING (num) ORDER BY event.id",
}


def differences(one: Index, other: Index) -> Iterator[str]:
    """In what they differ, a line for each kind of fact."""
    for what, query in _queries().items():
        rows, others = _rows(one, query), _rows(other, query)
        if rows != others:
            odd = [row for row in rows if row not in others] or ["fewer, or in another order"]
            yield f"{what}: {len(rows)}, not {len(others)}: {str(odd[0])[:200]}"


def _rows(index: Index, query: str) -> list[tuple[object, ...]]:
    rows = index.read(lambda connection: connection.execute(query).fetchall())
    return [row[query.startswith(_ALL) :] for row in rows]  # the first cell is the number


def _queries() -> dict[str, str]:
    columns = {f"columns of {e}": f"{_ALL} {e} ORDER BY id" for e in ENTITIES}
    return {**_FACTS, **columns}
