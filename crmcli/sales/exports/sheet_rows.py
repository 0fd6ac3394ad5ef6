"""A record as one row of a sheet: its columns, and each value as a cell that reads back the same.

A list stands in one cell as people would write it: `mobile:+79161234567 x12; work:+74951234567`.
Where that would not read back the same (a tag with a semicolon in it), the cell holds JSON instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from crmcli.model.fields import UTM_KEYS, Field, parse_value
from crmcli.model.schema import Schema
from crmcli.model.values import ID_LETTERS, Raw

if TYPE_CHECKING:
    from crmcli.model.inputs import InputContext

NAMES: Mapping[tuple[str, str], str] = {
    ("contact", "companies"): "company_names",
    ("deal", "company"): "company_name",
    ("deal", "contacts"): "contact_names",
}
"""The column that names, for people, what a link points to; an import makes what is missing."""

UNKNOWN = "unknown"
SEPARATOR = "; "
_PAIR = re.compile(rf"([a-z]+)=([a-z]+-[{ID_LETTERS}]{{8}})")
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")
FIRST_YEAR = 1900
"""Workbooks count days from here, and their first year has a day too many."""

_HUNDREDTHS = re.compile(r"-?[0-9]+\.[1-9]0")
_TENTHS = re.compile(r"-?[0-9]+\.[0-9]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column of an export: its name, its field, and which part of the field if not all of it.

    The part is a key of `utm`, or `names` for the names of what a link points to.
    """

    name: str
    field: Field
    part: str = ""


def sheet_columns(schema: Schema, entity: str) -> tuple[SheetColumn, ...]:
    """The columns of an entity in file order; without the import batch: each base has its own."""
    columns: list[SheetColumn] = []
    fields = schema.fields(entity)
    taken = {field.name for field in fields}
    for field in fields:
        if field.name != "batch":
            columns += _columns_of(entity, field, taken)
    if UNKNOWN not in taken:
        columns.append(SheetColumn(UNKNOWN, Field(UNKNOWN, UNKNOWN)))
    return tuple(columns)


def _columns_of(entity: str, field: Field, taken: set[str]) -> list[SheetColumn]:
    if field.kind == "utm":
        return [SheetColumn(f"{field.name}_{key}", field, key) for key in UTM_KEYS]
    columns = [SheetColumn(field.name, field)]
    names = NAMES.get((entity, field.name), "")
    if names and names not in taken:
        columns.append(SheetColumn(names, field, "names"))
    return columns


def row_of(
    raw: Mapping[str, Raw],
    columns: Sequence[SheetColumn],
    unknown: Mapping[str, Raw],
    name_of: Callable[[str], str],
    ctx: InputContext,
) -> list[str]:
    """The cells of one record; `unknown` is what no column has, `name_of` names a linked record."""
    cells: list[str] = []
    for column in columns:
        value = unknown if column.field.kind == UNKNOWN else raw.get(column.field.name, "")
        if column.field.kind == UNKNOWN:
            cells.append(_json(value, sort=True) if value else "")
        elif column.part == "names":
            cells.append(_names(column.field.kind, cast("Raw", value), name_of))
        elif column.part:
            cells.append(str(value.get(column.part, "")) if isinstance(value, dict) else "")
        else:
            cells.append(write_cell(column.field, cast("Raw", value), ctx))
    return cells


def typed_cell(column: SheetColumn, cell: str) -> str | Decimal | date:
    """A cell as a workbook has it: a number or a date where it comes back the same, else text."""
    from crmcli.formats.xlsx import fits_a_number

    kind = "" if column.part else column.field.kind
    if not cell or kind not in ("number", "money", "date"):
        return cell
    try:
        value = parse_value(kind, cell)
    except ValueError:
        return cell
    if isinstance(value, Decimal):
        plain = cell[:-1] if kind == "money" and _HUNDREDTHS.fullmatch(cell) else cell
        is_cut = kind == "money" and _TENTHS.fullmatch(cell)
        return value if fits_a_number(plain) and not is_cut else cell
    return value if isinstance(value, date) and value.year > FIRST_YEAR else cell


def _names(kind: str, value: Raw, name_of: Callable[[str], str]) -> str:
    if kind == "link":
        return name_of(cast("str", value)) if value else ""
    items = value if isinstance(value, list) else []
    ids = [str(item.get("company", "")) if isinstance(item, dict) else str(item) for item in items]
    names = [name_of(record_id) for record_id in ids]
    return _write_names(names) if any(names) else ""


def hidden(raw: Mapping[str, Raw], unknown: Mapping[str, Raw]) -> dict[str, Raw]:
    """What of a record stands in no column of its own: keys that nobody declared, odd keys of `utm`."""
    rest = dict(unknown)
    utm = raw.get("utm")
    odd = {k: v for k, v in utm.items() if k not in UTM_KEYS} if isinstance(utm, dict) else {}
    if odd:
        rest["utm"] = cast("Raw", odd)
    return rest


# -- cells ----------------------------------------------------------------------------------


def write_cell(field: Field, raw: Raw, ctx: InputContext) -> str:
    """A raw value as one cell; `read_list` gives a list or a map back as it was."""
    if raw in ("", [], {}):
        return ""
    if isinstance(raw, str):
        return raw
    write = _WRITE.get(field.kind)
    text = write(raw) if write else ""
    return text if text and _reads_back(field, text, raw, ctx) else _json(raw)


def _reads_back(field: Field, text: str, raw: Raw, ctx: InputContext) -> bool:
    try:
        return read_list(field, text, ctx) == raw
    except ValueError:
        return False


def read_list(field: Field, text: str, ctx: InputContext) -> Raw:
    """The raw list or map that a cell means: JSON to the letter, else as people write it.

    Raises ValueError with a sentence.
    """
    from crmcli.model.inputs import read_input

    if text.startswith(("[", "{")):
        found = _read_json(text)
        if found is not None:
            return found
    if field.kind == "converted":
        return _read_pairs(text)
    if field.kind in ("lines", UNKNOWN):
        raise ValueError("this is no JSON")
    return read_input(field, text, ctx)


def read_names(text: str) -> list[str]:
    """The names in a cell that `row_of` made; ones that hold a semicolon came as JSON."""
    found = _read_json(text) if text.startswith("[") else None
    if isinstance(found, list):
        return [str(name) for name in found]
    return [name.strip() for name in text.split(";") if name.strip()]


def _write_names(names: Sequence[str]) -> str:
    text = SEPARATOR.join(names)
    return text if read_names(text) == list(names) else _json(names)


def _read_json(text: str) -> Raw | None:
    from crmcli.formats.jsonl import as_raw

    try:
        return as_raw(json.loads(text, parse_float=str, parse_int=str))
    except (ValueError, RecursionError):
        return None


def _json(raw: object, *, sort: bool = False) -> str:
    return json.dumps(raw, ensure_ascii=False, sort_keys=sort)


def _write_phones(raw: Raw) -> str:
    items = cast("list[dict[str, str]]", raw)
    return SEPARATOR.join(
        f"{item['type']}:{item['value']}" + (f" x{item['ext']}" if item.get("ext") else "")
        for item in items
    )


def _write_emails(raw: Raw) -> str:
    items = cast("list[dict[str, str]]", raw)
    return SEPARATOR.join(f"{item['type']}:{item['value']}" for item in items)


def _write_companies(raw: Raw) -> str:
    items = cast("list[dict[str, str]]", raw)
    return SEPARATOR.join(
        item["company"] + (f": {item['role']}" if item.get("role") else "") for item in items
    )


def _write_accounts(raw: Raw) -> str:
    items = cast("list[dict[str, str]]", raw)
    parts = ("account", "bic", "corr", "bank")
    return SEPARATOR.join(" ".join(i[part] for part in parts if i.get(part)) for i in items)


def _write_texts(raw: Raw) -> str:
    return SEPARATOR.join(cast("list[str]", raw))


def _write_pairs(raw: Raw) -> str:
    return SEPARATOR.join(f"{key}={value}" for key, value in cast("dict[str, str]", raw).items())


def _read_pairs(text: str) -> Raw:
    pairs: dict[str, Raw] = {}
    for item in text.split(SEPARATOR):
        match = _PAIR.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} is not like deal=deal-7k3qf2m9")
        pairs[match[1]] = match[2]
    return pairs


_WRITE: Mapping[str, Callable[[Raw], str]] = {
    "phones": _write_phones,
    "emails": _write_emails,
    "companies": _write_companies,
    "converted": _write_pairs,
    "accounts": _write_accounts,
    **dict.fromkeys(("tags", "choices", "urls", "links"), _write_texts),
}


# -- formulas -------------------------------------------------------------------------------


def guard(cell: str, *, excel: bool) -> str:
    """A cell as it goes into a file: for a spreadsheet program, no text may begin a formula.

    An apostrophe goes before it then. Elsewhere only a text gets one that would lose its own.
    """
    if excel and cell.startswith(_GUARDED) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    if not excel and cell.startswith("'") and cell[1:2] and cell[1] in _GUARDED:
        return "'" + cell
    return cell


def unguard(cell: str, *, own: bool) -> str:
    """Take exactly one guarding apostrophe off; in files of others only where a formula follows it."""
    if not cell.startswith("'") or cell[1:2] not in _GUARDED:
        return cell
    return cell[1:] if own or cell[1] != "'" else cell
