"""A small SMTP server that answers 451 when it is told to, and keeps the ids of what it took."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Post(ThreadingTCPServer):
    """The server: `taken` counts each Message-ID, `is_closed` lets it put everybody off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.taken: Counter[str] = Counter()
        self.is_closed = False

    @property
    def url(self) -> str:
        """Where letters go."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Talk(StreamRequestHandler):
    def handle(self) -> None:
        post = self.server
        assert isinstance(post, Post)
        self._say("220 post")
        while line := self.rfile.readline(1000):
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                letter = self._letter()
                if not letter:
                    return  # whoever sent it was killed in the middle
                if post.is_closed:
                    self._say("451 come later")
                    continue
                found = _ID.search(letter)
                post.taken[found[1].decode() if found else "?"] += 1
            self._say("221 bye" if word == b"QUIT" else "250 yes")
            if word == b"QUIT":
                return

    def _letter(self) -> bytes:
        lines: list[bytes] = []
        while line := self.rfile.readline(100_000):
            if line.rstrip(b"\r\n") == b".":
                return b"".join(lines)
            lines.append(line)
        return b""

    def _say(self, text: str) -> None:
        try:
            self.wfile.write(f"{text}\r\n".encode())
        except OSError:
            return  # it was killed


@contextmanager
def posting() -> Iterator[Post]:
    """The server, listening inside the block."""
    with Post() as post:
        threading.Thread(target=post.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield post
        finally:
            post.shutdown()
