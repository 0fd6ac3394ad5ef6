"""Masks are laid over values and texts before these are wrapped, cut or escaped, which would hide them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model.masked_lines import ESCAPED_LINE_END, masked_each
from crmcli.present.cells import Row, plain
from crmcli.present.text_width import clean

Mask = Callable[[str], str]
_BARE = re.compile(r"[:\[,] ?-?\d{7}")
"""A number without quotes that is as long as phones, but for a few of offices."""
_ESCAPED = re.compile(rf'\\[^"n]|{ESCAPED_LINE_END}')
"""What is not as it was: anything but a quote, and the end of a line at which no number goes on."""


def masked_text(text: str, mask: Mask) -> str:
    """A text as a terminal may have it: what is cleaned away may part two addresses, or stand in one."""
    return masked_cleaned([text], clean, mask)[0]


def masked_cleaned(texts: Sequence[str], how: Callable[[str], str], mask: Mask) -> list[str]:
    """Many texts with masks, cleaned: what is cleaned away may part two addresses, or stand in one."""
    said = masked_each(texts, mask)
    cleaned = [*map(how, said)]
    other = [n for n, (old, new) in enumerate(zip(said, cleaned, strict=True)) if old != new]
    for n, text in zip(other, masked_each([cleaned[n] for n in other], mask), strict=True):
        cleaned[n] = text
    return cleaned


def hides(lines: Iterable[str], encoding: str) -> bool:
    """Whether something is escaped in lines of CSV or JSON, so that masks must lie over the values."""
    if encoding.lower() not in ("utf-8", "utf8"):
        return True
    return any("\\" in line and _ESCAPED.search(line) is not None for line in lines)


def holds_numbers(lines: Iterable[str]) -> bool:
    """Whether lines of JSON have numbers that may be phones, which are texts with stars in them."""
    return any(_BARE.search(line) is not None for line in lines)


def masked_rows(rows: Sequence[Row], mask: Mask) -> Sequence[Row]:
    """Rows with masks over all texts and numbers in them, and over the keys of what they hold."""
    if mask is str:
        return rows
    said: dict[str, None] = {}
    for row in rows:
        for value in row.values():
            if isinstance(value, str):
                said[value] = None
            else:
                said.update(dict.fromkeys(_texts(value)))
    masks = {a: b for a, b in zip(said, masked_each([*said], mask), strict=True) if a != b}
    if not masks:
        return rows
    return [{name: _masked(value, masks) for name, value in row.items()} for row in rows]


def error_facts(error: CrmError, problems: Sequence[Problem], mask: Mask) -> dict[str, object]:
    """What an error says, with the problems that it tells of."""
    from crmcli.model.redaction import redacted

    def words(said: CrmError | Problem) -> dict[str, str]:
        return {"message": redacted(tr(said.message)), "hint": redacted(tr(said.hint))}

    known = [{"path": p.path, "line": p.line, **words(p)} for p in problems]
    facts = {"name": error.name, **words(error), "exit_code": error.exit_code, "problems": known}
    return {**masked_rows([facts], mask)[0]}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float | Decimal):
        if not isinstance(value, bool):
            yield plain(value)
    elif isinstance(value, Mapping):
        yield from map(str, value)
        yield from _of_all(value.values())
    elif isinstance(value, Iterable):
        yield from _of_all(value)
    elif value is not None:
        yield plain(value)


def _of_all(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)


def _masked(value: object, masks: Mapping[str, str]) -> object:
    """A value with masks; a number that is hidden becomes a text, and everything else stays what it is."""
    if isinstance(value, str):
        return masks.get(value, value)
    if isinstance(value, Mapping):
        return {masks.get(str(key), key): _masked(one, masks) for key, one in value.items()}
    if isinstance(value, Iterable):
        return [_masked(one, masks) for one in value]
    return value if value is None or isinstance(value, bool) else masks.get(plain(value), value)
