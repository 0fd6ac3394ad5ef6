"""Servers that misbehave, one after the other: what crm says of each, in which time, with how much memory."""

from __future__ import annotations

import json
import random
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torture import mailservers, webservers
from torture.behaviour import Case
from torture.caller import PASSWORD
from torture.score import Score
from torture.tracing import Program, capped

SECONDS = 1.0
"""How long an answer may take. A case that lost against the clock is tried again with more."""
MORE = 5.0
SLACK = 4.0
KILOBYTES = 24 * 1024
"""How much more memory a caller may take than one that has called nobody."""
CALLERS = 6


class Caller:
    """A process that calls one server after the other."""

    def __init__(self, program: Program) -> None:
        self.process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=capped
        )
        self.usual = int(self._read()["kilobytes"])

    def call(self, case: Case, port: int, seconds: float) -> dict[str, Any]:
        """What it says of that server; a word of its own where it says nothing in time."""
        what = {"kind": case.kind, "port": port, "size": case.size, "login": case.login}
        assert self.process.stdin is not None  # PIPE was asked for
        self.process.stdin.write(json.dumps({**what, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout is not None  # likewise
        if not select.select([self.process.stdout], [], [], seconds * 6 + 2 * SLACK)[0]:
            self.process.kill()
            return {"word": "nothing in time", "seconds": 999.0}
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # likewise
        line = self.process.stdout.readline()
        read: dict[str, Any] = json.loads(line) if line else {"word": "ended", "seconds": 0.0}
        return read

    def end(self) -> None:
        """Let it go."""
        self.process.kill()
        self.process.communicate()


def servers(
    _folder: Path,
    mixed: int = 200,
    names: Sequence[str] = (),
    every: int = 1,
    seed: int = 0,
    program: Program = (sys.executable, "-m", "torture.caller"),
    seconds: float = SECONDS,
) -> Score:
    """Call every server, or those named, or every so manieth, and so many mixed ones."""
    dice = random.Random(seed)
    found = [*mailservers.cases(), *webservers.cases()]
    found = [case for case in found if case.name in names] if names else found[::every]
    for number in range(0 if names else mixed):
        found.append((mailservers, webservers)[number % 3 == 2].mixed(dice, number))
    score = Score("servers")
    shares = [found[number::CALLERS] for number in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(_share, share, program, seconds, score) for share in shares]:
            done.result()
    return score.stop()


def _share(cases: Sequence[Case], program: Program, seconds: float, score: Score) -> None:
    caller = Caller(program) if cases else None
    for case in cases:
        assert caller is not None  # there are cases
        score.ran()
        faults = _faults(case, caller, seconds)
        if faults and caller.process.poll() is None:
            faults = _faults(case, caller, seconds * MORE)  # perhaps the machine was busy
        for kind, words in faults:
            score.fault(kind, f"{case.name}: {words}")
        if caller.process.poll() is not None or faults:
            caller.end()
            caller = Caller(program)
    if caller is not None:
        caller.end()


def _faults(case: Case, caller: Caller, seconds: float) -> list[tuple[str, str]]:
    """What is wrong with what came of one call."""
    taken: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(seconds * 6)
        serving = threading.Thread(target=_serve, args=(case, listener, taken), daemon=True)
        serving.start()
        said = caller.call(case, listener.getsockname()[1], seconds)
        serving.join(2)
        again = bool(select.select([listener], [], [], 0)[0]) and not serving.is_alive()
    word = said["word"] + (", again" if said.get("again") else "")
    shown = f"{word} after {said['seconds']:.1f} s: {said.get('reason') or said.get('ref')}"
    faults = []
    if word not in case.wanted:
        faults.append(("other", f"{shown}, not {' or '.join(case.wanted)}"))
    if word == "Sent" and True not in taken:
        faults.append(("lost", f"{shown}, but the server did not take it"))
    if again:
        faults.append(("doubled", f"{shown}, and it was called twice"))
    if said["seconds"] > seconds * 6 + SLACK:
        faults.append(("other", f"{shown}, which is too long"))
    if said.get("kilobytes", 0) > caller.usual + KILOBYTES + 3 * case.size // 1024:
        faults.append(("other", f"{shown}, with {said['kilobytes'] // 1024} MB of memory"))
    if PASSWORD in shown:
        faults.append(("other", f"it tells what is secret: {shown}"))
    return faults


def _serve(case: Case, listener: socket.socket, taken: list[bool]) -> None:
    try:
        sock, _ = listener.accept()
    except OSError:
        return
    with sock:
        sock.settimeout(30)
        taken.append(case.serve(sock))
