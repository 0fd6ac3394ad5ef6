"""Guesses that the rows of a file disprove: a column `CONVERTED` that says Yes or No holds no dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from crmcli.dataclass import replace
from crmcli.model.kinds import Field, kind_of
from crmcli.model.values import Raw, TwoReadings
from crmcli.sales.imports.blank_cells import says_nothing
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.mapping import EXTRAS, Column, Vocabulary, is_stage_date
from crmcli.sales.imports.said_values import SaidValues
from crmcli.sales.imports.sources import Source

LOOKED_AT = 1000
"""Rows by which a guess is judged."""

NEARLY_ALL = 0.9
EXAMPLES = 3
_DIGITS_OF_A_TIME = 3
_FLAGS = ("0", "1")
_STAGE_AT = Field("stage_at", kind_of("happened"))


class WrongGuess(NamedTuple):
    """A column whose name means a field that its values cannot be of, and some of them."""

    column: str
    field: str
    examples: Sequence[str]


def without_wrong(
    columns: Sequence[Column],
    source: Source,
    vocabulary: Vocabulary,
    cells: CellReader,
    said: SaidValues,
    named: Sequence[str],
) -> tuple[tuple[Column, ...], list[WrongGuess]]:
    """The columns, where wrong guesses go nowhere, and those. `named` were mapped by hand and stay.

    A value of the right kind that only cannot be read disproves nothing: it is told with its row. Nor do
    the rows of a rejects file.
    """
    found: list[WrongGuess] = []
    kept = list(columns)
    if any(column.label in EXTRAS for column in columns):
        return tuple(columns), found
    rows = [row for row in islice(source.rows(), LOOKED_AT) if not row.fault]
    for place, column in enumerate(columns):
        spec = _spec(column, vocabulary)
        if spec is None or column.label in named:
            continue
        texts = [_text(said, column, row.cells[place]) for row in rows]
        strange = [*_strange(spec, column, texts, cells)]
        filled = sum(bool(text) and not _is_empty(spec, text) for text in texts)
        if strange and len(strange) >= filled * NEARLY_ALL:
            examples = [*dict.fromkeys(strange)][:EXAMPLES]
            found.append(WrongGuess(column.label, str(column.target), examples))
            kept[place] = replace(column, target=None)
    return tuple(kept), found


def _text(said: SaidValues, column: Column, cell: Raw) -> Raw:
    """A cell as it will be read; what is not of the form that dates are said to have is told with its row."""
    try:
        return said.cell(column.target, cell)
    except ValueError:
        return ""


def _spec(column: Column, vocabulary: Vocabulary) -> Field | None:
    """The field of a column whose values are of a kind that can be told: a time, a number, a map."""
    target = column.target
    if target is None:
        return None
    if is_stage_date(target):
        return _STAGE_AT
    spec = vocabulary.fields.get(target.field)
    if spec is None or target.part or spec.directory or spec.kind.is_choice or spec.is_many:
        return None
    kind = spec.kind
    is_told = kind.is_time or kind.is_number or kind.is_digits or kind.is_map
    return spec if is_told and not kind.is_spread else None


def _is_empty(spec: Field, text: object) -> bool:
    return isinstance(text, str) and says_nothing(spec, "", text, may_answer=False)


def _strange(
    spec: Field, column: Column, texts: Sequence[object], cells: CellReader
) -> Iterator[str]:
    """The values that are of another kind than the field, and cost their rows."""
    for text in texts:
        if not isinstance(text, str) or not text or _is_empty(spec, text):
            continue
        digits = sum(letter.isdecimal() for letter in text)
        if spec.kind.is_time and text.strip() in _FLAGS:
            yield text
        elif spec.kind.is_map or digits < (_DIGITS_OF_A_TIME if spec.kind.is_time else 1):
            try:
                cells.read(spec, text, exact=False, column=column.label)
            except TwoReadings:
                continue
            except ValueError:
                yield text
    cells.doubts.clear()
