"""Two at once in an order that is made, not hoped for: one is stopped in the middle, then comes the other."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmcli.store import layout
from torture.copies import copied
from torture.scenes import ROBOTS, new, say, ticking, with_folders
from torture.score import Score
from torture.tracing import Point, Program, capped, crm, environ, inject, missing, record, run

BUSY = 5
PATIENCE = 60.0
MANY = 4
"""Records of one change."""
BULK = ("--yes", "contact", "bulk", "--where", "tags has четыре", "--set", "comment=новое")
EDITOR = """{crm} lead edit {lead} --comment inner >/dev/null || exit 9
sed -i 's/^comment: .*/comment: outer/' "$1"
"""


@dataclass
class Turn:
    """The workspace of one scene, the program that is tried, and what is found."""

    name: str
    root: Path
    program: Program
    score: Score

    def say(self, *args: str) -> str:
        """Run crm; its answer. RuntimeError if it refuses."""
        return say(self.root, *args)

    def fault(self, kind: str, words: str) -> None:
        """Something went wrong in this scene."""
        self.score.fault(kind, f"{self.name}: {words}")

    def check(self) -> None:
        """Let crm check look; it finishes and finds whatever was left."""
        done = run((*crm(), "check"), self.root)
        if done.code:
            self.fault("torn", f"crm check: {done.out}{done.err}")

    def point(self, args: tuple[str, ...], call: str, words: str, number: int) -> Point:
        """That call on such a path, counted from 0, of a command that is then taken back."""
        base, log = (self.root.with_name(f"{self.root.name}-{of}") for of in ("base", "log"))
        self.root.rename(base)
        copied(base, self.root)
        _, points = record((*self.program, *args), self.root, log, reads=True)
        shutil.rmtree(self.root)
        copied(base, self.root)
        return [p for p in points if p.call == call and words in p.line][number]

    @contextmanager
    def stopped(self, args: tuple[str, ...], point: Point) -> Iterator[subprocess.Popen[str]]:
        """The command, stopped as it leaves that call; it goes on to its end after the block."""
        log = self.root.with_name(f"{self.root.name}-stop")
        words = ("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={point.call}",
                 "-e", f"inject={point.call}:signal=STOP:when={point.number}")  # fmt: skip
        process = subprocess.Popen(
            (*words, *self.program, *args), cwd=self.root, env=environ(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=capped,
        )  # fmt: skip
        stopped = _wait_for_stop(log, process)
        try:
            yield process
        finally:
            os.kill(stopped, signal.SIGCONT)


def _wait_for_stop(log: Path, process: subprocess.Popen[str]) -> int:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        for line in log.read_text("utf-8").splitlines() if log.exists() else ():
            if "--- stopped by SIGSTOP ---" in line:
                return int(line.split()[0])
        time.sleep(0.01)
    process.kill()
    raise RuntimeError(f"it did not stop: {process.communicate()}")


def _ends(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def _contacts(turn: Turn) -> list[str]:
    new(turn.root)
    with_folders(turn.root)
    made = [
        turn.say("contact", "add", "--last-name", f"Гость {n}", "--tag", "четыре", "--comment", "старое")
        for n in range(MANY)
    ]  # fmt: skip
    turn.say("contact", "list")
    return made


def writer_then_writer(turn: Turn) -> None:
    """A second writer waits while the first stands in the middle of its transaction."""
    contacts = _contacts(turn)
    point = turn.point(BULK, "rename", "data/contacts", 1)
    edit = ("contact", "edit", contacts[0], "--position", "повар")
    with turn.stopped(BULK, point) as first:
        second = run((*turn.program, *edit), turn.root)
    code, _, words = _ends(first)
    if second.code != BUSY:
        turn.fault("torn", f"two wrote at the same time: exit {second.code} {second.err}")
    if code:
        turn.fault("lost", f"the first one ended with {code}: {words}")
    turn.check()
    found = json.loads(turn.say("--json", "contact", "list"))
    if any(row.get("comment") != "новое" for row in found) or len(found) != MANY:
        turn.fault("lost", f"acknowledged, and not there: {found}")


def reader_then_writer(turn: Turn) -> None:
    """A writer waits while a reader stands in the middle of the folder."""
    new(turn.root)
    with_folders(turn.root)
    tasks = [turn.say("task", "add", f"Дело {n}") for n in range(MANY)]
    turn.say("task", "list")
    for task in tasks:  # so that the reader has to read them
        path = turn.root / layout.record_path(task)
        path.write_text(path.read_text("utf-8").replace("Дело", "Письмо"), "utf-8")
    read = ("--json", "task", "list", "--where", "name ~ Письмо")
    point = turn.point(read, "openat", '"task-', 1)
    with turn.stopped(read, point) as reader:
        writer = run((*turn.program, "task", "done", *tasks), turn.root)
    code, out, words = _ends(reader)
    if writer.code != BUSY:
        turn.fault("torn", f"written under a reader: exit {writer.code} {writer.err}")
    if code:
        turn.fault("torn", f"the reader ended with {code}: {words}")
    elif len({row.get("done_at") for row in json.loads(out)}) != 1:
        turn.fault("torn", f"the reader saw half of a change: {out}")
    turn.check()


def hand_then_recovery(turn: Turn) -> None:
    """What somebody made of a file after a command was killed is not overwritten by finishing it."""
    contact = _contacts(turn)[0]
    edit = ("contact", "edit", contact, "--comment", "новое")
    point = turn.point(edit, "rename", "data/contacts", 0)
    inject((*turn.program, *edit), turn.root, point, "signal=KILL")
    path = turn.root / layout.record_path(contact)
    path.write_text(path.read_text("utf-8").replace("старое", "рукой"), "utf-8")
    done = run((*turn.program, "check"), turn.root)
    if "comment: рукой\n" not in path.read_text("utf-8"):
        turn.fault("lost", f"an edit by hand was overwritten: {done.err}")
    if "it is left as it is" not in done.err:
        turn.fault("lost", f"nobody says what became of the command's own: {done.err}")


def editor_then_command(turn: Turn) -> None:
    """A change that comes while somebody has the record in an editor is not overwritten."""
    new(turn.root)
    lead = turn.say("lead", "add", "--name", "Общий", "--comment", "before")
    script = turn.root.with_name(f"{turn.root.name}-editor.sh")
    script.write_text(EDITOR.format(crm=shlex.join(turn.program), lead=lead), "utf-8")
    done = run((*turn.program, "lead", "edit", lead), turn.root, EDITOR=f"sh {script}", VISUAL="")
    text = (turn.root / layout.record_path(lead)).read_text("utf-8")
    if done.code != BUSY or "comment: inner\n" not in text:
        turn.fault("lost", f"two edits at once: exit {done.code} {done.err} {text}")


def tick_then_tick(turn: Turn) -> None:
    """A second tick leaves at once while the first stands over a letter; the letter goes out once."""
    ticking(turn.root, ROBOTS["mail"])
    point = turn.point(("tick",), "link", "outbox/", 0)
    with turn.stopped(("tick",), point) as first:
        second = run((*turn.program, "tick"), turn.root)
        seen = len(list((turn.root / "outbox/new").glob("*")))
    code, _, words = _ends(first)
    third = run((*turn.program, "tick"), turn.root)
    for done in (second, third):
        if done.code or done.err:
            turn.fault("other", f"a tick ended with {done.code}: {done.err}")
    if code:
        turn.fault("other", f"the first tick ended with {code}: {words}")
    letters = len(list((turn.root / "outbox/new").glob("*")))
    if (seen, letters) != (1, 1):
        turn.fault("doubled", f"{seen} letters, then {letters}")
    turn.check()


SCENES: dict[str, Callable[[Turn], None]] = {
    scene.__name__: scene
    for scene in (
        writer_then_writer, reader_then_writer, hand_then_recovery, editor_then_command,
        tick_then_tick,
    )
}  # fmt: skip


def turns(folder: Path, *, names: tuple[str, ...] = (), program: Program = ()) -> Score:
    """Every order, or those named. One that has to wait gives up after ten seconds."""
    score = Score("turns")
    if missing():
        score.fault("other", missing())
        return score.stop()
    folder.mkdir(parents=True, exist_ok=True)

    def play(name: str) -> None:
        turn = Turn(name, folder / name, program or crm(), score)
        score.ran()
        try:
            SCENES[name](turn)
        except (RuntimeError, OSError, LookupError, ValueError) as error:
            turn.fault("other", f"it could not be played: {type(error).__name__}: {error}")

    with ThreadPoolExecutor(len(SCENES)) as pool:
        list(pool.map(play, names or SCENES))
    score.remark(f"{score.runs} orders of two commands")
    return score.stop()
