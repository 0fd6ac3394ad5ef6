"""The full-screen board: keys and the mouse become acts, a thread reads, another one acts."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import ModalScreen

import crmcli
from crmcli.errors import CrmError
from crmcli.model.pipeline import Stage
from crmcli.present.cells import Locale
from crmcli.tui import acting
from crmcli.tui.dialogs import Page
from crmcli.tui.keys import KEYS
from crmcli.tui.reading import Picture, Start, complaint
from crmcli.tui.state import GOING, BoardState
from crmcli.tui.view import BoardView
from crmcli.workspace.acting import NoRights

T = TypeVar("T")
PAUSE = 0.7
"""Seconds between looks at the folder."""
AT_MOST = 1.0
"""Seconds for which a key waits until what the one before it began is at rest."""


class BoardApp(App[None]):
    """The board of a pipeline. The screen never waits for the folder, nor for a lock."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, start: Start) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.start = start
        self.state = BoardState(start.place)
        self.view = BoardView(self.state, Locale.of(start.ws))
        self.acts: list[str] = []
        self.fault: BaseException | None = None
        self._acting = ThreadPoolExecutor(1, "act")
        self._awake = asyncio.Event()
        self._keys: asyncio.Queue[events.Key] = asyncio.Queue()
        self._is_opening = False
        self._complaint = ""

    def _handle_exception(self, error: Exception) -> None:
        """Leave the screen; whoever opened the board tells of it as of any other error."""
        self.fault = getattr(error, "error", error)
        self.exit()

    def compose(self) -> ComposeResult:
        """One widget."""
        yield self.view

    def on_mount(self) -> None:
        """Take the keys, and begin to read."""
        self.view.focus()
        self.run_worker(self._keep_reading(), group="read")
        self.run_worker(self._keep_pressing(), group="keys")

    async def on_event(self, event: events.Event) -> None:
        """Keys wait for each other: none is lost between a form and the board, however fast they come."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._keys.put_nowait(event)
        else:
            await super().on_event(event)

    async def _keep_pressing(self) -> None:
        while True:
            await super().on_event(await self._keys.get())
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_MOST):
                    while self._is_moving():
                        await asyncio.sleep(0.001)

    def _is_moving(self) -> bool:
        """Whether a key would come too early: a form is opened, or something is not told yet."""
        told = (self, *self.screen.walk_children(with_self=True))
        is_told = any(one.message_queue_size for one in told)
        return self._is_opening or self.focused is None or is_told

    # -- reading --------------------------------------------------------------------------------

    async def _keep_reading(self) -> None:
        """Read what is wished for, and look for changes, until the board is left."""
        picture: Picture | None = await self._tried(asyncio.wrap_future(self.start.first))
        gc.freeze()
        gc.enable()
        while True:
            if picture is not None and self.state.told == self._complaint:
                self.state.told = ""  # it could be read, after all
            if picture is not None and picture.place == self.state.place:
                self.state.take(picture)
                self.view.draw()
                if self.state.is_short():
                    self._awake.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), PAUSE if picture is None else 0.05)
            self._awake.clear()
            wish = self.state.wish()
            picture = await self._tried(
                self._in_thread(self.start.thread, self.start.reader.changed, wish)
            )

    async def _tried(self, work: Awaitable[T]) -> T | None:
        """What work gives; None if the workspace refuses, which is told."""
        try:
            return await work
        except NoRights as error:  # what was shown before is no longer for these eyes
            self._handle_exception(error)
            return None
        except CrmError as error:
            self._complaint = complaint(error)
        except OSError as error:  # the folder is away for a moment, or for good
            self._complaint = error.strerror or str(error)
        self.tell(self._complaint)
        return None

    async def _in_thread(self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: Any) -> T:
        run = copy_context().run  # the language is spoken there too
        return await asyncio.get_running_loop().run_in_executor(pool, run, work, *values)

    def wake(self) -> None:
        """Read at once if something that is seen was not read yet."""
        if self.state.is_short():
            self._awake.set()

    def on_board_view_moved(self) -> None:
        """Something else is in sight."""
        self.wake()

    # -- what is asked for ----------------------------------------------------------------------

    def on_board_view_typed(self, event: BoardView.Typed) -> None:
        """Do what the key stands for, or take it as a letter of the filter."""
        if self.state.typing:
            self._type(event.key, event.letter)
        elif name := KEYS.get(event.key) or KEYS.get(event.letter):
            if name in GOING:
                GOING[name](self.state)
            else:
                getattr(self, f"press_{name}")()
        self.view.draw()
        self.wake()

    def _type(self, key: str, letter: str) -> None:
        words = self.state.place.words
        if key in ("enter", "down", "tab"):
            self.state.typing = False
        elif key in ("escape", "ctrl+c"):
            self.state.typing = False
            self._show(words="")
        elif key in ("backspace", "ctrl+h"):
            self._show(words=words[:-1])
        elif key in ("ctrl+u", "ctrl+w"):
            self._show(words="")
        elif letter.isprintable() and letter:
            self._show(words=words + letter)

    def _show(self, **place: str) -> None:
        self.state.told = self.state.command = ""
        self.state.show(self.state.place._replace(**place))
        self._awake.set()

    def tell(self, text: str, command: str = "") -> None:
        """Say something in the line below the board."""
        self.state.told, self.state.command = text, command
        self.view.draw()

    def ask(self, work: Coroutine[Any, Any, None]) -> None:
        """Let an act go on, which may ask questions, while the board lives."""
        self._is_opening = True
        self.run_worker(self._going_on(work), group="act")

    async def _going_on(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        self._is_opening = False

    async def answer(self, screen: ModalScreen[T]) -> T:
        """What somebody answers."""
        answered = self.push_screen(screen, wait_for_dismiss=True)
        self._is_opening = False
        return await answered

    def stage_at(self, number: int) -> Stage:
        """The stage of a lane."""
        return self.state.lanes[number].lane.stage

    # -- acts -----------------------------------------------------------------------------------

    async def act(
        self, act: acting.Act, ids: tuple[str, ...] = (), stage: str = ""
    ) -> acting.Outcome:
        """Do an act, tell of it, and read anew."""
        self.state.working |= dict.fromkeys(ids, stage)
        self._is_opening = False
        self.tell("…", act.command)
        outcome = await self._in_thread(self._acting, acting.done, self.start.opened, act)
        for record_id in ids:
            self.state.working.pop(record_id, None)
        if outcome.event:
            self.acts.append(outcome.event)
        said = [*outcome.told, *(complaint(refusal.error) for refusal in outcome.refused)]
        self.tell("  ".join(said), act.command)
        self._awake.set()
        return outcome

    def run_command(self, *words: str) -> str:
        """What a crm command prints, in a process of its own."""
        done = subprocess.run(
            self.command_line(*words),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**self.environment(*words), "COLUMNS": str(Page.room(self.size.width))},
        )
        return done.stdout + done.stderr

    def environment(self, *words: str) -> dict[str, str]:
        """The environment of such a command: who came through the gate goes through it again."""
        if not self.start.ws.gate:
            return {**os.environ}
        package = str(Path(crmcli.__file__).parents[1])
        return {**os.environ, "SSH_ORIGINAL_COMMAND": shlex.join(words), "PYTHONPATH": package}

    def command_line(self, *words: str) -> list[str]:
        """A command on this workspace as this user, for a process of its own."""
        ws = self.start.ws
        if ws.gate:
            return [sys.executable, "-m", "crmcli", *ws.gate, "-C", str(ws.root)]
        who = ["--as", ws.user] if ws.user else []
        return [sys.executable, "-m", "crmcli", *words, "-C", str(ws.root), *who]
