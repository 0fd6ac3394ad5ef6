"""A row of an import file as raw values, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from crmcli.dataclass import dataclass, field
from crmcli.formats.jsonl import read_object
from crmcli.formats.rows import FileRow
from crmcli.language import tr
from crmcli.model.kinds import TEXT, UTM_KEYS, ContactPoints, Field, merge_lists
from crmcli.model.preset import Preset
from crmcli.model.values import Raw, entity_of
from crmcli.sales.exports.sheet_rows import UNKNOWN, sheet_columns, unguard
from crmcli.sales.imports.address_books import (
    apart,
    caption_of,
    joined,
    named_type,
    with_type,
)
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.mapping import (
    EXTRAS,
    FULL_NAME,
    LABELLED,
    PART,
    STATUS,
    Column,
    Target,
    Vocabulary,
)
from crmcli.sales.imports.mentions import LINK_PARTS, MentionReader
from crmcli.sales.imports.person_names import finish_name
from crmcli.sales.imports.stage_names import StageNames, UnknownPipeline
from crmcli.sales.records.given_values import currency_in
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.kinds import InputContext


@dataclass(frozen=True)
class Notation:
    """How the values of a file are written: `raw_records` as JSON objects, `is_workbook` as typed cells."""

    ctx: InputContext
    presets: Sequence[Preset] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    name_format: str = "auto"
    raw_records: bool = False
    is_workbook: bool = False


class RowReader:
    """Reads the rows of one file.

    `fields` are those that the file has, `filled` counts the filled cells of each column, `foreign_ids`
    the ids of another system, which are not kept.
    """

    def __init__(
        self, ws: Workspace, entity: str, columns: Sequence[Column], notation: Notation
    ) -> None:
        self.ws = ws
        self.entity = entity
        self.columns = columns
        self.notation = notation
        self.cells = CellReader(
            notation.ctx, notation.presets, notation.owners, has_numbers=notation.is_workbook
        )
        self.stages = StageNames(ws, entity, notation.presets, notation.stages)
        self.mentions = MentionReader(ws, entity, self.cells, self.label_of)
        self.filled: Counter[str] = Counter()
        self.foreign_ids = 0
        own = {column.name for column in sheet_columns(ws.schema, entity)}
        self.fields = {c.target.field for c in columns if c.target}
        if notation.raw_records:  # in which an absent field is an empty one
            self.fields = {field.name for field in ws.schema.fields(entity)}
        self.is_own = {column.label for column in columns} <= {*own, *EXTRAS, "batch"}
        self._vocabulary = Vocabulary(ws.schema, entity)

    def read(self, row: FileRow) -> Draft:
        """Read one row; what is wrong is collected, nothing is raised."""
        draft = Draft(row.line, row.cells, row.source, attached=row.attached)
        if row.fault:
            draft.faults.append(("", row.fault))
            return draft
        if self._is_header(row.cells):
            draft.faults.append(("", "repeats the header"))
            return draft
        cells = dict(zip((column.label for column in self.columns), row.cells, strict=True))
        if str(cells.get("crm_rest", "")).strip():
            draft.faults.append(("crm_rest", "still has text: move it to its columns and clear it"))
        self._take_id(draft)
        # The keys of a raw record of ours mean what they say, whatever else they may resemble.
        columns = self._keys if self.notation.raw_records and draft.id else self.columns
        for column, cell in zip(columns, row.cells, strict=True):
            text = self._clean(draft, cell)
            if text in ("", [], {}):
                continue
            self.filled[column.label] += 1
            try:
                self._take(draft, column, text)
            except ValueError as error:
                draft.faults.append((column.label, str(error)))
        self._finish(draft)
        return draft

    def _is_header(self, cells: Sequence[Raw]) -> bool:
        """Whether a row is the first line again, as files that were put together have it."""
        first = next((n for n, c in enumerate(self.columns) if c.target), 0)
        if cells[first] != self.columns[first].label or len(self.columns) < 2:
            return False
        labels = [re.sub(r" \(\d+\)$|^column \d+$", "", column.label) for column in self.columns]
        return labels == [str(cell).strip() for cell in cells]

    def _clean(self, draft: Draft, cell: Raw) -> Raw:
        if not isinstance(cell, str):
            return cell
        notation = self.notation
        is_plain = notation.raw_records or notation.is_workbook
        text = cell if is_plain else unguard(cell, own=self.is_own)
        return text if draft.id else text.strip()

    @cached_property
    def _keys(self) -> Sequence[Column]:
        own = self._vocabulary.fields
        keys: list[Column] = []
        for label in (column.label for column in self.columns):
            if label in (*EXTRAS, "batch"):
                keys.append(Column(label, ignored=True))
            else:
                keys.append(
                    Column(label, Target(label) if label in own else Target(UNKNOWN, label))
                )
        return keys

    def _take_id(self, draft: Draft) -> None:
        """A full id makes the row one of our own; other ids mean nothing here."""
        number = self._id_column
        text = str(draft.cells[number]).strip() if number >= 0 else ""
        entity = entity_of(text)
        if entity == self.entity:
            draft.id = text
        elif entity:
            label = self.columns[number].label
            draft.faults.append(
                (
                    label,
                    tr("{!r} is the id of a {}, not of a {}", text, tr(entity), tr(self.entity)),
                )
            )
        elif text:
            self.foreign_ids += 1

    @cached_property
    def _id_column(self) -> int:
        targets = [c.target.field if c.target else "" for c in self.columns]
        return targets.index("id") if "id" in targets else -1

    def _take(self, draft: Draft, column: Column, cell: Raw) -> None:
        """Put one cell where its column goes; ValueError if it does not fit there."""
        target = column.target
        if target is None or target.field == "id":
            return
        if target.field in (UNKNOWN, FULL_NAME, "comment") or target.part in (PART, STATUS):
            self._take_apart(draft, column, target, cell)
        elif target.field == "birthday" and str(cell).startswith("--"):  # of no known year
            draft.comment.append(f"{column.label}: {cell}")
        elif target.part in UTM_KEYS:
            utm = cast("dict[str, Raw]", draft.values.setdefault("utm", {}))
            spec = Field(f"utm_{target.part}", TEXT)
            utm[target.part] = self.cells.read(spec, cell, exact=bool(draft.id))
        elif target.part in LINK_PARTS:
            self.mentions.take_part(draft, column, self._vocabulary.field(target), str(cell))
        else:
            self._take_value(draft, column, self._vocabulary.field(target), cell)

    def _take_apart(self, draft: Draft, column: Column, target: Target, cell: Raw) -> None:
        """A cell that is no field by itself: a part of one, a whole name, what nobody declared."""
        if target.field == UNKNOWN and target.part:
            draft.unknown[target.part] = cell
        elif target.field == UNKNOWN:
            self._take_unknown(draft, cell)
        elif target.field == FULL_NAME:
            draft.full_name = draft.full_name or self._text(draft, "name", cell)
        elif target.part == PART:
            draft.address.append(self._text(draft, "address", cell))
        elif target.part == STATUS:
            draft.status = str(cell)
        else:
            text = self._text(draft, "comment", cell)
            if target.part == LABELLED:
                said = draft.cells[column.typed_by] if column.typed_by >= 0 else ""
                text = f"{caption_of(column.label, said)}: {text}"
            if text not in draft.comment:
                draft.comment.append(text)

    def _text(self, draft: Draft, name: str, cell: Raw) -> str:
        """The text of a cell as the field of that name has texts."""
        return str(self.cells.read(self._vocabulary.fields[name], cell, exact=bool(draft.id)))

    def _take_unknown(self, draft: Draft, cell: Raw) -> None:
        """Keys that nobody declared, as an export has them in one cell; declared here, they are fields."""
        found = read_object(cell) if isinstance(cell, str) else cell
        if not isinstance(found, dict):
            raise ValueError('is not an object like {"key": "value"}')
        for key, value in found.items():
            if key == "utm" and isinstance(value, dict):
                cast("dict[str, Raw]", draft.values.setdefault("utm", {})).update(value)
            elif key in self._vocabulary.fields:
                draft.values.setdefault(key, value)
            else:
                draft.unknown[key] = value

    def _take_value(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        if spec.kind.is_link:
            for item in cell if isinstance(cell, list) else [cell]:
                self._take_link(draft, column, spec, item)
            return
        if isinstance(cell, str) and spec.is_many and not draft.id:
            cell = apart(cell)
        part = column.target.part if column.target else ""
        if spec.name == "do_not" and part:
            self._extend(draft, spec, self.cells.read_refusal(spec, str(cell), part))
            return
        raw = self.cells.read(spec, cell, exact=bool(draft.id))
        if spec.kind.is_money and isinstance(cell, str) and not draft.id:
            self._take_currency(draft, cell)
        if column.typed_by >= 0:
            allowed = spec.kind.types if isinstance(spec.kind, ContactPoints) else ()
            raw = with_type(raw, named_type(draft.cells[column.typed_by], allowed) or "work")
        if part:
            draft.types.setdefault(spec.name, set()).add(part)
            raw = with_type(raw, part)
        if spec.is_many and not draft.id:
            self._extend(draft, spec, raw)
        elif draft.values.setdefault(spec.name, raw) != raw:
            draft.conflicts.append(column.label)

    def _take_link(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        """A link by id or name; a lead has its company's name as text."""
        try:
            self.mentions.take(draft, spec, cell)
        except ValueError:
            if (self.entity, spec.name) != ("lead", "company"):
                raise
            name = self.ws.schema.field("lead", "company_name")
            self._take_value(draft, column, name, cell)

    def _take_currency(self, draft: Draft, cell: str) -> None:
        """A currency that stands beside an amount is the record's, if no column says otherwise."""
        currency = currency_in(cell)
        if currency:
            draft.named.setdefault(("currency", ""), currency)

    def _extend(self, draft: Draft, spec: Field, raw: Raw) -> None:
        now = cast("list[Raw]", draft.values.get(spec.name, []))
        new = raw if isinstance(raw, list) else [raw]
        draft.values[spec.name] = merge_lists(spec.kind, now, new, self.cells.ctx.country)

    def _finish(self, draft: Draft) -> None:
        """What takes several columns to be said."""
        if draft.address:
            draft.values["address"] = joined(str(draft.values.get("address", "")), draft.address)
        if draft.comment:
            draft.values["comment"] = "\n".join(draft.comment)
        if ("currency", "") in draft.named and "currency" in self._vocabulary.fields:
            draft.values.setdefault("currency", draft.named[("currency", "")])
        self.mentions.finish(draft)
        if self.entity == "deal" and not draft.id and "name" not in self.fields:
            _name_by_client(draft)
        draft.has_person = self.entity == "contact" and not draft.id
        if not finish_name(draft, self.notation.name_format):
            draft.conflicts.append(self.label_of(FULL_NAME))
        if self.entity in ("lead", "deal"):
            self._finish_stage(draft)

    def _finish_stage(self, draft: Draft) -> None:
        pipeline = str(draft.values.pop("pipeline", ""))
        stage = str(draft.values.pop("stage", ""))
        if draft.status and self.stages.ends(draft.status):
            stage = draft.status
        try:
            found = self.stages.find(pipeline, stage)
        except ValueError as error:
            column = "pipeline" if isinstance(error, UnknownPipeline) else "stage"
            draft.faults.append((self.label_of(column), str(error)))
            return
        for name, value in zip(("pipeline", "stage"), found, strict=True):
            if value:
                draft.values[name] = value

    def is_number(self, column: Column) -> bool:
        """Whether a column holds numbers, or texts that are kept as they are."""
        target = column.target
        field = self._vocabulary.fields.get(target.field) if target else None
        return bool(field and field.kind.is_number) or bool(target and target.part == LABELLED)

    def label_of(self, name: str, part: str = "") -> str:
        """The column that feeds a field, or the field's own name."""
        targets = ((column.label, column.target) for column in self.columns if column.target)
        return next((c for c, t in targets if t.field == name and part in ("", t.part)), name)


def _name_by_client(draft: Draft) -> None:
    """Deals of a file without a column for their names are called by whom they are with."""
    mentions = [m for name in ("company", "contacts") for m in draft.links.get(name, [])]
    draft.values["name"] = next((m.name for m in mentions if m.name), "")
