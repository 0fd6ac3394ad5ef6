"""What an import did, in counts for people and machines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.model.values import ID_LETTERS, Raw, format_decimal
from crmcli.sales.consent.refusal_words import smells_of_consent
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.linking import Key
from crmcli.sales.imports.mapping import Column
from crmcli.sales.imports.other_rows import NOTE, TOTAL
from crmcli.sales.imports.wrong_guesses import WrongGuess
from crmcli.sales.records.stage_lookup import reason_field

SHOWN = 20
"""How many lines with two values for one field are listed."""

SAMPLE = 3
"""Rows of which a dry run shows what is read of them."""

EXAMPLES = 3
"""Different values that are shown of a kind of doubt."""

_TOLD_OTHERWISE = (
    "preset_was_asked", "apart", "reasons", "examples", "doubtful", "conflicts", "made", "columns", "filled",
    "sample", "totals", "decoded", "has_one_pipeline",
)  # fmt: skip
"""What stands in JSON in another form, or not at all."""

_OWN = re.compile(rf"'[^']*'|«[^»]*»|\"[^\"]*\"|\b[a-z]+-[{ID_LETTERS}]{{8}}\b|\b\d[\d.]*\b")
"""What a reason says of its row alone: quoted values, ids, numbers."""


@dataclass
class Totals:
    """Control sums over all rows read, whatever became of them: to compare with where they came from."""

    amounts: dict[str, Decimal] = field(default_factory=dict)
    stages: Counter[str] = field(default_factory=Counter)
    phones: set[str] = field(default_factory=set)
    repeated_phones: int = 0
    multiline_rows: int = 0

    def add(self, draft: Draft, keys: Iterable[Key], currency: str) -> None:
        """Count one row; `keys` is what it is known by."""
        phones = [text for kind, text in keys if kind == "phone"]
        if draft.values.get("stage"):
            self.stages[str(draft.values["stage"])] += 1
        amount = draft.values.get("amount")
        if isinstance(amount, str) and amount:
            code = str(draft.values.get("currency") or currency)
            self.amounts[code] = self.amounts.get(code, Decimal(0)) + _decimal(amount)
        self.repeated_phones += any(phone in self.phones for phone in phones)
        self.phones.update(phones)
        cells = draft.row.cells
        self.multiline_rows += any(isinstance(c, str) and "\n" in c.strip() for c in cells)

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
class Doubtful:
    """Values of one column that did not fit for one reason: how many, and some that differ."""

    values: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Summary:
    """What an import has to say.

    `becomes` is what rows became where that is no `entity`.
    `completed` are stubs whose own row came now, `kept` values that merging did not overwrite, `repeating`
    rows created though they repeat a record, `unchanged` rows that say what their record has, `apart` the
    line, the record and what they share of rows that contradict it, `known` the same of
    rows that may be it, `before` rows taken by the interrupted import `resumed`, `other_rows` the lines of
    those that are no records, by kind, `notes` their texts,
    `decoded` the first rows as they were read, `skipped_above` the texts of the rows above the header.
    `refusals` are rows that refuse, by column, `refusals_added` those of rows that were skipped,
    `refusals_kept` records that refuse what their row allows, `unheard` cells that read like refusals and are
    none. `undated_ends` are new records that came in as over without a day of that.
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
    becomes: str = ""
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
    unchanged: int = 0
    apart: list[tuple[int, str, str]] = field(default_factory=list)
    known: list[tuple[int, str, str]] = field(default_factory=list)
    kept: int = 0
    dangling_links: int = 0
    foreign_ids: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    doubtful: dict[tuple[str, str], Doubtful] = field(default_factory=dict)
    short_rows: list[int] = field(default_factory=list)
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    made: Mapping[str, int] = field(default_factory=dict)
    unknown_owners: Mapping[str, int] = field(default_factory=dict)
    unknown_values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    created_values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown_stages: Mapping[str, int] = field(default_factory=dict)
    unknown_pipelines: Mapping[str, int] = field(default_factory=dict)
    has_one_pipeline: bool = False
    unused_stages: Sequence[str] = ()
    unused_values: Sequence[str] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)
    unheard: Mapping[str, int] = field(default_factory=dict)
    refusals_added: int = 0
    refusals_kept: int = 0
    refusals_lifted: int = 0
    undated_ends: int = 0
    losses_without_reason: int = 0
    columns: Sequence[Column] = ()
    filled: Mapping[str, int] = field(default_factory=dict)
    sample: list[Mapping[str, Raw]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    rejects: str = ""
    other_rows: dict[str, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    decoded: list[Sequence[Raw]] = field(default_factory=list)
    header_line: int = 0
    skipped_above: Sequence[str] = ()
    wrong_guesses: Sequence[WrongGuess] = ()

    @property
    def total_rows(self) -> Sequence[int]:
        """The lines of rows with totals."""
        return self.other_rows.get(TOTAL, [])

    @property
    def taken(self) -> int:
        """How many rows went into the base."""
        return self.created + self.merged + self.replaced + self.completed

    def counts(self) -> Counter[str]:
        """What becomes of rows, as the timeline keeps it."""
        changed = self.taken - self.created
        found = {"created": self.created, "changed": changed}
        return Counter({**found, "skipped": self.skipped, "rejected": self.rejected})

    def note_read(self, draft: Draft, keys: Iterable[Key], currency: str) -> None:
        """Take down what a row says, whatever becomes of it."""
        self.totals.add(draft, keys, currency)
        if len(self.sample) < SAMPLE:
            self.sample.append({**draft.values, **draft.unknown})
            self.decoded.append(draft.row.cells)

    def note_other(self, draft: Draft) -> None:
        """Take down a row that is no record."""
        self.other_rows.setdefault(draft.is_other, []).append(draft.row.line)
        if draft.is_other == NOTE:
            self.notes.append(" ".join(filter(None, map(str, draft.row.cells))))

    def count_reason(self, column: str, reason: str) -> None:
        """Count why a row is rejected; reasons that differ only in values or ids are one."""
        key = (column, _OWN.sub("…", reason).partition(";")[0])
        self.reasons[key] += 1
        self.examples.setdefault(key, reason)

    def count_apart(self, draft: Draft, others: Mapping[str, str]) -> None:
        """Take down a row that shares something with another record and is a record of its own."""
        record_id, fact = next(iter(others.items()))
        self.apart.append((draft.row.line, record_id, fact))

    def count_known(self, draft: Draft, known: Mapping[str, str]) -> None:
        """Take down a row that was taken though its record may be there already."""
        record_id, fact = next(iter(known.items()))
        self.known.append((draft.row.line, record_id, fact))

    def note_end(self, draft: Draft, *, is_lost: bool) -> None:
        """Take down of a new record that came in as over what its row does not say of that."""
        self.undated_ends += "closed_at" not in draft.values
        self.losses_without_reason += is_lost and not draft.values.get(reason_field(self.entity))

    def note_doubts(self, draft: Draft) -> None:
        """Take down what of a row that was taken is doubtful."""
        if draft.row.is_short:
            self.short_rows.append(draft.row.line)
        for doubt in draft.doubts:
            key = (doubt.column, _OWN.sub("…", doubt.reason).partition(";")[0])
            found = self.doubtful.setdefault(key, Doubtful())
            found.values += 1
            if len(found.examples) < EXAMPLES and doubt.text not in found.examples:
                found.examples.append(doubt.text)

    @property
    def unmapped(self) -> dict[str, int]:
        """The columns that go nowhere though nobody said so, with how many cells hold something.

        Those that may be about consent stand first.
        """
        lost = [c.label for c in self.columns if c.target is None and not c.ignored]
        lost.sort(key=smells_of_consent, reverse=True)
        return {label: self.filled.get(label, 0) for label in lost}

    @property
    def about_consent(self) -> dict[str, int]:
        """Those of them that may be about consent and hold something."""
        return {label: n for label, n in self.unmapped.items() if n and smells_of_consent(label)}

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the keys are stable."""
        return {
            **{
                f.name: getattr(self, f.name) for f in fields(self) if f.name not in _TOLD_OTHERWISE
            },
            "unmapped": self.unmapped,
            "total_rows": self.total_rows,
            "companies_created": self.made.get("company", 0),
            "contacts_created": self.made.get("contact", 0),
            "reasons": [
                {"column": column, "reason": self.examples[column, reason], "rows": rows}
                for (column, reason), rows in self.reasons.most_common()
            ],
            "doubtful": [
                {"column": column, "reason": reason, "values": f.values, "examples": f.examples}
                for (column, reason), f in self.doubtful.items()
            ],
            "columns": [
                {"column": c.label, "field": str(c.target), "filled": self.filled.get(c.label, 0)}
                for c in self.columns
                if c.target
            ],
            "wrong_guesses": [guess._asdict() for guess in self.wrong_guesses],
            "about_consent": self.about_consent,
            "ignored": [column.label for column in self.columns if column.ignored],
            "conflicts": [{"line": line, "column": c} for line, c in self.conflicts[:SHOWN]],
            "conflicting": len(self.conflicts),
            "apart": [
                {"line": line, "record": record, "same": fact}
                for line, record, fact in self.apart[:SHOWN]
            ],
            "told_apart": len(self.apart),
            "known": [
                {"line": line, "record": record, "same": fact}
                for line, record, fact in self.known[:SHOWN]
            ],
            "may_be_known": len(self.known),
            "read": self.totals.as_dict(),
            "sample": self.sample if self.dry_run else [],
        }
