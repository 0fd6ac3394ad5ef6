"""Records of a change that may be of the whole base, in little memory."""

from __future__ import annotations

import json
import zlib
from collections import UserDict
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from crmcli.model.fields import Record
from crmcli.model.schema import Schema
from crmcli.model.values import Raw, entity_of

R = TypeVar("R", bound=Record | None)
BLOCK = 2000
"""Pairs that are packed together; as long as there are fewer, they are held as they are."""


class Pairs(Generic[R]):
    """Records before and after (None: not there), packed if many: go through them once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._packed: list[bytes] = []
        self._fresh: list[tuple[R, R]] = []

    def append(self, pair: tuple[R, R]) -> None:
        """Put one at the end."""
        self._fresh.append(pair)
        if len(self._fresh) == BLOCK:
            raws = [[self._raw(record) for record in fresh] for fresh in self._fresh]
            self._packed.append(zlib.compress(json.dumps(raws).encode(), 1))
            self._fresh.clear()

    def extend(self, pairs: Iterable[tuple[R, R]]) -> None:
        """Put some at the end."""
        for pair in pairs:
            self.append(pair)

    def __len__(self) -> int:
        return len(self._packed) * BLOCK + len(self._fresh)

    def __iter__(self) -> Iterator[tuple[R, R]]:
        for packed in self._packed:
            for before, after in json.loads(zlib.decompress(packed)):
                yield self._record(before), self._record(after)
        yield from self._fresh

    def ids(self) -> Iterator[tuple[str, str]]:
        """Which they are, before and after; "" for none."""
        for packed in self._packed:
            for before, after in json.loads(zlib.decompress(packed)):
                yield before["id"] if before else "", after["id"] if after else ""
        for old, new in self._fresh:
            yield "" if old is None else old.id, "" if new is None else new.id

    def _raw(self, record: R) -> Any:
        return None if record is None else self._schema.write(record)

    def _record(self, raw: Any) -> R:
        return cast("R", raw and self._schema.read(entity_of(raw["id"]), raw))


class RawRecords(UserDict[str, Any]):
    """Raw records by id, None for one that is not there; what is read is a copy."""

    def __getitem__(self, record_id: str) -> dict[str, Raw] | None:
        raw: dict[str, Raw] | None = json.loads(self.data[record_id])
        return raw

    def __setitem__(self, record_id: str, raw: dict[str, Raw] | None) -> None:
        self.data[record_id] = json.dumps(raw, ensure_ascii=False).encode()
