"""A little of the torture: the whole is `make torture`, told of in torture/README.md."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests import kit
from torture.clocks import clocks
from torture.cuts import _fork, cuts
from torture.disk import disk
from torture.errors import errors
from torture.folders import folders
from torture.gitsteps import gitsteps
from torture.honesty import found_by, tells
from torture.hostile import CASES, hostile
from torture.kills import kills
from torture.processes import processes
from torture.scenes import CONVERSIONS, STAGES
from torture.schedules import schedules
from torture.score import Score, table
from torture.seeded import FAULTS
from torture.servers import servers
from torture.tracing import missing, run
from torture.trees import TREES
from torture.turns import turns

PATIENCE = 20.0
"""Seconds for the next command: the machine runs other tests at the same time."""

IMPATIENT = "from crmcli.store.safety import locks; locks.PATIENCE = 1.0"
HASTY = (sys.executable, "-c", f"{IMPATIENT}; from crmcli.cli.main import main; main()")
"""The program, but who waits for another gives up sooner: `make torture` has it as it is."""

FOUND = {(fault.part, fault.scene): name for name, fault in reversed(FAULTS.items())}
"""Of the seeded faults one for each scene; all of them are looked for by `make torture`."""

traced = pytest.mark.skipif(bool(missing()), reason=missing() or "strace")
pytestmark = pytest.mark.slow


def good(score: Score) -> bool:
    assert score.is_good, table([score])
    return True


@traced
@pytest.mark.parametrize(
    ("name", "most"),
    kit.some([("first add", 3), ("first convert", 3), ("tick mail", 2), ("call", 2), ("done", 2),
              ("undo", 2), ("merge", 2)], 2),
)  # fmt: skip
def test_a_kill_leaves_the_old_or_the_new_state(name: str, most: int, tmp_path: Path) -> None:
    assert good(kills(tmp_path, names=(name,), most=most, within=PATIENCE))


@traced
@pytest.mark.parametrize("name", [*STAGES][::2])
def test_a_killed_change_of_stages_is_whole_or_not_at_all(name: str, tmp_path: Path) -> None:
    assert good(kills(tmp_path, names=(name,), most=2, within=PATIENCE))


@traced
@pytest.mark.parametrize("name", [*CONVERSIONS][::7])
def test_a_killed_conversion_is_whole_or_not_at_all(name: str, tmp_path: Path) -> None:
    assert good(kills(tmp_path, names=(name,), most=2, within=PATIENCE))


@traced
@pytest.mark.parametrize("name", ["first add", "first after clone", "first convert", "rm"])
def test_a_power_cut_leaves_the_old_or_the_new_state(name: str, tmp_path: Path) -> None:
    assert good(disk(tmp_path, names=(name,)))


@traced
@pytest.mark.parametrize(
    "name",
    kit.some(
        [
            name
            for (part, _), name in FOUND.items()
            if part in ("disk", "turns", "folders") and name != "whole_sync"
        ],
        6,
    ),
)
def test_a_sync_or_a_lock_that_is_left_out_is_noticed(name: str, tmp_path: Path) -> None:
    program = (sys.executable, "-m", "torture.seeded", name)
    found = found_by(FAULTS[name], program, tmp_path).faults
    assert any(map(tells, found)), found


@traced
def test_two_at_once_take_turns(tmp_path: Path) -> None:
    assert good(turns(tmp_path, program=HASTY))


def test_a_writer_that_ends_before_the_cut_is_told(tmp_path: Path) -> None:
    complaints = tmp_path / "complaints"
    writer = _fork(tmp_path / "nowhere", "anna", complaints)
    while not complaints.exists() or "NoWorkspace" not in complaints.read_text("utf-8"):
        time.sleep(0.01)
    os.waitid(os.P_PID, writer.process, os.WEXITED | os.WNOWAIT)
    assert not writer.hold()
    assert writer.end() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
@pytest.mark.parametrize("system", ["ext4", "xfs"])
def test_a_real_power_cut_loses_nothing(system: str, tmp_path: Path) -> None:
    score = cuts(tmp_path, count=3, systems=(system,))
    if not score.runs and not score.faults:
        pytest.skip("; ".join(score.remarks))
    assert good(score)


@traced
def test_an_error_of_the_system_is_told_truly(tmp_path: Path) -> None:
    assert good(errors(tmp_path, names=("first add",), most=6))


def test_many_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    score = processes(tmp_path, kills=10, seconds=90, longest=60.0)
    assert good(score)


SAMPLE = (
    "another repository by link", "link data/leads/7 to a folder outside", "pipe .crm/lock",
    "record: append '.git/config'",
)  # fmt: skip


@traced
def test_nothing_in_a_hostile_folder_runs_or_writes_outside(tmp_path: Path) -> None:
    assert len(TREES) >= 200
    assert good(folders(tmp_path, names=SAMPLE))


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    some = tuple(sorted(CASES))[::10]
    assert good(hostile(tmp_path, count=500, names=some))


def test_a_command_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    done = run((sys.executable, "-c", "bytearray(400 << 20)"), tmp_path)
    assert done.code == 1
    assert "MemoryError" in done.err


def test_a_server_may_misbehave_as_it_likes(tmp_path: Path) -> None:
    assert good(servers(tmp_path, mixed=8, every=12))


def test_a_clock_that_jumps_loses_and_doubles_nothing(tmp_path: Path) -> None:
    assert good(clocks(tmp_path / "scene", names=("ahead",)))
    assert good(clocks(tmp_path / "days", days=0.05, seed=1))


@pytest.mark.parametrize(
    "name",
    kit.some(
        [
            name
            for (part, _), name in FOUND.items()
            if part in ("clocks", "gitsteps", "servers") and name != "endless_patience"
        ],
        3,
    ),
)
def test_what_is_believed_blindly_is_noticed(name: str, tmp_path: Path) -> None:
    program = (sys.executable, "-m", "torture.seeded", name)
    found = found_by(FAULTS[name], program, tmp_path).faults
    assert any(map(tells, found)), found


def test_git_may_step_where_it_likes(tmp_path: Path) -> None:
    assert good(gitsteps(tmp_path, steps=30, seed=2))


def test_schedules_go_as_cron_does() -> None:
    assert good(schedules(every=400))
