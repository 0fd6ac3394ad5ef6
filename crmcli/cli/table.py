"""Text on a terminal: messages in lines, and rows of cells as aligned columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from crmcli.language import tr
from crmcli.present.text_width import cut, fold, width, wrap

if TYPE_CHECKING:  # help, which lays out texts here, needs no columns
    from crmcli.present.cells import Column

Paint: TypeAlias = Callable[[int, int, str], str]
GAP = "  "
LEAST_OF_IDS = 12
"""Letters of an event's id that are shown: its time, and enough that another in the same instant differs."""
_RECORD, _EVENT = (
    re.compile(r"[a-z]+-[0-9a-hjkmnp-tv-z]{8}"),
    re.compile(r"e[0-9a-hjkmnp-tv-z]{16}"),
)
LEAST_OF_LEAD = 24
"""Cells for what a row of a report is called: further columns stand below rather than that it is cut more."""
BEFORE = "_before"
"""Ends the names of columns that tell what was in the period compared with."""
ROOM_TO_READ = 18
"""Cells in which a text can be read: with fewer it stands below its row instead of beside it."""


def message_lines(text: str, room: int) -> list[str]:
    """A message in lines of `room` cells, broken between words; a command at its end in one piece."""
    if width(text) <= room:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    said, sign, command = text.partition(": crm ")
    if not sign or width(f"{indent}  crm {command}") > room:
        said, sign = text, ""
    first, *rest = fold(f"{said}:" if sign else said, room - len(indent) - 2)
    further = [*rest, tr("crm {}", command)] if sign else rest
    return [indent + first, *(f"{indent}  {line}" for line in further)]


def fit(
    columns: Sequence[Column], natural: Sequence[int], room: int, empty: Container[int] = ()
) -> dict[int, int]:
    """The widths of as many columns as fit, by their number: first the `empty` ones are left out, then the
    widest elastic ones give way, then the spare ones go and those to the right that may be left out."""
    fitting = list(range(len(columns)))
    if sum(natural) + len(GAP) * (len(fitting) - 1) > room:
        fitting = [n for n in fitting if n not in empty] or fitting
    while True:
        spare = room - len(GAP) * (len(fitting) - 1)
        widths = {n: natural[n] for n in fitting}
        least = {n: min(natural[n], columns[n].least) for n in fitting if columns[n].elastic}
        while sum(widths.values()) > spare:
            soft = [n for n in least if widths[n] > least[n]]
            if not soft:
                break
            widths[max(soft, key=lambda n: (widths[n], n))] -= 1
        if sum(widths.values()) <= spare:
            return widths
        if len(fitting) == 1:
            return {fitting[0]: max(1, room)}
        fitting.remove(max(fitting, key=lambda n: (columns[n].spare, not columns[n].keep, n)))


def in_blocks(
    columns: Sequence[Column],
    cells: Sequence[Sequence[str]],
    room: int | None,
    paint: Paint | None,
    lead: int,
) -> tuple[list[str], list[int]]:
    """A table whose columns that found no room stand in another below, after its first `lead` columns again;
    that many are cut the least. Without `lead` they are lost, as `lay_out` has it."""
    if not lead:
        return lay_out(columns, cells, room, paint)
    from crmcli.dataclass import replace

    least = min(LEAST_OF_LEAD, room // 3) if room else 0
    first = [replace(one, narrowest=least) for one in columns[:lead]]
    columns = [*first, *columns[lead:]]
    left, lines = [*range(lead, len(columns))], list[str]()

    def block(some: Sequence[int]) -> tuple[list[str], list[int]]:
        numbers = [*range(lead), *some]

        def painted(row: int, n: int, text: str) -> str:
            return paint(row, numbers[n], text) if paint else text

        rows = [[row[n] for n in numbers] for row in cells]
        made, lost = lay_out([columns[n] for n in numbers], rows, room, painted, stacked=True)
        return made, [numbers[n] for n in lost if n >= lead]

    while left:
        made, lost = block(left)
        over = _for_later(columns, left, lost)
        if len(over) == len(left):
            return [*lines, *made], lost
        if over:
            made, _ = block([n for n in left if n not in over])
        lines += [*([""] if lines else []), *made]
        left = over
    return lines, []


def _for_later(columns: Sequence[Column], left: Sequence[int], lost: list[int]) -> list[int]:
    """Which columns go into the next block: a value and what it was before stay together, if they can."""
    if lost and columns[lost[0]].name.endswith(BEFORE):
        both = [lost[0] - 1, *lost]
        if both[0] in left and len(both) < len(left):
            return both
    return lost


def lay_out(
    columns: Sequence[Column],
    cells: Sequence[Sequence[str]],
    room: int | None,
    paint: Paint | None = None,
    *,
    stacked: bool = False,
) -> tuple[list[str], list[int]]:
    """The lines of a table, its heads first, and the numbers of the columns that found no room and are lost.

    `room` None means as wide as it needs. `paint(row, column, text)` colours a padded cell;
    row -1 is the heads. Ids give way first: their beginnings do for a command. What a `whole` column has
    no room for goes on in lines below. Where `stacked`, heads above figures and sums of several currencies
    take more lines before anything is cut.
    """
    rows, sizes, stacks = _sized(columns, cells, room, stacked=stacked)
    natural = [max(column) for column in zip(*sizes, strict=True)]
    empty = {n for n, column in enumerate(zip(*sizes[1:], strict=True)) if not any(column)}
    widths = dict(enumerate(natural)) if room is None else fit(columns, natural, room, empty)
    below = _crowded(columns, natural, widths, empty)
    if room and below is not None:
        widths = fit(
            columns,
            [0 if n == below else size for n, size in enumerate(natural)],
            room,
            {*empty, below},
        )
        widths.pop(below, None)
    last = list(widths)[-1]
    whole = {n: columns[n].most for n in widths if columns[n].whole}
    folded = {n: most for n, most in whole.items() if widths[n] < natural[n]}
    aligned = {n: ">" if columns[n].right else "" if n == last else "<" for n in widths}
    lines = []
    for number, (row, size) in enumerate(zip(rows, sizes, strict=True), -1):
        below_one_another = _below(row, widths, folded) if folded else [(row, size)]
        if stacks:
            below_one_another = _stacked(row, columns, widths, {*stacks} & {*widths}, number)
        for texts, taken in below_one_another:
            parts = [_padded(texts[n], taken[n], space, aligned[n]) for n, space in widths.items()]
            if paint:
                parts = [paint(number, n, text) for n, text in zip(widths, parts, strict=True)]
            lines.append(GAP.join(parts).rstrip(" "))
        if number < 0 and len(below_one_another) > 1:  # which words are of which head
            lines.append(GAP.join("-" * space for space in widths.values()))
        if room and below is not None:
            lines += [
                GAP * 2 + line for line in wrap(row[below], room - 4, columns[below].most) if line
            ]
    return lines, [n for n in range(len(natural)) if n not in {*widths, *empty, below}]


def _sized(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int | None, *, stacked: bool
) -> tuple[list[Sequence[str]], list[list[int]], set[int]]:
    """The rows with their heads, the room that each cell wants, and which columns may take more lines: in a
    table that is too wide ids are short, and of those columns the longest part counts."""
    rows = [[column.head for column in columns], *cells]
    sizes = [[width(text) for text in row] for row in rows]
    if not room or sum(map(max, zip(*sizes, strict=True))) + len(GAP) * (len(columns) - 1) <= room:
        return rows, sizes, set()
    rows = [rows[0], *with_short_ids(cells)]
    stacks = {n for n, one in enumerate(columns) if stacked and one.right}
    sizes = [
        [
            _narrowest(text, columns[n], number) if n in stacks else width(text)
            for n, text in enumerate(row)
        ]
        for number, row in enumerate(rows, -1)
    ]
    return rows, sizes, stacks


def _narrowest(text: str, column: Column, number: int) -> int:
    """The cells of the longest part of a text that is broken into lines: a head, or amounts."""
    return max((width(part) for part in _parts(text, column, number)), default=0)


def _parts(text: str, column: Column, number: int) -> list[str]:
    """A head as its words, sums as amounts of one currency; anything else is one."""
    if number < 0:
        return text.split(" ")
    return text.split(", ") if column.kind == "sums" else [text]


def _stacked(
    row: Sequence[str],
    columns: Sequence[Column],
    widths: Mapping[int, int],
    stacks: Container[int],
    number: int,
) -> list[tuple[Sequence[str], list[int]]]:
    """A row as the lines it takes: heads end in the last of theirs, amounts begin in the first."""
    found = [
        [text]
        if n not in stacks
        else fold(text, widths[n])
        if number < 0
        else _parts(text, columns[n], number)
        for n, text in enumerate(row)
    ]
    if number < 0:
        most = max(map(len, found))
        found = [[""] * (most - len(parts)) + parts for parts in found]
    return [(line, [width(text) for text in line]) for line in zip_longest(*found, fillvalue="")]


def _padded(text: str, taken: int, space: int, side: str) -> str:
    """A text in its room, cut if it is too long, at the left (`<`), the right (`>`) or without an end."""
    if taken > space:
        text = cut(text, space)
        taken = width(text)
    spare = " " * (space - taken)
    return spare + text if side == ">" else text + spare if side == "<" else text


def with_short_ids(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows with ids as short as commands take them: of a record without its word, of an event the
    beginning that no other in the column has."""
    columns = [list(column) for column in zip(*cells, strict=True)]
    for texts in columns:
        known = {text for text in texts if text}
        if known and all(_RECORD.fullmatch(text) for text in known):
            texts[:] = [text.rpartition("-")[2] for text in texts]
        elif known and all(_EVENT.fullmatch(text) for text in known):
            size = next(
                n
                for n in range(LEAST_OF_IDS, 18)
                if len({text[:n] for text in known}) == len(known)
            )
            texts[:] = [text[:size] for text in texts]
    return [list(row) for row in zip(*columns, strict=True)]


def _crowded(
    columns: Sequence[Column],
    natural: Sequence[int],
    widths: Mapping[int, int],
    empty: Container[int],
) -> int | None:
    """The longest of the columns that are never cut, if there is too little room for it to be read."""
    given = {n: widths.get(n, 0) for n, one in enumerate(columns) if one.whole and n not in empty}
    short = [n for n, wide in given.items() if wide < natural[n]]
    longest = max(short, key=lambda n: natural[n], default=None)
    return longest if longest is not None and given[longest] < ROOM_TO_READ else None


def _below(
    row: Sequence[str], widths: Mapping[int, int], folded: Mapping[int, int]
) -> list[tuple[Sequence[str], list[int]]]:
    """A row as the lines it takes, each with the cells of its texts."""
    columns = [
        wrap(text, widths[n], folded[n]) if n in folded else [text] for n, text in enumerate(row)
    ]
    return [(line, [width(text) for text in line]) for line in zip_longest(*columns, fillvalue="")]
