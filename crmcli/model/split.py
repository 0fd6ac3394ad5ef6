"""Which records a robot is for, where a test parts them: the same ones in every clone."""

from __future__ import annotations

import hashlib
import re

from crmcli.dataclass import dataclass
from crmcli.language import tr

SPLIT_RULE = r"(?:[0-9]{1,2} ?- ?)?[0-9]{1,3} ?%|[\w-]{1,20}(?:/[\w-]{1,20}){1,9}"


@dataclass(frozen=True, slots=True)
class Split:
    """A part of the records, from `low` to below `high` per cent. All splits of the same `name` part them
    alike, those of another name independently."""

    text: str
    name: str
    low: float
    high: float

    def __str__(self) -> str:
        return self.text

    def takes(self, record_id: str) -> bool:
        """Whether a record is in this part."""
        digest = hashlib.sha256(f"{self.name}\n{record_id}".encode()).digest()
        return self.low <= int.from_bytes(digest[:8]) / 2**64 * 100 < self.high


def read_split(text: str) -> Split:
    """`30%` are the first 30 of a hundred, `30-100%` the others; `a/b` is group a of the groups a and b, of
    equal size."""
    said = text.strip()
    if "/" in said and re.fullmatch(SPLIT_RULE, said):
        own, *others = said.split("/")
        groups = sorted([own, *others])
        if len(set(groups)) == len(groups):
            place, size = groups.index(own), 100 / len(groups)
            return Split(said, "/".join(groups), place * size, (place + 1) * size)
    elif re.fullmatch(SPLIT_RULE, said):
        low, high = ["0", *re.findall("[0-9]+", said)][-2:]
        if int(low) < int(high) <= 100:
            return Split(said, "%", int(low), int(high))
    raise ValueError(tr("{!r} is not a part of the records", text))
