"""What SQL of people reads and is answered with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Cell: TypeAlias = "str | float | None"
"""A value in a view, or one that is bound to a parameter."""
Filling: TypeAlias = Mapping[str, Callable[[], Iterable[Sequence[Cell]]]]
"""By the name of a view that no table of the index has: what gives its rows."""


class Shown(NamedTuple):
    """A column of a view: its name, what it is in SQL, and in words."""

    name: str
    sql: str
    label: str


class View(NamedTuple):
    """What may be read under a name; it tells of these nouns. Without a `source` it is filled with rows."""

    name: str
    about: str
    columns: tuple[Shown, ...]
    source: str = ""
    nouns: tuple[str, ...] = ()


class Answer(NamedTuple):
    """The names of the columns, no two of them alike, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell | bytes, ...]]
