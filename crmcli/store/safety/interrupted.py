"""What a killed command had committed, finished by the next one."""

from __future__ import annotations

from pathlib import Path

from crmcli.language import tr
from crmcli.store.disk import files
from crmcli.store.disk.file_systems import UntrustedDisk
from crmcli.store.disk.recovery import recover
from crmcli.store.safety import locks


def finish_interrupted(root: Path, command: str, *, any_disk: bool = False) -> list[str]:
    """Finish what a killed command had committed; notes for the user. Where that cannot be written now,
    reading goes on: every file is whole, old or new."""
    try:
        with locks.exclusive(root, command, any_disk=any_disk):
            return recover(root)
    except (files.DiskFull, files.PermissionDenied, UntrustedDisk) as error:
        return [tr("an earlier change is saved but not finished: {}", error.message)]
