"""A row of an import file as raw values, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from crmcli.errors import BadUsage
from crmcli.formats.jsonl import JsonLines
from crmcli.formats.rows import FileRow
from crmcli.formats.xlsx import Workbook
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import InputContext
from crmcli.model.values import Raw, entity_of
from crmcli.sales.exports.sheet_rows import UNKNOWN, sheet_columns, unguard
from crmcli.sales.imports.address_books import joined
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.client_columns import client_kind
from crmcli.sales.imports.column_habits import ColumnHabits
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.mapping import (
    EXTRAS,
    FULL_NAME,
    LABELLED,
    STATUS,
    Column,
    Target,
    Vocabulary,
    is_stage_date,
)
from crmcli.sales.imports.mention_text import plain_id
from crmcli.sales.imports.mentions import MentionReader
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.person_names import finish_name
from crmcli.sales.imports.placing import Placer
from crmcli.sales.imports.row_country import RowCountry
from crmcli.sales.imports.row_stages import RowStages
from crmcli.sales.imports.said_values import SaidValues
from crmcli.sales.imports.sources import Cards, Source
from crmcli.sales.imports.task_ends import finish_done
from crmcli.workspace import Workspace

_EXCEL_TEXT = re.compile(r'="([^"]*)"')
"""How programs keep Excel from taking a text for a number."""

_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""What comes along from web pages and is not seen."""


class RowReader:
    """Reads the rows of one file.

    `fields` are those that the file has, `foreign_ids` counts the ids of another system, which are kept
    with its name.
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
        self.habits = ColumnHabits(source, wanted.decimal)
        self.cells = CellReader(
            ctx, vocabulary.sources, wanted.owners, self.habits, has_numbers=is_workbook
        )
        self.is_strict = wanted.strict
        self.systems = vocabulary.systems
        self._is_strict = wanted.strict or "comment" not in vocabulary.fields
        self._countries = RowCountry(ws, columns)
        self.stages = RowStages(ws, vocabulary, wanted, self.label_of, self.habits)
        self.columns = columns = self.stages.known(columns)
        self.mentions = MentionReader(vocabulary, self.cells, self.label_of)
        self.placer = Placer(vocabulary, self.cells, self.mentions, said, client_kind(ws))
        self.foreign_ids = 0
        self.own_fields = vocabulary.fields
        own = {column.name for column in sheet_columns(ws.schema, entity)}
        fed = [*columns, *(column for column, _ in said.constants)]
        self.fields = {c.target.field for c in fed if c.target}
        if self._is_raw:  # in which an absent field is an empty one
            self.fields = {*vocabulary.fields}
        self._is_own = bool(vocabulary.language) or {column.label for column in columns} <= {
            *own,
            *EXTRAS,
            "batch",
        }
        targets = [c.target.field if c.target else "" for c in columns]
        self._id_place = targets.index("id") if "id" in targets else -1

    def read(self, row: FileRow) -> Draft:
        """Read one row; what is wrong is collected, nothing is raised."""
        draft = Draft(row)
        fault = row.fault or ("repeats the header" if self._is_header(row.cells) else "")
        if fault:
            draft.faults.append(("", tr(fault)))
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
            self.placer.place(draft, column, text)
        for column, cell in zip(columns, row.cells, strict=True):
            self.placer.place(draft, column, self._clean(draft, cell))
        self._finish(draft)
        return draft

    def check_said(self) -> None:
        """BadUsage if a value that is said for all rows can be taken of none."""
        draft = Draft(FileRow(0, ("",) * len(self.columns)))
        self.cells.is_strict = True
        for column, text in self.said.constants:
            self.placer.place(draft, column, text)
        if not draft.faults:
            self.stages.finish(draft)
        self.placer.filled.clear()
        self.placer.refusals.clear()
        if draft.faults:
            label, why = draft.faults[0]
            raise BadUsage(f"{label}: {why}", "nothing was imported")

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
        if draft.id:
            return text
        if self._is_guarded and (match := _EXCEL_TEXT.fullmatch(text.strip())):
            text = match[1]
        plain = text if text.isprintable() else _UNSEEN.sub("", text)
        return text if text == plain.strip() else plain.strip()  # a number stays one

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
            try:
                draft.values["external"] = {self._vocabulary.system: plain_id(text)}
            except ValueError as error:
                draft.faults.append((self.columns[place].label, str(error)))
            self.foreign_ids += 1

    def _finish(self, draft: Draft) -> None:
        """What takes several columns to be said."""
        if "external" in draft.values:  # first read, last shown
            draft.values["external"] = draft.values.pop("external")
        if draft.address:
            draft.values["address"] = joined(str(draft.values.get("address", "")), draft.address)
        if draft.currency and "currency" in self._vocabulary.fields:
            draft.values.setdefault("currency", draft.currency)
        self.mentions.finish(draft)
        if "done_at" in self.own_fields:
            finish_done(draft, self.label_of("done_at", STATUS), self.ws.now)
        self._finish_comment(draft)
        traits = ENTITIES[self.entity].traits
        if "client" not in traits and not draft.id and "name" not in self.fields:
            self._name_by_client(draft)
        has_person = "staged" not in traits and "first_name" in self.own_fields and not draft.id
        if not finish_name(draft, self._name_format, has_person=has_person):
            draft.conflicts.append(self.label_of(FULL_NAME))
        self.stages.finish(draft)

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
