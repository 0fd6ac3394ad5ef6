"""Copies of a workspace that go on as if they were the original, which crm itself refuses."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from crmcli.store.safety import state

SHARED_MEMORY = Path("/dev/shm")


def in_memory() -> Path | None:
    """Where folders are that no disk holds up; None where that is small, or lets nothing run."""
    if not SHARED_MEMORY.is_dir():
        return None
    runs = not os.statvfs(SHARED_MEMORY).f_flag & os.ST_NOEXEC
    return SHARED_MEMORY if runs and shutil.disk_usage(SHARED_MEMORY).free >> 30 else None


def adopt(root: Path, letters: str = "") -> Path:
    """Let a state that was copied belong where it stands, and one that belonged nowhere if it is
    given letters."""
    known = state._read(root)
    letters = known.letters if known else letters
    if letters:
        state._write(root, state.here(root, letters))
    return root


def copied(base: Path, root: Path | str, **more: Any) -> Path:
    """Copy a workspace with its state."""
    # The times are those of the copying: as with any copy, nothing is older than its folder.
    return adopt(Path(shutil.copytree(base, root, copy_function=shutil.copy, **more)))


def shorten_pages(root: Path) -> Path:
    """Have documents of one line in a new workspace: each check looks through them, and they are its most."""
    for folder in ("offers", "invoices"):
        for page in (root / "templates" / folder).iterdir():
            page.write_text("Чай\n", encoding="utf-8")
    return root
