"""The board is opened: its first cards are read while Textual is still being loaded."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from crmcli.model.conditions.tree import Condition
from crmcli.model.pipeline import Pipeline
from crmcli.tui.reading import BoardReader, Place, Start, Wish
from crmcli.workspace import Workspace

TURN = 0.001
"""Seconds after which a thread that reads lets the screen have its turn."""


def open_board(ws: Workspace, pipeline: Pipeline, base: Condition | None) -> None:
    """Show the board of a pipeline until it is left; `base` narrows it."""

    gc.disable()  # until the first cards stand there: what is loaded now stays, and is not looked through

    def opened() -> Workspace:
        found = Workspace.open(ws.root, user=ws.user, now=ws.fixed_now, gate=ws.gate)
        found.trail = ws.trail
        return found

    place = Place(pipeline.id)
    reader = BoardReader(opened, base, pipeline.entity)
    thread = ThreadPoolExecutor(1, "read")
    first = thread.submit(copy_context().run, reader.first, Wish(place))
    from crmcli.tui.board import Board

    sys.setswitchinterval(TURN)
    board = Board(Start(ws, opened, place, pipeline.entity, reader, thread, first))
    board.run()
    if board.fault is not None:
        raise board.fault
