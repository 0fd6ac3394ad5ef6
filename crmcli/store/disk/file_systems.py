"""File systems whose locks cannot be trusted: found by their kind, as the kernel names it."""

from __future__ import annotations

import os
from pathlib import Path

from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.store.disk import files

MOUNTS = Path("/proc/self/mountinfo")
FORCED = "CRM_ANY_DISK"
_NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "virtiofs", "vboxsf", "vmhgfs",
     "prl_fs", "fakeowner", "lustre", "davfs", "coda", "fuse")
)  # fmt: skip
_LOCAL_FUSE = frozenset(
    ("ntfs-3g", "ntfs", "exfat", "fuse-overlayfs", "overlayfs", "mergerfs", "bindfs", "encfs",
     "gocryptfs", "cryfs", "ecryptfs", "zfs", "ext2", "fuseext2", "squashfuse", "portal")
)  # fmt: skip
"""What comes by way of FUSE and stands on a disk of this machine all the same."""


_CHANGING = frozenset(
    ("overlay", "aufs", "vfat", "exfat", "msdos", "ntfs", "ntfs3", "fuseblk", "fuse", "9p", "virtiofs",
     "cifs", "smb3", "smbfs", "vboxsf", "vmhgfs", "prl_fs", "fakeowner")
)  # fmt: skip
"""Where a folder may get another inode number with each mount."""


class UntrustedDisk(InvalidData):
    """The workspace stands where nothing keeps two commands apart."""


def kind_of(device: int, path: str, mounts: bytes) -> str:
    """The kind of file system that holds a folder, "" if unknown: by its device number, or, where that is
    of no mount (btrfs), by the longest mount point above in the kernel's list."""
    number = b" %d:%d " % (os.major(device), os.minor(device))
    at = mounts.find(number)
    if at >= 0:
        return _kind(mounts[at:].partition(b"\n")[0])
    best, found = -1, ""
    for mount in mounts.splitlines():
        parts = mount.split(b" ", 5)
        point = _unescaped(parts[4]) if len(parts) > 5 else "\0"
        # Of two mounts on one point the later one is on top.
        if len(point) >= best and f"{path}/".startswith(point.rstrip("/") + "/"):
            best, found = len(point), _kind(mount)
    return found


def _kind(mount: bytes) -> str:
    return mount.partition(b" - ")[2].partition(b" ")[0].decode("utf-8", "replace")


def _unescaped(point: bytes) -> str:
    """A mount point, in which the kernel writes blanks and the like as octal numbers."""
    for code, letter in ((b"040", b" "), (b"011", b"\t"), (b"012", b"\n"), (b"134", b"\\")):
        point = point.replace(b"\\" + code, letter)
    return os.fsdecode(point)


def is_untrusted(kind: str) -> bool:
    """Whether locks on that kind of file system may hold on one machine only, or not at all."""
    name, _, below = kind.partition(".")
    return name in _NETWORK and below not in _LOCAL_FUSE


def untrusted_kind(root: Path) -> str:
    """The kind of file system under a folder if it cannot be trusted, "" otherwise."""
    kind = _kind_under(root)
    return kind if is_untrusted(kind) else ""


def has_steady_inodes(root: Path) -> bool:
    """Whether a folder there keeps its inode number for good."""
    return _kind_under(root).partition(".")[0] not in _CHANGING


def _kind_under(root: Path) -> str:
    try:
        fd = os.open(MOUNTS, os.O_RDONLY)
    except OSError:
        return ""  # a system without such a list: nothing is known, and nothing is held against it
    with files.closing(fd):
        mounts = b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
        return kind_of(root.stat().st_dev, os.path.realpath(root), mounts)


def is_forced(*, any_disk: bool) -> bool:
    """Whether somebody has said that changes are wanted wherever the workspace stands."""
    return any_disk or os.environ.get(FORCED, "") not in ("", "0", "no")


def refuse_untrusted(root: Path, *, any_disk: bool) -> None:
    """UntrustedDisk if two commands that change the folder at once could not be kept apart."""
    kind = "" if is_forced(any_disk=any_disk) else untrusted_kind(root)
    if kind:
        raise UntrustedDisk(
            tr(
                "crm does not write on {}: locks are not reliable there, so two commands could overwrite"
                " each other",
                kind,
            ),
            tr(
                "move the workspace to a local disk; if only one command ever runs at a time: {}=1, or"
                " storage: {{any_disk: yes}} in settings.yaml",
                FORCED,
            ),
        )
