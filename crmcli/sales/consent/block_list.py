"""The block list: adding to it, taking from it, and asking it at every intake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from crmcli.errors import BadUsage, InvalidData, NotFound, Problem, Refused
from crmcli.language import tr
from crmcli.model.block_list import Block, BlockList, read_what
from crmcli.model.values import Email, Phone, parse_date
from crmcli.store.layout import BLOCKLIST

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.workspace import Change, Workspace

HEADER = ("what", "reason", "on", "by")
"""Of data/blocklist.csv: one block a line, sorted, so that git shows and merges it well."""


class Blocked(Refused):
    """An address, its domain or a phone stands on the block list."""


class BlockListDamaged(InvalidData):
    """The block list cannot be read; taking in what it may forbid would be wrong."""


def blocklist(ws: Workspace) -> BlockList:
    """The block list as it stands now, in any spelling; BlockListDamaged lists bad lines.

    An intake of many asks for it once.
    """
    import csv

    data = ws.file(BLOCKLIST) or b""
    blocks: dict[str, Block] = {}
    problems: list[Problem] = []
    try:
        rows = csv.reader(data.decode("utf-8-sig").splitlines(), strict=True)
        for row in rows:
            if not row or row[0].strip().lower() == HEADER[0]:
                continue
            try:
                block = _block(row, ws.settings.phone_country)
                blocks.setdefault(block.what, block)
            except ValueError as error:
                problems.append(Problem(BLOCKLIST, rows.line_num, str(error)))
    except (csv.Error, UnicodeDecodeError) as error:
        problems.append(Problem(BLOCKLIST, 0, tr("not CSV in UTF-8: {}", error)))
    if problems:
        hint = tr("fix {}, or restore it from git", BLOCKLIST)
        raise BlockListDamaged(str(problems[0]), hint, problems)
    return BlockList(sorted(blocks.values(), key=lambda block: block.what))


def stops(blocks: BlockList, record: Record) -> Block | None:
    """The block that a record falls under by its e-mails or phones; None if it is welcome."""
    if not blocks.blocks:
        return None
    emails = cast("Sequence[Email]", getattr(record, "emails", ()))
    phones = cast("Sequence[Phone]", getattr(record, "phones", ()))
    return blocks.stops([e.value for e in emails], [p.value for p in phones])


def check_welcome(ws: Workspace, record: Record, blocks: BlockList | None = None) -> None:
    """Blocked if the block list keeps a record out; `blocks` is the list if it was read before."""
    if not getattr(record, "emails", ()) and not getattr(record, "phones", ()):
        return
    block = stops(blocks or blocklist(ws), record)
    if block is not None:
        hint = tr("add --anyway, or unblock it: crm block rm {}", block.what)
        raise Blocked(tr("{} is on the block list", block), hint)


def add(ws: Workspace, texts: Sequence[str], reason: str = "") -> list[Block]:
    """Put addresses, domains or phones on the list; returns those that were not there yet."""
    with ws.change("block add") as change:
        return add_in(change, ws, texts, reason, ws.user)


def add_in(
    change: Change, ws: Workspace, texts: Sequence[str], reason: str, by: str
) -> list[Block]:
    """The same within an open change, for who puts them there."""
    words = dict.fromkeys(_word(ws, text) for text in texts)
    known = blocklist(ws)
    found = [Block(word, " ".join(reason.split()), ws.today, by) for word in words]
    new = [block for block in found if block.what not in known.blocks]
    if new:
        change.rewrite(BLOCKLIST, blocklist_text([*known.blocks.values(), *new]))
    return new


def remove(ws: Workspace, texts: Sequence[str]) -> list[Block]:
    """Take addresses, domains or phones off the list, all or none; NotFound for one that is not there."""
    with ws.change("block rm") as change:
        known = blocklist(ws)
        for word in (_word(ws, text) for text in texts):
            if word not in known.blocks:
                above = known.stops([word]) if "@" in word else None
                hint = tr("its domain is: {}", above.what) if above else "see crm block list"
                raise NotFound(tr("{} is not on the block list", word), hint)
        return remove_in(change, ws, texts)


def remove_in(change: Change, ws: Workspace, texts: Sequence[str]) -> list[Block]:
    """Take those off the list that stand there, within an open change."""
    words = dict.fromkeys(_word(ws, text) for text in texts)
    known = blocklist(ws)
    gone = [known.blocks[word] for word in words if word in known.blocks]
    if gone:
        left = [block for what, block in known.blocks.items() if what not in words]
        change.rewrite(BLOCKLIST, blocklist_text(left))
    return gone


def _word(ws: Workspace, text: str) -> str:
    try:
        return read_what(text, ws.settings.phone_country)
    except ValueError as error:
        raise BadUsage(str(error), "e.g. spam@example.ru, example.ru or +79161234567") from None


def _block(row: list[str], country: str) -> Block:
    if row[0].startswith(("<<<<<<<", "=======", ">>>>>>>")):
        raise ValueError("unresolved merge conflict: keep the lines of both sides")
    if len(row) > len(HEADER):
        raise ValueError(tr("{} cells instead of {}", len(row), ", ".join(HEADER)))
    what, reason, on, by = (*row, *("",) * (len(HEADER) - len(row)))
    return Block(read_what(what, country), reason, parse_date(on) if on else None, by)


def blocklist_text(blocks: Iterable[Block]) -> bytes:
    """The block list as its file has it."""
    from crmcli.formats.csv import csv_line

    lines = [csv_line(HEADER)]
    for block in sorted(blocks, key=lambda block: block.what):
        on = block.on.isoformat() if block.on else ""
        lines.append(csv_line((block.what, block.reason, on, block.by)))
    return "".join(lines).encode()
