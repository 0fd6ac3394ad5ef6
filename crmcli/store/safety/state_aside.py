"""Putting a state aside that is not ours: nothing in it is ever read again, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

from crmcli.store.disk import files
from crmcli.store.git import commands
from crmcli.store.layout import STATE, random_letters
from crmcli.store.safety import state

_NEW = f"{STATE}-new-"


def set_aside(root: Path) -> str:
    """Begin a new state, with the old one inside, in .crm/aside; says where the old one is now.

    git forgets what it tracks of it. A killed one leaves .crm-new-… with the old state in it.
    """
    if state.is_tracked(root):
        commands.run(root, "rm", "-r", "-f", "--cached", "--quiet", "--", STATE)
    name = random_letters()
    fresh, place = f"{_NEW}{name}", f"{STATE}/aside/{name}"
    files.make_folders(root, f"{fresh}/aside")
    try:
        with files.os_errors("move {}", STATE):
            (root / STATE).rename(root / fresh / "aside" / name)
    except files.PermissionDenied:
        # To move another's folder elsewhere one must be allowed to write in it; not to rename it.
        place = f"{STATE}-{name}"
        with files.os_errors("rename {}", STATE):
            (root / STATE).rename(root / place)
    with files.os_errors("write {}", STATE):
        (root / fresh).rename(root / STATE)
    files.fsync_dir(root)
    state.make(root)
    return place
