"""The machine formats of a list: JSON, JSON lines, CSV, TSV, YAML and bare ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from crmcli.errors import BadUsage
from crmcli.model.values import Raw, json_number
from crmcli.present.cells import Column, Row, as_raw, plain

_UNSEEN = re.compile(r"[\x7f-\x9f\u2028\u2029]")
_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def write_json(value: object, *, indent: int | None = None) -> str:
    """One JSON text; a number that JSON's readers would round is a text."""
    import json

    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, default=_plain_json, indent=indent
    )
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain_json(value: object) -> object:
    if isinstance(value, Decimal):
        return json_number(value)
    return dict(value) if isinstance(value, Mapping) else plain(value)


def json_array(rows: Sequence[Row], _columns: Sequence[Column]) -> Iterator[str]:
    """An array, one row a line."""
    if not rows:
        yield "[]"
    for number, row in enumerate(rows):
        opens = "[" if number == 0 else " "
        closes = "]" if number == len(rows) - 1 else ","
        yield f"{opens}{write_json(row)}{closes}"


def json_lines(rows: Sequence[Row], _columns: Sequence[Column]) -> Iterator[str]:
    """An object a line."""
    return map(write_json, rows)


def csv_lines(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    """The columns as CSV (RFC 4180) with a header of field names."""
    from crmcli.formats.csv import csv_line

    for cells in _cells(rows, columns):
        yield csv_line(cells, ",", "")


def tsv_lines(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    r"""The columns between tabs; tabs, line breaks and backslashes inside as \t, \n, \\."""
    for cells in _cells(rows, columns):
        yield "\t".join(cell.translate(_TSV) for cell in cells)


def _cells(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[list[str]]:
    yield [column.name for column in columns]
    for row in rows:
        yield [plain(row.get(column.name)) for column in columns]


def yaml_map(record: Row) -> list[str]:
    """One record as its file has it."""
    from crmcli.store.yaml.codec import dump

    raw: dict[str, Raw] = {key: as_raw(value) for key, value in record.items() if value is not None}
    return dump(raw).removesuffix("\n").split("\n")


def yaml_list(rows: Sequence[Row], _columns: Sequence[Column]) -> Iterator[str]:
    """A YAML list of records."""
    if not rows:
        yield "[]"
    for row in rows:
        for number, line in enumerate(yaml_map(row)):
            yield (f"- {line}" if number == 0 else f"  {line}") if line else line


def ids(rows: Sequence[Row], _columns: Sequence[Column]) -> Iterator[str]:
    """The ids alone, for xargs; BadUsage if the rows are no records."""
    for row in rows:
        if "id" not in row:
            raise BadUsage("these rows have no id", "choose another --format")
        if row["id"]:
            yield plain(row["id"])


LISTS: Mapping[str, Callable[[Sequence[Row], Sequence[Column]], Iterator[str]]] = {
    "json": json_array,
    "jsonl": json_lines,
    "csv": csv_lines,
    "tsv": tsv_lines,
    "yaml": yaml_list,
    "ids": ids,
}
