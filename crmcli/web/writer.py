"""Who keeps what is sent: it is durable before it is answered, written down and taken up after that."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from crmcli.automation.receive import take_those
from crmcli.channels.incoming import Arrived
from crmcli.errors import Conflict, CrmError, kind_of_bug
from crmcli.sales.forms import CHANNEL
from crmcli.sales.intake import accepted, kept
from crmcli.sales.intake.together import TOGETHER
from crmcli.workspace import Workspace, spool

MOST_WAITING = 100_000
"""So many are accepted that stand on no timeline yet: others write all the time, or the disk is full."""
PATIENCE = 15.0
"""Seconds that who sends a form is kept waiting for the disk."""
IDLE = 0.2
PAUSE = 0.05
AGAIN = 5.0
"""Seconds after which what could not be written down is tried again."""
REST = 3
"""While posts come, writing down rests so many times as long as it took: answers go first."""


class TryLater(Conflict):
    """It could not be kept: the disk is full or too slow, or too many wait."""


class Writer:
    """Keeps posts of any thread, and writes them down in its own; `opened` gives the workspace of now."""

    def __init__(self, opened: Callable[[], Workspace]) -> None:
        self._opened = opened
        self._spool = spool.Spool(opened)
        self._left: deque[kept.Kept] = deque()
        self._stops, self._comes = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write, those first that others left; InvalidData where the configuration is wrong now.

        Read here, it is known to the thread when a file of it is being written as the thread begins.
        """
        self._spool.take_over()
        self._thread.start()

    def stop(self) -> None:
        """Write down what has come so far, and end; what is not taken up yet, crm tick takes up."""
        self._stops.set()
        self._comes.set()
        self._thread.join(PATIENCE)

    @property
    def is_alive(self) -> bool:
        """Whether what is kept is written down."""
        return self._thread.is_alive() and not self._stops.is_set()

    @property
    def waiting(self) -> int:
        """How many are kept that are not written down yet."""
        return self._spool.count

    def keep(self, arrived: Arrived, channel: str = CHANNEL) -> None:
        """Keep one durably before this returns; TryLater."""
        if self.waiting >= MOST_WAITING:
            raise TryLater("too many wait to be written down", "try again in a minute")
        try:
            self._spool.add(accepted.line(channel, arrived), PATIENCE)
        except CrmError as error:
            raise TryLater(error.message, error.hint) from error
        if not self._comes.is_set():
            self._comes.set()

    def _run(self) -> None:
        while True:
            self._comes.clear()
            began = time.monotonic()
            file = self._spool.closed()
            is_down = file is None or self._is_down(file)
            if self._stops.is_set():
                if file is None or not is_down:
                    break
                continue
            self._take()
            if not is_down:
                self._stops.wait(AGAIN)
            elif file is None and not self._left:
                self._comes.wait(IDLE)
            elif self._comes.wait(PAUSE):
                self._stops.wait(REST * (time.monotonic() - began))
        self._spool.end()

    def _is_down(self, file: spool.SpoolFile) -> bool:
        """Write down what stands in a file; False if some of it has to be tried again."""
        failed: Exception | None
        try:
            new, failed = accepted.write_down(self._opened(), file)
            self._left += (one for one in new if kept.HELD not in one.facts)
        except Exception as error:  # it stays in its file, whatever it was
            failed = error
        if failed is not None:
            _tell(failed)
        self._spool.note(file, failed)
        return failed is None

    def _take(self) -> None:
        some = [self._left.popleft() for _ in range(min(TOGETHER, len(self._left)))]
        try:
            take_those(self._opened(), some)
        except CrmError:
            self._stops.wait(IDLE)  # crm tick will take them up
        except Exception as error:
            _tell(error)


def _tell(error: Exception) -> None:
    told = str(error) if isinstance(error, CrmError) else kind_of_bug(error)
    sys.stderr.write(f"crm serve: {told}\n")
