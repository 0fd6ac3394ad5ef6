"""What an import did, in counts for people and machines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.model.values import ID_LETTERS, Raw, format_decimal
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.mapping import Column

SHOWN = 20
"""How many lines with two values for one field are listed."""

_OWN = re.compile(rf"'[^']*'|\"[^\"]*\"|\b[a-z]+-[{ID_LETTERS}]{{8}}\b")
"""What a reason says of its row alone: quoted values, ids."""


@dataclass
class Totals:
    """Control sums over all rows read, whatever became of them: to compare with where they came from."""

    amounts: dict[str, Decimal] = field(default_factory=dict)
    stages: Counter[str] = field(default_factory=Counter)
    phones: set[str] = field(default_factory=set)
    repeated_phones: int = 0
    multiline_rows: int = 0

    def add(self, draft: Draft, phones: Sequence[str], currency: str) -> None:
        """Count one row; `phones` are the keys of its numbers."""
        if draft.values.get("stage"):
            self.stages[str(draft.values["stage"])] += 1
        amount = draft.values.get("amount")
        if isinstance(amount, str) and amount:
            code = str(draft.values.get("currency") or currency)
            self.amounts[code] = self.amounts.get(code, Decimal(0)) + _decimal(amount)
        self.repeated_phones += any(phone in self.phones for phone in phones)
        self.phones.update(phones)
        self.multiline_rows += any(isinstance(c, str) and "\n" in c.strip() for c in draft.cells)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "amounts": {code: format_decimal(total) for code, total in self.amounts.items()},
            "stages": dict(self.stages),
            "phones": len(self.phones),
            "repeated_phones": self.repeated_phones,
            "multiline_rows": self.multiline_rows,
        }


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)  # the row is rejected for it


@dataclass
class Summary:
    """What an import has to say.

    `completed` are stubs whose own row came now, `kept` values that merging did not overwrite, `repeating`
    rows created though they repeat a record, `before` rows taken by the interrupted import `resumed`,
    `total_rows` the lines of summary rows, `decoded` the first rows as they were read.
    """

    entity: str
    file: str
    encoding: str
    delimiter: str
    batch: str = ""
    dry_run: bool = False
    preset: str = ""
    preset_was_asked: bool = False
    resumed: str = ""
    rows: int = 0
    empty_rows: int = 0
    before: int = 0
    created: int = 0
    repeating: int = 0
    merged: int = 0
    replaced: int = 0
    completed: int = 0
    skipped: int = 0
    rejected: int = 0
    kept: int = 0
    dangling_links: int = 0
    foreign_ids: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    made: Mapping[str, int] = field(default_factory=dict)
    unknown_owners: Mapping[str, int] = field(default_factory=dict)
    unknown_stages: Mapping[str, int] = field(default_factory=dict)
    unused_stages: Sequence[str] = ()
    columns: Sequence[Column] = ()
    filled: Mapping[str, int] = field(default_factory=dict)
    sample: list[Mapping[str, Raw]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    rejects: str = ""
    total_rows: list[int] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    decoded: list[Sequence[Raw]] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """How many rows went into the base."""
        return self.created + self.merged + self.replaced + self.completed

    def reject(self, column: str, reason: str) -> None:
        """Count a reason; reasons that differ only in values or ids are one."""
        key = (column, _OWN.sub("…", reason).partition(";")[0])
        self.reasons[key] += 1
        self.examples.setdefault(key, reason)

    @property
    def unmapped(self) -> dict[str, int]:
        """The columns that go nowhere though nobody said so, with how many cells hold something."""
        return {
            column.label: self.filled.get(column.label, 0)
            for column in self.columns
            if column.target is None and not column.ignored
        }

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the keys are stable."""
        counts = {
            name: getattr(self, name)
            for name in (
                "rows", "empty_rows", "before", "created", "repeating", "merged", "replaced", "completed",
                "skipped", "rejected", "kept", "dangling_links", "foreign_ids",
            )
        }  # fmt: skip
        return {
            "batch": self.batch,
            "entity": self.entity,
            "dry_run": self.dry_run,
            "file": self.file,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "preset": self.preset,
            "resumed": self.resumed,
            "doubts": self.doubts,
            "total_rows": self.total_rows,
            **counts,
            "companies_created": self.made.get("company", 0),
            "contacts_created": self.made.get("contact", 0),
            "reasons": [
                {"column": column, "reason": self.examples[column, reason], "rows": rows}
                for (column, reason), rows in self.reasons.most_common()
            ],
            "columns": [
                {"column": c.label, "field": str(c.target), "filled": self.filled.get(c.label, 0)}
                for c in self.columns
                if c.target
            ],
            "unmapped": self.unmapped,
            "ignored": [column.label for column in self.columns if column.ignored],
            "unknown_owners": dict(self.unknown_owners),
            "unknown_stages": dict(self.unknown_stages),
            "unused_stages": list(self.unused_stages),
            "conflicts": [{"line": line, "column": c} for line, c in self.conflicts[:SHOWN]],
            "conflicting": len(self.conflicts),
            "read": self.totals.as_dict(),
            "sample": self.sample if self.dry_run else [],
            "rejects": self.rejects,
        }
