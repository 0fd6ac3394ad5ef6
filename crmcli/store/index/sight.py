"""What of the index a user sees: views that stand before its tables, in a connection of that user's own.

SQLite looks a name up among the temporary ones first, so whatever is asked by the name of a table is
answered by the view: a query that forgets the rights cannot be written. What keeps the index up to
date has another connection, in which there are no views.
"""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.model.access import EXPORT, Rights
from crmcli.model.clocks import STEPPED
from crmcli.model.entities import ENTITIES
from crmcli.model.values import fold
from crmcli.store.index.columns import Columns, noun_of
from crmcli.store.index.fulltext import TEXTS
from crmcli.store.index.tables import text_of
from crmcli.store.policy.reading import Reading, quoted

_WAYS = ("stay", "way")
"""The tables of the ways through stages."""
_OF_STAGES = ("$.from", "$.stood", "$.pipeline")
"""What an event says of stages under other names."""


class Tables:
    """How the index holds the records: columns by their own names, lists as items."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def table(self, entity: str) -> str:
        """The table itself, not the view that stands before it."""
        return f"main.{entity}"

    def column(self, entity: str, name: str, table: str) -> str:
        """The column with the keys of a field."""
        found = self._columns.columns(entity).get(name)
        return f"{table}.{found.name}" if found else ""

    def linking(self, entity: str, name: str, record: str) -> str:
        """Rows that link to a record, by a column or by an item of a list."""
        if number := self._columns.list_number(entity, name):
            return (
                f"main.item AS link JOIN main.{entity} AS down ON down.num = link.num"
                f" WHERE link.field = {number} AND link.key = {record}"
            )
        return f"main.{entity} AS down WHERE {self.column(entity, name, 'down')} = {record}"

    def key(self, value: str) -> str:
        """The key of a text."""
        return fold(value)


class Sight:
    """The views of one user over the tables; `to_export` without what the user may only read."""

    def __init__(self, rights: Rights, columns: Columns, *, to_export: bool = False) -> None:
        self._rights = rights
        self._to_export = to_export
        self._columns = columns
        self._schema = columns.schema
        self._reading = Reading(rights, columns.schema, Tables(columns))

    @property
    def is_scanned(self) -> bool:
        """Whether searches must look into the texts themselves: the full text knows what is hidden too."""
        return any(text_of(self._schema.field(*place)) for place in self._rights.hidden)

    def statements(self) -> Iterator[str]:
        """The statements that make the views."""
        for entity in ENTITIES:
            yield f"CREATE TEMP VIEW {entity} AS {self._records(entity)}"
        yield f"CREATE TEMP VIEW doc AS {self._docs()}"
        yield f"CREATE TEMP VIEW item AS {self._items()}"
        yield f"CREATE TEMP VIEW line AS {self._lines()}"
        yield f"CREATE TEMP VIEW words AS {self._words()}"
        yield (
            "CREATE TEMP VIEW merged AS SELECT num, id, survivor FROM main.merged"
            f" WHERE {self._is_seen('main.merged.survivor')}"
        )
        yield f"CREATE TEMP VIEW event AS {self._events()}"
        yield (
            "CREATE TEMP VIEW talk AS SELECT num, text FROM main.talk"
            " WHERE EXISTS (SELECT 1 FROM temp.event AS e WHERE e.num = main.talk.num)"
        )
        for table in ("agenda", "dirty", "edited", "stay", "way", "act", "post", "letter"):
            yield (
                f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table}"
                f" WHERE {self._is_seen(f'main.{table}.record')}"
                + (
                    f" AND NOT ({self._is_stageless(f'main.{table}.record')})"
                    if table in _WAYS
                    else ""
                )
            )
        yield (
            "CREATE TEMP VIEW pending AS SELECT * FROM main.pending WHERE EXISTS"
            " (SELECT 1 FROM temp.event AS e WHERE e.job = main.pending.job)"
        )
        yield (
            "CREATE TEMP VIEW arrived AS SELECT * FROM main.arrived WHERE EXISTS"
            " (SELECT 1 FROM temp.event AS e WHERE e.id = main.arrived.id)"
        )
        yield "CREATE TEMP VIEW problem AS SELECT * FROM main.problem WHERE path NOT GLOB 'data/*'"

    # --- records --------------------------------------------------------------------------------

    def _records(self, entity: str) -> str:
        cells = ["num", "made"]
        for column in self._columns.columns(entity).values():
            is_hidden = (entity, column.field.name) in self._rights.hidden
            names = [cell.partition(" ")[0] for cell in column.cells]
            cells += [f"NULL AS {name}" if is_hidden else name for name in names]
        terms = [self._reading.condition(entity)]
        if self._to_export:
            terms.append(self._reading.direct(entity, f"main.{entity}", EXPORT))
        return f"SELECT {', '.join(cells)} FROM main.{entity} WHERE {' AND '.join(terms)}"

    def _is_seen(self, record: str, schema: str = "temp", num: str = "") -> str:
        """Whether a record of that id is among those that the user sees, or in `main` is there at all;
        looked up by its number where that is known, which is quicker."""
        same = f"seen.num = {num}" if num else f"seen.id = {record}"
        cases = " ".join(
            f"WHEN {quoted(entity)} THEN"
            f" EXISTS (SELECT 1 FROM {schema}.{entity} AS seen WHERE {same})"
            for entity in ENTITIES
        )
        return f"CASE {noun_of(record)} {cases} ELSE 0 END"

    # --- what is kept beside them ------------------------------------------------------------------

    def _docs(self) -> str:
        cases = []
        for entity in ENTITIES:
            paths = [f'$."{name}"' for noun, name in self._rights.hidden if noun == entity]
            if paths:
                removed = f"json_remove(doc, {', '.join(map(quoted, paths))})"
                cases.append(f"WHEN id GLOB '{entity}-*' THEN {removed}")
        doc = f"CASE {' '.join(cases)} ELSE doc END" if cases else "doc"
        seen = self._is_seen("main.doc.id", num="main.doc.num")
        return f"SELECT num, id, {doc} AS doc FROM main.doc WHERE {seen}"

    def _items(self) -> str:
        """The items of lists, each looked up in the view of its record."""
        cases = []
        for entity in ENTITIES:
            numbers = self._columns.lists_of(entity)
            kept = [
                str(number)
                for name, number in numbers.items()
                if (entity, name.partition(".")[0].rstrip("#")) not in self._rights.hidden
            ]
            if kept:
                seen = (
                    f"EXISTS (SELECT 1 FROM temp.{entity} AS seen WHERE seen.num = main.item.num)"
                )
                cases.append(f"WHEN field IN ({', '.join(kept)}) THEN {seen}")
        return f"SELECT field, key, num FROM main.item WHERE CASE {' '.join(cases)} ELSE 0 END"

    def _lines(self) -> str:
        """The lines of records that are seen with theirs."""
        seen = [
            f"num IN (SELECT num FROM temp.{entity})"
            for entity in ENTITIES
            if not {(entity, "lines"), (entity, "amount")} & self._rights.hidden
            and any(field.name == "lines" for field in self._schema.fields(entity))
        ]
        return f"SELECT * FROM main.line WHERE {' OR '.join(seen) or '0'}"

    def _words(self) -> str:
        """The searched texts; a column in which something hidden stands is empty."""
        cells = ["num"]
        for text in TEXTS:
            nouns = {noun for noun, name in self._rights.hidden
                     if text_of(self._schema.field(noun, name)) == text}  # fmt: skip
            is_kept = " AND ".join(f"d.id NOT GLOB '{noun}-*'" for noun in sorted(nouns))
            cells.append(f"iif({is_kept}, {text}, '') AS {text}" if nouns else text)
        columns = ", ".join(f"w.{cell}" if cell == "num" else cell for cell in cells)
        return f"SELECT {columns} FROM main.words AS w JOIN temp.doc AS d ON d.num = w.num"

    def _events(self) -> str:
        """What is told of records that are seen, or went into one; of what is gone, one's own doing."""
        mine = f"actor = {quoted(self._rights.user)}"
        survivor = "EXISTS (SELECT 1 FROM temp.merged AS into_ WHERE into_.id = main.event.record)"
        is_gone = (
            f"NOT {self._is_seen('main.event.record', 'main')}"
            " AND NOT EXISTS (SELECT 1 FROM main.merged AS m WHERE m.id = main.event.record)"
        )
        seen = self._is_seen("main.event.record")
        moves = f"kind GLOB 'stage.*' AND ({self._is_stageless('main.event.record')})"
        return (
            f"SELECT num, id, at, actor, kind, record, cause, depth, {self._data()} AS data, journal,"
            " job FROM main.event WHERE CASE record"
            f" WHEN '' THEN {mine} OR kind = {quoted(STEPPED)}"
            f" ELSE {seen} OR {survivor} OR ({mine} AND {is_gone}) END AND NOT ({moves})"
        )

    def _data(self) -> str:
        """What an event says, without the values of hidden fields, also where it says them itself."""
        names = sorted({name for _, name in self._rights.hidden})
        if not names:
            return "data"
        changed = [f'$.{within}."{name}"' for name in names for within in ("changes", "record")]
        cases = []
        for entity in sorted({noun for noun, _ in self._rights.hidden}):
            own = [f'$."{name}"' for noun, name in sorted(self._rights.hidden) if noun == entity]
            own += _OF_STAGES if '$."stage"' in own else ()
            told = ", ".join(map(quoted, [*changed, *own]))
            cases.append(f"WHEN record GLOB '{entity}-*' THEN json_remove(data, {told})")
        rest = f"json_remove(data, {', '.join(map(quoted, changed))})"
        return f"CASE WHEN NOT json_valid(data) THEN '{{}}' {' '.join(cases)} ELSE {rest} END"

    def _is_stageless(self, record: str) -> str:
        """Whether the stage of a record is hidden, and with it the way that it took."""
        nouns = sorted(noun for noun, name in self._rights.hidden if name == "stage")
        return " OR ".join(f"{record} GLOB '{noun}-*'" for noun in nouns) or "0"
