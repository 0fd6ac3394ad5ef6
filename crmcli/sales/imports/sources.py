"""The files that an import reads: CSV, workbooks, JSON lines, vCards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from crmcli.dataclass import dataclass, replace
from crmcli.formats.csv import Table, read_table
from crmcli.formats.encodings import TableUnreadable, doubt_of_encoding, encoding_of
from crmcli.formats.jsonl import JsonLines, is_json, read_json_lines
from crmcli.formats.rows import FileRow
from crmcli.formats.vcard import Card, cards, is_vcard, read_cards
from crmcli.formats.xlsx import Workbook, is_workbook, read_workbook
from crmcli.language import tr
from crmcli.model.kinds import InputContext
from crmcli.model.schema import KEPT_CARD
from crmcli.model.values import entity_of
from crmcli.sales.exports.vcard_records import is_of_company, is_person, read_card
from crmcli.sales.imports.mapping import Column, Target, Vocabulary

_FIELDS = (
    "name", "legal_name", "salutation", "first_name", "middle_name", "last_name", "birthday", "position",
    "companies", "company_name", "phones", "emails", "urls", "handles", "address", "tags", "comment", "files",
)  # fmt: skip
"""What cards speak of."""


@dataclass(frozen=True, slots=True)
class Cards:
    """A file of vCards: a row for each, a column for each field and for the lines that no field holds.

    `entity` is what they are read as, by the rules of `ctx` for phones.
    """

    lines: Sequence[tuple[int, bytes]]
    encoding: str
    content: bytes
    entity: str = "contact"
    ctx: InputContext | None = None

    delimiter = ""
    labels = (*_FIELDS, KEPT_CARD)

    def columns(self, vocabulary: Vocabulary) -> tuple[Column, ...]:
        """Where each goes: a field of the same name, where the entity has one."""
        found = [Column(name, vocabulary.names.get(name)) for name in _FIELDS]
        return (*found, Column(KEPT_CARD, Target("unknown", KEPT_CARD)))

    def rows(self) -> Iterator[FileRow]:
        """Every card in order, those that cannot be read too."""
        for card in cards(self.lines, self.encoding):
            try:
                yield self._row(card)
            except ValueError as error:
                cells = ("",) * len(self.labels)
                yield FileRow(card.line, cells, str(error), card.source)

    def _row(self, card: Card) -> FileRow:
        assert self.ctx is not None
        if card.fault:
            raise ValueError(card.fault)
        if is_person(self.entity) and is_of_company(card):
            raise ValueError("is a company's card: crm import companies")
        if not is_person(self.entity) and not is_of_company(card):
            raise ValueError("is a person's card: crm import contacts")
        values, files = read_card(card, self.entity, self.ctx)
        cells = tuple(values.get(label, "") for label in self.labels)
        return FileRow(card.line, cells, "", card.source, files)


Source: TypeAlias = "Table | JsonLines | Workbook | Cards"
"""A file of rows that can be read from the beginning as often as is wanted."""


_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table|head|meta|\?xml)\b", re.IGNORECASE
)
SAMPLE = 100_000
"""Letters by which it is told whether a text reads well."""


def open_source(
    content: bytes,
    name: str,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    languages: Collection[str] = (),
) -> Source:
    """The rows of a file, by how it begins or its name, else as CSV; `sheet` names a workbook's sheet.

    `languages` are those that a text is expected to be in; EncodingUnclear where its letters leave a doubt.
    """
    if is_workbook(content):
        return read_workbook(content, name, sheet)
    encoding = encoding or encoding_of(content, name, languages)
    if name.lower().endswith((".vcf", ".vcard")) or is_vcard(content):
        lines, known = read_cards(content, name, encoding)
        if not any(line.strip() for _, line in lines):
            hint = "cards are needed: BEGIN:VCARD … END:VCARD"
            raise TableUnreadable(tr("{} is empty", name), hint)
        return Cards(lines, known, content)
    if _PAGE.match(content):
        raise TableUnreadable(
            tr("{} is a web page, whatever its name says", name),
            "open it in a spreadsheet and save it as xlsx or CSV UTF-8",
        )
    is_named_so = name.lower().endswith((".jsonl", ".ndjson", ".json"))
    if (is_named_so or is_json(content)) and content.strip():
        return read_json_lines(content, name, encoding)
    return read_table(content, name, encoding, delimiter)


def read_as(source: Source, entity: str, ctx: InputContext) -> Source:
    """The source for one entity: cards are read as a person's or a company's."""
    if isinstance(source, Cards):
        return replace(source, entity=entity, ctx=ctx)
    return source


def digest_of(source: Source) -> str:
    """By what the same file is known again: its content, not its name."""
    if isinstance(source, Workbook):
        content = source.content + source.sheet.encode()
    elif isinstance(source, Cards):
        content = source.content
    else:
        content = source.text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]


def doubts_of(source: Source) -> list[str]:
    """What was guessed about the file and may be wrong."""
    doubts = (
        doubt_of_encoding(source.text[:SAMPLE], source.encoding)
        if isinstance(source, Table)
        else []
    )
    header = source.header if isinstance(source, Table | Workbook) else ()
    double = sorted({name for name in header if name and header.count(name) > 1})
    if double:
        doubts.append(tr("duplicate columns: {}", ", ".join(double)))
    if isinstance(source, Workbook) and source.others:
        others = ", ".join(source.others)
        doubts.append(tr("reading sheet {!r}; others (--sheet): {}", source.sheet, others))
    return doubts


def has_our_ids(source: Source, column: int) -> bool:
    """Whether that column of a file has ids of ours: files of others have captions like ours too."""
    cells = (str(row.cells[column]) for row in source.rows() if not row.fault)
    return bool(entity_of(next(filter(None, cells), "")))
