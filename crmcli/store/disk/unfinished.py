"""Whether a command was cut off amid its change: what every command looks at first."""

from __future__ import annotations

import os
from pathlib import Path

from crmcli.store.disk import files

TXN = ".crm/txn"
SUFFIX = ".commit"


def names(root: Path) -> list[str]:
    """The files of changes under way, saved or not."""
    try:
        txn = files.inside(root, TXN)
        with files.os_errors("read {}", txn), os.scandir(txn) as entries:
            return sorted(e.name for e in entries if not e.is_dir(follow_symlinks=False))
    except files.Missing:
        return []


def needs_recovery(root: Path) -> bool:
    """Whether a command was cut off after its change was saved and before it was finished."""
    return any(name.endswith(SUFFIX) for name in names(root))
