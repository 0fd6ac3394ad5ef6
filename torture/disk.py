"""A disk that keeps only what was synced: every state in which a power cut may leave a workspace.

The calls of a real run are replayed. After each of them the disk may have lost, or kept out of turn,
whatever was not yet synced: a new file is synced with its first name, any other name only with its
folder. That is worse than any journaling file system, so a sync that ext4 or xfs would forgive is
missed here all the same. Followed is what must outlast it: records and timeline, transactions, the
letters of this clone, and what left this machine.
"""

from __future__ import annotations

import codecs
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import CrmError
from crmcli.store.disk.commit_record import SUFFIX, TXN
from crmcli.store.layout import CLONE_ID, DATA, STATE
from crmcli.store.safety import state
from torture.copies import adopt
from torture.kills import snapshots
from torture.scenes import Scene, scenes
from torture.score import Score
from torture.states import State, settle
from torture.tracing import Program, crm, missing, record

FEW = 6
"""Of so many calls that are not synced each is tried alone and left out alone; of more, some."""

FOLLOWED = (DATA, TXN, CLONE_ID, state.SENT)

_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_FD = re.compile(r"(?:\d+|AT_FDCWD)<([^>]*)>")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Op(NamedTuple):
    """One change of the disk: what, on which path or inode, with what; `home` is what must be synced."""

    what: str
    home: str
    path: str
    inode: int
    at: int = 0
    data: bytes = b""
    source: str = ""

    def is_birth_of(self, inode: int) -> bool:
        """Whether this gave a new file its first name: that goes to the disk with the file."""
        return self.what == "name" and self.inode == inode and not self.source


@dataclass
class Disk:
    """A file tree as the calls made it, and which of its changes are not synced yet."""

    root: str
    names: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    contents: dict[int, bytes] = field(default_factory=dict)
    synced: list[Op] = field(default_factory=list)
    pending: list[Op] = field(default_factory=list)
    live: dict[str, int] = field(default_factory=dict)
    said: int = 0
    committed: set[str] = field(default_factory=set)
    answered: frozenset[str] = frozenset()
    """The commit records that were made, and those of changes that the last answer came after."""

    @classmethod
    def of(cls, root: Path) -> Disk:
        """The tree of a workspace before the command."""
        disk = cls(f"{root}/")
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_dir():
                disk.folders.add(name)
            elif name.startswith(FOLLOWED):
                disk.names[name] = len(disk.contents)
                disk.contents[disk.names[name]] = path.read_bytes()
        disk.live = dict(disk.names)
        return disk

    def take(self, line: str) -> bool:
        """Follow one call; whether it changed anything that matters here."""
        match = _CALL.match(line)
        if not match or int(match[3]) < 0:
            return False
        call, args = match[1], match[2]
        if call == "write" and args.startswith("1<"):
            if self.committed:  # what is said before is a preview
                self.said += _bytes(args).count(b"\n")
                self.answered = frozenset(self.committed)
            return True
        paths = [p for p in map(self._inside, (*_texts(args), *_FD.findall(args))) if p is not None]
        if call == "syncfs":
            self._sync(self.pending)
            return True
        if not paths or not (paths[0] in ("", STATE) or paths[0].startswith(FOLLOWED)):
            return False
        return self._follow(call, args, paths)

    def _inside(self, path: str) -> str | None:
        return path[len(self.root) :] if f"{path}/".startswith(self.root) else None

    def _follow(self, call: str, args: str, paths: list[str]) -> bool:
        path = paths[0]
        before = len(self.pending)
        if call == "openat":
            if "O_CREAT" in args and path not in self.live:
                self.live[path] = inode = len(self.contents)
                self.contents[inode] = b""
                self._do(Op("name", _folder(path), path, inode))
        elif call in ("write", "pwrite64"):
            offset = int(args.rpartition(",")[2]) if call == "pwrite64" else 0
            self._do(Op("data", f"#{self.live[path]}", path, self.live[path], offset, _bytes(args)))
        elif call == "ftruncate":
            size = int(args.rpartition(",")[2])
            self._do(Op("size", f"#{self.live[path]}", path, self.live[path], size))
        elif call.startswith("rename"):
            inode = self.live.pop(path)
            self.live[paths[1]] = inode
            if paths[1].endswith(SUFFIX):
                self.committed.add(paths[1])
            self._do(Op("name", _folder(paths[1]), paths[1], inode, source=path))
        elif call.startswith("unlink"):
            self._do(Op("gone", _folder(path), path, self.live.pop(path)))
        elif call.startswith("mkdir"):
            self._do(Op("folder", _folder(path), path, -1))
        elif call in ("fsync", "fdatasync"):
            inode = self.live.get(path, -1)
            home = f"#{inode}" if path in self.live else path
            self._sync([op for op in self.pending if op.home == home or op.is_birth_of(inode)])
            return True
        return len(self.pending) > before

    def _do(self, op: Op) -> None:
        self.pending.append(op)

    def _sync(self, ops: list[Op]) -> None:
        chosen = set(map(id, ops))
        self.synced += [op for op in self.pending if id(op) in chosen]
        self.pending = [op for op in self.pending if id(op) not in chosen]

    @property
    def clones(self) -> set[str]:
        """The letters of the clones that had written before the command."""
        return {Path(name).stem for name in self.names}

    def wrecks(self, dice: random.Random) -> Iterator[Wreck]:
        """What a power cut may leave now."""
        pending = self.pending
        picked = range(len(pending))
        if len(pending) > FEW:
            picked = dice.sample(picked, FEW)  # type: ignore[assignment]  # any order will do
        choices: list[list[Op]] = [[], pending]
        for n in picked:
            choices += [[pending[n]], pending[:n] + pending[n + 1 :]]
            if pending[n].data:
                half, nothing = (
                    pending[n].data[: len(pending[n].data) // 2],
                    bytes(len(pending[n].data)),
                )
                for data in (half, nothing):
                    choices.append(
                        [*pending[:n], pending[n]._replace(data=data), *pending[n + 1 :]]
                    )
        for kept in choices:
            yield self._wreck(kept)

    def _wreck(self, kept: list[Op]) -> Wreck:
        names, folders, contents = dict(self.names), set(self.folders), dict(self.contents)
        for op in (*self.synced, *kept):
            if op.what == "data":
                old = contents[op.inode].ljust(op.at, b"\0")
                contents[op.inode] = old[: op.at] + op.data + old[op.at + len(op.data) :]
            elif op.what == "size":
                contents[op.inode] = contents[op.inode][: op.at].ljust(op.at, b"\0")
            elif op.what == "folder":
                folders.add(op.path)
            elif op.what == "gone":
                if names.get(op.path) == op.inode:
                    del names[op.path]
            else:
                if names.get(op.source) == op.inode:
                    del names[op.source]
                names[op.path] = op.inode
        whole = {path for path in folders if all(p in folders for p in _above(path))}
        files = {p: contents[i] for p, i in names.items() if _folder(p) in whole}
        return Wreck(tuple(sorted(files.items())), tuple(sorted(whole)))


class Wreck(NamedTuple):
    """A tree as a power cut left it."""

    files: tuple[tuple[str, bytes], ...]
    folders: tuple[str, ...]

    def build(self, root: Path) -> None:
        """Write it to real files."""
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        used = {_folder(path) for path, _ in self.files} | {TXN} & set(self.folders)
        for folder in used:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for path, data in self.files:
            (root / path).write_bytes(data)
        adopt(root)  # the wreck is the same disk, in another place


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> Iterator[str]:
    while path := _folder(path):
        yield path


def _texts(args: str) -> list[str]:
    return [codecs.decode(text, "unicode_escape") for text in _TEXT.findall(args)[:2]]


def _bytes(args: str) -> bytes:
    match = _TEXT.search(args)
    return codecs.decode(match[1], "unicode_escape").encode("latin-1") if match else b""


def _judge(
    wreck: Wreck, root: Path, states: list[State], disk: Disk, where: str, score: Score
) -> None:
    wreck.build(root)
    score.ran()
    if any(path in disk.answered for path, _ in wreck.files):
        score.fault("other", f"{where}: answered, and the commit record may come back")
    try:
        found = settle(root)
    except (CrmError, AssertionError) as error:
        score.fault("torn", f"{where}: {error}")
        return
    new = {path.stem for path in root.glob("data/timeline/*/*.csv")} - disk.clones
    if not new <= {state.make(root)}:
        score.fault("other", f"{where}: the clone {new} wrote, and has forgotten its letters")
    if found not in states:
        score.fault("torn", f"{where}: a state that never was")
    elif states.index(found) < min(disk.said, len(states) - 1):
        score.fault("lost", f"{where}: acknowledged, and not there")


def cut_everywhere(
    scene: Scene, folder: Path, program: Program, score: Score, *, at_first: bool = False
) -> None:
    """Run one command, and judge every state that a power cut may leave at any time of it."""
    folder.mkdir(parents=True, exist_ok=True)
    states = snapshots(scene, folder)
    root = scene.stand(folder / "ws")
    disk = Disk.of(root)
    done, _ = record((*program, *scene.args), root, folder / "log", full=True)
    if done.code:
        score.fault("other", f"{scene.name}: {done.err}")
    dice, seen = random.Random(scene.name), set()
    for line in (folder / "log").read_text("utf-8", "replace").splitlines():
        if not disk.take(line):
            continue
        where = f"{scene.name}, cut after {line[:160]}"
        for wreck in disk.wrecks(dice):
            key = hash((wreck, disk.said))
            if key not in seen:
                seen.add(key)
                _judge(wreck, folder / "wreck", states, disk, where, score)
                if at_first and score.faults:
                    return


def disk(
    folder: Path,
    *,
    names: tuple[str, ...] = (),
    program: Program = (),
    at_first: bool = False,
) -> Score:
    """Every state after a power cut of every command, on a disk that keeps no more than it must."""
    score = Score("disk")
    reason = missing()
    if reason:
        score.fault("other", reason)
        return score.stop()
    commands = scenes(folder / "bases", names)
    for scene in commands:
        before = score.runs
        cut_everywhere(scene, folder / "disk", program or crm(), score, at_first=at_first)
        print(f"  {scene.name}: {score.runs - before} states after a cut", flush=True)
    score.remark(f"{len(commands)} commands, {score.runs} states after a power cut")
    return score.stop()
