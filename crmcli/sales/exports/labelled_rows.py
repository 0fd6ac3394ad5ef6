"""A row of a sheet as people read it: names for ids, their own dates and decimal commas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from crmcli.language import tr
from crmcli.model.kinds import Field
from crmcli.model.values import Raw, parse_instant
from crmcli.sales.exports.sheet_rows import SheetColumn, guard
from crmcli.workspace import Workspace

_DAY = {"ru": "%d.%m.%Y"}
_ISO = "%Y-%m-%d"
_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")


def shown_columns(columns: Sequence[SheetColumn]) -> tuple[SheetColumn, ...]:
    """The columns without ids of those that are named beside them."""
    named = {column.field.name for column in columns if column.part == "names"}
    return tuple(c for c in columns if c.part or c.field.name not in named)


def labels_of(columns: Sequence[SheetColumn], speak: Callable[[str], str]) -> list[str]:
    """The captions of columns in a language; a second one of the same label is called by its name."""
    heads: list[str] = []
    for column in columns:
        is_whole = column.part in ("", "names")
        label = (speak(column.field.label) if is_whole else "") or column.name
        heads.append(column.name if label in heads else label)
    return heads


class LabelledCells:
    """Turns cells that programs read into those that people do, a column at a time."""

    def __init__(self, ws: Workspace, entity: str, columns: Sequence[SheetColumn]) -> None:
        self._ws = ws
        self.columns = shown_columns(columns)
        self._day = _DAY.get(ws.settings.language, _ISO)
        self._stages = {
            (p.key, s.id): s.name for p in ws.outline if p.entity == entity for s in p.stages
        }
        self._words = {c.name: self._words_of(c.field) for c in self.columns if not c.part}

    def header(self) -> list[str]:
        """The labels of the columns in the language spoken."""
        return labels_of(self.columns, tr)

    def row(self, cells: Sequence[str], raw: Mapping[str, Raw]) -> list[str]:
        """The cells of one record, of its columns in their order."""
        pairs = zip(self.columns, cells, strict=True)
        return [self._cell(column, cell, raw) for column, cell in pairs]

    def _cell(self, column: SheetColumn, cell: str, raw: Mapping[str, Raw]) -> str:
        if not cell or column.part:
            return guard(cell, excel=True)
        field = column.field
        if field.kind.is_number:
            comma = self._ws.settings.language == "ru" and _NUMBER.fullmatch(cell)
            return cell.replace(".", ",") if comma else cell
        if field.kind.is_time:
            return self._when(field, cell)
        return guard(self._words[column.name](cell, raw), excel=True)

    def _when(self, field: Field, cell: str) -> str:
        if cell.startswith("--"):
            return guard(cell, excel=True)
        if field.kind.is_day:
            return datetime.fromisoformat(cell).strftime(self._day)
        return parse_instant(cell).astimezone(self._ws.zone).strftime(f"{self._day} %H:%M")

    def _words_of(self, field: Field) -> Callable[[str, Mapping[str, Raw]], str]:
        listed_in = field.kind.listed_in
        if listed_in == "stages":
            return self._stage
        if listed_in == "users":
            return lambda cell, _: self._ws.owner_name(cell)
        words = dict(self._ws.settings.directories.get(field.directory, {}))
        if listed_in == "pipelines":
            words = {p.id: p.name for p in self._ws.outline}
        return lambda cell, _: words.get(cell) or cell

    def _stage(self, cell: str, raw: Mapping[str, Raw]) -> str:
        key = str(raw.get("pipeline", ""))
        first = next(iter(self._stages), ("", ""))[0]
        return self._stages.get((key, cell)) or self._stages.get((first, cell)) or cell
