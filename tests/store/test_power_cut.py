"""Power cuts: the file system is shut down under running commands, so that all that was not synced is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system"),
]

WRITER = """
import sys, time
from pathlib import Path
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.disk.recovery import recover
from crmcli.store.disk.transaction import Transaction

root, name, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
while True:
    with locks.exclusive(root, name, 30):
        recover(root)
        old = files.read_bytes(root / "data/blocklist.csv")
        new = int(old) + 1
        plan = Transaction(root, name)
        plan.put("data/blocklist.csv", str(new).encode(), files.digest(old))
        for part in range(many):
            plan.put(f"templates/{name}/{new}-{part}", b"%d\\n" % new * 900, None)
        plan.append("data/timeline/2026-11/7k3qf2m9.csv", f"{new} {name}\\n".encode())
        if plan.commit():
            sys.exit(1)
    print(new, flush=True)
    time.sleep(0.02)  # the other's turn: one alone would fill the disk
"""
CUTS = r"""
import fcntl, os, signal, struct, subprocess, sys, time
from pathlib import Path
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.disk.recovery import leftovers, recover

writer, make, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
image, mount = folder / "image", folder / "mount"
SHUTDOWN, LOSE_THE_LOG = 0x8004587D, struct.pack("I", 2)
root = mount / "ws"

def run(*command):
    subprocess.run(command, check=True)

def hold(process):
    # Stop a writer where it stands, also within a call: an answer after the cut is no answer.
    process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{process.pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] not in "TDZX":
        time.sleep(0.0001)

run("mount", "-t", "tmpfs", "tmpfs", str(folder))  # a disk in memory: no other load slows it down
mount.mkdir()
with image.open("wb") as file:
    file.truncate(320 << 20)
run(make, "-q", str(image))
if subprocess.run(["mount", "-o", "loop", str(image), str(mount)]).returncode:
    sys.exit(77)  # a kernel without loop devices or without this file system
(root / "data").mkdir(parents=True)
(root / "data/blocklist.csv").write_text("0")
files.sync_all(mount)
for cut, many in enumerate((60, 2)):
    writers = [
        subprocess.Popen([sys.executable, "-c", writer, str(root), f"{name}{cut}", str(many)],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for name in ("anna", "boris")
    ]
    for _ in range(2 + 2 * cut):
        writers[0].stdout.readline()
    time.sleep(0.013 * cut)
    for process in writers:
        hold(process)
    fd = os.open(mount, os.O_RDONLY)
    fcntl.ioctl(fd, SHUTDOWN, LOSE_THE_LOG)
    os.close(fd)
    acknowledged = 0
    for process in writers:
        process.kill()
        acknowledged = max([acknowledged, *map(int, process.communicate()[0].split())])
    run("umount", str(mount))
    run("mount", "-o", "loop", str(image), str(mount))
    with locks.exclusive(root, "check"):
        recover(root)
    assert leftovers(root) == [], leftovers(root)
    count = int((root / "data/blocklist.csv").read_text())
    assert acknowledged <= count, ("lost", acknowledged, count)
    lines = (root / "data/timeline/2026-11/7k3qf2m9.csv").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1, count + 1))
    parts = {}
    for path in root.glob("templates/*/*"):
        number = path.name.split("-")[0]
        assert path.read_bytes() == f"{number}\n".encode() * 900, path
        parts[number] = parts.get(number, 0) + 1
    assert set(parts) == {str(n) for n in range(1, count + 1)}
    assert set(parts.values()) <= {2, 60}, parts
run("umount", str(mount))
"""


@pytest.mark.parametrize("system", ["ext4", "xfs"])
def test_a_power_cut_loses_nothing_that_was_acknowledged(system: str, tmp_path: Path) -> None:
    make = shutil.which(f"mkfs.{system}")
    if not make:
        pytest.skip(f"mkfs.{system} is not installed")
    alone = ["unshare", "-m"]
    probe = [*alone, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    done = subprocess.run(
        [*alone, sys.executable, "-c", CUTS, WRITER, make, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(f"no {system} can be mounted here")
    assert done.returncode == 0, done.stderr
