"""What stands in the folder where crm does not look for it, and attachments that are not what they were."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model.entities import plurals
from crmcli.model.listed import did_you_mean
from crmcli.model.values import entity_of
from crmcli.store import layout
from crmcli.store.disk import files, targets
from crmcli.store.yaml import codec
from crmcli.store.yaml.canonical import MAX_BYTES

_FOLDERS = (*plurals(), "timeline", "audit", "files", "audiences", "locked")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Misplaced(NamedTuple):
    """A record's file under a path that is not its own; `twin`: one of the same content stands there."""

    path: str
    target: str
    twin: bool


def strange_places(root: Path) -> Iterator[Problem]:
    """Folders and files in data/ of which crm knows nothing, but for those among the records."""
    for entry in _entries(root, layout.DATA):
        path = f"{layout.DATA}/{entry.name}"
        if entry.name in _FOLDERS:
            if not entry.is_dir(follow_symlinks=False):
                yield Problem(path, 0, "this must be a folder", "replace it with the real folder")
        elif entry.is_dir(follow_symlinks=False):
            hint = did_you_mean(entry.name, _FOLDERS, tr("there are {}", ", ".join(_FOLDERS)))
            yield Problem(path, 0, "crm does not read a folder of this name", hint)
    for folder in (f"{layout.DATA}/{name}" for name in _FOLDERS):
        for entry in _entries(root, folder):
            if entry.is_symlink() and Path(entry.path).is_dir():
                said, hint = "is a symbolic link", "replace it with the real folder"
                yield Problem(f"{folder}/{entry.name}", 0, said, hint)
    for entry in _entries(root, layout.TIMELINE):
        path = f"{layout.TIMELINE}/{entry.name}"
        if not entry.is_symlink() and not _MONTH.fullmatch(entry.name):
            yield Problem(path, 0, "the timeline has a folder a month, like 2026-11", "rename it")
            continue  # its files are looked at under their right name
        yield from _strange_journals(root, path)


def is_blocked(root: Path) -> bool:
    """Whether something that is no folder stands for one of the folders in data/."""
    places = (root / layout.DATA / name for name in _FOLDERS)
    return any(os.path.lexists(place) and not place.is_dir() for place in places)


def _strange_journals(root: Path, month: str) -> Iterator[Problem]:
    for entry in _entries(root, month):
        if not targets.is_journal(f"{month}/{entry.name}"):
            said = "this is not the name of a timeline file: eight letters of a clone, and .csv"
            yield Problem(f"{month}/{entry.name}", 0, said, "rename it, or move it out of here")


def _closed(root: Path, path: str) -> Iterator[Problem]:
    """A problem if the file or folder is there and cannot be read."""
    full = root / path
    wanted = os.R_OK | os.X_OK if full.is_dir() else os.R_OK
    if os.path.lexists(full) and not full.is_symlink() and not os.access(full, wanted):
        yield Problem(path, 0, "this cannot be read", "check who owns it and its rights")


def closed_templates(root: Path) -> Iterator[Problem]:
    """Templates, and folders of them, that cannot be read."""
    left = ["templates"]
    while left:
        path = left.pop()
        yield from _closed(root, path)
        for entry in _entries(root, path):
            if entry.is_dir(follow_symlinks=False):
                left.append(f"{path}/{entry.name}")
            else:
                yield from _closed(root, f"{path}/{entry.name}")


def attachments(root: Path) -> Iterator[Problem]:
    """Attached files whose content is not that for which they are named."""
    yield from _closed(root, layout.FILES)
    for shard in _entries(root, layout.FILES):
        if shard.is_dir(follow_symlinks=False):
            yield from _closed(root, f"{layout.FILES}/{shard.name}")
            for entry in _entries(root, f"{layout.FILES}/{shard.name}"):
                yield from _of_attachment(root, f"{layout.FILES}/{shard.name}/{entry.name}")
        else:
            path = f"{layout.FILES}/{shard.name}"
            yield Problem(path, 0, "this is not an attached file", "move it out of here")


def _of_attachment(root: Path, path: str) -> Iterator[Problem]:
    name = path.rpartition("/")[2]
    if not re.fullmatch("[0-9a-f]{64}", name) or path != layout.file_path(name):
        yield Problem(path, 0, "this is not an attached file", "move it out of here")
    elif not stat.S_ISREG((root / path).lstat().st_mode):
        yield Problem(path, 0, "this is not a regular file", "replace it with the real file")
    else:
        try:
            with files.os_errors("read {}", path), (root / path).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except CrmError as error:
            yield Problem(path, 0, error.message, error.hint)
            return
        if found != name:
            said = "the attached file is damaged: its content does not match its name"
            yield Problem(path, 0, said, tr("restore it: git checkout {}", path))


def misplaced(root: Path) -> Iterator[Misplaced]:
    """The files of records that say who they are and stand elsewhere, with the place where they belong.

    Only where that place is free or holds the same content; of two that differ nobody knows which is right.
    """
    for plural in plurals():
        base = f"{layout.DATA}/{plural}"
        for shard in _entries(root, base):
            path = f"{base}/{shard.name}"
            if shard.is_dir(follow_symlinks=False):
                for entry in _entries(root, path):
                    yield from _if_misplaced(root, f"{path}/{entry.name}", entry)
            else:
                yield from _if_misplaced(root, path, shard)


def _if_misplaced(root: Path, path: str, entry: os.DirEntry[str]) -> Iterator[Misplaced]:
    named = entry.name.removesuffix(".yaml").removesuffix(".YAML").lower()
    if layout.id_of_path(path) or not entity_of(named) or not entry.is_file(follow_symlinks=False):
        return
    target = layout.record_path(named)
    try:
        data = files.read_bytes(root / path, most=MAX_BYTES)
        if codec.load(data, path).get("id") != named:
            return
    except CrmError:
        return
    if not os.path.lexists(root / target):
        yield Misplaced(path, target, twin=False)
    elif (root / target).is_file() and files.read_bytes(root / target, most=MAX_BYTES) == data:
        yield Misplaced(path, target, twin=True)


def _entries(root: Path, path: str) -> list[os.DirEntry[str]]:
    """What stands in a folder, sorted, hidden names left out; nothing in what is no folder."""
    try:
        with os.scandir(root / path) as entries:
            return sorted((e for e in entries if e.name[0] != "."), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []  # what is closed to us is told as such, once
    except OSError as error:
        raise files.plain_error(error, tr("read the folder {}", path)) from error
