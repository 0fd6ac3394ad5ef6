"""The torture tortured: each fault that is put into crm must be found by the part that looks for it."""

from __future__ import annotations

import sys
from pathlib import Path

from torture.clocks import clocks
from torture.disk import disk
from torture.folders import folders
from torture.gitsteps import gitsteps
from torture.kills import kills
from torture.score import Score
from torture.seeded import FAULTS, Fault
from torture.servers import SECONDS, servers
from torture.tracing import Program, missing
from torture.turns import turns

NOISE = ("Traceback", "bug in crm", "could not be played")


def found_by(fault: Fault, program: Program, folder: Path) -> Score:
    """What the part that has to find a fault says of the program that has it."""
    if fault.part == "kills":
        return kills(folder, names=(fault.scene,), program=program, within=60, at_first=True)
    if fault.part == "disk":
        return disk(folder, names=(fault.scene,), program=program, at_first=True)
    if fault.part == "gitsteps":
        return gitsteps(folder, names=(fault.scene,), program=program)
    if fault.part == "clocks":
        return clocks(folder, names=(fault.scene,), program=program)
    if fault.part == "folders":
        return folders(folder, names=(fault.scene,), program=program)
    if fault.part == "servers":
        return _by_servers(fault, (*program, "--caller"), folder)
    return turns(folder, names=(fault.scene,), program=program)


def _by_servers(fault: Fault, caller: Program, folder: Path) -> Score:
    found = servers(folder, names=(fault.scene,), program=caller)
    if found.faults:
        return found
    # On a busy machine little may have come before the time was over.
    return servers(folder, names=(fault.scene,), program=caller, seconds=10 * SECONDS)


def tells(words: str) -> bool:
    """Whether that says what the fault does, and not that the faulty program cannot run at all."""
    return not any(sign in words for sign in NOISE)


def honesty(folder: Path, names: tuple[str, ...] = ()) -> Score:
    """Look for every seeded fault, or for those named."""
    score = Score("honesty")
    if missing():
        score.fault("other", missing())
        return score.stop()
    for name in names or FAULTS:
        fault = FAULTS[name]
        program = (sys.executable, "-m", "torture.seeded", name)
        said = found_by(fault, program, folder / name)
        score.ran()
        found = [words for words in said.faults if tells(words)]
        what = "found" if found else "NOT found"
        shown = (found or said.faults or [""])[0][:150]
        print(f"  {name}: {what} by {fault.part}: {shown}", flush=True)
        if not found:
            score.fault("other", f"{fault.part} does not notice: {fault.words}; {shown}")
    score.remark(f"{score.runs - len(score.faults)} of {score.runs} seeded faults found")
    return score.stop()
