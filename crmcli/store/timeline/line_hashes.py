"""The hash by which a line of the timeline is known, also when its data were erased since."""

from __future__ import annotations

import hashlib
import re

from crmcli.model.event import ERASED

_ERASED_MARK = f',"{{""{ERASED}"":""'.encode()
_ERASED = re.compile(re.escape(_ERASED_MARK) + rb'([0-9a-f]{16})""[,}]')


def line_hash(line: bytes) -> str:
    """The hash by which the next line knows this one (without its line end): of one whose data were erased
    that which it had before."""
    return before_erasing(line) or own_hash(line)


def own_hash(line: bytes) -> str:
    """The hash of a line just as it stands there."""
    return hashlib.sha256(line).hexdigest()[:16]


def before_erasing(line: bytes) -> str:
    """The hash that a line had before its data were erased; "" of any other.

    A quote in a cell is doubled, so that nothing but the beginning of the data reads like this.
    """
    found = _ERASED.search(line) if _ERASED_MARK in line else None
    return found[1].decode() if found else ""
