"""What a server can do instead of answering: pieces from which misbehaving servers are put together."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

Act = Callable[[socket.socket], None]
SENT, AGAIN, NEVER, UNKNOWN = "Sent", "Failed, again", "Failed", "Unknown"
LONGEST = 30.0
"""Seconds after which a server gives up, should nobody hang up on it."""
PIECE = 64 * 1024


@dataclass(frozen=True)
class Case:
    """A server that misbehaves: how it is called, what it does to a caller, what must come of it.

    `serve` returns whether the server has taken what it was sent.
    """

    name: str
    kind: str
    serve: Callable[[socket.socket], bool]
    wanted: tuple[str, ...]
    size: int = 0
    login: bool = False


def say(data: bytes) -> Act:
    """Say that."""
    return lambda sock: sock.sendall(data)


def hang(sock: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    sock.settimeout(LONGEST)
    while sock.recv(PIECE):
        pass


def deaf(sock: socket.socket) -> None:
    """Neither read nor say anything for a while."""
    time.sleep(4)


def close(sock: socket.socket) -> None:
    """Hang up."""
    sock.shutdown(socket.SHUT_RDWR)


def reset(sock: socket.socket) -> None:
    """Break the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def drip(data: bytes, tail: bytes = b"", pause: float = 0.05) -> Act:
    """Say the first, then bytes of the second one at a time, without end."""

    def act(sock: socket.socket) -> None:
        sock.sendall(data)
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            for byte in tail or b"x":
                sock.sendall(bytes([byte]))
                time.sleep(pause)

    return act


def flood(data: bytes, again: bytes) -> Act:
    """Say the first, then the second as fast as can be, without end."""

    def act(sock: socket.socket) -> None:
        sock.sendall(data)
        until = time.monotonic() + LONGEST
        block = again * (PIECE // len(again) + 1)
        while time.monotonic() < until:
            sock.sendall(block)

    return act


def split(data: bytes) -> Act:
    """Say it a byte at a time."""

    def act(sock: socket.socket) -> None:
        for byte in data:
            sock.sendall(bytes([byte]))
            time.sleep(0.001)

    return act


def both(first: Act, second: Act) -> Act:
    """Do one, then the other."""

    def act(sock: socket.socket) -> None:
        first(sock)
        second(sock)

    return act
