"""Folders that mean harm: nothing in them runs, nothing outside of them is written, nothing hangs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from torture.copies import copied
from torture.scenes import new
from torture.score import Score
from torture.tracing import FAST, Program, crm, environ, missing, run
from torture.trees import TREES, Plant

LONGEST = 30.0
"""Seconds for a command that is traced."""
COMMANDS = (
    ("lead", "list"),
    ("lead", "add", "--name", "Б"),
    ("tick",),
    ("check",),
    ("check", "--fix", "--yes"),
    ("lead", "add", "--name", "В"),
)
CALLS = (
    "execve,execveat,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,rmdir,"
    "mkdir,mkdirat,link,linkat,symlink,symlinkat,truncate,chmod,fchmodat,chown,lchown,fchownat,"
    "mknod,mknodat,bind"
)
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
_OPENED = re.compile(r"= \d+<([^>]*)>$")
_PLACES = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>, "((?:[^"\\]|\\.)*)"')
_ONE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OWN = ("python", "git", "crm", "file")
"""What may run; `file` is called by croniter, which asks Python how wide the machine's numbers are."""
_GIT_CORE = "/git-core/"


class Stage(NamedTuple):
    """Where a tree stands: the workspace, what lies beside it, the user's home."""

    root: Path
    outside: Path
    home: Path


def _set(base: Path, folder: Path, plant: Plant) -> Stage:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stage = Stage(folder / "ws", folder / "outside", folder / "home")
    (stage.outside / "folder").mkdir(parents=True)
    stage.home.mkdir()
    (stage.outside / "file").write_text("id: lead-7k3qf2m9\nname: Чужой\nstage: new\n")
    (stage.outside / "folder/file").write_text("чужое\n")
    git = ("git", "init", "-q", str(stage.outside / "repository"))
    subprocess.run(git, check=True, capture_output=True)
    copied(base, stage.root, symlinks=True)
    plant(stage.root, stage.outside)
    return stage


def _look(folder: Path) -> dict[str, str]:
    """Everything in a folder, by what it is and holds."""
    seen = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        held = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        seen[str(path.relative_to(folder))] = (
            f"{status.st_mode:o} {status.st_nlink} {hashlib.sha256(held).hexdigest()[:12]}"
        )
    return seen


def _armed(root: Path) -> dict[str, str]:
    """What git would run or heed in the workspace, and every file that can be run."""
    git = root / ".git"
    if not git.is_dir() or git.is_symlink():
        return {}
    seen = {p.name: p.read_text("utf-8", "replace") for p in git.glob("hooks/*") if p.is_file()}
    config = git / "config"
    return seen | {"config": config.read_text("utf-8", "replace") if config.is_file() else ""}


def _programs(log: str) -> Iterable[str]:
    for line in log.splitlines():
        if "execve" in line and line.rstrip().endswith("= 0"):
            match = _ONE.search(line)
            if match:
                yield match[1]


def _written(log: str, root: Path) -> Iterable[str]:
    """The real path of everything that was made, changed or removed."""
    for line in log.splitlines():
        if re.search(r"= -1 |exited|resumed", line) or "execve" in line:
            continue
        call = line.split("(", 1)[0].split()[-1]
        if call in ("open", "openat", "openat2", "creat"):
            opened = _OPENED.search(line)
            if opened and _WRITES.search(line):
                yield opened[1]
            continue
        places = [f"{at}/{name}" if name[:1] != "/" else name for at, name in _PLACES.findall(line)]
        for place in places or [str(root / name) for name in _ONE.findall(line)]:
            yield f"{os.path.realpath(Path(place).parent)}/{Path(place).name}"


def _may_write(path: str, stage: Stage) -> bool:
    allowed = (str(stage.root), str(stage.home / ".local/state/crm"))
    beside = re.fullmatch(r"/dev/(null|tty|pts/.*)|pipe:.*|socket:.*|/proc/self/.*", path)
    made = (str(stage.home), str(stage.home / ".local"), str(stage.home / ".local/state"))
    return bool(beside) or path in made or any(
        path == place or path.startswith(f"{place}/") for place in allowed
    )  # fmt: skip


def _try(name: str, stage: Stage, program: Program, score: Score) -> None:
    log = stage.root.parent / "trace"
    outside, armed = _look(stage.outside), _armed(stage.root)
    for args in COMMANDS:
        log.unlink(missing_ok=True)
        traced = (
            "strace",
            "-f",
            FAST,
            "-qq",
            "-y",
            "-s",
            "4096",
            "-e",
            f"trace={CALLS}",
            "-o",
            str(log),
        )
        try:
            done = run(
                (*traced, *program, *args), stage.root, limit=LONGEST, HOME=str(stage.home),
                XDG_STATE_HOME="", PYTHONDONTWRITEBYTECODE="1", GIT_CONFIG_NOSYSTEM="1",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            score.fault("other", f"{name}: {args} hangs")
            return
        score.ran()
        if done.code not in range(8) or "Traceback" in done.err:
            score.fault("other", f"{name}: {args} ends with {done.code}: {done.err.strip()[:300]}")
        text = log.read_text("utf-8", "replace")
        for path in sorted(set(_programs(text))):
            if not Path(path).name.startswith(_OWN) and _GIT_CORE not in path:
                score.fault("other", f"{name}: {args} runs {path}")
        for path in sorted(set(_written(text, stage.root))):
            if not _may_write(path, stage):
                score.fault("other", f"{name}: {args} writes {path}")
        if _look(stage.outside) != outside:
            score.fault("other", f"{name}: {args} has changed what lies outside")
            return
        if _armed(stage.root) != armed:
            score.fault("other", f"{name}: {args} has changed what git runs")
            return


def _base(folder: Path) -> Path:
    """A small workspace under git, with a lead and a robot that writes; every change is committed."""
    root = new(folder / "base")
    with (root / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("git: {commit: each}\n")
    run((*crm(), "lead", "add", "--name", "А", "--email", "a@example.com"), root)
    for args in (("init", "-q"), ("config", "user.name", "t"), ("config", "user.email", "t@t"),
                 ("add", "-A"), ("commit", "-qm", "one")):  # fmt: skip
        subprocess.run(("git", *args), cwd=root, check=True, env=environ())
    run((*crm(), "lead", "add", "--name", "Е"), root)
    return root


def folders(folder: Path, *, names: Iterable[str] = (), program: Program = ()) -> Score:
    """Try a handful of commands in each tree, or in those named."""
    score = Score("folders")
    if missing():
        score.fault("other", missing())
        return score.stop()
    folder.mkdir(parents=True, exist_ok=True)
    base = _base(folder)

    def one(at: tuple[int, str]) -> None:
        number, name = at
        place = folder / f"{number:04}"
        _try(name, _set(base, place, TREES[name]), program or crm(), score)
        shutil.rmtree(place, ignore_errors=True)

    wanted = list(names) or list(TREES)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, enumerate(wanted)))
    score.remark(f"{len(wanted)} trees, {score.runs} commands")
    return score.stop()
