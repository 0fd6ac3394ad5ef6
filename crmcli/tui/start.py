"""With what a board begins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from crmcli.tui.reading import BoardReader, Picture, Place
from crmcli.workspace import Workspace


class Start(NamedTuple):
    """With what a board begins: the workspace and how others are opened, its place, what reads for it."""

    ws: Workspace
    opened: Callable[[], Workspace]
    place: Place
    entity: str
    reader: BoardReader
    thread: ThreadPoolExecutor
    first: Future[Picture]
