"""Where the table of a file begins: its header is known by its words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import TypeAlias

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage
from crmcli.formats.csv import Table
from crmcli.formats.encodings import TableUnreadable
from crmcli.formats.xlsx import Workbook
from crmcli.language import tr
from crmcli.model.spelling import header_key
from crmcli.sales.imports.mapping import GROUPED, Vocabularies
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.sources import Source

LOOKED_AT = 40
"""Filled rows at the top of a file among which its header must stand."""

Sheet: TypeAlias = "Table | Workbook"

_VALUE = re.compile(r"\S+@\S+|https?:\S+|[\d\s.,:+()/-]*\d[\d\s.,:+()/-]*")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that may be the header: its own words less its values, and those with what stands above."""

    sheet: Sheet
    filled: int
    own: int
    all: int


def at_header(
    source: Source, words: Vocabularies, wanted: ImportOptions
) -> tuple[Source, Sequence[str]]:
    """The table with its header in the line that was said, or else in the row that has most words of one,
    and what stands above it.

    Of a workbook whose sheet was not said the first is taken that has a header. BadUsage if there is no
    such line.
    """
    if not isinstance(source, Table | Workbook):
        if wanted.header_row:
            raise BadUsage("only CSV and workbooks have a header", "leave out --header-row")
        return source, ()
    if wanted.header_row:
        found = _in_line(source, wanted.header_row)
    else:
        source, found = _in_best_sheet(source, words, wanted.columns)
    upper = (s for s in source.beginnings(LOOKED_AT) if s.first_line < found.first_line)
    return found, [" ".join(filter(None, sheet.header)) for sheet in upper]


def _in_best_sheet(
    source: Sheet, words: Vocabularies, named: Collection[str]
) -> tuple[Sheet, Sheet]:
    """The first sheet in which words of a header stand, and the same begun there."""
    found, count = _best(source, words, named)
    if count or not isinstance(source, Workbook):
        return source, found
    for name in source.others:
        with suppress(TableUnreadable):  # it is empty
            other = source.turned_to(name)
            there, count = _best(other, words, named)
            if count > 1:
                return other, there
    return source, found


def _in_line(source: Sheet, line: int) -> Sheet:
    for sheet in _with_captions(source, line):
        if sheet.first_line == line:
            return sheet
    raise BadUsage(
        tr("{} has no header in line {}", source.name, line), "give the number of a filled line"
    )


def _best(source: Sheet, words: Vocabularies, named: Collection[str]) -> tuple[Sheet, int]:
    """The row that has most words, and how many; without any the first of several cells."""
    told = {header_key(name) for name in named}

    def count(labels: Sequence[str]) -> int:
        known = words.of(labels)
        found = sum(bool(label) and known.find(label) is not None for label in labels)
        return found + 2 * sum(header_key(label) in told for label in labels if label)

    rows: list[_Row] = []
    beginnings: Iterator[Sheet] = source.beginnings(LOOKED_AT)
    for plain, sheet in zip(beginnings, _with_captions(source), strict=True):
        cells = [cell for cell in plain.header if cell]
        own = count(plain.header) - sum(bool(_VALUE.fullmatch(cell)) for cell in cells)
        rows.append(_Row(sheet, len(cells), own, count(sheet.header) if own > 1 else own))
    best = next((row for row in rows if row.filled > 1), rows[0])
    for number, row in enumerate(rows):
        is_lonely = row.own == row.filled == 1 and all(r.filled == 1 for r in rows[:number])
        if row.all > best.all and (row.own > 1 or is_lonely):
            best = row
    return best.sheet, max(best.all, 0)


def _with_captions(source: Sheet, last: int = 0) -> Iterator[Sheet]:
    """The beginnings, each with its nameless columns called by the captions of groups above it.

    Columns that are called alike in different groups are told apart: `Client / Phone`.
    """
    captions: Sequence[str] = ()
    line = 0
    beginnings: Iterator[Sheet] = source.beginnings(last or LOOKED_AT)
    for sheet in beginnings:
        if sheet.first_line == line + 1 and sum(map(bool, captions)) > 1:
            yield replace(sheet, header=_grouped(sheet.header, captions))
        else:
            yield sheet
        captions, line = sheet.header, sheet.first_line


def _grouped(header: Sequence[str], captions: Sequence[str]) -> tuple[str, ...]:
    groups: list[str] = []
    for caption in captions:  # stands in the first column of its group
        groups.append(caption or (groups[-1] if groups else ""))
    groups += groups[-1:] * (len(header) - len(groups))
    of_name: dict[str, set[str]] = {}
    for own, group in zip(header, groups, strict=False):
        if own:
            of_name.setdefault(header_key(own), set()).add(group)
    alike = {group for of in of_name.values() if len(of) > 1 for group in of}
    return tuple(
        f"{group}{GROUPED}{own}" if own and group in alike - {""} else own or caption
        for own, caption, group in zip_longest(header, captions, groups, fillvalue="")
    )
