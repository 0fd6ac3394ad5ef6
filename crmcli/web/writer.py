"""The one who writes: what is sent at the same time is kept in one transaction, and taken up after that."""

from __future__ import annotations

import hashlib
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from crmcli.automation.receive import take_those
from crmcli.channels.incoming import Arrived
from crmcli.dataclass import dataclass, field
from crmcli.errors import Conflict, CrmError, kind_of_bug
from crmcli.sales.forms import CHANNEL
from crmcli.sales.intake import kept
from crmcli.sales.intake.together import TOGETHER
from crmcli.workspace import Workspace

AT_ONCE = 200
"""So many are kept in one transaction."""
MOST_WAITING = 1000
PATIENCE = 15.0
"""Seconds that who sends a form is kept waiting while somebody else writes."""
IDLE = 0.2
PAUSE = 0.05
"""Seconds without a post after which some of those that are kept are taken up."""
REST = 3
"""While posts come, taking up rests so many times as long as it took: who waits for an answer goes first."""


class TryLater(Conflict):
    """It could not be kept in time: the workspace is busy, or the disk is full."""


class UsedBefore(Conflict):
    """The token of a page came again with something else."""


@dataclass
class _Post:
    """One that waits to be kept; `failed` says why it was not."""

    channel: str
    arrived: Arrived
    done: threading.Event = field(default_factory=threading.Event)
    failed: Exception | None = None
    is_given_up: bool = False


class Writer:
    """Keeps posts from any thread in a thread of its own; `opened` gives the workspace as it is now."""

    def __init__(self, opened: Callable[[], Workspace]) -> None:
        self._opened = opened
        self._posts: queue.Queue[_Post] = queue.Queue(MOST_WAITING)
        self._left: deque[kept.Kept] = deque()
        self._stops, self._rests_until = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Keep what has come so far, and end; what is not taken up yet, crm tick takes up."""
        self._stops.set()
        self._thread.join(PATIENCE)

    @property
    def is_alive(self) -> bool:
        """Whether posts are kept."""
        return self._thread.is_alive() and not self._stops.is_set()

    def keep(self, arrived: Arrived, channel: str = CHANNEL) -> None:
        """Keep one durably before this returns; TryLater, UsedBefore."""
        post = _Post(channel, arrived)
        try:
            self._posts.put_nowait(post)
        except queue.Full:
            raise TryLater("too many wait to be kept", "try again in a minute") from None
        if not post.done.wait(PATIENCE):
            post.is_given_up = True  # unless it is being written: the same page sent again is known
            raise TryLater("the workspace is busy", "try again in a minute")
        if post.failed:
            raise post.failed

    def _run(self) -> None:
        while not (self._stops.is_set() and self._posts.empty()):
            posts = self._gathered()
            if posts:
                self._keep(posts)
            if self._left and not (posts and time.monotonic() < self._rests_until):
                self._take()

    def _gathered(self) -> list[_Post]:
        posts: list[_Post] = []
        try:
            posts.append(self._posts.get(timeout=PAUSE if self._left else IDLE))
            while len(posts) < AT_ONCE:
                posts.append(self._posts.get_nowait())
        except queue.Empty:
            pass
        return [post for post in posts if not post.is_given_up]

    def _keep(self, posts: Sequence[_Post]) -> None:
        failed: Exception | None = None
        try:
            ws = self._opened()
            new = kept.keep_all(ws, [(post.channel, post.arrived) for post in posts])
            self._left += (one for one in new if kept.HELD not in one.facts)
            fresh = {one.key: one.file for one in new}
            for post in posts:
                post.failed = _checked(ws, post.arrived, fresh)
        except CrmError as error:
            failed = TryLater(error.message, error.hint)
        except Exception as error:  # whatever it was, who sent it is told that it is not kept
            sys.stderr.write(f"crm serve: {kind_of_bug(error)}\n")
            failed = TryLater("it could not be kept")
        for post in posts:
            post.failed = failed or post.failed
            post.done.set()

    def _take(self) -> None:
        began = time.monotonic()
        some = [self._left.popleft() for _ in range(min(TOGETHER, len(self._left)))]
        try:
            take_those(self._opened(), some)
        except CrmError:
            time.sleep(IDLE)  # crm tick will take them up
        except Exception as error:
            sys.stderr.write(f"crm serve: {kind_of_bug(error)}\n")
        now = time.monotonic()
        self._rests_until = now + REST * (now - began)


def _checked(ws: Workspace, arrived: Arrived, fresh: dict[str, str]) -> Exception | None:
    """UsedBefore where it is; what cannot be told of one says nothing of the others, which are kept."""
    try:
        return _used(ws, arrived, fresh)
    except CrmError as error:
        return TryLater(error.message, error.hint)


def _used(ws: Workspace, arrived: Arrived, fresh: dict[str, str]) -> Exception | None:
    """UsedBefore where something else came with the same key, in this transaction or before."""
    if not arrived.key:  # its content is its key
        return None
    file = fresh.get(arrived.key) or kept.file_of(ws, arrived.key)
    is_same = file == hashlib.sha256(arrived.content).hexdigest()
    return None if is_same else UsedBefore("the page was sent before", "load it anew")
