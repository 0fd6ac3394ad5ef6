"""Records out of the index, any number of them in little memory."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, overload

from crmcli.errors import InvalidData
from crmcli.model.values import Raw

_BLOCK = 500

T = TypeVar("T")
U = TypeVar("U")


class IndexDamaged(InvalidData):
    """What the index says of a record is not what was written there; the files are not concerned."""


class Documents(Sequence[T]):
    """Records in their order, each taken apart when it is asked for.

    They are kept as the text that the index has of them, which is an eighth of what they are in
    Python, and stay as they were when they were read, whatever is changed meanwhile. `read` makes
    of a raw record what is handed out.
    """

    def __init__(self, read: Callable[[dict[str, Raw]], T]) -> None:
        self._read = read
        self._let_out: Callable[[dict[str, Raw]], dict[str, Raw]] | None = None
        self._blocks: list[bytes] = []
        self._ends: list[int] = []
        self._last: tuple[int, list[dict[str, Raw]]] = (-1, [])

    def add(self, texts: Iterable[bytes]) -> None:
        """Put some more at the end, each as its JSON text."""
        left = iter(texts)
        while block := list(islice(left, _BLOCK)):
            self._blocks.append(b"[%b]" % b",".join(block))
            self._ends.append(len(self) + len(block))

    def then(self, others: Documents[T]) -> Documents[T]:
        """These records, and others after them."""
        both = self.read_as(self._read)
        both._ends = [*self._ends, *(len(self) + end for end in others._ends)]
        both._blocks = [*self._blocks, *others._blocks]
        return both

    def read_as(self, read: Callable[[dict[str, Raw]], U]) -> Documents[U]:
        """The same records, made into something else."""
        other = Documents(read)
        other._let_out = self._let_out
        other._blocks, other._ends = self._blocks, self._ends
        return other

    def let_out(self, by: Callable[[dict[str, Raw]], dict[str, Raw]]) -> Documents[T]:
        """The same records, each of which passes by there when it is taken, whatever is made of it."""
        other = self.read_as(self._read)
        other._let_out = by
        return other

    def _made(self, raws: Iterable[dict[str, Raw]]) -> Iterator[T]:
        return map(self._read, map(self._let_out, raws) if self._let_out else raws)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[T]:
        for block in self._blocks:
            yield from self._made(_taken_apart(block))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        block = bisect_right(self._ends, place)
        if self._last[0] != block:
            self._last = (block, _taken_apart(self._blocks[block]))
        raw = self._last[1][place - self._ends[block]]  # counted from the block's end
        return next(self._made([raw]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of lists


def document(connection: sqlite3.Connection, num: int) -> dict[str, Raw]:
    """The raw record of a number."""
    row = connection.execute("SELECT CAST(doc AS BLOB) FROM doc WHERE num = ?", (num,)).fetchone()
    return _taken_apart(b"[%b]" % row[0])[0]


def _taken_apart(block: bytes) -> list[dict[str, Raw]]:
    try:
        records: list[dict[str, Raw]] = json.loads(block)
    except ValueError:
        raise IndexDamaged(
            "the index .crm/index.db is damaged", "rebuild it with crm check --fix"
        ) from None
    return records
