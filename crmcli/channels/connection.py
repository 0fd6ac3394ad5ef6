"""A connection to a server that is not trusted: bounded in what it sends and in how long it takes.

One moment ends everything that is done with it, however slowly the other side drips, and one number
of bytes is the most that is taken from it.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any

from crmcli.language import tr

_PIECE = 4096


class SaysTooMuch(OSError):
    """The other side sends more than anybody needs."""


class HungUp(OSError):
    """The other side has closed the connection."""


def time_left(until: float) -> float:
    """Seconds until a moment of the monotonic clock; TimeoutError if it has passed."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def look_up(host: str, port: int, until: float) -> list[str]:
    """The IP addresses of a name; OSError if it has none, TimeoutError if that takes too long. The system's
    resolver cannot be interrupted. It is asked in a thread, which is left to itself when the time is over
    and ends when the resolver gives up."""
    found: list[str] = []
    trouble: list[OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(str(answer[4][0]) for answer in answers)
        except UnicodeError:
            trouble.append(OSError(tr("{} cannot be looked up", host)))
        except OSError as error:
            trouble.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(time_left(until))
    if trouble:
        raise trouble[0]
    if not found:
        raise TimeoutError(tr("{} cannot be looked up in time", host))
    return found


class Connection:
    """A TCP connection that is over at `until` (monotonic) and takes in `most` bytes in all. It stands in
    for a socket in smtplib and http.client. Raises TimeoutError, SaysTooMuch, HungUp or another OSError."""

    def __init__(self, addresses: Sequence[str], port: int, until: float, most: int) -> None:
        self.until = until
        self._room = most
        self._ahead = bytearray()  # what has come, and nobody has read yet
        self._sock = self._connected(addresses, port)

    def _connected(self, addresses: Sequence[str], port: int) -> socket.socket:
        """The first address that answers."""
        trouble: OSError = OSError("no address")
        for address in addresses:
            try:
                return socket.create_connection((address, port), time_left(self.until))
            except OSError as error:
                trouble = error
        raise trouble

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on; what came unencrypted must not be taken for what comes after."""
        if self._ahead:
            raise SaysTooMuch("the server sent data before encryption began")
        self._sock.settimeout(time_left(self.until))
        try:
            self._sock = context.wrap_socket(self._sock, server_hostname=host)
        except ssl.SSLError:
            raise
        except ValueError as error:  # a name that no certificate can be for
            raise OSError(str(error)) from None

    def sendall(self, data: bytes) -> None:
        """Send everything, or fail."""
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(time_left(self.until))
            rest = rest[self._sock.send(rest[: 1 << 16]) :]

    def has_spoken(self) -> bool:
        """Whether something has come that nobody has read, without waiting for it."""
        if not self._ahead:
            self._sock.settimeout(0)
            try:
                self._ahead += self._taken(self._sock.recv(_PIECE))
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
        return True

    def line(self, most: int) -> bytes:
        """The next line, without its end; one that is broken off is none."""
        while (end := self._ahead.find(b"\n")) < 0 and len(self._ahead) <= most:
            self._sock.settimeout(time_left(self.until))
            self._ahead += self._taken(self._sock.recv(_PIECE))
        if not 0 <= end <= most:
            raise SaysTooMuch("a line that never ends")
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.removesuffix(b"\r")

    def _taken(self, piece: bytes) -> bytes:
        if not piece:
            raise HungUp("the connection was closed")
        self._room -= len(piece)
        if self._room < 0:
            raise SaysTooMuch("the answer is too long")
        return piece

    def unread(self, data: bytes) -> None:
        """Let that be read again."""
        self._ahead[:0] = data

    def read(self, most: int) -> bytes:
        """Some bytes, at most so many; b"" at the end."""
        if not self._ahead:
            self._sock.settimeout(time_left(self.until))
            try:
                self._ahead += self._taken(self._sock.recv(_PIECE))
            except HungUp:
                return b""
        piece = bytes(self._ahead[:most])
        del self._ahead[:most]
        return piece

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes in as a file."""
        return io.BufferedReader(_Incoming(self), _PIECE)

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


class _Incoming(io.RawIOBase):
    """What a connection brings, for whom it is a file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        piece = self._connection.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
