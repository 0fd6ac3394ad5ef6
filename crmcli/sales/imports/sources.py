"""The files that an import reads: CSV, workbooks, JSON lines, vCards."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from crmcli.formats.csv import Table, read_table
from crmcli.formats.encoding_guess import doubt_of_encoding, likely_encoding
from crmcli.formats.encodings import TableUnreadable
from crmcli.formats.jsonl import JsonLines, read_json_lines
from crmcli.formats.vcard import is_vcard
from crmcli.formats.xlsx import Workbook, is_workbook, read_workbook
from crmcli.language import tr
from crmcli.sales.imports.vcard_rows import Cards, open_cards

if TYPE_CHECKING:
    from crmcli.model.kinds import InputContext

Source: TypeAlias = "Table | JsonLines | Workbook | Cards"
"""A file of rows that can be read from the beginning as often as is wanted."""


def open_source(
    content: bytes, name: str, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> Source:
    """The rows of a file, by how it begins or its name, else as CSV; `sheet` names a workbook's sheet."""
    if is_workbook(content):
        return read_workbook(content, name, sheet)
    if name.lower().endswith((".vcf", ".vcard")) or is_vcard(content):
        return open_cards(content, name, encoding)
    if content.lstrip()[:2] == b"[{":
        raise TableUnreadable(
            tr("{} is a single JSON list", name),
            "put each object on a line of its own: jq -c '.[]'",
        )
    is_json = name.lower().endswith((".jsonl", ".ndjson")) or content.lstrip()[:1] == b"{"
    if is_json and content.strip():
        return read_json_lines(content, name, encoding)
    table = read_table(content, name, encoding, delimiter)
    likely = "" if encoding else likely_encoding(table)
    return read_table(content, name, likely, delimiter) if likely else table


def read_as(source: Source, entity: str, ctx: InputContext) -> Source:
    """The source for one entity: cards are read as a person's or a company's."""
    if isinstance(source, Cards):
        return Cards(source.lines, source.encoding, source.content, entity, ctx)
    return source


def digest_of(source: Source) -> str:
    """By what the same file is known again: its content, not its name."""
    if isinstance(source, Workbook | Cards):
        content = source.content
    else:
        content = source.text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]


def doubts_of(source: Source) -> list[str]:
    """What was guessed about the file and may be wrong."""
    doubts = doubt_of_encoding(source) if isinstance(source, Table) else []
    header = source.header if isinstance(source, Table | Workbook) else ()
    double = sorted({name for name in header if name and header.count(name) > 1})
    if double:
        doubts.append(tr("duplicate columns: {}", ", ".join(double)))
    if isinstance(source, Workbook) and source.others:
        others = ", ".join(source.others)
        doubts.append(tr("reading sheet {!r}; others (--sheet): {}", source.sheet, others))
    return doubts
