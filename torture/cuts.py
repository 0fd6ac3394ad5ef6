"""Power cuts on real file systems: all that was not synced is gone, at a random moment."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crmcli.model.values import format_instant
from crmcli.sales import add
from crmcli.sales.checks import check
from crmcli.sales.records import edit
from crmcli.store.disk import files
from crmcli.workspace import Workspace
from torture.scenes import new
from torture.score import Score
from torture.tracing import capped, environ, is_harmless

SHUTDOWN = 0x8004587D  # what xfs_io -x -c shutdown asks for, on ext4 as well
LOSE_THE_LOG = struct.pack("I", 2)
NOT_HERE = 77
WRITERS = 2
BATCH = 60
"""Records of one change: more than are synced one by one."""
ROUND = 20
"""Cuts after which the workspace is begun anew, so that checking it stays quick."""


class Answer(NamedTuple):
    """What a writer was told: the record and its counter, or a batch of new records."""

    kind: str
    record: str
    number: int


def _write(root: Path, name: str, pipe: int) -> None:
    """Change the workspace as fast as it goes, and say each time what was acknowledged."""
    out = os.fdopen(pipe, "w", buffering=1)
    dice = random.Random()
    mine = ""
    count = 0

    def say(kind: str, record: str, number: int) -> None:
        out.write(json.dumps([kind, record, number]) + "\n")

    while True:
        ws = Workspace.open(root, user=name)
        if not mine or dice.random() < 0.2:
            mine = add.add(ws, "lead", {"name": [f"{name} {count}"], "comment": ["0"]}).record.id
            count = 0
            say("lead", mine, 0)
        elif dice.random() < 0.15:
            with ws.change("crm import") as change:  # more files than are synced one by one
                for _ in range(BATCH):
                    raw = {"id": ws.new_id("contact"), "last_name": mine}
                    raw["created_at"] = format_instant(ws.now)
                    change.add(ws.schema.read("contact", raw))
            say("many", mine, BATCH)
        else:
            count += 1
            edit.edit(ws, mine, edit.Edit({"comment": [str(count)]}, {}, {}))
            say("lead", mine, count)


class Writer(NamedTuple):
    """A process that changes the workspace, where it answers, and where it complains."""

    process: int
    pipe: int
    complaints: Path

    def hold(self) -> bool:
        """Stop it where it stands, also within a call; False if it had ended by itself.

        An answer after the cut is no answer: a sync that is under way while xfs shuts down may
        return as if all were well, and where the power is really gone nobody hears of it.
        """
        os.kill(self.process, signal.SIGSTOP)
        while (state := self._state()) not in "TDZX":
            time.sleep(0.0001)
        return state in "TD"

    def _state(self) -> str:
        stat = Path(f"/proc/{self.process}/stat").read_text("utf-8", "replace")
        return stat.rpartition(")")[2].split()[0]

    def end(self) -> list[Answer]:
        """Let it go no further; what it has answered."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        return _answers(self.pipe)


def _fork(root: Path, name: str, complaints: Path) -> Writer:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            os.dup2(os.open(complaints, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            _write(root, name, write)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(1)
    os.close(write)
    return Writer(child, read, complaints)


def _answers(pipe: int) -> list[Answer]:
    with os.fdopen(pipe) as reader:
        whole = [line for line in reader if line.endswith("\n")]
    return [Answer(*json.loads(line)) for line in whole]


def _cut(mount: Path, wait: float) -> tuple[list[Answer], list[str]]:
    """Let writers run for a while, then take away the power; their answers, and what is wrong."""
    aside = mount.parent
    writers = [_fork(mount / "ws", f"w{n}", aside / f"w{n}.err") for n in range(WRITERS)]
    time.sleep(wait)
    held = [writer.hold() for writer in writers]
    fd = os.open(mount, os.O_RDONLY)
    fcntl.ioctl(fd, SHUTDOWN, LOSE_THE_LOG)
    os.close(fd)
    said, wrong = [], []
    for writer, was_there in zip(writers, held, strict=True):
        said += writer.end()
        if not was_there:
            words = writer.complaints.read_text("utf-8", "replace").strip()
            wrong.append(f"other a writer ended before the cut: {words[-1500:]}")
    return said, wrong


def _room(mount: Path) -> list[str]:
    """A fault if the disk is so full that the writers would stumble over that instead of the cut."""
    disk = os.statvfs(mount)
    if disk.f_bavail * 4 > disk.f_blocks and disk.f_favail * 4 > disk.f_files:
        return []
    return [f"other the disk is nearly full: {disk.f_bavail} blocks, {disk.f_favail} inodes left"]


def _look(root: Path, said: list[Answer]) -> list[str]:
    """What is wrong with the workspace after a power cut, each with the kind of fault in front."""
    ws = Workspace.open(root)
    found = map(str, check.problems(ws))
    wrong = [f"torn {problem}" for problem in found if not is_harmless(problem)]
    wrong += [f"other {note}" for note in ws.notes if "kept in" in note]
    return [*wrong, *_leads(ws, said), *_batches(ws, said)]


def _leads(ws: Workspace, said: list[Answer]) -> Iterator[str]:
    """Each lead counts at least as far as was acknowledged, and has an event for every step."""
    last: dict[str, int] = {}
    for answer in said:
        count = answer.number if answer.kind == "lead" else 0
        last[answer.record] = max(last.get(answer.record, 0), count)
    counters = {lead.id: int(str(lead.get("comment") or 0)) for lead in ws.select("lead")}
    edits = Counter(event.record for event in ws.events(kinds=("field.changed",)))
    for record, count in last.items():
        now = counters.get(record, -1)
        if now < count:
            yield f"lost {record}: acknowledged {count}, found {now}"
        if edits[record] != max(now, 0):
            kind = "doubled" if edits[record] > now else "lost"
            yield f"{kind} {record}: {edits[record]} events for {now} changes"


def _batches(ws: Workspace, said: list[Answer]) -> Iterator[str]:
    """Each batch of contacts is whole, and there if it was acknowledged."""
    found = Counter(str(contact.get("last_name")) for contact in ws.select("contact"))
    promised: Counter[str] = Counter()
    for answer in said:
        if answer.kind == "many":
            promised[answer.record] += answer.number
    for record, count in found.items():
        if count % BATCH:
            yield f"torn {count} contacts of {record}"
    for record, count in promised.items():
        if found[record] < count:
            yield f"lost {found[record]} of {count} contacts of {record}"


def _look_aside(root: Path, said: list[Answer]) -> list[str]:
    """`_look` in a process of its own, which leaves no file of the disk open."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            wrong = _look(root, said)
        except Exception as error:
            wrong = [f"torn {type(error).__name__}: {error}"]
        with os.fdopen(write, "w") as out:
            json.dump(wrong, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        text = told.read()
    os.waitpid(child, 0)
    return list(json.loads(text)) if text else ["other the check died"]


def _mount(image: Path, mount: Path) -> None:
    subprocess.run(("mount", "-o", "loop", str(image), str(mount)), check=True)


def run_cuts(folder: Path, system: str, count: int, seed: str) -> None:
    """In a mount name space of its own: cut the power so many times; a line of JSON for each."""
    subprocess.run(("mount", "-t", "tmpfs", "tmpfs", str(folder)), check=True)
    image, mount = folder / "image", folder / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(320 << 20)
    subprocess.run((f"mkfs.{system}", "-q", str(image)), check=True)
    try:
        _mount(image, mount)
    except subprocess.CalledProcessError:
        sys.exit(NOT_HERE)
    dice = random.Random(seed)
    said: list[Answer] = []
    for number in range(count):
        root = mount / "ws"
        if number % ROUND == 0:
            shutil.rmtree(root, ignore_errors=True)
            new(root)
            files.sync_all(mount)
            said = []
        fresh, wrong = _cut(mount, dice.uniform(0.02, 0.5))
        said += fresh
        subprocess.run(("umount", str(mount)), check=True)
        _mount(image, mount)
        wrong += [*_room(mount), *_look_aside(root, said)]
        print(json.dumps([len(fresh), wrong]), flush=True)
    subprocess.run(("umount", str(mount)), check=True)


def cuts(folder: Path, *, count: int = 300, systems: tuple[str, ...] = ("ext4", "xfs")) -> Score:
    """Cut the power so many times on each file system, where we may."""
    score = Score("cuts")
    for system in systems:
        acknowledged, done = 0, 0
        if os.geteuid() != 0 or not shutil.which(f"mkfs.{system}"):
            score.remark(f"{system}: only root can mount it, and mkfs.{system} must be there")
            continue
        place = folder / system
        place.mkdir(parents=True)
        process = subprocess.Popen(
            ("unshare", "-m", sys.executable, "-m", "torture.cuts", str(place), system, str(count)),
            env=environ(CRM_NOW=""), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=capped,
        )  # fmt: skip
        out, err = process.communicate()
        if process.returncode == NOT_HERE:
            score.remark(f"{system}: this kernel cannot mount it")
            continue
        for line in out.splitlines():
            if not line.startswith("["):
                continue
            number, wrong = json.loads(line)
            acknowledged, done = acknowledged + number, done + 1
            score.ran()
            for words in wrong:
                kind, _, what = words.partition(" ")
                score.fault(kind, f"{system}, cut {done}: {what}")
        if process.returncode:
            score.fault("other", f"{system}: after {done} cuts: {err[-2000:]}")
        score.remark(f"{system}: {done} cuts, {acknowledged} changes acknowledged")
    return score.stop()


if __name__ == "__main__":
    run_cuts(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[2])
