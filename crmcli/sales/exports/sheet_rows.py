"""A record as a row of a sheet: lists as people write them, or JSON if that would not read back the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from crmcli.dataclass import dataclass
from crmcli.formats.jsonl import as_raw, json_line
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import NOTE, SEPARATOR, UTM_KEYS, Field, InputContext, Maps
from crmcli.model.schema import Schema, own_fields
from crmcli.model.values import Raw

SURE = ("inn", "phone", "email")
"""By what a record is known for sure, as kinds say how they are found."""

UNKNOWN = "unknown"
ID_PART = "id"
"""The part of a link that is an id in whatever system."""

_GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")
FIRST_YEAR = 1900
"""Workbooks count days from here, and their first year has a day too many."""

_HUNDREDTHS = re.compile(r"-?[0-9]+\.[1-9]0")
_TENTHS = re.compile(r"-?[0-9]+\.[0-9]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of an export; `part` is a key of `utm`, `names` (of linked records), `unknown` or ""."""

    name: str
    field: Field
    part: str = ""


def sheet_columns(schema: Schema, entity: str) -> tuple[SheetColumn, ...]:
    """The columns of an entity in file order; without the import batch: each base has its own."""
    columns: list[SheetColumn] = []
    fields = {field.name: field for field in schema.fields(entity) if field.name != "batch"}
    for name, field in fields.items():
        if field.kind.is_spread:
            columns += [SheetColumn(f"{name}_{key}", field, key) for key in field.kind.parts]
            continue
        columns.append(SheetColumn(name, field))
        names = "names" if field.is_many else "name"
        column = next((c for c, part in link_parts(field, fields).items() if part == names), "")
        if column:
            columns.append(SheetColumn(column, field, "names"))
    if UNKNOWN not in fields:
        columns.append(SheetColumn(UNKNOWN, Field(UNKNOWN, NOTE), UNKNOWN))
    return tuple(columns)


def facts_of(entity: str) -> dict[str, str]:
    """The fields by which a client is known for sure, by what they are: its INN, else phone and e-mail."""
    if not entity or "client" not in ENTITIES[entity].traits:
        return {}
    found = {f.kind.found_by: f.name for f in own_fields(entity) if f.kind.found_by in SURE}
    return {"inn": found["inn"]} if "inn" in found else found


def link_parts(field: Field, fields: Collection[str]) -> dict[str, str]:
    """The columns that speak of a linked client, and what each says; not of what a record has itself.

    Where a link may lead to several nouns, a part has the noun before it: `deal.name`.
    """
    if not field.kind.is_link or field.system or field.custom:
        return {}
    may_be_several = len(field.entities) > 1
    found: dict[str, str] = {}
    for entity in field.entities:
        facts = [part for part, of in facts_of(entity).items() if of not in fields]
        if not (facts or may_be_several):
            continue
        many = ["names"] if field.is_many else []
        roles = ["role"] if isinstance(field.kind, Maps) else []
        of = f"{entity}." if may_be_several else ""
        found |= {f"{entity}_{p}": f"{of}{p}" for p in ("name", *many, *roles, *facts, ID_PART)}
    return {column: part for column, part in found.items() if column not in fields}


def row_of(
    raw: Mapping[str, Raw],
    unknown: Mapping[str, Raw],
    columns: Sequence[SheetColumn],
    name_of: Callable[[str], str],
    ctx: InputContext,
) -> list[str]:
    """The cells of one record; `unknown` are keys that nobody declared, `name_of` names a linked record."""
    cells: list[str] = []
    utm = raw.get("utm", "")
    odd = {k: v for k, v in utm.items() if k not in UTM_KEYS} if isinstance(utm, dict) else {}
    rest: dict[str, Raw] = {**unknown, **({"utm": odd} if odd else {})}
    for column in columns:
        value = raw.get(column.field.name, "")
        if column.part == UNKNOWN:
            cells.append(json_line(dict(sorted(rest.items()))) if rest else "")
        elif column.part == "names":
            cells.append(_names(column.field, value, name_of))
        elif column.part:
            cells.append(str(value.get(column.part, "")) if isinstance(value, dict) else "")
        else:
            cells.append(write_cell(column.field, value, ctx))
    return cells


def typed_cell(column: SheetColumn, cell: str) -> str | Decimal | date:
    """A cell as a workbook has it: a number or a date where it comes back the same, else text."""
    from crmcli.formats.xlsx import fits_a_number

    kind = column.field.kind
    if not cell or column.part or not (kind.is_number or kind.is_day):
        return cell
    try:
        value = kind.parse(cell)
    except ValueError:
        return cell
    if isinstance(value, Decimal):
        plain = cell[:-1] if kind.is_money and _HUNDREDTHS.fullmatch(cell) else cell
        is_cut = kind.is_money and _TENTHS.fullmatch(cell)
        return value if fits_a_number(plain) and not is_cut else cell
    return value if isinstance(value, date) and value.year > FIRST_YEAR else cell


def _names(field: Field, value: Raw, name_of: Callable[[str], str]) -> str:
    names = [name_of(record_id) for record_id in field.kind.linked(field.kind.parse(value))]
    if not field.is_many:
        return "".join(names)
    return _write_names(names) if any(names) else ""


# -- cells ----------------------------------------------------------------------------------


def write_cell(field: Field, raw: Raw, ctx: InputContext) -> str:
    """A raw value as one cell; `read_list` gives a list or a map back as it was."""
    if raw in ("", [], {}):
        return ""
    if isinstance(raw, str):
        return raw
    text = field.kind.write_cell(raw)
    return text if text and _reads_back(field, text, raw, ctx) else json_line(raw)


def _reads_back(field: Field, text: str, raw: Raw, ctx: InputContext) -> bool:
    try:
        return read_list(field, text, ctx) == raw
    except ValueError:
        return False


def read_list(field: Field, text: str, ctx: InputContext) -> Raw:
    """The raw list or map of a cell: JSON, or as people write it; ValueError says what is wrong."""
    if text.startswith(("[", "{")):
        found = _read_json(text)
        if found is not None:
            return found
    return field.read(text, ctx, in_sheet=True)


def read_names(text: str) -> list[str]:
    """The names in a cell that `row_of` made; ones that hold a semicolon came as JSON."""
    found = _read_json(text) if text.startswith("[") else None
    if isinstance(found, list):
        return [str(name) for name in found]
    return [name.strip() for name in text.split(";") if name.strip()]


def _write_names(names: Sequence[str]) -> str:
    text = SEPARATOR.join(names)
    return text if read_names(text) == list(names) else json_line(names)


def _read_json(text: str) -> Raw | None:
    try:
        return as_raw(json.loads(text, parse_float=str, parse_int=str))
    except (ValueError, RecursionError):
        return None


# -- formulas -------------------------------------------------------------------------------


def guard(cell: str, *, excel: bool) -> str:
    """A cell as it goes into a file: with an apostrophe where a spreadsheet would take it for a formula."""
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
