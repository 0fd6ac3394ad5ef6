"""Records out of the index: those that fit a condition, their number, sums, facts, look-ups by content."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.paths import routes
from crmcli.model.conditions.tree import Condition
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Key, kind_of
from crmcli.model.kinds.contact_points import HIDDEN
from crmcli.model.values import Raw, entity_of, fold
from crmcli.store.index import derived, ends, query
from crmcli.store.index.answers import Facts, Total
from crmcli.store.index.columns import AS_GIVEN, Columns
from crmcli.store.index.documents import Documents, document
from crmcli.store.index.upkeep import Upkeep

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env

_SPLIT = 1_000_000  # SQLite's sums are exact up to 2^63; parts of them never come near
_NAMES = ("name", "legal_name")
_LOOK_UPS = ("phone", "email", "inn", "site", "handle", "external", "workplace", "name", "likeness")


class Selection(Upkeep):
    """What the index knows of records."""

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        env: Env | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> Documents[dict[str, Raw]]:
        """The raw records that fit a checked condition; `order` names fields, `-` for descending.

        Absent values come last; equals stand by age, then by id. BadUsage for an unknown field.
        """
        where = query.where(condition, env, self._columns, entity)
        by = query.order(order, self._columns, entity)
        found = f"SELECT num FROM {entity} WHERE {where.text} ORDER BY {by} LIMIT ? OFFSET ?"
        most = -1 if limit is None else limit
        return self._documents(found, [*where.parameters, most, offset])

    def raws(self, records: Sequence[str], *, as_left: bool = False) -> Documents[dict[str, Raw]]:
        """The raw records of these ids, those that are there and readable; `as_left` as of `holding`."""
        found = [
            f"SELECT num FROM {entity} WHERE id IN (SELECT value FROM json_each(?1))"
            for entity in sorted({entity_of(record_id) for record_id in records} - {""})
        ]
        if not found:
            return Documents(lambda raw: raw)
        ids = [json.dumps(list(records))]
        return self._documents(" UNION ALL ".join(found), ids, as_left=as_left)

    def _documents(
        self, numbers: str, parameters: Sequence[query.Parameter], *, as_left: bool = False
    ) -> Documents[dict[str, Raw]]:
        """The raw records of the numbers that a query finds, in its order."""
        text = "SELECT CAST(doc AS BLOB) FROM doc WHERE doc.num = found.num"
        sql = f"SELECT ({text}) FROM ({numbers}) AS found"

        def work(connection: sqlite3.Connection) -> Documents[dict[str, Raw]]:
            docs: Documents[dict[str, Raw]] = Documents(lambda raw: raw)
            docs.add(text for (text,) in connection.execute(sql, parameters) if text is not None)
            return docs

        return self._look(work) if as_left else self.read(work)

    def count(self, entity: str, condition: Condition | None = None, env: Env | None = None) -> int:
        """How many records fit a checked condition."""
        where = query.where(condition, env, self._columns, entity)
        sql = f"SELECT count(*) FROM {entity} WHERE {where.text}"
        return int(self.ask(sql, where.parameters)[0][0])

    def totals(
        self,
        entity: str,
        by: Sequence[str],
        condition: Condition | None = None,
        env: Env | None = None,
    ) -> list[Total]:
        """Number and exact sum of the records that fit, by the values of some fields and by currency.

        BadUsage for a field that is unknown or holds several values.
        """
        where = query.where(condition, env, self._columns, entity)
        groups = [_grouping(self._columns, entity, name) for name in by]
        placed = self._columns.columns(entity)
        money = [column for column in placed.values() if column.cents]
        money.sort(key=lambda column: column.field.name != "amount")
        cents = money[0].cents if money and not money[0].field.custom else "NULL"
        currency = placed["currency"].name if "currency" in placed else "NULL"
        keys = [*groups, currency]
        # A plus keeps SQLite from an index in whose order rows would be sought one by one for other fields.
        sign = "" if _reads(condition) <= {"stage", "pipeline"} else "+"
        sql = (
            f"SELECT {', '.join(keys)}, count(*), min(id), num, ifnull(sum({cents} / {_SPLIT}), 0),"
            f" ifnull(sum({cents} % {_SPLIT}), 0) FROM {entity} WHERE {where.text}"
            f" GROUP BY {', '.join(sign + key for key in keys)}"
            f" ORDER BY {', '.join(f'{key} IS NULL, {key}' for key in keys)}"
        )

        def work(connection: sqlite3.Connection) -> list[Total]:
            found = []
            for *group, code, number, _, example, high, low in connection.execute(
                sql, where.parameters
            ).fetchall():  # the num is that of the least id, whose spelling stands for the group
                doc = document(connection, example) if any(k is not None for k in group) else {}
                values = [doc.get(name, "") for name in by]
                names = tuple(value if isinstance(value, str) else "" for value in values)
                amount = Decimal(high * _SPLIT + low) / 100
                found.append(Total(names, number, (code or "").upper(), amount))
            return found

        return self.read(work)

    def facts(
        self,
        entity: str,
        names: Sequence[str],
        condition: Condition | None = None,
        env: Env | None = None,
        *,
        after: int = 0,
        limit: int = 5000,
    ) -> list[Facts]:
        """The keys of some fields of the records that fit, a page at a time, in no order that means
        anything; the next page comes `after` the `num` of the last."""
        where = query.where(condition, env, self._columns, entity)
        known = self._columns.columns(entity)
        single = [name for name in names if name in known]
        cells = ", ".join(["num", "id", *(known[name].name for name in single)])
        sql = f"SELECT {cells} FROM {entity} WHERE num > ? AND {where.text} ORDER BY num LIMIT ?"

        def work(connection: sqlite3.Connection) -> list[Facts]:
            rows = connection.execute(sql, [after, *where.parameters, limit]).fetchall()
            if not rows:
                return []
            many = _items(connection, self._columns, entity, names, rows[0][0], rows[-1][0])
            found = []
            for num, record_id, *keys in rows:
                one = {
                    name: () if key is None else (key,)
                    for name, key in zip(single, keys, strict=True)
                }
                told = (one[name] if name in one else many.get((num, name), ()) for name in names)
                found.append(Facts(num, record_id, tuple(told)))
            return found

        return self.read(work)

    def lookup(self, kind: str, text: str, entities: Sequence[str]) -> list[str]:
        """The ids of records with this phone, e-mail, INN, …, or (exact) name, however it is written."""
        if kind not in _LOOK_UPS:
            raise BadUsage(
                tr("cannot look up by {!r}", kind), tr("there are {}", ", ".join(_LOOK_UPS))
            )
        if kind == "phone":
            from crmcli.model.phones import key as phone_key

            given = self._with_key(kind, text, entities) if text.isdecimal() else []
            key = phone_key(text, self._columns.country)
            return given or self._with_key(kind, key, entities)
        if kind == "likeness":
            return self._with_key(kind, text, entities)
        literal = {"site": "url", "handle": "handles", "email": "emails"}.get(kind)
        key = str(kind_of(literal).literal(text, "")) if literal else fold(text)
        return self._with_key(kind, key, entities)

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The records that have some of many keys, as phones, e-mails and the like have them; each key with
        the id of one. What waits to be taken in is left waiting."""
        given = json.dumps(sorted(keys))
        found: list[tuple[str, str]] = []
        for entity in entities:
            singles, lists = self._columns.found_by(entity, kind)
            ways = [f"{entity} ON {entity}.{name} = wanted.value" for name in singles]
            ways += [
                f"item ON field = {n} AND item.key = wanted.value JOIN {entity} USING (num)"
                for n in lists
            ]
            for way in ways:  # a cross join: the keys first, whatever the planner thinks
                sql = (
                    f"SELECT wanted.value, {entity}.id FROM json_each(?) AS wanted CROSS JOIN {way}"
                )
                found += self._look(partial(_rows_of, sql, [given]))
        return found

    def is_seen(self, record_id: str) -> bool:
        """Whether the reader sees a record, or that into which it went."""
        entity = entity_of(record_id)
        sql = f"SELECT 1 FROM {entity} WHERE id = ?1 UNION ALL SELECT 1 FROM merged WHERE id = ?1 LIMIT 1"
        return bool(self.ask(sql, [record_id]))

    def has_value(self, entity: str, name: str, text: str) -> bool:
        """Whether some record has a text in a field, declared or not."""
        placed = self._columns.columns(entity).get(name)
        number = self._columns.list_number(entity, name)
        table, held = (entity, placed.name) if placed else ("item", f"field = {number} AND key")
        sql = f"SELECT 1 FROM {table} WHERE {held} = ? LIMIT 1"
        return bool(self.ask(sql, [query.bindable(fold(text))]))

    def listed(self, entity: str, name: str) -> dict[str, int]:
        """What a field that holds lists holds, folded, and in how many records."""
        sql = "SELECT key, count(DISTINCT num) FROM item WHERE field = ? GROUP BY key"
        return dict(self.ask(sql, [self._columns.list_number(entity, name)]))

    def _with_key(self, kind: str, key: str, entities: Sequence[str]) -> list[str]:
        found: list[str] = []
        for entity in entities or ENTITIES:
            singles, lists = self._columns.found_by(entity, kind)
            if kind == "name":
                columns = self._columns.columns(entity).values()
                singles = [column.name for column in columns if column.field.name in _NAMES]
            of_sites = self._columns.found_by(entity, "site")[1] if kind == "handle" else []
            keys = [key] * (len(singles) + len(lists)) + [f"{HIDDEN}{key}"] * len(of_sites)
            terms = [f"{column} = ?" for column in singles]
            in_list = "num IN (SELECT num FROM item WHERE field = {} AND key = ?)"
            terms += [in_list.format(number) for number in (*lists, *of_sites)]
            if terms and key:
                sql = f"SELECT id FROM {entity} WHERE {' OR '.join(terms)} ORDER BY made, id"
                found += [record_id for (record_id,) in self.ask(sql, keys)]
        return found

    def derived(
        self, entity: str, names: Sequence[str], records: Sequence[str]
    ) -> dict[str, dict[str, str]]:
        """The derived fields of some records, raw, by id and name; absent ones are ""."""
        fields = [field for field in self._columns.schema.askable(entity) if field.name in names]
        return self.read(lambda c: derived.values(c, self._columns, entity, fields, records))

    def before_ends(self, entity: str) -> dict[str, dict[str, Raw]]:
        """What fields said before records ended, where that was changed with the end or later."""
        return self.read(lambda connection: ends.before(connection, self._columns, entity))

    def merged(self, survivor: str = "") -> list[tuple[str, str]]:
        """The records that went into others, each with the one into which; of one of these if named."""
        sql = "SELECT id, survivor FROM merged WHERE ?1 IN ('', survivor) ORDER BY id"
        return self.ask(sql, [survivor])


def _rows_of(sql: str, parameters: Sequence[str], connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(sql, parameters).fetchall()


def _reads(condition: Condition | None) -> set[str]:
    """The fields of a record that a condition asks for."""
    from crmcli.model.conditions.where import leaves

    return {leaf.path[0] for leaf in leaves(condition.tree)} if condition else set()


def _grouping(columns: Columns, entity: str, name: str) -> str:
    (route, *_), field = routes((name,), columns.schema, entity), name
    column = columns.column(route[0])
    if not column:
        raise BadUsage(
            tr("cannot group by {!r}: it may hold several values", field),
            "group by a field that holds one, like stage, owner or source",
        )
    return column


def _items(
    connection: sqlite3.Connection,
    columns: Columns,
    entity: str,
    names: Sequence[str],
    first: int,
    last: int,
) -> dict[tuple[int, str], tuple[Key, ...]]:
    """The items of lists, by record and field; phones also by what they are in E.164."""
    fields = {
        number: name
        for name in names
        for number in (
            columns.list_number(entity, name),
            columns.list_number(entity, name + AS_GIVEN),
        )
        if number
    }
    found: dict[tuple[int, str], tuple[Key, ...]] = {}
    marks = ", ".join("?" * len(fields))
    rows = connection.execute(
        f"SELECT num, field, key FROM item WHERE num BETWEEN ? AND ? AND field IN ({marks})",
        [first, last, *fields],
    )
    for num, field, key in rows:
        place = (num, fields[field])
        found[place] = (*found.get(place, ()), key)
    return found
