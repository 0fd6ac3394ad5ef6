"""File systems whose locks cannot be trusted: told by the kernel's list, refused, and forced."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmcli.errors import InvalidData
from crmcli.store.disk import file_systems
from crmcli.store.safety import locks
from tests.kit import Run

Crm = Callable[..., Run]
SFTP = next(
    (p for p in map(Path, ("/usr/lib/openssh/sftp-server", "/usr/lib/sftp-server")) if p.exists()),
    None,
)
MOUNTS = rb"""22 1 0:21 / /proc rw,relatime - proc proc rw
25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
31 25 0:45 / /srv/crm rw,relatime shared:7 - nfs4 server:/crm rw,vers=4.2
32 25 0:46 / /mnt/\320\236\320\261\321\211\320\260\321\217\040\320\277\320\260\320\277\320\272\320\260 rw - cifs //server/share rw
33 25 0:47 / /home/anna/remote rw - fuse.sshfs anna@host: rw
34 25 0:48 / /home/anna/remote/own rw - tmpfs tmpfs rw
35 25 0:49 /data /vol rw - btrfs /dev/vdb rw
36 25 0:50 / /mnt/with\040blank rw - 9p drvfs rw
""".replace(rb"\320", b"\xd0").replace(rb"\321", b"\xd1")  # fmt: skip


@pytest.mark.parametrize(
    ("device", "path", "kind"),
    [
        (os.makedev(0, 45), "/anything", "nfs4"),
        (os.makedev(254, 1), "/home", "ext4"),
        (os.makedev(0, 47), "/home/anna/remote", "fuse.sshfs"),
        (os.makedev(0, 99), "/vol/ws", "btrfs"),  # a subvolume has a number of its own
        (os.makedev(0, 99), "/volume", "ext4"),
        (os.makedev(0, 99), "/home/anna/remote/own/ws", "tmpfs"),
        (os.makedev(0, 99), "/mnt/with blank/ws", "9p"),
        (os.makedev(0, 5), "/srv/crm", "nfs4"),
    ],
)
def test_what_kind_of_file_system_it_is(device: int, path: str, kind: str) -> None:
    assert file_systems.kind_of(device, path, MOUNTS) == kind


def test_an_empty_list_tells_nothing() -> None:
    assert file_systems.kind_of(5, "/srv", b"") == ""
    assert not file_systems.is_untrusted("")


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "vboxsf", "virtiofs", "fuse.sshfs", "fuse",
             "fuse.rclone", "fuse.glusterfs", "davfs"],
)  # fmt: skip
def test_kinds_that_are_not_trusted(kind: str) -> None:
    assert file_systems.is_untrusted(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "f2fs", "apfs", "fuseblk",
             "fuse.ntfs-3g", "fuse.gocryptfs", "fuse.fuse-overlayfs"],
)  # fmt: skip
def test_kinds_that_are_trusted(kind: str) -> None:
    assert not file_systems.is_untrusted(kind)


def test_the_disks_of_this_machine_are_trusted(tmp_path: Path) -> None:
    assert file_systems.untrusted_kind(tmp_path) == ""
    if Path("/dev/shm").is_dir():
        assert file_systems.untrusted_kind(Path("/dev/shm")) == ""


@pytest.fixture
def far(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The workspace by way of a real network file system: sshfs, whose server is a child here."""
    if not (SFTP and shutil.which("sshfs") and os.access("/dev/fuse", os.W_OK)):
        pytest.skip("sshfs cannot be mounted here")
    server = tmp_path / "ssh"
    server.write_text(f"#!/bin/sh\nexec {SFTP}\n", "utf-8")
    server.chmod(0o755)
    point = tmp_path / "far"
    point.mkdir()
    mounted = subprocess.run(
        ["sshfs", "-o", f"ssh_command={server},dir_cache=no", f"localhost:{folder}", str(point)],
        capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("sshfs cannot be mounted here")
    yield point
    subprocess.run(["fusermount3", "-u", str(point)], timeout=20, check=True)


def test_a_network_disk_is_read_and_not_written(far: Path, crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Павел", "--phone", "8 900 000-00-01").out.strip()
    assert "Павел" in crm("lead", "list", cwd=far).out
    assert "Павел" in crm("lead", "show", lead, cwd=far).out
    run = crm("lead", "edit", lead, "--name", "Вера", cwd=far)
    assert run.code == 6
    assert "fuse.sshfs" in run.err
    assert "CRM_ANY_DISK=1" in run.err
    assert "Павел" in crm("lead", "show", lead).out
    with pytest.raises(InvalidData), locks.exclusive(far, "crm"):
        pass
    with locks.shared(far):
        pass


def test_a_network_disk_is_written_by_force(far: Path, crm: Crm) -> None:
    assert crm("lead", "add", "--name", "Павел", cwd=far, CRM_ANY_DISK="1").code == 0
    assert crm("lead", "add", "--name", "Павел", cwd=far, CRM_ANY_DISK="0").code == 6
    settings = far / "settings.yaml"  # not past the mount, which has a cache
    settings.write_text(settings.read_text("utf-8") + "\nstorage: {any_disk: yes}\n", "utf-8")
    assert crm("lead", "add", "--name", "Вера", cwd=far).code == 0
    assert len(crm("lead", "list", "--ids", cwd=far).out.split()) == 2


def test_check_warns_of_a_network_disk(far: Path, crm: Crm) -> None:
    run = crm("check", cwd=far)
    assert run.code == 0
    assert "warning: the workspace is on fuse.sshfs" in run.err
    assert "nothing is changed there" in run.err
    assert "changes are made anyway" in crm("check", cwd=far, CRM_ANY_DISK="1").err
