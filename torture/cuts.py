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
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crmcli.sales import checking, records
from crmcli.store import files
from crmcli.workspace import Workspace
from torture.scenes import new
from torture.score import Score
from torture.tracing import environ

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
    at: float


def _write(root: Path, name: str, pipe: int) -> None:
    """Change the workspace as fast as it goes, and say each time what was acknowledged."""
    out = os.fdopen(pipe, "w", buffering=1)
    dice = random.Random()
    mine = ""
    count = 0

    def say(kind: str, record: str, number: int) -> None:
        out.write(json.dumps([kind, record, number, time.monotonic()]) + "\n")

    while True:
        ws = Workspace.open(root, user=name)
        if not mine or dice.random() < 0.2:
            mine = records.add(ws, "lead", {"name": [f"{name} {count}"], "comment": ["0"]}).id
            count = 0
            say("lead", mine, 0)
        elif dice.random() < 0.15:
            with ws.change("crm import") as change:  # more files than are synced one by one
                made = [
                    ws.schema.read("contact", {"id": ws.new_id("contact"), "last_name": mine})
                    for _ in range(BATCH)
                ]
                for record in made:
                    change.add(record)
            say("many", mine, BATCH)
        else:
            count += 1
            records.edit(ws, mine, records.Edit({"comment": [str(count)]}, {}, {}))
            say("lead", mine, count)


def _fork(root: Path, name: str) -> tuple[int, int]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            _write(root, name, write)
        finally:
            os._exit(1)
    os.close(write)
    return child, read


def _answers(pipe: int) -> list[Answer]:
    with os.fdopen(pipe) as reader:
        whole = [line for line in reader if line.endswith("\n")]
    return [Answer(*json.loads(line)) for line in whole]


def _cut(mount: Path, wait: float) -> list[Answer]:
    """Let writers run for a while, then take away the power.

    What they said after that moment was said by the dead: a sync that is under way while xfs shuts
    down may return as if all were well, and where the power is really gone nobody hears of it.
    """
    writers = [_fork(mount / "ws", f"w{n}") for n in range(WRITERS)]
    time.sleep(wait)
    fd = os.open(mount, os.O_RDONLY)
    moment = time.monotonic()
    fcntl.ioctl(fd, SHUTDOWN, LOSE_THE_LOG)
    os.close(fd)
    said = []
    for child, pipe in writers:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        said += _answers(pipe)
    return [answer for answer in said if answer.at < moment]


def _look(root: Path, said: list[Answer]) -> list[str]:
    """What is wrong with the workspace after a power cut, each with the kind of fault in front."""
    ws = Workspace.open(root)
    wrong = [f"torn {problem}" for problem in checking.problems(ws)]
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
        fresh = _cut(mount, dice.uniform(0.02, 0.5))
        said += fresh
        subprocess.run(("umount", str(mount)), check=True)
        _mount(image, mount)
        print(json.dumps([len(fresh), _look_aside(root, said)]), flush=True)
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
