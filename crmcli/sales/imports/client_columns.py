"""Columns like `Client`, which name firms in one file and people in another: their values decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from itertools import islice

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.matching.firms import read_firm
from crmcli.matching.name_parts import split_name
from crmcli.model.values import fold
from crmcli.sales.imports.mapping import FULL_NAME, Column, Target, Vocabulary
from crmcli.sales.imports.mention_text import read_mentions
from crmcli.sales.imports.sources import Source
from crmcli.workspace import Workspace

LOOKED_AT = 1000
"""Rows by which a column is judged."""

_WITH_INITIALS = re.compile(
    r"[^\W\d_][\w'’-]+,? (?:[^\W\d_]\. ?){1,2}|(?:[^\W\d_]\. ?){1,2}[^\W\d_][\w'’-]+"
)
"""A person as `Котов А. В.` or `J. Miller`."""

_TARGETS = {"deal": ("company_name", "contact_name"), "lead": ("company_name", FULL_NAME)}
"""Where a firm and a person go that a record is with."""


def with_clients(
    ws: Workspace,
    columns: Sequence[Column],
    source: Source,
    vocabulary: Vocabulary,
    named: Collection[str],
) -> tuple[tuple[Column, ...], list[str]]:
    """The columns, where those of clients go to what stands in them, and what is said of these.

    `named` were mapped by hand and stay.
    """
    if vocabulary.entity not in _TARGETS:
        return tuple(columns), []
    firms, people = (vocabulary.names[name] for name in _TARGETS[vocabulary.entity])
    kind = client_kind(ws)
    found = []
    for place, column in enumerate(columns):
        may_be_either = column.target in (firms, people) and vocabulary.names_clients(column.label)
        if may_be_either and column.label not in named:
            column = _settled(column, _texts(source, place), kind, firms, people)
        found.append(column)
    told = "{!r} goes to {}, as its values say (--map says otherwise)"
    pairs = zip(found, columns, strict=True)
    moved = [column for column, guess in pairs if column.target != guess.target]
    return tuple(found), [tr(told, column.label, column.target) for column in moved]


def _texts(source: Source, place: int) -> set[str]:
    rows = (row for row in islice(source.rows(), LOOKED_AT) if not row.fault)
    return {text for row in rows if (text := str(row.cells[place]).strip())}


def _settled(
    column: Column, texts: set[str], kind: Callable[[str], str], firms: Target, people: Target
) -> Column:
    """The column, where each value goes by itself, and what nothing is said of with most of the others."""
    kinds = [kind(text) for text in texts]
    of_firms, of_people = kinds.count("company"), kinds.count("contact")
    column = replace(column, by_kind={"company": firms, "contact": people})
    if of_people > of_firms and 2 * of_people >= len(texts):
        return replace(column, target=people)
    if of_firms > of_people and 2 * of_firms >= len(texts):
        return replace(column, target=firms)
    return column


def client_kind(ws: Workspace) -> Callable[[str], str]:
    """Tells whether a name is that of a company or of a contact; "" if nothing says so."""

    @cache
    def kind(text: str) -> str:
        text = next((m.name for m in read_mentions(text, "contact", several=True)), text)
        known = {i.split("-")[0] for i in ws.lookup("name", fold(text), ["company", "contact"])}
        if len(known) == 1:
            return known.pop()
        if read_firm(text).form or any(mark in text for mark in '«»"„“&'):
            return "company"
        return "contact" if split_name(text) or _WITH_INITIALS.fullmatch(text) else ""

    return kind
