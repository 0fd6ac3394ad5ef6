"""Writers, readers, a tick and git on one workspace at once, and a random kill -9 for many of them."""

from __future__ import annotations

import contextlib
import csv
import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from crmcli.store import layout
from crmcli.store.safety import locks
from torture.scenes import new
from torture.score import Score
from torture.tracing import Done, Program, capped, crm, environ, run, text_of

LONGEST = 5.0
"""Seconds that any command may take while all the others run."""
PATIENCE = 60.0
WRITERS = READERS = 4
AT_WORK, AT_ANY_TIME = 0.3, 0.4
"""Shares of the commands that are killed while they hold the lock, and at any time of their life."""
LONG = 0.7
"""Seconds that a command may live before it is killed at any time."""


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
    killed_inside: int = 0
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
        with TemporaryFile() as out, TemporaryFile() as err:
            process = subprocess.Popen(
                (*self.program, *args), cwd=self.root, env=environ(CRM_NOW=""), stdout=out,
                stderr=err, stdin=subprocess.DEVNULL, preexec_fn=capped,
            )  # fmt: skip
            fate = dice.random() if self.kills else 1.0
            if fate < AT_WORK:
                self._kill_at_work(process, dice.uniform(0, 0.02))
            elif fate < AT_WORK + AT_ANY_TIME:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(dice.uniform(0.02, LONG))
                process.kill()
            process.wait(PATIENCE)
            return self._ended(process, args, started, text_of(out), text_of(err))

    def _kill_at_work(self, process: subprocess.Popen[bytes], later: float) -> None:
        """Kill it so many seconds after it took the lock; one that takes none goes free."""
        mine = f"{process.pid} ".encode()
        while process.poll() is None:
            with contextlib.suppress(OSError):
                if (self.root / locks.LOCK).read_bytes().startswith(mine):
                    time.sleep(later)
                    process.kill()
                    return
            time.sleep(0.001)

    def _ended(
        self,
        process: subprocess.Popen[bytes],
        args: tuple[str, ...],
        started: float,
        out: str,
        words: str,
    ) -> Done | None:
        seconds = time.monotonic() - started
        with self.lock:
            if process.returncode == -9:
                self.killed += 1
                self.killed_inside += self._has_the_lock(process.pid)
                return None
            self.slowest = max(self.slowest, seconds)
        self.score.ran()
        if seconds > self.longest and args != ("tick",):  # a tick has as many changes as are due
            self.score.fault("other", f"{args} took {seconds:.1f} s")
        if process.returncode == 70 or "Traceback" in words:
            self.score.fault("other", f"{args}: {words}")
        return Done(process.returncode, out, words, seconds)

    def _has_the_lock(self, process: int) -> bool:
        """Whether it died as it held the lock: its name still stands there, if nobody came since."""
        with contextlib.suppress(OSError):
            return (self.root / locks.LOCK).read_bytes().startswith(f"{process} ".encode())
        return False

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
    if checked.finds_harm:
        crowd.score.fault("torn", f"crm check: {checked.out}{checked.err}")
    bulk, found, ids = _lines(crowd.root)
    found += _names(crowd.root)
    for token, kind in crowd.acknowledged.items():
        if not (bulk if kind == "bulk" else found)[token]:
            crowd.score.fault("lost", f"{kind} {token} was acknowledged, and does not exist")
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
        f"{crowd.killed} killed, {crowd.killed_inside} of them at work under the lock,"
        f" {len(crowd.acknowledged)} changes acknowledged,"
        f" the slowest command took {crowd.slowest:.1f} s"
    )
    if crowd.killed < kills:
        score.fault("other", f"only {crowd.killed} of {kills} kills in {seconds:.0f} s")
    return score.stop()
