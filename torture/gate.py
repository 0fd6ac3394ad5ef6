"""The gate: all commands for all roles, names of files everywhere, commands at random, fifty people."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from crmcli.workspace.approving import approve
from tests import kit
from tests.gate.conftest import Host, make_key, sshd
from tests.gate.fuzz import Maker
from tests.gate.inside import enter
from tests.gate.matrix import Cell, cells, made, secrets, wrong
from tests.gate.probing import probe
from tests.kit import Run
from tests.rights.conftest import USERS
from torture.score import Score

BY_SSH = 6
"""Each sixth cell goes through a real sshd; the pairs of user and owner, 25, follow each other."""
CODES = frozenset((0, 1, 2, 3, 4, 5, 6, 7, 130))
"""How a command may end, whatever was asked for."""
SEEN = {"anna": ("anna",), "boris": ("anna", "boris"), "ivan": ("ivan", "olga")}
"""Whose records some users see."""


def gate(folder: Path, *, count: int, people: int, whole: bool, seed: int = 0) -> Score:
    """Run the parts: `count` commands at random, so many `people` at once."""
    score = Score("gate")
    kept = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    try:
        (folder / "a").mkdir(parents=True)
        root, ids = made(folder / "a")
        approve(root)
        _matrix(score, root, ids, whole=whole)
        if whole:
            try:
                score.ran(probe(root, ids["deal root"], folder / "CANARY", each=True))
            except AssertionError as error:
                score.fault("other", str(error)[:500])
            _by_ssh(score, folder / "c", root, ids)
        fuzzed(score, root, ids, count, seed)  # last: it calls records of its own by ids of others
        if people:
            _crowd(score, folder / "b", people)
    finally:
        os.environ.pop("XDG_STATE_HOME")
        if kept is not None:
            os.environ["XDG_STATE_HOME"] = kept
    return score.stop()


def _matrix(score: Score, root: Path, ids: dict[str, str], *, whole: bool) -> None:
    tried = [*cells()][:: 1 if whole else 40]
    for cell in tried:
        score.ran()
        if why := wrong(root, ids, cell):
            name = _name(cell)
            score.fault("other", f"{cell.user}: {name} ({cell.entity} of {cell.owner}): {why}")
    score.remark(f"{len(tried)} cells of commands, roles and records")


def _by_ssh(
    score: Score, folder: Path, root: Path, ids: dict[str, str], each: int = BY_SSH
) -> None:
    """Cells spread over all of them, as each user's key gives them by a real sshd."""
    (folder / "home/.ssh").mkdir(parents=True)
    host = Host(folder, root, ids)
    for user in USERS:
        make_key(folder / user)
        if (done := host.install(user)).code:
            score.fault("other", f"{user} is not let in: {done.err}")
            return
    tried = [*cells()][::each]
    with sshd(host) as served, ExitStack() as kept:
        for user in USERS:
            kept.enter_context(_connected(served, user))

        @cache
        def asked(user: str, line: str) -> Run:
            return served.ssh(user, line, options=("-S", f"{folder}/{user}.to"))

        for cell in tried:
            score.ran()
            if why := wrong(root, ids, cell, lambda user, words: asked(user, shlex.join(words))):
                name = _name(cell)
                score.fault(
                    "other", f"ssh, {cell.user}: {name} ({cell.entity} of {cell.owner}): {why}"
                )
    score.remark(f"{len(tried)} cells, {len({*map(_name, tried)})} commands, by a real sshd")


def _name(cell: Cell) -> str:
    return " ".join(cell.words)


@contextmanager
def _connected(host: Host, user: str) -> Iterator[None]:
    """A connection with the key of a user that stays open for all that this user asks."""
    line = [*host.ssh_line(user), "-M", "-N", "-S", f"{host.folder}/{user}.to", "127.0.0.1"]
    with subprocess.Popen(line) as connection:
        for _ in range(100):
            if (host.folder / f"{user}.to").exists():
                break
            time.sleep(0.1)
        yield
        connection.terminate()


def fuzzed(score: Score, root: Path, ids: dict[str, str], count: int, seed: int) -> None:
    """Commands at random: each ends as a command may, and tells nothing of others' records."""
    ends: Counter[int] = Counter()
    lines = Maker(seed, [*ids.values()]).lines(count)
    for number, line in enumerate(lines):
        user = ("anna", "ivan", "boris")[number % 3]
        score.ran()
        try:
            done = enter(root, user, line)
        except BaseException as error:
            score.fault("other", f"{user}: {line!r}: {type(error).__name__}: {error}")
            continue
        ends[done.code] += 1
        said = done.out + done.err
        closed = [owner for owner in USERS if owner not in SEEN[user]]
        told = [word for owner in closed for word in secrets(ids, owner)[-4:-2] if word in said]
        if done.code not in CODES or "Traceback" in said:
            score.fault("other", f"{user}: {line!r} ends with {done.code}: {done.err[:200]}")
        elif told and not any(word in line for word in told):
            score.fault("lost", f"{user}: {line!r} tells {told}")
    score.remark(f"{count} commands at random end with {dict(sorted(ends.items()))}")


def _crowd(score: Score, folder: Path, people: int) -> None:
    """Everybody adds leads and reads at once, each by a key of one's own."""
    users = [f"u{number:02}" for number in range(people)]
    folder.mkdir()
    listed = "".join(f"  {user}: {{name: Сотрудник {user}}}\n" for user in [*users, "root"])
    root = kit.workspace(folder / "team", kit.pipelines(), f"users:\n{listed}")
    roles = ", ".join(f"{user}: [manager]" for user in users)
    kit.write(root, "access.yaml", f"users: {{root: [administrator], {roles}}}\n")
    host = Host(folder, root, {})
    for user in users:
        make_key(folder / user)
        if (done := host.install(user)).code:
            score.fault("other", f"{user} is not let in: {done.err}")
            return
    with sshd(host) as served, ThreadPoolExecutor(people) as crowd:
        for user, added, faults in crowd.map(lambda user: _works(served, user), users):
            score.ran(len(added) * 2)
            for fault in faults:
                score.fault("other", f"{user}: {fault}")
            mine = served.ssh(user, "lead list --ids").out.split()
            if sorted(mine) != sorted(added):
                score.fault("lost", f"{user} has {mine} instead of {added}")
        checked = served.here("check")
        if checked.code:
            score.fault("torn", checked.out + checked.err)
    score.remark(f"{people} people at once")


def _works(host: Host, user: str) -> tuple[str, list[str], list[str]]:
    added, faults = [], []
    for number in range(3):
        try:
            done = host.ssh(user, f"lead add --name 'Лид {user} {number}' --anyway --ids")
            for _ in range(5):
                if done.code != 5:
                    break
                done = host.ssh(user, f"lead add --name 'Лид {user} {number}' --anyway --ids")
            seen = host.ssh(user, "lead list")
        except subprocess.TimeoutExpired:
            faults.append("no answer in a minute")
            continue
        if done.code:
            faults.append(f"lead add: {done.code} {done.err}")
        else:
            added.append(done.out.split()[0])
        others = [
            one
            for one in seen.out.split()
            if one.startswith("u") and one != user and one[1:].isdigit()
        ]
        if seen.code or others:
            faults.append(f"lead list: {seen.code} {others} {seen.err}")
    return user, added, faults
