"""What one row of an import file says before it is a record."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass, field
from crmcli.model.values import Raw


@dataclass(slots=True)
class Mention:
    """A linked record as a row names it; `facts` are raw values by which it is known: inn, phones."""

    id: str = ""
    name: str = ""
    role: str = ""
    facts: dict[str, Raw] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether anything says which record it is."""
        return bool(self.id or self.name or self.facts)


@dataclass(slots=True)
class Draft:
    """What a row says: raw values by field, linked records, and what is wrong.

    A row with an `id` is one of our own exports. `faults` are pairs of column and reason, `conflicts`
    columns that another column of the same field overruled; `status` is won or lost beside a stage.
    """

    line: int
    cells: Sequence[Raw]
    source: str = ""
    id: str = ""
    values: dict[str, Raw] = field(default_factory=dict)
    unknown: dict[str, Raw] = field(default_factory=dict)
    links: dict[str, list[Mention]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    address: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    full_name: str = ""
    status: str = ""
    has_person: bool = False
    attached: Sequence[bytes] = ()
    is_total: bool = False
