"""Mail servers that misbehave: at each stage of the conversation, in each way, and a few of their own."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from torture.behaviour import (
    AGAIN,
    NEVER,
    SENT,
    UNKNOWN,
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
from torture.caller import PASSWORD, letter

STAGES = {"greeting": b"220", "EHLO": b"250", "MAIL": b"250", "RCPT": b"250", "DATA": b"354",
          "dot": b"250", "QUIT": b"221"}  # fmt: skip
CERTIFICATE = Path(__file__).parents[1] / "tests/channels/data/localhost-test-only.pem"


def harmless(code: bytes) -> dict[str, Act]:
    """Odd answers that are answers all the same."""
    return {
        "a byte at a time": split(code + b" all well\r\n"),
        "bare line feeds": say(code + b"-one\n" + code + b" two\n"),
        "a NUL in the text": say(code + b" o\0k\r\n"),
        "no text": say(code + b"\r\n"),
        "a long text": say(code + b" " + b"x" * 4000 + b"\r\n"),
        "many lines": say((code + b"-line\r\n") * 100 + code + b" end\r\n"),
        "bytes that are no text": say(code + b" \xff\xfe\x1b[2J\x07\r\n"),
    }


def harmful(code: bytes) -> dict[str, Act]:
    """What is no answer."""
    return {
        "hangs up": close,
        "breaks the connection": reset,
        "says nothing": hang,
        "drips a line that never ends": drip(code + b" ", b"x"),
        "drips lines without end": drip(code + b"-", code + b"-x\r\n", 0.01),
        "a line that never ends": flood(code + b" ", b"x"),
        "lines without end": flood(b"", code + b"-x\r\n"),
        "empty lines without end": flood(b"", b"\r\n"),
        "NULs without end": flood(b"", b"\0"),
        "no code": both(say(b"hello there\r\n"), hang),
        "two digits": both(say(code[:2] + b" ok\r\n"), hang),
        "four digits": both(say(code + b"0 ok\r\n"), hang),
        "a code out of range": both(say(b"999 ok\r\n"), hang),
        "a code that only announces": both(say(b"150 wait\r\n"), hang),
        "a code with a sign": both(say(b"+25 ok\r\n"), hang),
        "a code with an underscore": both(say(b"2_5 ok\r\n"), hang),
        "a line broken off": both(say(code + b" o"), close),
        "lines broken off": both(say(code + b"-one\r\n"), close),
        "lines that stop": both(say(code + b"-one\r\n"), hang),
        "two codes in one answer": both(say(code + b"-ok\r\n550 no\r\n"), hang),
        "HTTP": both(say(b"HTTP/1.1 200 OK\r\n\r\n"), hang),
    }


REFUSALS = {"421": b"421 bye\r\n", "451": b"451 later\r\n", "554": b"554 never\r\n"}


class Talk:
    """A polite mail server, but for its acts; `good` are those of them that are answers too."""

    def __init__(
        self,
        acts: Mapping[str, Act],
        good: Collection[Act] = (),
        size: int = 0,
        offers: bytes = b"",
    ) -> None:
        self.acts, self.good, self.size, self.offers = acts, good, size, offers
        self.heard = bytearray()

    def __call__(self, sock: socket.socket) -> bool:
        """Talk; whether the whole letter was taken, and that was said."""
        taken = False
        self.heard.clear()
        with contextlib.suppress(OSError):
            for stage, code in STAGES.items():
                if stage == "dot":
                    whole = letter(self.size).replace(b"\r\n.", b"\r\n..") + b".\r\n"
                    self.hear(sock, whole)
                elif stage != "greeting":
                    self.hear(sock, stage.encode())
                    self.hear(sock, b"\r\n")
                act = self.acts.get(stage)
                taken = (stage == "dot" and (act is None or act in self.good)) or taken
                text = (
                    b"-" + self.offers + b"\r\n" + code if stage == "EHLO" and self.offers else b""
                )
                (act or say(code + text + b" ok\r\n"))(sock)
        return taken

    def hear(self, sock: socket.socket, wanted: bytes) -> None:
        """Read until that comes; ConnectionError if it never does."""
        while (place := self.heard.lower().find(wanted.lower())) < 0:
            data = sock.recv(65536)
            if not data:
                raise ConnectionError
            self.heard += data
        del self.heard[: place + len(wanted)]


def after(stage: str) -> tuple[str, ...]:
    """What must come of no answer at that stage."""
    return {"dot": (UNKNOWN,), "QUIT": (SENT,)}.get(stage, (AGAIN,))


def cases() -> Iterator[Case]:
    """Every stage with every way."""
    for stage, code in STAGES.items():
        for name, act in harmful(code).items():
            yield Case(f"{stage}: {name}", "smtp", Talk({stage: act}), after(stage))
        for name, act in harmless(code).items():
            yield Case(f"{stage}: {name}", "smtp", Talk({stage: act}, (act,)), (SENT,))
        for name, answer in REFUSALS.items():
            lasting = NEVER if name == "554" and stage not in ("greeting", "EHLO") else AGAIN
            wanted = SENT if stage == "QUIT" else lasting
            yield Case(f"{stage}: {name}", "smtp", Talk({stage: say(answer)}), (wanted,))
    yield from _out_of_turn()
    yield from _while_the_text_goes_out()
    yield from _encryption()
    yield from _logins()


def _out_of_turn() -> Iterator[Case]:
    rest = b"250 ok\r\n" * 3 + b"354 go\r\n250 queued\r\n"
    for stage, code in list(STAGES.items())[:5]:
        for name, more in (("once more", b"250 ok\r\n"), ("all at once", rest)):
            act = say(code + b" ok\r\n" + more)
            yield Case(f"{stage}: {name}", "smtp", Talk({stage: act}), (AGAIN,))
    early = say(b"354 go\r\n250 queued\r\n")
    yield Case("DATA: thanks before the text", "smtp", Talk({"DATA": early}), (AGAIN,))


def _while_the_text_goes_out() -> Iterator[Case]:
    def stopping(act: Act) -> Talk:
        return Talk({"DATA": both(say(b"354 go\r\n"), act)}, size=size)

    size = 8_000_000
    full = both(say(b"552 full\r\n"), close)
    yield Case("the text: nobody reads", "smtp", stopping(deaf), (AGAIN,), size)
    yield Case("the text: hangs up", "smtp", stopping(close), (AGAIN,), size)
    yield Case("the text: breaks the connection", "smtp", stopping(reset), (AGAIN,), size)
    yield Case("the text: full, and hangs up", "smtp", stopping(full), (AGAIN, NEVER), size)
    yield Case(
        "the text: floods meanwhile", "smtp", stopping(flood(b"", b"250 ok\r\n")), (AGAIN,), size
    )


def _encryption() -> Iterator[Case]:
    """STARTTLS and smtps that go wrong."""

    class Upgrade(Talk):
        def hear(self, sock: socket.socket, wanted: bytes) -> None:
            super().hear(sock, b"STARTTLS" if wanted == b"MAIL" else wanted)

    for name, act in {
        "refuses": say(b"454 not now\r\n"),
        "then garbage": both(say(b"220 go\r\n"), flood(b"", b"garbage")),
        "then silence": both(say(b"220 go\r\n"), hang),
        "then it hangs up": both(say(b"220 go\r\n"), close),
        "answers before the handshake": both(say(b"220 go\r\n" + b"250 ok\r\n" * 4), hang),
        "drips the handshake": both(say(b"220 go\r\n"), drip(b"\x16\x03\x03\x3f\xff", b"\0")),
        "no answer": hang,
        "floods": flood(b"", b"220-x\r\n"),
    }.items():
        server = Upgrade({"MAIL": act}, offers=b"STARTTLS")
        yield Case(f"STARTTLS: {name}", "smtp", server, (AGAIN,))
    for name, act in harmful(b"220").items():
        yield Case(f"TLS: {name}", "smtps", Talk({"greeting": act}), (AGAIN,))
    for stage in ("greeting", "EHLO", "dot"):
        for name in (
            "lines without end",
            "drips a line that never ends",
            "hangs up",
            "a line broken off",
        ):
            inner = Talk({stage: harmful(STAGES[stage])[name]})
            yield Case(f"within TLS, {stage}: {name}", "smtps", encrypted(inner), after(stage))
    yield Case("within TLS: all well", "smtps", encrypted(Talk({})), (SENT,))


def encrypted(inner: Talk) -> Talk:
    """The same server, but encrypted from the first byte, with a certificate of its own."""

    class Encrypted(Talk):
        def __call__(self, sock: socket.socket) -> bool:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            try:
                with context.wrap_socket(sock, server_side=True) as wrapped:
                    return inner(wrapped)
            except OSError:
                return False

    return Encrypted({})


def _logins() -> Iterator[Case]:
    class Login(Talk):
        def hear(self, sock: socket.socket, wanted: bytes) -> None:
            super().hear(sock, b"AUTH" if wanted == b"MAIL" else wanted)

    told = f"535 {PASSWORD} is wrong\r\n".encode()
    for name, act in {
        "says the password": both(say(told), both(hang, close)),
        "a challenge that is not base64": both(say(b"334 !\xff!\r\n"), hang),
        "challenges without end": flood(b"", b"334 YWFh\r\n"),
        "an empty answer": both(say(b"\r\n"), hang),
        "says nothing": hang,
        "hangs up": close,
        "lines without end": flood(b"", b"334-x\r\n"),
    }.items():
        for method in (b"AUTH PLAIN", b"AUTH LOGIN", b"AUTH CRAM-MD5", b"AUTH XX"):
            name_of = f"{method.decode()}: {name}"
            server = Login({"MAIL": act}, offers=method)
            yield Case(name_of, "smtp", server, (AGAIN,), login=True)


def mixed(dice: random.Random, number: int) -> Case:
    """Odd answers at some stages, and at one perhaps none."""
    acts: dict[str, Act] = {}
    names = []
    for stage, code in STAGES.items():
        if dice.random() < 0.5:
            name, acts[stage] = dice.choice(
                sorted(harmless(code).items(), key=lambda item: item[0])
            )
            names.append(f"{stage} {name}")
    good = tuple(acts.values())
    wanted: tuple[str, ...] = (SENT,)
    if dice.random() < 0.7:
        stage = dice.choice(sorted(STAGES))
        name, acts[stage] = _one_of(dice, harmful(STAGES[stage]))
        names.append(f"{stage} {name}")
        wanted = after(stage)
    return Case(f"mixed {number}: {', '.join(names)}", "smtp", Talk(acts, good), wanted)


def _one_of(dice: random.Random, acts: Mapping[str, Act]) -> tuple[str, Act]:
    name = dice.choice(sorted(acts))
    return name, acts[name]
