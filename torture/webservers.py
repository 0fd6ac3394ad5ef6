"""Web servers that misbehave when a hook is called."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
from collections.abc import Iterator

from torture.behaviour import (
    AGAIN,
    NEVER,
    SENT,
    Act,
    Case,
    both,
    close,
    deaf,
    drip,
    flood,
    hang,
    reset,
    say,
    split,
)
from torture.mailservers import Talk, encrypted

OK = b"HTTP/1.1 200 OK\r\n"
NO = b"HTTP/1.1 500 no\r\n"
CHUNKED = NO + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b"\0" * 30_000_000)


def answers() -> dict[str, tuple[Act, str]]:
    """What a server does once it has the call, and what must come of it."""
    end = b"Content-Length: 0\r\n\r\n"
    return {
        # no answer at all
        "hangs up": (close, AGAIN),
        "breaks the connection": (reset, AGAIN),
        "says nothing": (hang, AGAIN),
        "drips a status": (drip(b"HTTP/1.1 2", b"0"), AGAIN),
        "drips spaces": (drip(b"HTTP/1.1", b" "), AGAIN),
        "a line that never ends": (flood(b"", b"x"), AGAIN),
        "a status without end": (flood(b"HTTP/1.1 200 ", b"x"), AGAIN),
        "empty lines without end": (flood(b"", b"\r\n"), AGAIN),
        "NULs without end": (flood(b"", b"\0"), AGAIN),
        "broken off": (both(say(b"HTTP/1.1 200"), close), AGAIN),
        "two digits": (both(say(b"HTTP/1.1 20 OK\r\n" + end), close), AGAIN),
        "four digits": (both(say(b"HTTP/1.1 2000 OK\r\n" + end), close), AGAIN),
        "an underscore": (both(say(b"HTTP/1.1 2_00 OK\r\n" + end), close), AGAIN),
        "a sign": (both(say(b"HTTP/1.1 +200 OK\r\n" + end), close), AGAIN),
        "a zero before": (both(say(b"HTTP/1.1 0200 OK\r\n" + end), close), AGAIN),
        "a status out of range": (both(say(b"HTTP/1.1 099 OK\r\n" + end), close), AGAIN),
        "no version": (both(say(b"200 OK\r\n" + end), close), AGAIN),
        "another protocol": (both(say(b"220 mail.example ESMTP\r\n"), hang), AGAIN),
        "another version": (both(say(b"HTTP/2.0 200 OK\r\n" + end), close), AGAIN),
        # what only announces an answer
        "100 without end": (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), AGAIN),
        "102 without end": (flood(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), AGAIN),
        "103 with headers without end": (flood(b"HTTP/1.1 103 Hints\r\n", b"Link: x\r\n"), AGAIN),
        "103 and no more": (both(say(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"), hang), AGAIN),
        "101 and no more": (both(say(b"HTTP/1.1 101 Switch\r\n\r\n"), close), AGAIN),
        "102 dripping": (drip(b"", b"HTTP/1.1 102 P\r\n\r\n", 0.01), AGAIN),
        "103 first": (say(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + end), SENT),
        "199 and 100 first": (
            say(b"HTTP/1.1 199 X\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK + end), SENT),
        # the status is the answer, whatever comes then
        "200 and hangs up": (both(say(OK), close), SENT),
        "200 and breaks": (both(say(OK), reset), SENT),
        "200, headers without end": (flood(OK, b"X: y\r\n"), SENT),
        "200, a header without end": (flood(OK + b"X: ", b"y"), SENT),
        "200, dripping headers": (drip(OK, b"X: y\r\n"), SENT),
        "200, a text without end": (flood(OK + b"\r\n", b"x"), SENT),
        "200 a byte at a time": (split(OK + end), SENT),
        "200 with bare line feeds": (say(b"HTTP/1.1 200 OK\n\n"), SENT),
        "200, headers that are none": (say(OK + b"nonsense\r\n: x\r\n\0\r\n\r\n"), SENT),
        "200, a length that is none": (say(OK + b"Content-Length: -5\r\n\r\n"), SENT),
        "204 with a text": (say(b"HTTP/1.1 204 None\r\n\r\ntext"), SENT),
        "HTTP/1.0": (say(b"HTTP/1.0 200 OK\r\n\r\n"), SENT),
        # refusals
        "404": (say(b"HTTP/1.1 404 no\r\n" + end), NEVER),
        "429": (say(b"HTTP/1.1 429 slow\r\nRetry-After: 9999999999\r\n\r\n"), AGAIN),
        "a loop": (say(b"HTTP/1.1 307 go\r\nLocation: /hook?token=hunter2-secret\r\n\r\n"), NEVER),
        "moved without a place": (say(b"HTTP/1.1 301 go\r\n\r\n"), NEVER),
        "moved to a long place": (
            say(b"HTTP/1.1 302 go\r\nLocation: " + b"x" * 60000 + b"\r\n\r\n"), NEVER),
        "304": (say(b"HTTP/1.1 304 x\r\n\r\n"), NEVER),
        "999": (say(b"HTTP/1.1 999 x\r\n" + end), AGAIN),
        "500, says the secret": (say(NO + b"\r\nno hunter2-secret here"), AGAIN),
        "500, a text without end": (flood(NO + b"\r\n", b"x"), AGAIN),
        "500, a text that drips": (drip(NO + b"\r\n", b"x"), AGAIN),
        "500, a great length and silence": (
            both(say(NO + b"Content-Length: 99999999999\r\n\r\nx"), hang), AGAIN),
        "500, a length of 9,000 digits": (
            both(say(NO + b"Content-Length: " + b"9" * 9000 + b"\r\n\r\nx"), close), AGAIN),
        "500, a chunk of minus one": (flood(CHUNKED + b"-1\r\n", b"x"), AGAIN),
        "500, a chunk of minus five": (flood(CHUNKED + b"-5\r\n", b"x"), AGAIN),
        "500, a great chunk": (flood(CHUNKED + b"ffffffffff\r\n", b"x"), AGAIN),
        "500, a chunk's name without end": (flood(CHUNKED + b"1;", b"x"), AGAIN),
        "500, a size without end": (flood(CHUNKED, b"f"), AGAIN),
        "500, small chunks without end": (flood(CHUNKED, b"1\r\nx\r\n"), AGAIN),
        "500, trailers without end": (flood(CHUNKED + b"0\r\n", b"X: y\r\n"), AGAIN),
        "500, chunks and a length": (
            both(say(NO + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nx"), close), AGAIN),
        "500, a gzip bomb": (
            say(NO + b"Content-Encoding: gzip\r\n\r\n" + BOMB), AGAIN),
    }  # fmt: skip


class Web(Talk):
    """Reads a call, and acts."""

    def __init__(self, act: Act, *, taken: bool) -> None:
        super().__init__({})
        self.act, self.taken = act, taken

    def __call__(self, sock: socket.socket) -> bool:
        """Whether it said that it took the call."""
        self.heard.clear()
        with contextlib.suppress(OSError):
            self.hear(sock, b"\r\n\r\n")
            while not self.heard.endswith(b"}"):
                self.heard += sock.recv(65536)
            self.act(sock)
        return self.taken


def cases() -> Iterator[Case]:
    """Every way, and those of the connection itself."""
    for name, (act, wanted) in answers().items():
        yield Case(f"hook: {name}", "http", Web(act, taken=wanted == SENT), (wanted,))
    for name in ("hangs up", "says nothing", "a line that never ends", "another protocol"):
        yield Case(f"hook, TLS: {name}", "https", Talk({"greeting": answers()[name][0]}), (AGAIN,))
    unknown = encrypted(Web(say(OK + b"\r\n"), taken=False))
    yield Case("hook, TLS: a certificate of its own", "https", unknown, (AGAIN,))
    yield Case("hook: nobody reads", "http", Web(deaf, taken=False), (AGAIN,), size=200_000)


def mixed(dice: random.Random, number: int) -> Case:
    """Some that only announce an answer, then one way of those above."""
    first = b"".join(
        b"HTTP/1.1 %d x\r\n%s\r\n" % (dice.randrange(100, 200), b"X: y\r\n" * dice.randrange(5))
        for _ in range(dice.randrange(4))
    )
    name = dice.choice(sorted(answers()))
    act, wanted = answers()[name]
    web = Web(both(say(first), act), taken=wanted == SENT)
    return Case(f"hook, mixed {number}: {len(first)} bytes, {name}", "http", web, (wanted,))
