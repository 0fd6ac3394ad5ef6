"""Delivery by SMTP, with the conversation led step by step, so that its outcome is always known."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown
from crmcli.errors import InvalidData

SECONDS = 30.0
"""How long one answer of the server may take."""

TOTAL_SECONDS = 120.0
"""How long a delivery may take up to the final dot."""

LONGEST = TOTAL_SECONDS + 3 * SECONDS
"""What a lease around a delivery must exceed."""

T = TypeVar("T")


class BadServer(InvalidData):
    """`channels.mail.deliver` does not name a mail server."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to deliver: `tls` means from the first byte on (smtps)."""

    host: str
    port: int
    user: str = ""
    tls: bool = False

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        return self.host in ("localhost", "127.0.0.1", "::1")


def server(url: str) -> Server:
    """Read `smtp://user@host:587` or `smtps://user@host`; BadServer otherwise."""
    parts = urlsplit(url)
    hint = "write smtp://user@host:587 or smtps://user@host:465, the password under password:"
    try:
        port = parts.port
    except ValueError:
        raise BadServer(f"{url!r} has no valid port", hint) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadServer(f"{url!r} is no mail server", hint)
    if parts.password is not None:
        raise BadServer("a password stands in channels.mail.deliver", hint)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BadServer(f"{url!r} has something behind the host", hint)
    tls = parts.scheme == "smtps"
    user = unquote(parts.username or "")
    return Server(parts.hostname, port or (465 if tls else 587 if user else 25), user, tls)


class _Stop(Exception):
    """The conversation has come to its outcome before the final dot."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__()
        self.outcome = outcome


class _Conversation:
    """One delivery, step by step. Until the final dot every trouble means that nothing was sent."""

    def __init__(self, to: Server, password: str, seconds: float) -> None:
        self.to = to
        self.name = f"{to.host}:{to.port}"
        self.password = password
        self.seconds = seconds
        self.deadline = time.monotonic() + TOTAL_SECONDS
        self.smtp = self._new()

    def _new(self) -> smtplib.SMTP:
        name = socket.gethostname() or "localhost"  # the full name would need the network
        if not self.to.tls:
            smtp = smtplib.SMTP(timeout=self.seconds, local_hostname=name)
        else:
            smtp = smtplib.SMTP_SSL(
                timeout=self.seconds, context=self._context(), local_hostname=name
            )
        vars(smtp)["_host"] = self.to.host  # TLS checks it; smtplib sets it only when it connects
        return smtp

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.to.is_local:  # a mail server at home has a certificate that it made itself
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def send(self, sender: str, recipients: tuple[str, ...], data: bytes) -> Outcome:
        """Lead the whole conversation."""
        smtp = self.smtp
        try:
            self._open()
            self._ask("MAIL", lambda: smtp.mail(sender))
            for recipient in recipients:
                self._ask(f"RCPT {recipient}", partial(smtp.rcpt, recipient))
            self._ask("DATA", lambda: smtp.docmd("DATA"), wanted=(354,))
            self._step("the text", lambda: smtp.send(_dotted(data)))
            return self._end()
        except _Stop as stop:
            return stop.outcome
        finally:
            smtp.close()

    def _open(self) -> None:
        """Connect, say hello, encrypt, log in. A refusal here is not the letter's fault: try again."""
        smtp = self.smtp
        code, answer = self._step("connecting", lambda: smtp.connect(self.to.host, self.to.port))
        if code != 220:
            raise _Stop(Failed(f"{self.name}: connecting: {code} {_text(answer)}", again=True))
        self._step("EHLO", smtp.ehlo_or_helo_if_needed)
        if not self.to.tls and smtp.has_extn("starttls"):
            self._step("STARTTLS", lambda: smtp.starttls(context=self._context()))
            self._step("EHLO", smtp.ehlo_or_helo_if_needed)
        elif not self.to.tls and self.password and not self.to.is_local:
            raise _Stop(
                Failed(f"{self.name} offers no encryption, so the password is not sent", again=True)
            )
        if self.password:
            self._step("the login", lambda: smtp.login(self.to.user, self.password))

    def _end(self) -> Outcome:
        """Send the final dot. From here on silence means that nobody knows.

        The answer may take twice as long as others: this is when servers look at a letter.
        """
        self._give(self.seconds * 2)
        try:
            self.smtp.send(b".\r\n")
            code, answer = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Unknown(f"{self.name}: no answer after the whole letter: {_words(error)}")
        said = f"{self.name}: {code} {_text(answer)}"
        if code // 100 not in (2, 4, 5):
            return Unknown(f"{said} after the whole letter")
        self._goodbye()
        return Sent(said) if code // 100 == 2 else Failed(said, again=code // 100 == 4)

    def _goodbye(self) -> None:
        self._give(min(self.seconds, 5.0))
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()  # the outcome is known, whatever the server says to this

    def _ask(
        self, what: str, ask: Callable[[], tuple[int, bytes]], wanted: tuple[int, ...] = (250, 251)
    ) -> None:
        """One command about the letter and its answer; a refusal ends the delivery."""
        code, answer = self._step(what, ask)
        if code not in wanted:
            self._goodbye()
            reason = f"{self.name}: {what}: {code} {_text(answer)}"
            raise _Stop(Failed(reason, again=code // 100 != 5))

    def _step(self, what: str, act: Callable[[], T]) -> T:
        """One step before the final dot: trouble on the way means that nothing was sent."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _Stop(Failed(f"{self.name}: {what}: it takes too long", again=True))
        self._give(min(self.seconds, left))
        try:
            return act()
        except smtplib.SMTPResponseException as error:
            reason = f"{error.smtp_code} {_text(error.smtp_error)}"
        except (OSError, smtplib.SMTPException) as error:
            reason = _words(error)
        raise _Stop(Failed(f"{self.name}: {what}: {reason}", again=True))

    def _give(self, seconds: float) -> None:
        if self.smtp.sock is not None:
            self.smtp.sock.settimeout(seconds)


def send(
    data: bytes,
    sender: str,
    recipients: tuple[str, ...],
    to: Server,
    password: str = "",
    seconds: float = SECONDS,
) -> Outcome:
    """Deliver a message to every recipient, or to none.

    `sender` and `recipients` are bare addresses of the envelope; `data` has CRLF and seven bits.
    Failed: the server does not have it. Unknown: the whole letter went out and no answer came back.
    BadServer where it cannot even be tried.
    """
    if password and not to.user:
        raise BadServer(
            "channels.mail has a password, but its deliver names no user", "write smtp://user@host"
        )
    if not (password + to.user).isascii():
        raise BadServer(
            "the user or the password holds letters that a login by SMTP cannot carry",
            "use Latin letters, digits and signs",
        )
    return _Conversation(to, password, seconds).send(sender, recipients, data)


def _dotted(data: bytes) -> bytes:
    """The message as DATA has it: lines that begin with a dot get another one; ends with CRLF."""
    body = data if data.endswith(b"\r\n") else data + b"\r\n"
    dotted = body.replace(b"\r\n.", b"\r\n..")
    return b"." + dotted if dotted.startswith(b".") else dotted


def _text(answer: bytes | str) -> str:
    """What a server said, on one line and without control characters."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection was closed"
    return _text(str(error)) or type(error).__name__
