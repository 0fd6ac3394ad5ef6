"""What the index answers with."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from crmcli.dataclass import dataclass
from crmcli.model.kinds import Key


@dataclass(frozen=True, slots=True)
class Total:
    """The records of one group in one currency: how many, and their amounts added up exactly.

    `keys` are the values of the fields grouped by, as they are written in a file; "" for absent.
    `amount` is 0 where no record of the group has one.
    """

    keys: tuple[str, ...]
    count: int
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found: the field in which it was, or the kind of the event, and the place."""

    id: str
    field: str
    excerpt: str


class Facts(NamedTuple):
    """The keys of a record's fields, in the order in which the fields were asked for.

    `num` is the record's place in the index, after which the next page begins.
    """

    num: int
    id: str
    keys: tuple[tuple[Key, ...], ...]
