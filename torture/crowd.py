"""Many who write in one workspace: people and cron jobs at their pace, or commands in tight loops."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path

from torture.tracing import crm, run

WRITERS = 50
PATIENCE = 120
BUSY = 5


class Crowd:
    """Each adds a lead, and edits it `every` so many seconds, or one time after the other; `nice` as that
    command has it."""

    def __init__(self, every: float = 0, nice: int = 0, count: int = WRITERS) -> None:
        self.every, self.nice = every, nice
        pace = f"one change each {every:g} s" if every else "in tight loops"
        self.name = f"{count} writers, {pace}" + (f", at nice {nice}" if nice else "")
        self.leads = self.edits = self.busy = 0
        self.faults: list[str] = []
        self._root = Path()
        self._began = self._took = self._worked = 0.0
        self._stops, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(count)]

    def __str__(self) -> str:
        cores = self._worked / self._took if self._took else 0
        return (
            f"writers: {self.leads + self.edits} commands done, {self.busy} times told that the workspace is"
            f" busy, {len(self.faults)} failed, {cores:.2f} processors"
        )

    def start(self, root: Path) -> None:
        """Begin to write there."""
        self._root = root
        self._began, self._worked = time.time(), _children()
        for thread in self._threads:
            thread.start()

    def stop(self, others: float = 0.0) -> None:
        """Let each end what it does; `others` is what children that are not of them have taken meanwhile."""
        self._stops.set()
        for thread in self._threads:
            thread.join()
        self._took = time.time() - self._began
        self._worked = _children() - self._worked - others

    def _write(self, number: int) -> None:
        phone, count = f"+7926{number:07}", 0
        self._stops.wait(self.every * number / len(self._threads))  # not all in the same moment
        while not self._stops.is_set():
            began = time.time()
            if count:
                count += self._is_done("lead", "edit", phone, "--comment", f"{count}")
            else:
                count += self._is_done("lead", "add", "--name", phone, "--phone", phone)
            self._stops.wait(self.every - (time.time() - began))

    def _is_done(self, *args: str) -> bool:
        before = ("nice", "-n", str(self.nice)) if self.nice else ()
        done = run((*before, *crm(), *args), self._root, limit=PATIENCE, CRM_NOW="")
        with self._lock:
            if done.code == 0:
                self.leads += args[1] == "add"
                self.edits += args[1] == "edit"
            elif done.code == BUSY:
                self.busy += 1
            else:
                self.faults.append(f"{' '.join(args)}: {done.code} {done.err}")
        return done.code == 0


def _children() -> float:
    """The seconds of processor of all processes that we started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
