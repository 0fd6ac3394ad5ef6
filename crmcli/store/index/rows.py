"""From a raw record to what the index keeps of it: keys by column, items of lists, text to search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from crmcli.matching.likeness import likeness_keys
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import BadValues
from crmcli.model.kinds import Field, Key, Kind
from crmcli.model.spelling import Alphabet, searchable
from crmcli.model.values import Raw, fold
from crmcli.store.index.columns import AS_GIVEN, LIKENESS, Columns
from crmcli.store.index.fulltext import TEXTS
from crmcli.store.index.tables import text_of

_NEVER = "9999"  # sorts after every instant

Cell: TypeAlias = "str | float | None"


class Row(NamedTuple):
    """A record as the index keeps it; `cells` are in the order of the entity's table, `made` first."""

    cells: list[Cell]
    items: list[tuple[int, Key]]
    texts: list[str]
    strange: list[str]
    """The keys that nobody declared."""


class _Spelled(NamedTuple):
    """A text as it is compared, as it is searched, and what stands for it in an ordered list."""

    folded: str
    searched: str
    order: str | None


class _Place(NamedTuple):
    """Where the keys of a field go: a slot of the cells (-1 for a list), the number of its list,
    of its numbers as given and of each part of a map (0 for none), the search column (-1 for none).
    If it `is_sorted`, the next slot is for the key of its order."""

    kind: Kind
    slot: int
    is_sorted: bool
    number: int
    given: int
    text: int
    parts: tuple[tuple[Field, int], ...]


class Reader:
    """Reads raw records of one schema; what it knows of each field is worked out once."""

    def __init__(self, columns: Columns) -> None:
        self._country = columns.country
        self.schema = columns.schema
        self._alphabet = Alphabet(columns.country)
        # owners, stages, sources and first names come again
        self._spelled = lru_cache(maxsize=4096)(self._spell)
        self._places: dict[str, dict[str, _Place]] = {}
        self._width: dict[str, int] = {}
        self._made: dict[str, int] = {}
        self._likeness: dict[str, int] = {}
        for entity in ENTITIES:
            slots = {}
            width = 1
            for name, column in columns.columns(entity).items():
                slots[name] = width
                width += len(column.cells)
            self._width[entity] = width
            self._made[entity] = slots["created_at"]
            self._likeness[entity] = columns.list_number(entity, LIKENESS)
            self._places[entity] = {
                field.name: _place(entity, field, slots.get(field.name, -1), columns)
                for field in columns.schema.fields(entity)
            }

    def read(self, entity: str, raw: Mapping[str, Raw]) -> Row:
        """Type a raw record; BadValues with every field that does not fit its kind."""
        row = Row([None] * self._width[entity], [], [""] * len(TEXTS), [])
        places = self._places[entity]
        faults: list[tuple[str, str]] = []
        for name, value in raw.items():
            place = places.get(name)
            if place is None:
                row.strange.append(name)  # it stays in the raw record
                continue
            try:
                if place.kind.is_folded:
                    self._take_text(place, value, row)
                else:
                    self._take(place, value, row)
            except ValueError as error:
                faults.append((name, str(error)))
        if faults:
            raise BadValues(faults)
        row.cells[0] = row.cells[self._made[entity]] or _NEVER
        if number := self._likeness[entity]:
            row.items.extend([(number, key) for key in self._names(entity, raw)])
        return row

    def _names(self, entity: str, raw: Mapping[str, Raw]) -> Iterator[str]:
        """By what the name is found in any spelling."""

        def text(name: str) -> str:
            value = raw.get(name, "")
            return self._spelled(value).folded if value and isinstance(value, str) else ""

        places = self._places[entity]
        is_firm, is_titled = "legal_name" in places, "company_name" in places
        return likeness_keys(text, is_firm=is_firm, is_titled=is_titled)

    def _take_text(self, place: _Place, raw: Raw, row: Row) -> None:
        """The short way for the kinds whose key is their folded text."""
        if not isinstance(raw, str):
            raise ValueError("must be a single value, not a list or a map")
        spelled = self._spell(raw) if place.kind.is_long else self._spelled(raw)
        if spelled.folded:
            row.cells[place.slot] = spelled.folded
            if place.is_sorted:
                row.cells[place.slot + 1] = spelled.order
            if place.text >= 0:
                _add_text(row, place.text, spelled.searched)

    def _spell(self, raw: str) -> _Spelled:
        folded = fold(raw)
        return _Spelled(folded, searchable(folded), self._alphabet.key(folded))

    def _take(self, place: _Place, raw: Raw, row: Row) -> None:
        found: Sequence[Key] | None = place.kind.shortcut(raw)
        if found is None:
            found = self._take_with_care(place, raw, row)
        if place.slot < 0:
            row.items.extend([(place.number, key) for key in found])
        elif found:
            row.cells[place.slot] = found[0]
            if place.kind.is_money:
                row.cells[place.slot + 1] = int(Decimal(str(raw)) * 100)  # it has two decimals
        if place.text >= 0:
            for key in found:
                _add_text(row, place.text, searchable(str(key)))

    def _take_with_care(self, place: _Place, raw: Raw, row: Row) -> Sequence[Key]:
        """The keys of any value; besides, the parts of a map and phones that are no E.164."""
        value: Any = place.kind.parse(raw)
        for part, number in place.parts:
            part_keys = part.kind.keys(value.get(part.name))
            row.items.extend([(number, key) for key in part_keys])
        if place.given and value:
            for phone in value if isinstance(value, tuple) else (value,):
                self._take_as_given(place, str(getattr(phone, "value", phone)), row)
        return place.kind.keys(value)

    def _take_as_given(self, place: _Place, number: str, row: Row) -> None:
        """A number that does not stand there as E.164 is found by what it would be, too."""
        if number[:1] == "+" and number[1:].isdecimal():
            return
        from crmcli.model.phones import key as phone_key

        key = phone_key(number, self._country)
        if key:
            row.items.append((place.given, key))
            _add_text(row, place.text, key)


def _place(entity: str, field: Field, slot: int, columns: Columns) -> _Place:
    text = text_of(field)
    return _Place(
        field.kind,
        slot,
        slot >= 0 and columns.columns(entity)[field.name].order != "",
        columns.list_number(entity, field.name),
        columns.list_number(entity, field.name + AS_GIVEN) if field.kind.is_phone else 0,
        TEXTS.index(text) if text else -1,
        tuple(
            (part, columns.list_number(entity, f"{field.name}.{name}"))
            for name, part in field.kind.parts.items()
        ),
    )


def _add_text(row: Row, text: int, more: str) -> None:
    known = row.texts[text]
    if not known:
        row.texts[text] = more
    elif more not in known:  # a first name mostly stands in the name already
        row.texts[text] = f"{known} · {more}"
