"""The value of one cell of an import file, as its field has it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.kinds import BOOL, Field, InputContext
from crmcli.model.phones import is_short
from crmcli.model.values import Raw, TwoReadings, fold
from crmcli.sales.exports.sheet_rows import read_list
from crmcli.sales.imports.blank_cells import says_nothing
from crmcli.sales.imports.column_habits import ColumnHabits
from crmcli.sales.imports.draft import Doubt

_OF_DIGITS = ("inn", "kpp", "ogrn", "phone")
"""Names of fields whose digits Excel takes for a number: 7707083893.0, 7.70708E+09."""

_FLOAT = re.compile(r"\+?([0-9]{5,20})[.,]0+")
_SCIENTIFIC = re.compile(r"\+?([0-9])(?:[.,]([0-9]*))?[eEеЕ]\+?([0-9]{1,2})")
_BETWEEN = re.compile(r"[;,\n]|\s/\s")
_DIALLED = re.compile(r"\+[0-9]+|[*#][0-9*#]+")
_MAJOR_TIMES = ("created_at", "closed_at", "due")
_NO_DATE = re.compile(r"0+[/.-]0+[/.-]0+( 0?0:00(:00)?)?")
_TENTHS = re.compile(r"-?[0-9]+\.[0-9]")


class CellReader:
    """Reads cells; `unknown_owners` counts owners that are not users here and are kept as text.

    `exact` cells come from our own exports. `owners` maps another system's users to ours; `habits`
    tell what a column means by 1.234; with `has_numbers` 1200.50 is written 1200.5, as in a workbook.
    """

    def __init__(
        self,
        ctx: InputContext,
        sources: Mapping[str, Sequence[str]],
        owners: Mapping[str, str],
        habits: ColumnHabits,
        *,
        has_numbers: bool,
    ) -> None:
        self.ctx = ctx
        self.unknown_owners: Counter[str] = Counter()
        self.unknown_values: dict[str, Counter[str]] = {}  # by directory
        self._sources = sources
        self._owners = {fold(name): user for name, user in owners.items()}
        self._habits = habits
        self.country = ""  # of the row that is being read
        self.is_strict = False
        self.doubts: list[Doubt] = []
        self._has_numbers = has_numbers

    def read(self, spec: Field, cell: Raw, *, exact: bool, column: str = "") -> Raw:
        """The raw value of a cell of a column; ValueError with a sentence if it does not fit its field.

        What does not fit a minor field is one of the `doubts` of the row, unless it `is_strict`.
        """
        try:
            return self._read(spec, cell, exact=exact, column=column)
        except TwoReadings:
            raise  # which the whole column has: somebody must decide
        except ValueError as error:
            self._note_unknown(spec, cell)
            if exact or self.is_strict or not isinstance(cell, str) or not is_minor(spec):
                raise
            return self._read_parts(spec, cell, column, str(error))

    def _note_unknown(self, spec: Field, cell: Raw) -> None:
        """Count a value that its directory lacks."""
        is_one = isinstance(cell, str) and not (spec.is_many and _BETWEEN.search(cell))
        if spec.directory and is_one:
            self.unknown_values.setdefault(spec.directory, Counter())[str(cell)] += 1

    def _read_parts(self, spec: Field, cell: str, column: str, reason: str) -> Raw:
        """What fits of a cell that does not fit: its good parts; the others are doubtful."""
        is_list = spec.is_many and not _SCIENTIFIC.fullmatch(cell)
        parts = [part.strip() for part in _BETWEEN.split(cell)] if is_list else []
        if len(parts) < 2:
            if not says_nothing(spec, "", cell, may_answer=False):
                self.doubts.append(Doubt(column, reason, cell))
            return [] if spec.is_many else ""
        found: list[Raw] = []
        for part in filter(None, parts):
            read = self.read(spec, part, exact=False, column=column)
            found += read if isinstance(read, list) else []
        return found

    def _read_phones(self, spec: Field, cell: str, column: str, *, exact: bool) -> Raw:
        """Numbers of the row's country; those that fit no plan of it are kept as text, and told."""
        ctx = self.ctx
        if self.country not in ("", ctx.country):
            ctx = replace(ctx, country=self.country)
        if self.is_strict and not exact:
            return spec.read(cell, ctx)
        raw = read_list(spec, cell, ctx)
        for item in raw if isinstance(raw, list) and not exact else ():
            text = str(item.get("value", "")) if isinstance(item, dict) else ""
            if text and not _DIALLED.fullmatch(text) and not is_short(text):
                why = tr("fits no phone number of {}, kept as it is", ctx.country.upper())
                self.doubts.append(Doubt(column, why, text, is_kept=True))
        return raw

    def _read(self, spec: Field, cell: Raw, *, exact: bool, column: str) -> Raw:
        if not isinstance(cell, str):
            return cell if exact else self._read_items(spec, cell, column)
        if spec.kind.is_moved:
            return cell.strip()
        is_kept = exact and spec.kind.is_canonical(spec, cell, self.ctx)
        if not is_kept and (spec.kind.is_digits or spec.name in _OF_DIGITS):
            cell = _mended(spec, cell, self.ctx.country)
        if spec.kind.is_phone:
            return self._read_phones(spec, cell, column, exact=exact)
        if spec.is_many or spec.kind.is_map:
            return read_list(spec, cell, self.ctx)
        if spec.kind.listed_in == "users":
            return self._read_owner(spec, cell, exact=exact)
        if is_kept:
            is_cut = self._has_numbers and spec.kind.is_money and _TENTHS.fullmatch(cell)
            return f"{cell}0" if is_cut else cell
        if spec.directory:
            return self._read_listed(spec, cell)
        return self._read_input(spec, cell, column)

    def _read_input(self, spec: Field, cell: str, column: str = "") -> Raw:
        if spec.kind.is_time and _NO_DATE.fullmatch(cell):
            return ""  # how Outlook writes that there is none
        try:
            return spec.read(cell, self.ctx, in_sheet=True)
        except TwoReadings:
            return self._read_as_column(spec, cell, column)

    def _read_as_column(self, spec: Field, cell: str, column: str) -> Raw:
        """A cell with two readings as its whole column tells; TwoReadings with the option that says it."""
        told = self._habits.context(self.ctx, column, cell)
        if spec.kind.is_time and not told.date_order:
            why = "{!r} may be day/month or month/day: pass --date-order dmy or mdy"
            raise TwoReadings(tr(why, cell))
        try:
            return spec.read(cell, told, in_sheet=True)
        except TwoReadings as error:
            raise TwoReadings(tr("{}, or pass --decimal , or --decimal .", error)) from None

    def _read_items(self, spec: Field, cell: Raw, column: str) -> Raw:
        """A list that came as JSON: each item as people may write it, or as files have it."""
        if not (spec.kind.is_joined and isinstance(cell, list)):
            return cell
        items: list[Raw] = []
        if spec.kind.is_sorted and not spec.kind.is_choice:  # whose commas part nothing here
            return [*sorted({i.strip() for i in cell if isinstance(i, str) and i.strip()})]
        for item in cell:
            more = item if isinstance(item, dict) else {}
            text = more.get("value") if more else item
            found = item
            if isinstance(text, str):
                found = self.read(spec, text, exact=False, column=column)
            for one in found if isinstance(found, list) else [found]:
                kept = {key: value for key, value in more.items() if key != "value"}
                items.append({**one, **kept} if isinstance(one, dict) else one)
        return items

    def _read_owner(self, spec: Field, cell: str, *, exact: bool) -> Raw:
        """A user's id; the text of somebody who is no user is kept, and counted."""
        cell = self._owners.get(fold(cell), cell)
        try:
            owner = str(self._read_input(spec, cell))
        except ValueError:
            owner = cell
        if owner in self.ctx.users:
            return owner
        self.unknown_owners[owner] += 1
        return cell if exact else owner

    def _read_listed(self, spec: Field, cell: str) -> Raw:
        """A value of a directory: by id, by label, or by what another CRM calls a source."""
        try:
            return self._read_input(spec, cell)
        except ValueError:
            known = self.ctx.directories.get(spec.directory, {})
            other = self._sources.get(fold(cell), ()) if spec.directory == "sources" else ()
            for entry in other:
                if entry in known:
                    return entry
            if says_nothing(spec, "", cell, may_answer=False):
                return ""
            raise


def is_minor(spec: Field) -> bool:
    """Whether a record is worth having without what this field says: a phone, a birthday, a number,
    an entry of a directory.

    Not so the sum of a deal, who or whose it is, where it stands, and when it came and ended.
    """
    kind = spec.kind
    if kind.is_time:
        return spec.name not in _MAJOR_TIMES
    is_reach = kind.found_by in ("phone", "email", "site") and not kind.is_link
    is_number = kind.is_number and not kind.is_money
    is_sorted_into = bool(spec.directory) or (spec.custom and (kind.is_choice or kind is BOOL))
    return is_reach or is_number or is_sorted_into or spec.name in ("kpp", "ogrn")


def _mended(spec: Field, cell: str, country: str) -> str:
    """Digits that a spreadsheet took for a number: without `.0`, an INN with its zero in front."""
    match = _FLOAT.fullmatch(cell.strip())
    text = match[1] if match else cell
    text = whole_digits(text)
    is_short = spec.kind.may_lose_zero and country.upper() == "RU" and text.isdecimal()
    if is_short and len(text) in (9, 11):
        return f"0{text}"
    return text


def whole_digits(text: str) -> str:
    """The digits that Excel wrote as 7.7E+09; ValueError where it has left some out, or a text as it is."""
    science = _SCIENTIFIC.fullmatch(text.strip())
    if science is None:
        return text
    digits, whole = science[1] + (science[2] or ""), int(science[3]) + 1
    if len(digits.rstrip("0")) <= whole <= len(digits):
        return digits[:whole]
    why = "{!r} has lost digits in Excel: format the column as text and save the file again"
    raise ValueError(tr(why, text))
