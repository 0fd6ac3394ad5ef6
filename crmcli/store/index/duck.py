"""DuckDB: tables written as Parquet, and asked in the SQL of the index."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from crmcli.errors import CrmError, Refused
from crmcli.language import tr
from crmcli.model.spelling import contains
from crmcli.store.policy.reading import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INSTALL = "pip install 'crmcli[analytics]'"
NOTHING = "\x01"
"""Stands in tables on their way for what is absent."""
_SETTINGS = """
SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;
SET integer_division = true; SET default_null_order = 'nulls_first';
SET scalar_subquery_error_on_multiple_rows = false; SET preserve_insertion_order = false;
SET enable_progress_bar = false;
"""
_MACROS = """
CREATE MACRO now() AS {now};
CREATE MACRO unixepoch(x) AS CAST(floor(epoch(TRY_CAST(x AS TIMESTAMP))) AS BIGINT);
CREATE MACRO instant(x) AS strftime(make_timestamp(x * 1000000), '%Y-%m-%dT%H:%M:%SZ');
CREATE MACRO greater(a, b) AS CASE WHEN a < b OR b IS NULL THEN b ELSE a END;
CREATE MACRO contains(a, b) AS contains_spelled(a, b);
CREATE MACRO within(there, here) AS CASE WHEN year(there) BETWEEN 1 AND 9999 THEN there ELSE here END;
CREATE MACRO day_at(t) AS within(CAST(timezone({zone}, timezone('UTC', t)) AS DATE), CAST(t AS DATE));
CREATE MACRO day_of(x) AS
    CASE WHEN instr(x, 'T') = 0 THEN TRY_CAST(x AS DATE) ELSE day_at(TRY_CAST(x AS TIMESTAMP)) END;
CREATE MACRO named(day, step) AS CASE step
    WHEN 'day' THEN CAST(day AS VARCHAR)
    WHEN 'week' THEN isoyear(day) || '-W' || lpad(CAST(week(day) AS VARCHAR), 2, '0')
    WHEN 'month' THEN left(CAST(day AS VARCHAR), 7)
    WHEN 'quarter' THEN left(CAST(day AS VARCHAR), 4) || '-Q' || quarter(day)
    WHEN 'year' THEN left(CAST(day AS VARCHAR), 4) END;
CREATE MACRO local(x, step) AS named(day_of(x), step);
CREATE MACRO local_moment(x, step) AS named(day_at(make_timestamp(x * 1000000)), step)
"""
_MEMORY = "2GB"
"""What writing takes at most; asking takes what there is."""
_GREATER = re.compile(r"\bmax\(")
_GIVEN = re.compile(r"'(?:[^']|'')*'|\(SELECT value FROM json_each\(\?\)\)|\?")


_WITHOUT = "ask without --snapshot"
Tables: TypeAlias = "Mapping[str, Collection[str]]"
"""The columns of each table."""


class NoDuckDB(Refused):
    """The extra that reads and writes snapshots is not installed."""


class NotAnswered(CrmError):
    """A snapshot does not answer that question."""


def connect() -> DuckDBPyConnection:
    """A database in memory that fetches nothing from the network; NoDuckDB without the extra."""
    try:
        import duckdb
    except ImportError:
        raise NoDuckDB("snapshots need DuckDB", INSTALL) from None
    database = duckdb.connect(config={"temp_directory": tempfile.gettempdir()})
    database.execute(_SETTINGS)
    return database


class Writer:
    """Writes tables into a folder, each as it comes, in bounded memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = connect()
        self._database.execute(f"SET memory_limit = '{_MEMORY}'")

    def write(
        self,
        name: str,
        types: Mapping[str, str],
        rows: Iterable[Sequence[Any]],
        beside: str = "",
        numbered: Sequence[str] = (),
    ) -> int:
        """Write one table, each row with the columns of the record of its `num` in the table `beside`, if
        that is named, and with numbers beside the values of some columns; says how many rows there are.
        NOTHING stands for what is absent."""
        path = self._folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        columns = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in types.items())
        read = (
            f"read_csv({quoted(str(path))}, columns = {{{columns}}}, nullstr = {quoted(NOTHING)},"
            " header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
            " max_line_size = 4000000, parallel = false)"
        )
        if beside:
            known = ", ".join(column for column in types if column != "num")
            read = f"(SELECT r.*, {known} FROM {read} AS own LEFT JOIN {self._of(beside)} AS r USING (num))"
        table = self._folder / f"{name}.parquet"
        count = _copy(self._database, f"FROM {read}", table)
        path.unlink()
        for column in numbered:
            number(self._database, table, column)
        return count

    def _of(self, name: str) -> str:
        return f"read_parquet({quoted(str(self._folder / f'{name}.parquet'))})"

    def close(self) -> None:
        """Let go of the memory."""
        self._database.close()


def number(database: DuckDBPyConnection, table: Path, column: str) -> None:
    """Number the values of a column, in one beside it: `x` in `x_no`. Who comes first goes first: rows that
    stand together, as those of a time, have numbers close together, which is quicker to count."""
    old = table.rename(table.with_suffix(".old"))
    rows = f"read_parquet({quoted(str(old))}"
    values = f"SELECT {column}, min(file_row_number) AS first FROM {rows}, file_row_number = true)"
    numbers = (
        f"SELECT {column}, CAST(row_number() OVER (ORDER BY first) - 1 AS INTEGER) AS {column}_no"
    )
    numbers += f" FROM ({values} WHERE {column} IS NOT NULL GROUP BY 1)"
    _copy(database, f"SELECT * FROM {rows}) LEFT JOIN ({numbers}) USING ({column})", table)
    old.unlink()


def _copy(database: DuckDBPyConnection, rows: str, table: Path) -> int:
    into = f"{quoted(str(table))} (FORMAT parquet, CODEC zstd)"
    return int(database.execute(f"COPY ({rows}) TO {into}").fetchall()[0][0])


class Reader:
    """Answers questions over the tables of a folder, as the index would."""

    def __init__(self, folder: Path, tables: Tables, swaps: Mapping[str, str], told: str) -> None:
        self._folder = folder
        self._tables = tables
        self._swaps = swaps
        self._told = told
        self._database = connect()
        self._database.create_function(
            "contains_spelled", contains, ["VARCHAR", "VARCHAR"], "BOOLEAN"
        )
        self._unread = set(tables)

    def set_clock(self, now: str, zone: str) -> None:
        """Let the functions of the index be known, at a moment and in a time zone."""
        self._database.execute(_MACROS.format(now=quoted(now), zone=quoted(zone)))

    def ask(self, sql: str, parameters: Sequence[str | float]) -> list[tuple[Any, ...]]:
        """All rows that a query finds; NotAnswered for what the snapshot does not have."""
        import duckdb

        for found, ready in self._swaps.items():
            sql = sql.replace(found, ready)
        sql = sql.replace("count(*) FILTER (WHERE ", "count_if(1 = 1 AND ")  # faster
        sql, given = _with_lists(_with_greater(sql), parameters)
        for name in self._unread & set(re.findall(r"\w+", sql)):
            self._read(name)
        try:
            rows = self._database.execute(sql, given).fetchall()
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            what = str(error).partition("\n")[0]
            told = tr("the snapshot does not answer that: {}", what)
            raise NotAnswered(told, _WITHOUT) from error
        except duckdb.OutOfMemoryException as error:
            raise NotAnswered("that takes more memory than there is", _WITHOUT) from error
        except duckdb.Error as error:  # whatever else is wrong, the tables are not as we wrote them
            raise self._damaged() from error
        return [tuple(map(_plain, row)) for row in rows]

    def _read(self, name: str) -> None:
        """Let queries see a table: it has a foot that must be read."""
        import duckdb

        file = f"{name}.parquet"
        rows = f"read_parquet({quoted(str(self._folder / file))})"
        try:
            self._database.execute(f"CREATE VIEW {name} AS FROM {rows}")
            found = {row[0] for row in self._database.execute(f"DESCRIBE {name}").fetchall()}
        except duckdb.Error as error:
            raise self._damaged(file) from error
        if not found.issuperset(self._tables[name]):
            raise self._damaged(file)
        self._unread.remove(name)

    def _damaged(self, file: str = "") -> NotAnswered:
        return NotAnswered(
            tr("{} is missing or damaged", f"{self._told}/{file}".rstrip("/")),
            "crm snapshot writes it anew",
        )


def _plain(value: Any) -> Any:
    """A value as SQLite gives it."""
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, Decimal) else value


def _with_greater(sql: str) -> str:
    """SQL in which the greater of two is not called as the greatest of all rows is."""
    for match in reversed([*_GREATER.finditer(sql)]):
        if _takes_two(sql, match.end()):
            sql = f"{sql[: match.start()]}greater({sql[match.end() :]}"
    return sql


def _takes_two(sql: str, start: int) -> bool:
    depth = 0
    for letter in sql[start:]:
        if letter == ")" and not depth:
            return False
        if letter == "," and not depth:
            return True
        depth += {"(": 1, ")": -1}.get(letter, 0)
    return False


def _with_lists(sql: str, parameters: Sequence[str | float]) -> tuple[str, list[Any]]:
    """SQL with a mark for each item of a list that SQLite takes as one text, and what is given for all."""
    import json

    left, given = iter(parameters), list[Any]()

    def marks(match: re.Match[str]) -> str:
        if match[0].startswith("'"):
            return match[0]
        value = next(left)
        items = [value] if match[0] == "?" else json.loads(str(value))
        given.extend(items)
        return "?" if match[0] == "?" else f"({', '.join('?' * len(items))})"

    return _GIVEN.sub(marks, sql), given
