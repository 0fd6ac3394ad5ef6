"""A connection is bounded in bytes and in time, whatever the other side does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from crmcli.channels import connection
from crmcli.channels.connection import Connection, HungUp, SaysTooMuch, look_up
from tests.listening import Talk, listening


@contextlib.contextmanager
def connected(talk: Talk, seconds: float = 5.0, most: int = 10_000) -> Iterator[Connection]:
    """A connection to a server that does that to whoever calls."""
    with listening(talk) as port:
        made = Connection(["127.0.0.1"], port, time.monotonic() + seconds, most)
        try:
            yield made
        finally:
            made.close()


def drip(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"x")
        time.sleep(0.05)


def flood(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"x" * 65536)


def deaf(sock: socket.socket) -> None:
    sock.recv(1)
    time.sleep(1)


def test_lines_in_pieces() -> None:
    def talk(sock: socket.socket) -> None:
        for piece in (b"on", b"e\r", b"\ntwo\n\r\nthr"):
            sock.sendall(piece)
            time.sleep(0.02)

    with connected(talk) as line:
        assert [line.line(100) for _ in range(3)] == [b"one", b"two", b""]
        with pytest.raises(HungUp):
            line.line(100)


def test_one_moment_ends_it_however_slowly_it_drips() -> None:
    started = time.monotonic()
    with connected(drip, seconds=0.4) as line, pytest.raises(TimeoutError):
        line.line(1000)
    assert time.monotonic() - started < 3


def test_one_moment_ends_it_however_slowly_the_other_side_reads() -> None:
    started = time.monotonic()
    with connected(deaf, seconds=0.4) as line, pytest.raises(TimeoutError):
        line.sendall(b"x" * 50_000_000)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("most", [100, 20_000])
def test_what_never_ends_is_not_kept(most: int) -> None:
    with connected(flood) as line, pytest.raises(SaysTooMuch):
        line.line(most)


def test_a_file_is_bounded_too() -> None:
    with connected(flood) as line, line.makefile("rb") as file, pytest.raises(SaysTooMuch):
        file.read(-1)


def test_whether_it_has_spoken_is_seen_without_waiting() -> None:
    said = threading.Event()

    def talk(sock: socket.socket) -> None:
        said.wait(5)
        sock.sendall(b"hi\n")

    with connected(talk) as line:
        assert not line.has_spoken()
        said.set()
        while not line.has_spoken():
            time.sleep(0.01)
        assert line.line(10) == b"hi"
        while (end := trouble(line.has_spoken)) is None:
            time.sleep(0.01)
        assert isinstance(end, HungUp)


def trouble(act: Callable[[], object]) -> OSError | None:
    """What goes wrong with it, if anything does."""
    try:
        act()
    except OSError as error:
        return error
    return None


def test_a_name_that_nobody_answers_for_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_m: let_go.wait(20) and [])
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        look_up("slow.example", 25, time.monotonic() + 0.2)
    assert time.monotonic() - started < 3
    let_go.set()


def test_names_that_do_not_exist() -> None:
    for name in ("x.invalid", "a" * 300, "..", "a..b"):
        with pytest.raises(OSError):  # each system has its own words
            look_up(name, 25, time.monotonic() + 5)
    assert connection.look_up("127.0.0.1", 25, time.monotonic() + 5) == ["127.0.0.1"]
