"""Small tables such as data/products.csv: one thing a line, sorted, so that git merges them well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.values import fold

T = TypeVar("T")
Cells = Mapping[str, str]
_MARKS = ("<<<<<<<", "=======", ">>>>>>>")


class TableWrong(InvalidData):
    """A table of data/ cannot be read; `problems` names each line."""


def read_table(
    data: bytes, path: str, columns: Sequence[str], read: Callable[[Cells], T], labels: Cells
) -> list[T]:
    """What each line of a table says, by its header, which names `columns` or their `labels`.

    TableWrong lists every line that cannot be read, and the columns that are missing.
    """
    from crmcli.formats.csv import read_table

    if not data.strip():
        return []
    table = read_table(data, path)
    words = {fold(word): name for name, word in labels.items()} | {name: name for name in columns}
    keys = [words.get(fold(word), "") for word in table.header]
    if columns[0] not in keys:
        said = tr("the first line does not name the column {}", columns[0])
        raise TableWrong(f"{path}: {said}", ",".join(columns), [Problem(path, 1, said)])
    found: list[T] = []
    problems: list[Problem] = []
    for row in table.rows():
        cells = dict.fromkeys(columns, "")
        cells |= {k: str(c).strip() for k, c in zip(keys, row.cells, strict=False) if k}
        try:
            if row.fault:
                raise ValueError(row.fault)
            if str(row.cells[0]).startswith(_MARKS):
                raise ValueError("unresolved merge conflict: keep what is right, remove the marks")
            found.append(read(cells))
        except ValueError as error:
            problems.append(Problem(path, row.line, str(error)))
    if problems:
        raise TableWrong(str(problems[0]), tr("fix {}, then try again", path), problems)
    return found


def table_text(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> bytes:
    """A table as its file has it."""
    from crmcli.formats.csv import csv_line

    return "".join(csv_line(row) for row in (tuple(columns), *sorted(rows))).encode()
