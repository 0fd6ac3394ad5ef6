"""Runs a command on a disk that is nearly full: `FOLDER BASE pages|inodes FROM:TO:STEP command…`."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from torture.copies import copied
from torture.states import State, content, state
from torture.tracing import Done, crm, run

PAGE = 4096


def _fill_pages(top: Path, left: int) -> None:
    with (top / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(PAGE)):
                pass
        except OSError:
            filler.truncate(max(0, filler.tell() - left * PAGE))


def _fill_inodes(top: Path, left: int) -> None:
    (top / "filler").mkdir()
    count = 0
    with contextlib.suppress(OSError):
        while True:
            (top / f"filler/{count}").touch()
            count += 1
    for n in range(min(left, count)):
        (top / f"filler/{n}").unlink()


def _empty(top: Path) -> None:
    filler = top / "filler"
    if filler.is_dir():
        shutil.rmtree(filler)
    else:
        filler.unlink()


def sweep(top: Path, base: Path, what: str, levels: range, command: list[str]) -> None:
    """Print a line for every level: what the command gave, the state at once and after the next one."""
    root = top / "ws"
    for level in levels:
        shutil.rmtree(root, ignore_errors=True)
        copied(base, root)
        (_fill_pages if what == "pages" else _fill_inodes)(top, level)
        done = run(command, root)
        at_once = state(content(root))
        run((*crm(), "check"), root)  # it cannot finish everything while the disk is full
        _empty(top)
        following = run((*crm(), "check"), root)
        if following.finds_harm:
            done = done._replace(code=-99, err=done.err + following.out + following.err)
        line = [level, list(done), at_once, state(content(root))]
        sys.stdout.write(json.dumps(line) + "\n")


def read(text: str) -> Iterator[tuple[int, Done, State, State]]:
    """What `sweep` printed."""

    def back(pairs: list[list[str]]) -> State:
        return tuple((path, words) for path, words in pairs)

    for line in text.splitlines():
        level, done, at_once, later = json.loads(line)
        yield level, Done(*done), back(at_once), back(later)


if __name__ == "__main__":
    folder, base_, what_, levels_, *command_ = sys.argv[1:]
    sweep(Path(folder), Path(base_), what_, range(*map(int, levels_.split(":"))), command_)
