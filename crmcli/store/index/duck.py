"""DuckDB: tables written as Parquet, and asked in the SQL of the index."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
CREATE MACRO greater(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END;
CREATE MACRO contains(a, b) AS contains_spelled(a, b);
CREATE MACRO day_of(x) AS CASE WHEN instr(x, 'T') = 0 THEN TRY_CAST(x AS DATE) ELSE
    CAST(timezone({zone}, timezone('UTC', TRY_CAST(x AS TIMESTAMP))) AS DATE) END;
CREATE MACRO local(x, step) AS CASE step
    WHEN 'day' THEN CAST(day_of(x) AS VARCHAR)
    WHEN 'week' THEN strftime(day_of(x), '%G-W%V')
    WHEN 'month' THEN left(CAST(day_of(x) AS VARCHAR), 7)
    WHEN 'quarter' THEN left(CAST(day_of(x) AS VARCHAR), 4) || '-Q' || quarter(day_of(x))
    WHEN 'year' THEN left(CAST(day_of(x) AS VARCHAR), 4) END
"""
_MEMORY = "2GB"
"""What writing takes at most; asking takes what there is."""
_GREATER = re.compile(r"\bmax\(")
_GIVEN = re.compile(r"'(?:[^']|'')*'|\(SELECT value FROM json_each\(\?\)\)|\?")


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
        self, name: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]], beside: str
    ) -> int:
        """Write one table, each row with the columns of the record of its `num` in the table `beside`, if
        that is named; says how many rows there are. NOTHING stands for what is absent."""
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
        into = quoted(str(self._folder / f"{name}.parquet"))
        found = self._database.execute(f"COPY (FROM {read}) TO {into} (FORMAT parquet, CODEC zstd)")
        path.unlink()
        return int(found.fetchall()[0][0])

    def _of(self, name: str) -> str:
        return f"read_parquet({quoted(str(self._folder / f'{name}.parquet'))})"

    def close(self) -> None:
        """Let go of the memory."""
        self._database.close()


class Reader:
    """Answers questions over the tables of a folder, as the index would."""

    def __init__(self, folder: Path, now: str, zone: str, swaps: Mapping[str, str]) -> None:
        self._swaps = swaps
        self._database = connect()
        self._database.create_function(
            "contains_spelled", contains, ["VARCHAR", "VARCHAR"], "BOOLEAN"
        )
        self._database.execute(_MACROS.format(now=quoted(now), zone=quoted(zone)))
        self._unread = {path.stem: path for path in sorted(folder.glob("*.parquet"))}

    def ask(self, sql: str, parameters: Sequence[str | float]) -> list[tuple[Any, ...]]:
        """All rows that a query finds; NotAnswered for what the snapshot does not have."""
        import duckdb

        for found, ready in self._swaps.items():
            sql = sql.replace(found, ready)
        sql, given = _with_lists(_with_greater(sql), parameters)
        try:
            self._read(sql)
        except duckdb.Error as error:  # whatever is wrong with a file, it is not as we wrote it
            raise _damaged() from error
        try:
            rows = self._database.execute(sql, given).fetchall()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise _damaged() from error
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            what = str(error).partition("\n")[0]
            told = tr("the snapshot does not answer that: {}", what)
            raise NotAnswered(told, "ask without --snapshot") from error
        return [tuple(map(_plain, row)) for row in rows]

    def _read(self, sql: str) -> None:
        """Let a query see the tables that it names: each has a foot that must be read."""
        for name in self._unread.keys() & re.findall(r"\w+", sql):
            rows = f"read_parquet({quoted(str(self._unread[name]))})"
            self._database.execute(f"CREATE VIEW {name} AS FROM {rows}")
            del self._unread[name]


def _damaged() -> NotAnswered:
    return NotAnswered("the snapshot is gone or damaged", "crm snapshot")


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
