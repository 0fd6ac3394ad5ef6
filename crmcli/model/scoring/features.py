"""What of a record a score may look at: what is known before its end, and has few values or bands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.model.fields import Record
from crmcli.model.kinds import Field
from crmcli.model.kinds.numbers import Bool
from crmcli.model.schema import Schema
from crmcli.model.scoring.tables import OTHER
from crmcli.model.values import fold, parse_instant

FILLED, WEEKDAY, HOUR = "filled", "weekday", "hour"
"""Parts of a field: whether it says anything, and what of an instant people see in their zone."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AT_END = frozenset(
    ("stage", "probability", "close_by", "closed_at", "first_closed_at", "reopened", "lost_reason",
     "junk_reason", "converted", "converted_at")
)  # fmt: skip
"""What a record says only once it has ended, or what somebody guesses of that: a score that looked at it
would know the answer."""
_REASONS = ("lost_reasons", "junk_reasons")
_FILLED = ("phones", "emails", "handles", "urls", "company", "company_name", "position", "contact",
           "contacts", "lead")  # fmt: skip
_MADE = "created_at"
_FREE = ("source_detail",)
"""Texts without a list of values of which a few may come again and again; of one's own fields all."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A field, or a part of it, that a table may have."""

    field: Field
    part: str = ""

    @property
    def name(self) -> str:
        """As scores.yaml names it: source, utm.source, phones.filled, created_at.hour."""
        return f"{self.field.name}.{self.part}" if self.part else self.field.name

    @property
    def is_banded(self) -> bool:
        """Whether its keys are numbers."""
        return self.part == HOUR or (not self.part and self.field.kind.is_number)

    @property
    def is_yes_no(self) -> bool:
        """Whether its keys are yes and no."""
        return self.part == FILLED or (not self.part and isinstance(self.field.kind, Bool))

    @property
    def is_open(self) -> bool:
        """Whether anything may stand there."""
        return not (self.part or self.field.directory or self.field.choices) and (
            self.field.kind.is_free
        )

    def value(self, record: Record) -> Any:
        """What a record has there."""
        own = self.field
        found: Any = record.custom.get(own.name) if own.custom else record.get(own.name)
        return (found or {}).get(self.part, "") if own.kind.is_map else found

    def key(self, record: Record, zone: tzinfo, currency: str) -> str | float | None:
        """By what a record is grouped; None where nothing stands. Amounts in another currency are alike."""
        value = self.value(record)
        if self.part == FILLED:
            return "yes" if self.field.kind.keys(value or self.field.kind.empty) else "no"
        if value is None or value == "":
            return None
        if self.part in (WEEKDAY, HOUR):
            here = value.astimezone(zone)
            return float(here.hour) if self.part == HOUR else WEEKDAYS[here.weekday()]
        if self.is_yes_no:
            return "yes" if value else "no"
        if self.field.kind.is_money and _is_foreign(record, currency):
            return OTHER
        if self.is_banded:
            return float(value)
        kind = self.field.kind
        key = kind.parts[self.part].kind.key(value) if kind.is_map else kind.key(value)
        return None if key is None else str(key)


def _is_foreign(record: Record, currency: str) -> bool:
    return fold(str(record.get("currency") or "")) not in ("", fold(currency))


def local(instant: str | None, zone: tzinfo) -> datetime | None:
    """An instant as the index has it, in a zone."""
    return parse_instant(instant).astimezone(zone) if instant else None


def features(schema: Schema, entity: str) -> Iterator[Feature]:
    """All that a score of an entity may look at."""
    for field in schema.fields(entity):
        kind = field.kind
        if field.name in AT_END or field.directory in _REASONS or kind.listed_in == "stages":
            continue
        if field.name == _MADE:
            yield from (Feature(field, WEEKDAY), Feature(field, HOUR))
        elif field.name in _FILLED and not field.custom:
            yield Feature(field, FILLED)
        elif kind.is_map and kind.parts and not field.system:
            yield from (Feature(field, part) for part in kind.parts)
        elif not (field.system or _is_no_group(field)):
            yield Feature(field)


def _is_no_group(field: Field) -> bool:
    """Whether a field has a value of its own in each record, several, or none that can be grouped."""
    kind = field.kind
    if kind.is_number or isinstance(kind, Bool):
        return False
    is_odd = kind.is_many or kind.is_map or kind.is_link or kind.is_long or kind.is_time
    if is_odd or kind.found_by or not kind.is_folded:
        return True
    return kind.is_free and not (field.directory or field.custom or field.name in _FREE)


def feature_named(schema: Schema, entity: str, name: str) -> Feature | None:
    """The feature that a table names; None if there is none, as of a field that is gone."""
    return next((one for one in features(schema, entity) if one.name == name), None)
