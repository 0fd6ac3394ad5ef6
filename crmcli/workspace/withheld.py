"""Phones and e-mails that are masked are not told part by part: by conditions, order, words of a search."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.entities import having
from crmcli.model.masked_lines import BETWEEN, COMPARED, LONGEST, masked_each
from crmcli.model.masking import (
    digits_of,
    is_whole,
    plain_digits,
)
from crmcli.model.spelling import searchable
from crmcli.model.values import Raw, entity_of, fold

if TYPE_CHECKING:
    from crmcli.model.schema import Schema
    from crmcli.model.settings import Settings
    from crmcli.store.index.answers import Hit
    from crmcli.store.index.questions import Word
CLIENTS = having("client")
MOST_NAMED = 10
"""Whole numbers and addresses for which one command may ask."""
UNSEARCHED = ("id", "created_at")
_LONG = 10
"""Digits of which a whole number has no fewer."""
_ALONE = """(?<![^\\s"'«]){}(?![^\\s"'»])"""
_BETWEEN = re.compile(r"[^\w*]")
_ADDRESS = re.compile(r"[^\s,;<>]+@[^\s,;<>]+")
_DIGITS = re.compile(rf"\d(?:[\d{BETWEEN}]{{3,}}\d)")


class Clients(Protocol):
    """The opened folder, as far as clients are found by their numbers and addresses in it."""

    settings: Settings

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The records that have some of many keys: each key with an id."""

    def rows_of(
        self, record_ids: Sequence[str], *, as_left: bool = False
    ) -> Iterable[Mapping[str, Raw]]:
        """Those of these records that are there."""


class Place(Clients, Protocol):
    """The same, of which the user may see a part."""

    schema: Schema

    @property
    def house(self) -> Clients:
        """The folder as it is, whoever asks."""

    def is_seen(self, record_id: str) -> bool:
        """Whether the user sees a record."""


class Masks(Protocol):
    """What keeps from the user what is masked."""

    def shows(self, record_id: str) -> bool:
        """Whether a client may be shown in full, which counts."""

    def meets(self, rows: Collection[Mapping[str, Raw]]) -> None:
        """The numbers of clients are known by which what is asked may be answered."""

    def compared(self, text: str, place: Place) -> str:
        """A text as it may be shown, of which nobody is told that something is masked."""


def hiding(hidden: Collection[tuple[str, str]], schema: Schema) -> dict[str, list[str]]:
    """The nouns of clients whose phones or e-mails are among the fields that are hidden, with those."""
    found = {noun: [n for n in schema.contacts(noun) if (noun, n) in hidden] for noun in CLIENTS}
    return {noun: names for noun, names in found.items() if names}


class Never:
    """The clients whose numbers may be shown where a role hides these: none."""

    is_full, most, left = True, 0, 0

    def enter(self, record_id: str) -> bool:
        """Whether a client may be shown in full."""
        return False

    def knows(self, record_id: str) -> bool:
        """Whether a client is shown in full."""
        return False

    def enter_all(self, record_ids: Collection[str]) -> bool:
        """Whether all of these may be shown in full."""
        return not record_ids

    def reveal(self, record_id: str) -> None:
        """Nobody shows what a role hides."""


class HiddenContacts:
    """Clients that the user sees without their numbers or addresses, by those: the house knows them."""

    def __init__(self, place: Place) -> None:
        self.settings = place.settings
        self._place = place

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The clients that have some of many keys: each key with an id."""
        found = self._place.house.holding(kind, keys, entities)
        return [(key, record_id) for key, record_id in found if self._place.is_seen(record_id)]

    def rows_of(
        self, record_ids: Sequence[str], *, as_left: bool = False
    ) -> Iterable[Mapping[str, Raw]]:
        """Those of these clients that are there, with what is hidden."""
        return self._place.house.rows_of(record_ids, as_left=as_left)


def refusal_of_guesses(left: int) -> Refused:
    """What is said to whoever would find more clients by guessing than are left of the day's number."""
    told = tr(
        "that finds more clients than may still be found today by parts of numbers and addresses ({})",
        left,
    )
    return Refused(told, "narrow it down, or write the whole number or address")


def wholes_in(given: object) -> Iterator[str]:
    """Those that stand in what somebody typed for a field; of a longer run of digits, as many as fit."""
    for text in _texts(given):
        yield from _ADDRESS.findall(text)
        for run in _DIGITS.findall(plain_digits(_ADDRESS.sub(" ", text))):
            digits = "".join(filter(str.isdecimal, run))
            step = COMPARED if len(digits) > LONGEST else LONGEST
            yield from (digits[n : n + step] for n in range(0, len(digits), step))


def check_named(count: int) -> None:
    """Refused where so many whole numbers and addresses are named by one command."""
    if count > MOST_NAMED:
        raise Refused(
            tr(
                "phones and e-mails are masked: one command may ask for {} of them at most, not for {}",
                MOST_NAMED,
                count,
            ),
            "ask for those that you need",
        )


def found(
    place: Place, trail: Masks, hits: Sequence[Hit], text: str, rows: Iterable[Mapping[str, Raw]]
) -> list[Hit]:
    """What was found, without what was found by a part of numbers or addresses that are masked; below the
    day's number whoever is found so is shown."""
    from crmcli.store.index.questions import read_question

    raws = {str(raw["id"]): raw for raw in rows}
    trail.meets([*place.house.rows_of([*raws])])
    question = read_question(text, "")
    asked = [*question.words, *question.dialled]

    def is_told(hit: Hit) -> bool:
        raw = raws.get(hit.id, {})
        masked = partial(trail.compared, place=place)
        names = place.schema.contacts(entity_of(hit.id))
        return _is_shown(masked, hit, asked, raw, names) or trail.shows(hit.id)

    return [*filter(is_told, hits)]


def _is_shown(
    masked: Callable[[str], str],
    hit: Hit,
    asked: Sequence[Word],
    raw: Mapping[str, Raw],
    names: Sequence[str],
) -> bool:
    """Whether all that was asked for stands in what is shown of a record, or of what was said of it, or is a
    whole number or address in these fields of it. Words of talks are found by all, for not all is shown."""
    is_said = hit.field not in raw
    values = [hit.excerpt, *(() if is_said else _texts(raw))]
    shown = masked_each([" ".join(value.split()) for value in values], masked)
    shown = [searchable(fold(value)) for value in shown]
    joined = [_BETWEEN.sub("", value) for value in shown]

    def is_there(word: Word) -> bool:
        forms = (*word.spellings, *word.digits)
        if is_said and (not digits_of("".join(forms)) or any(map(_is_number, forms))):
            return True
        return (
            any(is_whole(form, raw, names) for form in forms)
            or any(spelling in value for spelling in word.spellings for value in shown)
            or any(digits in value for digits in word.digits for value in joined)
        )

    return all(map(is_there, asked))


def _is_number(form: str) -> bool:
    return len(digits_of(form)) >= _LONG and not any(map(str.isalpha, form))


def _texts(value: object) -> Iterator[str]:
    """The texts of a raw record, in which a search looks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from () if name in UNSEARCHED else _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def but_for(masked: Callable[[str], str], words: Iterable[str]) -> Callable[[str], str]:
    """How an error may be shown to whom typed these words: where they are repeated as they were typed they
    stand as they are, for a mask would tell that somebody has such a number."""
    words = [*filter(None, words)]
    quoted = [form for word in words for form in (repr(word), f"«{word}»")]
    said = [
        re.escape(text)
        for form in quoted
        for text in (form, json.dumps(form, ensure_ascii=False)[1:-1])
    ]
    said += [_ALONE.format(re.escape(word)) for word in words if may_be_whole(word)]
    typed = re.compile("|".join(sorted(said, key=len, reverse=True)) or "(?!)")

    def shown(text: str) -> str:
        pieces, end = [], 0
        for match in typed.finditer(text):
            pieces += [masked(text[end : match.start()]), match[0]]
            end = match.end()
        return "".join([*pieces, masked(text[end:])])

    return shown


def may_be_whole(word: str) -> bool:
    """Whether a word holds a whole number or an address: less might stand within somebody's."""
    return "@" in word or len(digits_of(word)) >= _LONG
