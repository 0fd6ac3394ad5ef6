"""One row of a file, of whatever kind the file is."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass
from crmcli.model.values import Raw


class Figure(str):
    """A number that the file itself has as one, so that its dot is the decimal point."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row, object or card: the line of the file where it starts, and a value for each column.

    One that `is_short` had fewer cells than the header and was filled up. `fault` says why it cannot
    be read by columns; its `cells` are then what could be had, often nothing, and `source` is its
    text. `attached` are the contents of files that come with it.
    """

    line: int
    cells: tuple[Raw, ...]
    fault: str = ""
    source: str = ""
    attached: Sequence[bytes] = ()
    is_short: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it; a card never is."""
        if self.fault or self.source:
            return False
        return not any(cell.strip() if isinstance(cell, str) else cell for cell in self.cells)
