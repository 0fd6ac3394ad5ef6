"""The torture tortured: each fault that is put into crm must be found by the part that looks for it."""

from __future__ import annotations

import sys
from pathlib import Path

from torture.disk import disk
from torture.kills import kills
from torture.processes import processes
from torture.score import Score
from torture.seeded import FAULTS, Fault
from torture.tracing import Program, missing

ROUNDS = 5


def found_by(fault: Fault, program: Program, folder: Path) -> Score:
    """What the part that has to find a fault says of the program that has it."""
    if fault.part == "kills":
        return kills(folder, names=(fault.scene,), program=program, within=60, at_first=True)
    if fault.part == "disk":
        return disk(folder, names=(fault.scene,), program=program, at_first=True)
    for turn in range(ROUNDS):  # chance decides here
        said = processes(folder / str(turn), kills=0, seconds=12, program=program, longest=60)
        if said.faults:
            break
    return said


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
        what = "found" if said.faults else "NOT found"
        print(f"  {name}: {what} by {fault.part}: {(said.faults or [''])[0][:150]}", flush=True)
        if not said.faults:
            score.fault("other", f"{fault.part} does not notice: {fault.words}")
    return score.stop()
