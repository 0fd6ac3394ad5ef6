"""What stands in archives that lie in the workspace: exports of a person, workbooks."""

from __future__ import annotations

import zipfile
from pathlib import Path

_ENDS = (".zip", ".xlsx")
_MOST = 64 << 20
"""Bytes of an archive, unpacked, that are looked through."""


def text_in(path: Path) -> str:
    """The text of all its parts; "" for what is no archive, is damaged, locked or too large."""
    if not path.name.lower().endswith(_ENDS) or path.is_symlink():
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > _MOST:
                return ""
            read = (archive.read(part) for part in parts)
            return "\n".join(data.decode("utf-8", "replace") for data in read)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return ""
