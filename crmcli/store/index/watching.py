"""Notices that the folder changed, at no cost that grows with its records."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from crmcli.store import layout
from crmcli.store.index import folder

_WRITTEN = 0x2 | 0x8  # IN_MODIFY, IN_CLOSE_WRITE


def watch(root: Path) -> Callable[[], object]:
    """Tells, whenever it is called, the stamps of the folders of records, of timeline files and of what is
    configured, and how often it saw records written in their place: by inotify, never without it."""
    queue, add = _inotify()
    writings = 0

    def signs() -> object:
        nonlocal writings
        shards = [*folder.shards(root)]
        for path in shards if queue >= 0 else ():  # most are watched already, which does no harm
            add(queue, os.fsencode(root / path), _WRITTEN)
        with suppress(BlockingIOError):
            while queue >= 0 and os.read(queue, 1 << 16):
                writings += 1
        paths = (*shards, layout.PIPELINES, layout.SETTINGS, layout.ACCESS)
        stamps = [(path, folder.stamp_of(root, path)) for path in paths]
        return (writings, *folder.journals(root), *stamps)

    return signs


def _inotify() -> tuple[int, Callable[[int, bytes, int], int]]:
    """A queue of what the system tells, and how a folder is watched; -1 where it tells nothing."""
    import ctypes

    library = ctypes.CDLL(None)
    begin = getattr(library, "inotify_init1", None)
    if begin is None:  # macOS
        return -1, lambda *_: -1
    return begin(os.O_NONBLOCK | os.O_CLOEXEC), library.inotify_add_watch
