"""What a person should know of the place where a workspace stands: its disk, its git."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmcli.errors import Problem
from crmcli.store import layout
from crmcli.store.disk import file_systems
from crmcli.store.records import uncommitted

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def surroundings(ws: Workspace) -> Iterator[Problem]:
    """Warnings: a file system whose locks cannot be trusted, changes that git did not get."""
    kind = file_systems.untrusted_kind(ws.root)
    if kind:
        forced = file_systems.is_forced(any_disk=ws.settings.any_disk)
        fate = (
            "changes are made all the same, as you said" if forced else "nothing is changed there"
        )
        yield Problem(
            ".",
            0,
            f"the workspace stands on {kind}, where locks cannot be trusted: {fate}",
            "move it to a local disk, and let git bring it to other machines",
        )
    if ws.settings.commit == "each" and not ws.only_reads and uncommitted.is_any(ws.root):
        yield Problem(
            layout.SETTINGS,
            0,
            "some changes are not committed to git yet",
            "the next change says why",
        )
