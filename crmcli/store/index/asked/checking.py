"""SQL of people, looked at before it comes near the index: in a database with nothing but the public names.

There each view is hollow, with its columns and without a table behind it. What compiles there names nothing
else, neither the tables of the index nor the schema, whatever a part of the query is called and however names
are written. SQLite looks a name up among the temporary ones first, there as in the index.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.listed import did_you_mean
from crmcli.model.sql_views import Cell, View
from crmcli.store.index.asked.functions import ALLOWED, LONGEST, READ_AS_TABLES, Watch, offer
from crmcli.store.index.asked.published import hollow
from crmcli.store.index.asked.sentences import Named, said

MOST_MEMORY = 384 << 20
"""Bytes that SQLite may take beside an index in memory."""
MOST_SQL = 100_000
"""Bytes of a query."""
_MOST = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: MOST_SQL,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 500,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 1_000_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 1000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_BEFORE = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_BEGINS = re.compile(r"(?:select|with|values)\b", re.IGNORECASE)
_COMPILING = 5.0  # seconds
READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)
"""What a query does."""


class Parameters(dict[str, Cell]):
    """Values by name; it knows which were asked for."""

    def __init__(self, given: Mapping[str, Cell]) -> None:
        super().__init__(given)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Cell:
        if name not in self:
            near = did_you_mean(name, self, tr("give it by --param {}=VALUE", name))
            raise BadUsage(tr("the query has a parameter :{} and no value for it", name), near)
        self.used.add(name)
        return super().__getitem__(name)


def bound(connection: sqlite3.Connection, beside: int) -> None:
    """Bound what one query may take, in a connection in which SQLite's own are made what stand for tables.

    The bound of memory is one of the process, so many bytes beside what it has, and is never raised again.
    """
    connection.execute(f"PRAGMA hard_heap_limit={MOST_MEMORY + beside}")
    for name in READ_AS_TABLES:
        connection.execute(f"SELECT 1 FROM {name}('[]')")
    for limit, most in _MOST.items():
        connection.setlimit(limit, min(most, connection.getlimit(limit)))
    connection.text_factory = lambda text: text.decode("utf-8", "replace")


class Check:
    """What was seen of a query: the views that it reads. BadUsage with one sentence where it is no good.

    `beside` is how many bytes of an index there are in memory.
    """

    def __init__(
        self,
        text: str,
        parameters: Mapping[str, Cell],
        views: Mapping[str, View],
        beside: int = 0,
    ) -> None:
        self._beside = beside
        self._views = views
        self._columns = {
            view.name: {"", *(column.name.lower() for column in view.columns)}
            for view in views.values()
        }
        self._strange: frozenset[str] = frozenset()
        self._refused = ""
        self.read: set[str] = set()
        self._named = Named(text, views)
        _look_at(text)
        with contextlib.closing(self._hollow()) as connection:
            self._compile(connection, text, Parameters(parameters))

    def _hollow(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        for view in self._views.values():
            connection.execute(hollow(view))
        found = connection.execute("SELECT name FROM pragma_module_list").fetchall()
        self._strange = frozenset(name.lower() for (name,) in found) - frozenset(READ_AS_TABLES)
        offer(connection, Watch(_COMPILING), datetime.now(UTC), UTC)
        bound(connection, self._beside)
        connection.set_authorizer(self._may)
        return connection

    def _compile(self, connection: sqlite3.Connection, text: str, parameters: Parameters) -> None:
        try:
            connection.execute("EXPLAIN " + text, parameters)
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
            if self._refused:
                raise BadUsage(self._refused, "crm sql --views lists what may be read") from None
            raise said(error, self._named, _trying(connection)) from None
        unused = sorted(set(parameters) - parameters.used)
        if unused:
            raise BadUsage(
                tr("the query has no parameter :{}", unused[0]), "write it as :NAME in the query"
            )

    def _may(self, action: int, name: str | None, part: str | None, *_: str | None) -> int:
        why = self._why_not(action, name or "", part or "")
        self._refused = self._refused or why
        return sqlite3.SQLITE_DENY if why else sqlite3.SQLITE_OK

    def _why_not(self, action: int, name: str, part: str) -> str:
        if action not in READING:
            return tr("a query reads, and does nothing else")
        if action == sqlite3.SQLITE_FUNCTION and part.lower() not in ALLOWED:
            return tr("the function {} may not be called", part)
        if action != sqlite3.SQLITE_READ:
            return ""
        table = name.lower()
        if table in self._columns:
            self.read.add(table)
            if part.lower() not in self._columns[table]:  # ROWID, which some SQLite gives a view
                return tr("there is no column {!r}", part.lower())
        elif table not in READ_AS_TABLES and (part or self._is_strange(table)):
            return tr("{!r} is no view that may be read", name)
        return ""

    def _is_strange(self, table: str) -> bool:
        """Whether what is only counted is SQLite's own; else it is a part of the query, as nothing else is
        there."""
        return table in self._strange or table.startswith(("sqlite_", "pragma_"))


def _look_at(text: str) -> None:
    """Refuse what is no text of a query: other statements, also EXPLAIN, which tells how views are made."""
    if "\0" in text:
        raise BadUsage("the query has a null character in it", "take it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadUsage("the query is not UTF-8", "write it in UTF-8") from None
    rest = text[_match_end(text) :]
    if not rest:
        raise BadUsage("the query is empty", "crm sql --views lists what may be read")
    if not _BEGINS.match(rest):
        raise BadUsage(
            tr("a query begins with SELECT, WITH or VALUES, not with {!r}", rest.split()[0][:20]),
            "crm sql --views lists what may be read",
        )


def _match_end(text: str) -> int:
    found = _BEFORE.match(text)
    return found.end() if found else 0


def _trying(connection: sqlite3.Connection) -> Callable[[str], str]:
    """What SQLite says of a text."""

    def told(text: str) -> str:
        try:
            connection.execute("EXPLAIN " + text, _Anything())
        except (sqlite3.Error, sqlite3.Warning) as error:
            return str(error)
        return ""

    return told


class _Anything(dict[str, Cell]):
    def __missing__(self, name: str) -> None:
        return None
