"""Puts the cells of an import row where their columns go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import cast

from crmcli.dataclass import replace
from crmcli.formats.jsonl import read_object
from crmcli.model.amounts import currency_in
from crmcli.model.handles import whole_handle
from crmcli.model.kinds import TEXT, UTM_KEYS, ContactPoints, Field, kind_of, merge_lists
from crmcli.model.values import CONSENT_CHANNELS, Raw
from crmcli.sales.consent.refusal_words import MAY, refused_by, speaks_of_refusing
from crmcli.sales.exports.sheet_rows import UNKNOWN
from crmcli.sales.imports.address_books import apart, caption_of, named_type, tags_of, with_type
from crmcli.sales.imports.blank_cells import says_nothing
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.mapping import (
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
from crmcli.sales.imports.said_values import SaidValues

_NAMED_BY_SYSTEM = ("handle", "external")
"""What stands in a column of its own system: Telegram, HubSpot ID."""

_INN_AND_KPP = re.compile(r"([0-9]{10}) ?[/\\] ?([0-9]{4}[0-9A-Z]{2}[0-9]{3})")
"""How 1C writes both into one cell."""

_NAMES = ("name", "first_name", "middle_name", "last_name")
_STAGE_AT = Field("stage_at", kind_of("happened"))


class Placer:
    """Puts cells where their columns go.

    `filled` counts the filled cells of each column, `refusals` the rows that refuse by each, and `unheard`
    the cells that speak of refusing in columns of something else: tags, a status.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        cells: CellReader,
        mentions: MentionReader,
        said: SaidValues,
        client_kind: Callable[[str], str],
    ) -> None:
        self._vocabulary = vocabulary
        self._cells = cells
        self._mentions = mentions
        self._said = said
        self._client_kind = client_kind
        self.filled: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.unheard: Counter[str] = Counter()

    def place(self, draft: Draft, column: Column, cell: Raw) -> None:
        """Put one cell where its column goes, or note what is wrong with it."""
        if cell in ("", [], {}):
            return
        self.filled[column.label] += 1
        if column.by_kind and (target := column.by_kind.get(self._client_kind(str(cell)))):
            column = replace(column, target=target)
        if (
            isinstance(cell, str)
            and not draft.id
            and _may_tell(column)
            and speaks_of_refusing(cell)
        ):
            self.unheard[column.label] += 1
        try:
            cell = self._said.cell(column.target, cell)
            if cell and (draft.id or not self._says_nothing(column, cell)):
                self._take(draft, column, cell)
        except ValueError as error:
            draft.faults.append((column.label, str(error)))

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

    def _take(self, draft: Draft, column: Column, cell: Raw) -> None:
        """Put one cell where its column goes; ValueError if it does not fit there."""
        target = column.target
        if target is None or target.field == "id":
            return
        if target.field in (UNKNOWN, FULL_NAME, "comment") or target.part in (PART, STATUS):
            self._take_apart(draft, column, target, cell)
        elif is_stage_date(target):
            at = self._cells.read(_STAGE_AT, cell, exact=False, column=column.label)
            draft.stage_dates.append((target.part.partition(".")[2], str(at)))
        elif target.part in UTM_KEYS:
            utm = cast("dict[str, Raw]", draft.values.setdefault("utm", {}))
            spec = Field(f"utm_{target.part}", TEXT)
            utm[target.part] = self._cells.read(spec, cell, exact=bool(draft.id))
        elif target.part and self._vocabulary.fields[target.field].kind.is_link:
            self._mentions.take_part(draft, column, target, str(cell))
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
        return str(self._cells.read(self._vocabulary.fields[name], cell, exact=bool(draft.id)))

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
            cell = tags_of(apart(cell)) if spec.name == "tags" else apart(cell)
        if spec.name == "do_not":
            self._take_refusal(draft, column, spec, cell)
            return
        if spec.name == "inn" and (both := _INN_AND_KPP.fullmatch(str(cell).strip())):
            cell = both[1]
            if "kpp" in self._vocabulary.fields:
                draft.values.setdefault("kpp", both[2])
        raw = self._cells.read(spec, cell, exact=bool(draft.id), column=column.label)
        if spec.kind.found_by == "site" and "handles" in self._vocabulary.fields and not draft.id:
            raw = self._without_profiles(draft, raw)
        if raw in ("", []) and not draft.id:
            return
        if spec.kind.is_money and isinstance(cell, str) and not draft.id and not draft.currency:
            draft.currency = currency_in(cell)  # the record's, if no column says otherwise
        raw = self._typed(draft, column, spec, raw)
        if spec.is_many and not draft.id:
            self._extend(draft, spec, raw)
        elif draft.values.setdefault(spec.name, raw) != raw:
            draft.conflicts.append(column.label)

    def _without_profiles(self, draft: Draft, raw: Raw) -> Raw:
        """Web addresses without those of profiles, which are handles."""
        urls = raw if isinstance(raw, list) else [raw]
        found = {str(url): whole_handle(str(url)) for url in urls}
        if handles := [handle for handle in found.values() if handle]:
            self._extend(draft, self._vocabulary.fields["handles"], cast("Raw", handles))
        left = [url for url in urls if not found[str(url)]]
        return left if isinstance(raw, list) else next(iter(left), "")

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
            refused = [*map(str, self._cells.read(spec, cell, exact=bool(draft.id)))]
            allowed = [channel for channel in CONSENT_CHANNELS if channel not in refused]
        self.refusals[column.label] += bool(refused)
        self._extend(draft, spec, cast("Raw", refused))
        draft.allowed.update(allowed)
        if part.startswith(MAY) and not refused:
            draft.comment.append(f"{column.label}: {cell}")

    def _take_of_system(self, draft: Draft, column: Column, spec: Field, text: str) -> None:
        """A handle or an id in the column of its system; what is none stays as a comment."""
        try:
            self._extend(draft, spec, self._cells.read(spec, text, exact=False))
        except ValueError:
            draft.comment.append(f"{column.label}: {text.partition(':')[2]}")

    def _take_link(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        """A link by id or name, which some records have as text, as a lead that of its company."""
        try:
            self._mentions.take(draft, column, spec, cell)
        except ValueError:
            name = self._vocabulary.fields.get(f"{spec.name}_name")
            if name is None:
                raise
            self._take_value(draft, column, name, cell)

    def _extend(self, draft: Draft, spec: Field, raw: Raw) -> None:
        now = spec.kind.items(draft.values.get(spec.name, []))
        merged = merge_lists(spec.kind, now, spec.kind.items(raw), self._cells.ctx.country)
        draft.values[spec.name] = merged


def _may_tell(column: Column) -> bool:
    """Whether a column may tell of refusals though it is none of them."""
    if column.target is None:
        return not column.ignored
    return column.target.part == STATUS or column.target.field in (
        "tags",
        "stage",
        "type",
        "comment",
    )
