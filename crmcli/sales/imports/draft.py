"""What one row of an import file says before it is a record."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass, field
from crmcli.formats.rows import FileRow
from crmcli.model.fields import Record
from crmcli.model.values import Raw


@dataclass(slots=True)
class Mention:
    """A linked record as a row names it; `facts` are raw values by which it is known: inn, phones.

    `entity` is what it is where its link may lead to several; its name may be the id `or_id`.
    """

    id: str = ""
    name: str = ""
    role: str = ""
    facts: dict[str, Raw] = field(default_factory=dict)
    entity: str = ""
    or_id: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value of a minor field that does not fit it: kept as it is, or where not `is_kept` in the comment."""

    column: str
    reason: str
    text: str
    is_kept: bool = False


@dataclass(slots=True)
class Draft:
    """A row of the file and what it says: raw values by field, linked records, and what is wrong.

    A row with an `id` is one of our own exports. `named` is what columns say of a link, by field and part.
    `faults` are pairs of column and reason, `conflicts` columns that another column of the same field
    overruled; `status` is won or lost beside a stage, `allowed` channels that its columns do not refuse.
    `stage_dates` are stages, "" for its own, and when it came to them; `stood` the same by id. `is_other`
    says what it is if not a record: a total, a note, numbers of columns. `keys` is by what it may be known,
    where that was asked before. `missing` are records that its links
    need first, `dangling` counts the links that lead nowhere.
    """

    row: FileRow
    id: str = ""
    values: dict[str, Raw] = field(default_factory=dict)
    unknown: dict[str, Raw] = field(default_factory=dict)
    links: dict[str, list[Mention]] = field(default_factory=dict)
    keys: list[tuple[str, str]] = field(default_factory=list)
    named: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    address: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    currency: str = ""
    full_name: str = ""
    status: str = ""
    stage_dates: list[tuple[str, str]] = field(default_factory=list)
    stood: dict[str, str] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)
    is_other: str = ""
    missing: list[Record] = field(default_factory=list)
    dangling: int = 0


class RowRefused(Exception):  # caught within the import, no error of the program
    """A row cannot be taken; pairs of column and reason."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(why for _, why in faults))
        self.faults = faults
