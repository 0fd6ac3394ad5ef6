"""A small server in a thread of the tests, of which nothing is left when it ends.

A listener that is closed while another thread waits in accept() leaves that thread behind: a signal
makes the kernel begin the call anew with the old number, which by then is the listener of the next
test. So it is shut down first, which ends the wait, and closed when nobody waits.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Talk = Callable[[socket.socket], object]


class Listening:
    """Answers whoever calls `port`, one after the other."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # it was closed
            with contextlib.suppress(OSError), sock:
                self._talk(sock)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()


@contextlib.contextmanager
def listening(talk: Talk) -> Iterator[int]:
    """The port of a server that does that to whoever calls."""
    served = Listening(talk)
    try:
        yield served.port
    finally:
        served.close()
