"""Where templates and the texts of robots speak of a field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crmcli.store.layout import PIPELINES


def mentions(root: Path, words: Sequence[str]) -> list[str]:
    """The places that say one of these words: `templates/mail/hello.j2:3`."""
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in words))
    found: list[str] = []
    for path in [*sorted((root / "templates").rglob("*.j2")), root / PIPELINES]:
        rows = path.read_text("utf-8", errors="replace").split("\n") if path.exists() else []
        name = path.relative_to(root).as_posix()
        for number, row in enumerate(rows, 1):
            if pattern.search(row) and ("{" in row or name != PIPELINES):
                found.append(f"{name}:{number}")
    return found
