"""A row of an import file as raw values, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.formats.jsonl import JsonLines, read_object
from crmcli.formats.rows import FileRow
from crmcli.formats.xlsx import Workbook
from crmcli.language import tr
from crmcli.model.amounts import currency_in
from crmcli.model.dates import yearless
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import TEXT, UTM_KEYS, ContactPoints, Field, kind_of, merge_lists
from crmcli.model.values import CONSENT_CHANNELS, Raw, entity_of
from crmcli.sales.consent.refusal_words import MAY, refused_by
from crmcli.sales.exports.sheet_rows import UNKNOWN, sheet_columns, unguard
from crmcli.sales.imports.address_books import (
    apart,
    caption_of,
    joined,
    named_type,
    with_type,
)
from crmcli.sales.imports.blank_cells import says_nothing
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.column_habits import ColumnHabits
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
    is_stage_date,
)
from crmcli.sales.imports.mentions import MentionReader
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.person_names import finish_name
from crmcli.sales.imports.row_country import RowCountry
from crmcli.sales.imports.said_values import SaidValues
from crmcli.sales.imports.sources import Cards, Source
from crmcli.sales.imports.stage_names import StageNames, UnknownPipeline
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.kinds import InputContext

_NAMED_BY_SYSTEM = ("handle", "external")
"""What stands in a column of its own system: Telegram, HubSpot ID."""


_NAMES = ("name", "first_name", "middle_name", "last_name")
_STAGE_AT = Field("stage_at", kind_of("happened"))


class RowReader:
    """Reads the rows of one file.

    `fields` are those that the file has, `filled` counts the filled cells of each column, `foreign_ids`
    the ids of another system, which are kept with its name, `refusals` the rows that refuse by each
    column.
    """

    def __init__(
        self,
        ws: Workspace,
        source: Source,
        columns: Sequence[Column],
        vocabulary: Vocabulary,
        ctx: InputContext,
        wanted: ImportOptions,
        said: SaidValues,
    ) -> None:
        self.ws = ws
        self.entity = entity = vocabulary.entity
        self.columns = columns
        self._name_format = wanted.name_format
        self._is_raw = isinstance(source, JsonLines | Cards)  # whose keys are our own fields
        is_workbook = isinstance(source, Workbook)
        self._is_guarded = not (self._is_raw or is_workbook)
        self._vocabulary = vocabulary
        self.said = said
        self.habits = ColumnHabits(source)
        self.cells = CellReader(
            ctx, vocabulary.sources, wanted.owners, self.habits, has_numbers=is_workbook
        )
        self._is_strict = wanted.strict or "comment" not in vocabulary.fields
        self._countries = RowCountry(ws, columns)
        self.stages = StageNames(ws, entity, vocabulary.stages, wanted.stages)
        self.columns = columns = [self._with_known_stage(column, wanted) for column in columns]
        self.mentions = MentionReader(self._vocabulary, self.cells, self.label_of)
        self.filled: Counter[str] = Counter()
        self.foreign_ids = 0
        self.refusals: Counter[str] = Counter()
        self.own_fields = self._vocabulary.fields
        own = {column.name for column in sheet_columns(ws.schema, entity)}
        fed = [*columns, *(column for column, _ in said.constants)]
        self.fields = {c.target.field for c in fed if c.target}
        if self._is_raw:  # in which an absent field is an empty one
            self.fields = {*self._vocabulary.fields}
        self._is_own = {column.label for column in columns} <= {*own, *EXTRAS, "batch"}
        targets = [c.target.field if c.target else "" for c in columns]
        self._id_place = targets.index("id") if "id" in targets else -1

    def _with_known_stage(self, column: Column, wanted: ImportOptions) -> Column:
        """A column of dates of a stage that is not here goes nowhere."""
        target = column.target
        stage = target.part.partition(".")[2] if target and is_stage_date(target) else ""
        if not stage or self.stages.dated("", stage):
            return column
        if column.label in wanted.columns:
            raise BadUsage(tr("{!r} is not a stage", stage), "stage_at.STAGE or stage_at")
        return replace(column, target=None)

    def read(self, row: FileRow) -> Draft:
        """Read one row; what is wrong is collected, nothing is raised."""
        draft = Draft(row)
        fault = row.fault or ("repeats the header" if self._is_header(row.cells) else "")
        if fault:
            draft.faults.append(("", fault))
            return draft
        cells = dict(zip((column.label for column in self.columns), row.cells, strict=True))
        if str(cells.get("crm_rest", "")).strip():
            draft.faults.append(("crm_rest", "still has text: move it to its columns and clear it"))
        self._take_id(draft)
        self.cells.doubts.clear()
        self.cells.is_strict = self._is_strict or row.is_short  # which may be half of another
        self.cells.country = self._countries.of(row.cells)
        # The keys of a raw record of ours mean what they say, whatever else they may resemble.
        columns = self._keys if self._is_raw and draft.id else self.columns
        for column, text in self.said.constants:
            self._take_cell(draft, column, text)
        for column, cell in zip(columns, row.cells, strict=True):
            self._take_cell(draft, column, self._clean(draft, cell))
        self._finish(draft)
        return draft

    def _take_cell(self, draft: Draft, column: Column, cell: Raw) -> None:
        """Put one cell where its column goes, or note what is wrong with it."""
        if cell in ("", [], {}):
            return
        self.filled[column.label] += 1
        try:
            cell = self.said.cell(column.target, cell)
            if cell and (draft.id or not self._says_nothing(column, cell)):
                self._take(draft, column, cell)
        except ValueError as error:
            draft.faults.append((column.label, str(error)))

    def check_said(self) -> None:
        """BadUsage if a value that is said for all rows can be taken of none."""
        draft = Draft(FileRow(0, ("",) * len(self.columns)))
        self.cells.is_strict = True
        for column, text in self.said.constants:
            self._take_cell(draft, column, text)
        if "staged" in ENTITIES[self.entity].traits and not draft.faults:
            self._finish_stage(draft)
        self.filled.clear()
        self.refusals.clear()
        if draft.faults:
            label, why = draft.faults[0]
            raise BadUsage(f"{label}: {why}", "nothing was imported")

    def _says_nothing(self, column: Column, cell: Raw) -> bool:
        target = column.target
        if target is None or not isinstance(cell, str) or target.part == STATUS:
            return False
        name = "name" if target.field == FULL_NAME else target.field
        spec = self._vocabulary.fields.get(name)
        if spec is None or spec.kind.listed_in or spec.directory or spec.kind.is_choice:
            return False  # whose values may be called anything
        is_free = spec.custom and spec.kind.is_free
        may_answer = is_free or target.part == LABELLED or name in _NAMES or name == "do_not"
        return says_nothing(spec, target.part, cell, may_answer=may_answer)

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
        text = unguard(cell, own=self._is_own) if self._is_guarded else cell
        return text if draft.id or text == text.strip() else text.strip()

    @cached_property
    def _keys(self) -> Sequence[Column]:
        own = self._vocabulary.fields
        keys = {c.label: Target(c.label) for c in self.columns if c.label in own}
        return [
            Column(label, ignored=True)
            if label in (*EXTRAS, "batch")
            else Column(label, keys.get(label, Target(UNKNOWN, label)))
            for label in (column.label for column in self.columns)
        ]

    def _take_id(self, draft: Draft) -> None:
        """A full id makes the row one of our own; another one is kept as that of its system."""
        place = self._id_place
        text = str(draft.row.cells[place]).strip() if place >= 0 else ""
        entity = entity_of(text)
        if entity == self.entity:
            draft.id = text
        elif entity:
            fault = tr("{!r} is the id of a {}, not of a {}", text, tr(entity), tr(self.entity))
            draft.faults.append((self.columns[place].label, fault))
        elif text:
            draft.values["external"] = {self._vocabulary.system: text}
            self.foreign_ids += 1

    def _take(self, draft: Draft, column: Column, cell: Raw) -> None:
        """Put one cell where its column goes; ValueError if it does not fit there."""
        target = column.target
        if target is None or target.field == "id":
            return
        if target.field in (UNKNOWN, FULL_NAME, "comment") or target.part in (PART, STATUS):
            self._take_apart(draft, column, target, cell)
        elif target.field == "birthday" and (day := yearless(str(cell))):
            draft.comment.append(f"{column.label}: {day}")
        elif is_stage_date(target):
            at = self.cells.read(_STAGE_AT, cell, exact=False, column=column.label)
            draft.stage_dates.append((target.part.partition(".")[2], str(at)))
        elif target.part in UTM_KEYS:
            utm = cast("dict[str, Raw]", draft.values.setdefault("utm", {}))
            spec = Field(f"utm_{target.part}", TEXT)
            utm[target.part] = self.cells.read(spec, cell, exact=bool(draft.id))
        elif target.part and self._vocabulary.fields[target.field].kind.is_link:
            self.mentions.take_part(draft, column, target, str(cell))
        else:
            self._take_value(draft, column, self._vocabulary.fields[target.field], cell)

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
                said = draft.row.cells[column.typed_by] if column.typed_by >= 0 else ""
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
        part = column.target.part if column.target else ""
        if spec.kind.is_link:
            for item in cell if isinstance(cell, list) else [cell]:
                self._take_link(draft, column, spec, item)
        elif part and spec.kind.found_by in _NAMED_BY_SYSTEM:
            self._take_of_system(draft, column, spec, f"{part}:{cell}")
        else:
            self._take_plain(draft, column, spec, cell, part)

    def _take_plain(self, draft: Draft, column: Column, spec: Field, cell: Raw, part: str) -> None:
        if isinstance(cell, str) and spec.is_many and not draft.id:
            cell = apart(cell)
        if spec.name == "do_not":
            self._take_refusal(draft, column, spec, cell)
            return
        raw = self.cells.read(spec, cell, exact=bool(draft.id), column=column.label)
        if raw in ("", []) and not draft.id:
            return
        if spec.kind.is_money and isinstance(cell, str) and not draft.id and not draft.currency:
            draft.currency = currency_in(cell)  # the record's, if no column says otherwise
        raw = self._typed(draft, column, spec, raw)
        if spec.is_many and not draft.id:
            self._extend(draft, spec, raw)
        elif draft.values.setdefault(spec.name, raw) != raw:
            draft.conflicts.append(column.label)

    def _typed(self, draft: Draft, column: Column, spec: Field, raw: Raw) -> Raw:
        """Phones or e-mails with the type that their column has, or that another column names."""
        if column.typed_by >= 0:
            allowed = spec.kind.types if isinstance(spec.kind, ContactPoints) else ()
            raw = with_type(raw, named_type(draft.row.cells[column.typed_by], allowed) or "work")
        part = column.target.part if column.target else ""
        if part:
            draft.types.setdefault(spec.name, set()).add(part)
            raw = with_type(raw, part)
        return raw

    def _take_refusal(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        """A cell by which somebody refuses or agrees; what else it says is kept in the comment."""
        part = column.target.part if column.target else ""
        if part:
            refused, allowed = refused_by(str(cell), part, column.label)
        else:
            refused = [*map(str, self.cells.read(spec, cell, exact=bool(draft.id)))]
            allowed = [channel for channel in CONSENT_CHANNELS if channel not in refused]
        self.refusals[column.label] += bool(refused)
        self._extend(draft, spec, cast("Raw", refused))
        draft.allowed.update(allowed)
        if part.startswith(MAY) and not refused:
            draft.comment.append(f"{column.label}: {cell}")

    def _take_of_system(self, draft: Draft, column: Column, spec: Field, text: str) -> None:
        """A handle or an id in the column of its system; what is none stays as a comment."""
        try:
            self._extend(draft, spec, self.cells.read(spec, text, exact=False))
        except ValueError:
            draft.comment.append(f"{column.label}: {text.partition(':')[2]}")

    def _take_link(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        """A link by id or name, which some records have as text, as a lead that of its company."""
        try:
            self.mentions.take(draft, column, spec, cell)
        except ValueError:
            name = self._vocabulary.fields.get(f"{spec.name}_name")
            if name is None:
                raise
            self._take_value(draft, column, name, cell)

    def _extend(self, draft: Draft, spec: Field, raw: Raw) -> None:
        now = spec.kind.items(draft.values.get(spec.name, []))
        merged = merge_lists(spec.kind, now, spec.kind.items(raw), self.cells.ctx.country)
        draft.values[spec.name] = merged

    def _finish(self, draft: Draft) -> None:
        """What takes several columns to be said."""
        if "external" in draft.values:  # first read, last shown
            draft.values["external"] = draft.values.pop("external")
        if draft.address:
            draft.values["address"] = joined(str(draft.values.get("address", "")), draft.address)
        if draft.currency and "currency" in self._vocabulary.fields:
            draft.values.setdefault("currency", draft.currency)
        self.mentions.finish(draft)
        self._finish_comment(draft)
        traits = ENTITIES[self.entity].traits
        if "client" not in traits and not draft.id and "name" not in self.fields:
            self._name_by_client(draft)
        has_person = "staged" not in traits and "first_name" in self.own_fields and not draft.id
        if not finish_name(draft, self._name_format, has_person=has_person):
            draft.conflicts.append(self.label_of(FULL_NAME))
        if "staged" in traits:
            self._finish_stage(draft)

    def _finish_comment(self, draft: Draft) -> None:
        """The texts of all columns that go there, and what was doubtful in others."""
        for doubt in self.cells.doubts:
            draft.doubts.append(doubt)
            if not doubt.is_kept:
                draft.comment.append(f"{doubt.column}: {doubt.text}")
        if draft.comment:
            draft.values["comment"] = "\n".join(draft.comment)

    def _name_by_client(self, draft: Draft) -> None:
        """Records of a file without a column for their names are called by whom they are with."""
        mentions = [m for name in self.own_fields for m in draft.links.get(name, [])]
        draft.values["name"] = next((m.name for m in mentions if m.name), "")

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
        draft.values.update((n, v) for n, v in zip(("pipeline", "stage"), found, strict=True) if v)
        if draft.stage_dates:
            self._finish_stage_dates(draft, *found)

    def _finish_stage_dates(self, draft: Draft, pipeline: str, stage: str) -> None:
        """When a row's record came to its stages; it was created with the first at the latest."""
        ours = self.ws.pipelines.of(self.entity)
        place = next((p for p in ours if p.key == pipeline), ours[0])
        here = place.stage(stage) if stage else place.initial
        for name, at in draft.stage_dates:
            entered = self.stages.dated(place.key, name) if name else here.id if here else ""
            if entered and at:
                draft.stood[entered] = min(draft.stood.get(entered, at), at)
        if not draft.stood:
            return
        draft.values.setdefault("created_at", min(draft.stood.values()))
        closed = draft.stood.get(here.id) if here and here.kind != "open" else None
        if closed and "closed_at" in self.own_fields:
            draft.values.setdefault("closed_at", closed)

    def is_number(self, column: Column) -> bool:
        """Whether a column holds numbers, or texts that are kept as they are."""
        target = column.target
        field = self._vocabulary.fields.get(target.field) if target else None
        return bool(field and field.kind.is_number) or bool(target and target.part == LABELLED)

    def label_of(self, name: str, part: str = "") -> str:
        """The column that feeds a field, or the field's own name."""
        said = (column for column, _ in self.said.constants)
        columns = (c for c in (*said, *self.columns) if not is_stage_date(c.target))
        targets = ((c.label, c.target) for c in columns if c.target)
        return next((c for c, t in targets if t.field == name and part in ("", t.part)), name)
