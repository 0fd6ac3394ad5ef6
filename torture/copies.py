"""Copies of a workspace that go on as if they were the original, which crm itself refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from crmcli.store import state


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
