"""data/blocklist.csv: one block a line, sorted, so that git shows and merges it well."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from crmcli.errors import InvalidData, Problem
from crmcli.formats.csv import csv_line
from crmcli.language import tr
from crmcli.model.block_list import Block, BlockList, read_what
from crmcli.model.values import parse_date
from crmcli.store.layout import BLOCKLIST

HEADER = ("what", "reason", "on", "by")


class BlockListDamaged(InvalidData):
    """The block list cannot be read; taking in what it may forbid would be wrong."""


def read_blocklist(data: bytes, country: str) -> BlockList:
    """Read the block list; addresses and numbers may be in any spelling. BlockListDamaged lists bad lines."""
    blocks: dict[str, Block] = {}
    problems: list[Problem] = []
    try:
        rows = csv.reader(data.decode("utf-8-sig").splitlines(), strict=True)
        for row in rows:
            if not row or row[0].strip().lower() == HEADER[0]:
                continue
            try:
                block = _block(row, country)
                blocks.setdefault(block.what, block)
            except ValueError as error:
                problems.append(Problem(BLOCKLIST, rows.line_num, str(error)))
    except (csv.Error, UnicodeDecodeError) as error:
        problems.append(Problem(BLOCKLIST, 0, tr("not CSV in UTF-8: {}", error)))
    if problems:
        raise BlockListDamaged(
            str(problems[0]), tr("fix {}, or restore it from git", BLOCKLIST), problems
        )
    return BlockList(sorted(blocks.values(), key=lambda block: block.what))


def _block(row: list[str], country: str) -> Block:
    if row[0].startswith(("<<<<<<<", "=======", ">>>>>>>")):
        raise ValueError("unresolved merge conflict: keep the lines of both sides")
    if len(row) > len(HEADER):
        raise ValueError(tr("{} cells instead of {}", len(row), ", ".join(HEADER)))
    what, reason, on, by = (*row, *("",) * (len(HEADER) - len(row)))
    return Block(read_what(what, country), reason, parse_date(on) if on else None, by)


def blocklist_text(blocks: Iterable[Block]) -> bytes:
    """The block list as its file has it."""
    lines = [csv_line(HEADER)]
    for block in sorted(blocks, key=lambda block: block.what):
        on = block.on.isoformat() if block.on else ""
        lines.append(csv_line((block.what, block.reason, on, block.by)))
    return "".join(lines).encode()
