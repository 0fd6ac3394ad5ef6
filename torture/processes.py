"""Writers, readers, a tick and git on one workspace at once, and a random kill -9 for many of them."""

from __future__ import annotations

import csv
import json
import random
import shlex
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from crmcli.store import layout
from torture.scenes import new
from torture.score import Score
from torture.tracing import Done, Program, crm, environ, run

LONGEST = 5.0
"""Seconds that any command may take while all the others run."""
WRITERS = READERS = 4


@dataclass
class Crowd:
    """The workspace, what was said about it, and who is killed."""

    root: Path
    program: Program
    score: Score
    kills: int
    longest: float
    ends: float = 0.0
    shared: str = ""
    trio: tuple[str, ...] = ()
    toggled: str = ""
    killed: int = 0
    slowest: float = 0.0
    acknowledged: dict[str, str] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def goes_on(self) -> bool:
        """Whether there is still work: killing to be done, or time left."""
        if self.kills and self.killed >= self.kills:
            return False
        return time.monotonic() < self.ends

    def call(self, dice: random.Random, *args: str) -> Done | None:
        """Run a command; None if it was killed on the way."""
        started = time.monotonic()
        process = subprocess.Popen(
            (*self.program, *args), cwd=self.root, env=environ(CRM_NOW=""),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        patience = dice.uniform(0.03, 0.7) if self.kills and dice.random() < 0.6 else 60.0
        try:
            out, err = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return self._ended(process, args, started, out, err)

    def _ended(
        self,
        process: subprocess.Popen[bytes],
        args: tuple[str, ...],
        started: float,
        out: bytes,
        err: bytes,
    ) -> Done | None:
        seconds = time.monotonic() - started
        words = err.decode("utf-8", "replace")
        with self.lock:
            if process.returncode == -9:
                self.killed += 1
                return None
            self.slowest = max(self.slowest, seconds)
        self.score.ran()
        if seconds > self.longest:
            self.score.fault("other", f"{args} took {seconds:.1f} s")
        if process.returncode == 70 or "Traceback" in words:
            self.score.fault("other", f"{args}: {words}")
        return Done(process.returncode, out.decode("utf-8", "replace"), words, seconds)

    def fail(self, kind: str, done: Done, words: str) -> None:
        """A command that must not fail did."""
        self.score.fault(kind, f"{words}: exit {done.code} {done.err.strip()}")


def _write(crowd: Crowd, number: int) -> None:
    dice = random.Random(f"writer {number}")
    count = 0
    while crowd.goes_on():
        count += 1
        token = f"w{number}n{count}"
        kind = dice.choice(("add", "note", "tag", "tag", "bulk"))
        args = {
            "add": ("lead", "add", "--name", token),
            "note": ("log", "note", crowd.shared, token),
            "tag": ("lead", "edit", crowd.shared, "--add", f"tags={token}"),
            "bulk": ("--yes", "lead", "bulk", "--where", "tags has трио", "--set", f"comment={token}",
                     "--set", f"position={token}"),
        }[kind]  # fmt: skip
        with crowd.lock:
            crowd.tried.add(token)
        done = crowd.call(dice, *args)
        if done is None:
            continue
        if done.code:
            crowd.fail("other", done, f"{args}")
        else:
            with crowd.lock:
                crowd.acknowledged[token] = kind


def _read(crowd: Crowd, number: int) -> None:
    dice = random.Random(f"reader {number}")
    while crowd.goes_on():
        kind = dice.choice(("list", "list", "show", "timeline"))
        args = {
            "list": ("--json", "lead", "list", "--where", "tags has трио"),
            "show": ("--json", "lead", "show", crowd.shared),
            "timeline": ("--json", "timeline", crowd.shared),
        }[kind]
        done = crowd.call(dice, *args)
        if done is None:
            continue
        if done.code:
            crowd.fail("torn", done, f"{args}")
            continue
        try:
            read = json.loads(done.out)
        except ValueError:
            crowd.score.fault("torn", f"{args}: no JSON: {done.out[:200]}")
            continue
        if kind == "list":
            seen = {(row.get("comment"), row.get("position")) for row in read}
            if len(read) != 3 or len(seen) != 1 or len(set(next(iter(seen)))) != 1:
                crowd.score.fault("torn", f"three records changed together are {seen}")


def _tick(crowd: Crowd) -> None:
    dice = random.Random("tick")
    while crowd.goes_on():
        done = crowd.call(dice, "tick")
        if done is not None and done.code:
            crowd.fail("other", done, "tick")
        time.sleep(0.2)


def _use_git(crowd: Crowd) -> None:
    """Let git write one record to and fro, and commit all that is there."""
    path = layout.record_path(crowd.toggled)
    for turn in range(1 << 20):
        if not crowd.goes_on():
            return
        for args in (
            ("checkout", "-q", ("one", "two")[turn % 2], "--", path),
            ("add", "data"),
            ("commit", "-qm", f"turn {turn}", "--allow-empty"),
        ):
            done = run(("git", *args), crowd.root)
            # git reads a folder name by name; what a rename takes away meanwhile it may complain of.
            if done.code and "index.lock" in done.err:
                crowd.score.fault("other", f"git {args}: {done.err}")
        time.sleep(0.1)


def _prepare(crowd: Crowd) -> None:
    new(crowd.root)

    def add(*args: str) -> str:
        return run((*crm(), "lead", "add", *args), crowd.root).out.strip()

    crowd.shared = add("--name", "Общий")
    crowd.trio = tuple(add("--name", f"Трио {n}", "--tag", "трио") for n in range(3))
    run((*crm(), "--yes", "lead", "bulk", "--where", "tags has трио", "--set", "comment=w",
         "--set", "position=w"), crowd.root)  # fmt: skip
    crowd.toggled = add("--name", "Туда и сюда", "--comment", "one")
    for args in (("init", "-q"), ("config", "user.name", "t"), ("config", "user.email", "t@t"),
                 ("add", "-A"), ("commit", "-qm", "one"), ("tag", "one")):  # fmt: skip
        run(("git", *args), crowd.root)
    run((*crm(), "lead", "edit", crowd.toggled, "--comment", "two"), crowd.root)
    for args in (("commit", "-qam", "two"), ("tag", "two")):
        run(("git", *args), crowd.root)


def _judge(crowd: Crowd) -> None:
    """What was acknowledged is there once, what was not at most once."""
    checked = run((*crm(), "check"), crowd.root)
    if checked.code:
        crowd.score.fault("torn", f"crm check: {checked.out}{checked.err}")
    bulk, found, ids = _lines(crowd.root)
    found += _names(crowd.root)
    for token, kind in crowd.acknowledged.items():
        if not (bulk if kind == "bulk" else found)[token]:
            crowd.score.fault("lost", f"{kind} {token} was acknowledged, and is not there")
    for token in crowd.tried:
        if found[token] > 1 or bulk[token] > 3:
            crowd.score.fault("doubled", f"{token} is there more than once")
        if bulk[token] not in (0, 3):
            crowd.score.fault("torn", f"{token} changed {bulk[token]} of three records")
    for event in (event for event, count in ids.items() if count > 1):
        crowd.score.fault("doubled", f"event {event} stands there {ids[event]} times")


def _names(root: Path) -> Counter[str]:
    """The marks of the writers in records: new leads, tags."""
    found: Counter[str] = Counter()
    for path in root.glob("data/leads/*/*.yaml"):
        lines = path.read_text("utf-8").splitlines()
        found.update(line[6:] for line in lines if line.startswith("name: w"))
        found.update(line[4:] for line in lines if line.startswith("  - w"))
    return found


def _lines(root: Path) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Those on the timeline, of changes of three records and of notes, and the ids of all events."""
    bulk: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    for path in root.glob("data/timeline/*/*.csv"):
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            data = json.loads(row["data"])
            ids[row["id"]] += 1
            if row["kind"] == "field.changed" and "comment" in data["changes"]:
                bulk[data["changes"]["comment"][1]] += 1
            elif str(data.get("text", "")).startswith("w"):
                notes[data["text"]] += 1
    return bulk, notes, ids


EDITOR = """{crm} lead edit {lead} --comment inner >/dev/null || exit 9
sed -i 's/^comment: .*/comment: outer/' "$1"
"""


def _edit_meanwhile(crowd: Crowd) -> None:
    """A change that comes while somebody has the record in an editor is not overwritten."""
    script = crowd.root.parent / "editor.sh"
    words = shlex.join(crowd.program)
    script.write_text(EDITOR.format(crm=words, lead=crowd.shared), "utf-8")
    run((*crowd.program, "lead", "edit", crowd.shared, "--comment", "before"), crowd.root)
    done = run(
        (*crowd.program, "lead", "edit", crowd.shared), crowd.root, EDITOR=f"sh {script}", VISUAL=""
    )
    text = (crowd.root / layout.record_path(crowd.shared)).read_text("utf-8")
    crowd.score.ran()
    if done.code != 5 or "comment: inner\n" not in text:
        crowd.score.fault("lost", f"two edits at once: exit {done.code} {done.err} {text}")


def processes(
    folder: Path,
    *,
    kills: int = 1000,
    seconds: float = 600,
    program: Program = (),
    longest: float = LONGEST,
) -> Score:
    """Let everybody work on one workspace until so many were killed, or that time is over."""
    score = Score("processes")
    crowd = Crowd(folder / "ws", program or crm(), score, kills, longest)
    folder.mkdir(parents=True, exist_ok=True)
    _prepare(crowd)
    _edit_meanwhile(crowd)
    crowd.ends = time.monotonic() + seconds
    work: list[Callable[[], None]] = [lambda n=n: _write(crowd, n) for n in range(WRITERS)]  # type: ignore[misc]
    work += [lambda n=n: _read(crowd, n) for n in range(READERS)]  # type: ignore[misc]
    work += [lambda: _tick(crowd), lambda: _use_git(crowd)]
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _judge(crowd)
    score.remark(
        f"{crowd.killed} killed, {len(crowd.acknowledged)} changes acknowledged,"
        f" the slowest command took {crowd.slowest:.1f} s"
    )
    if crowd.killed < kills:
        score.fault("other", f"only {crowd.killed} of {kills} kills in {seconds:.0f} s")
    return score.stop()
