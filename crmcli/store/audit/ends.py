"""How far the audit went, as this clone remembers it in .crm, beside the files themselves: lines that are cut
off from their end, or a file that is taken away, are missed on the machine that wrote them.

An end from which nothing goes on is kept, so that the next line does not cover up that others are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.model.audit import Head, heads_in
from crmcli.store import layout
from crmcli.store.disk import files

PATH = f"{layout.STATE}/audited"
_MOST = 50


def remembered(root: Path) -> list[Head]:
    """The ends that were missed when the next line was written, and the newest, which is the last."""
    with suppress(files.Missing):
        return [*heads_in(files.read_bytes(root / PATH).decode("ascii", "replace"))]
    return []


def remember(root: Path, heads: Sequence[Head]) -> None:
    """Keep the ends that are missed, and behind them the newest."""
    _write(root, [*heads[:-1][: _MOST - 1], heads[-1]])


def forget(root: Path, before: str) -> None:
    """Let go of the months before that one, which were kept long enough."""
    known = remembered(root)
    if any(head.month < before for head in known):
        _write(root, [head for head in known if head.month >= before])


def _write(root: Path, heads: Iterable[Head]) -> None:
    with suppress(CrmError, OSError):  # what it tells of is kept already
        files.write_own(root / PATH, "".join(f"{head}\n" for head in heads).encode())
