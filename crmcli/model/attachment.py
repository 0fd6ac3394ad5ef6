"""A file attached to a record: its name there, and the content by which it is stored."""

from __future__ import annotations

import re
import unicodedata

from crmcli.dataclass import dataclass
from crmcli.language import tr

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST = 200  # bytes of a name; systems take 255, and a copy may get an ending
_SLASHES = "/\\⁄∕"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a record; `file` is the sha256 of its content, under which it is stored once."""

    name: str
    file: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.file):
            raise ValueError(tr("{!r} is not the sha256 of a file", self.file))
        if self.name != safe_name(self.name):
            raise ValueError(tr("{!r} is not a valid file name", self.name))

    def __str__(self) -> str:
        """Both, for the name alone may stand for two."""
        return f"{self.name} {self.file}"


def safe_name(name: str) -> str:
    """A name under which a file can be written anywhere: no path, no controls, not too long."""
    last = re.split(f"[{re.escape(_SLASHES)}]", unicodedata.normalize("NFC", name))[-1]
    clean = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = clean, ""
    while len(f"{stem}.{ending}".encode()) > _MOST:
        stem = stem[:-1]
    return f"{stem}.{ending}" if ending else stem
