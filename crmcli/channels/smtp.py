"""Delivery by SMTP, with the conversation led step by step, so that its outcome is always known."""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from crmcli.channels.connection import Connection, SaysTooMuch, look_up
from crmcli.channels.mail_login import answer, encryption, is_here, spellings, user_of
from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown, discreet, one_line
from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.redaction import without

SECONDS = 30.0
"""How long one answer of the server may take."""

TOTAL_SECONDS = 120.0
"""How long a delivery may take up to the final dot."""

LONGEST_LINE = 8 * 1024
LONGEST_ANSWER = 64 * 1024
MOST_LINES = 256
_LONGEST_IN_COMMAND = 350
"""A token that is longer waits to be asked for: in base64 a command has no room for it (RFC 4954)."""
MOST_HEARD = 1024 * 1024
"""Bytes that a server may say in a whole conversation."""

T = TypeVar("T")
_ANSWER = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class BadServer(InvalidData):
    """`channels.mail.deliver` does not name a mail server."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to deliver: `tls` from the first byte on (smtps); `by_token`: the secret is one of OAuth 2."""

    host: str
    port: int
    user: str = ""
    tls: bool = False
    by_token: bool = False


def server(url: str) -> Server:
    """Read `smtp://user@host:587`, `smtps://user@host` or either with `user;AUTH=XOAUTH2`; BadServer
    otherwise."""
    hint = "write smtp://user@host:587 or smtps://user@host:465, the password under password:"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its words quote what stands there, which may be a password
        raise BadServer("channels.mail.deliver has no valid host and port", hint) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadServer("channels.mail.deliver is not a mail server", hint)
    if parts.password is not None:
        raise BadServer("channels.mail.deliver contains a password", hint)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BadServer("channels.mail.deliver has something after the host", hint)
    tls = parts.scheme == "smtps"
    try:
        user, by_token = user_of(unquote(parts.username or ""))
    except ValueError:
        told = "channels.mail.deliver has a way to log in that is not known"
        raise BadServer(told, "write user;AUTH=XOAUTH2@host for a token, or user@host") from None
    port = port or (465 if tls else 587 if user else 25)
    return Server(parts.hostname, port, user, tls, by_token)


class _Stop(Exception):
    """The conversation has come to its outcome before the final dot."""

    def __init__(
        self, reason: str, *, again: bool = True, refused: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__()
        self.outcome = Failed(reason, again, refused)


class _NoAnswer(smtplib.SMTPException):
    """What came is not what a mail server answers."""


class _Smtp(smtplib.SMTP):
    """The commands of smtplib over a bounded connection, with answers that are read strictly."""

    sock: Any
    secrets: tuple[str, ...] = ()
    """What is not shown, should the server repeat it."""

    def getreply(self) -> tuple[int, bytes]:
        """One whole answer: lines with one code, the last without a dash; _NoAnswer otherwise."""
        texts: list[bytes] = []
        codes: set[bytes] = set()
        while True:
            heard = self.sock.line(LONGEST_LINE).decode("latin-1")
            line = without(heard, self.secrets).encode("latin-1")
            match = _ANSWER.fullmatch(line)
            if match is None:
                raise _NoAnswer(tr("not an SMTP reply: {!r}", one_line(line)))
            codes.add(match[1])
            texts.append(match[3] or b"")
            if len(codes) > 1:
                both = one_line(b" ".join(sorted(codes)))
                raise _NoAnswer(tr("one reply with two codes: {}", both))
            if sum(map(len, texts)) > LONGEST_ANSWER or len(texts) > MOST_LINES:
                raise SaysTooMuch("a reply that never ends")
            if match[2] != b"-":
                return int(match[1]), b"\n".join(texts)


class _Conversation:
    """One delivery, step by step. Until the final dot every trouble means that nothing was sent."""

    def __init__(self, to: Server, password: str, seconds: float, total: float) -> None:
        self.to = to
        self.name = f"{to.host}:{to.port}"
        self.password = password
        self.seconds = seconds
        self.deadline = self.until = time.monotonic() + total
        name = socket.gethostname() or "localhost"  # the full name would need the network
        self.smtp = _Smtp(local_hostname=name)
        self.smtp.secrets = spellings(to.user, password)

    def send(self, sender: str, recipients: tuple[str, ...], data: bytes) -> Outcome:
        """Lead the whole conversation."""
        smtp = self.smtp
        try:
            self._open()
            self._ask("MAIL", lambda: smtp.mail(sender))
            for recipient in recipients:
                self._ask(f"RCPT {recipient}", partial(smtp.rcpt, recipient), to=recipient)
            self._ask("DATA", lambda: smtp.docmd("DATA"), wanted=(354,))
            self._step("the text", lambda: smtp.send(_dotted(data)), self.deadline)
            self._step("the text", lambda: None)  # what it said meanwhile is no word on the whole
            return self._end()
        except _Stop as stop:
            return stop.outcome
        finally:
            smtp.close()

    def _open(self) -> None:
        """Connect, say hello, encrypt, log in. A refusal here is not the message's fault: try again."""
        smtp = self.smtp
        code, answer = self._step("connecting", self._connect)
        if code != 220:
            raise _Stop(tr("{}: connecting: {} {}", self.name, code, one_line(answer)))
        self._step("EHLO", smtp.ehlo_or_helo_if_needed)
        if not self.to.tls and smtp.has_extn("starttls"):
            self._step("STARTTLS", self._start_tls)
            self._step("EHLO", smtp.ehlo_or_helo_if_needed)
        elif not self.to.tls and self.password and not is_here(self.to.host):
            raise _Stop(tr("{} does not offer encryption, so the password is not sent", self.name))
        if self.password:
            self._step("the login", self._log_in)

    def _log_in(self) -> None:
        user, smtp = self.to.user, self.smtp
        if not self.to.by_token:
            smtp.login(user, self.password)
        elif "XOAUTH2" in smtp.esmtp_features.get("auth", "").upper().split():
            said = partial(answer, user, self.password)
            fits = len(said()) < _LONGEST_IN_COMMAND
            smtp.auth("XOAUTH2", said, initial_response_ok=fits)
        else:
            raise smtplib.SMTPNotSupportedError(tr("it does not offer XOAUTH2"))

    def _connect(self) -> tuple[int, bytes]:
        """Connect, encrypted from the first byte if need be; the greeting."""
        addresses = look_up(self.to.host, self.to.port, self.until)
        self.smtp.sock = Connection(addresses, self.to.port, self.until, MOST_HEARD)
        if self.to.tls:
            self._encrypt()
        return self.smtp.getreply()

    def _start_tls(self) -> None:
        code, answer = self.smtp.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, answer)
        self._encrypt()
        # What was said before the encryption began is forgotten (RFC 3207).
        self.smtp.helo_resp = self.smtp.ehlo_resp = None
        self.smtp.esmtp_features, self.smtp.does_esmtp = {}, False

    def _encrypt(self) -> None:
        self.smtp.sock.encrypt(encryption(self.to.host), self.to.host)

    def _end(self) -> Outcome:
        """Send the final dot. From here on silence means that nobody knows. The answer may take twice as
        long as others: this is when servers look at a message."""
        self._give(time.monotonic() + self.seconds * 2)
        try:
            self.smtp.send(b".\r\n")
            code, answer = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            words = self._words(error)
            return Unknown(tr("{}: no reply after the whole message: {}", self.name, words))
        said = f"{self.name}: {code} {one_line(answer)}"
        if code // 100 not in (2, 4, 5):
            return Unknown(tr("{} after the whole message", said))
        self._goodbye()
        return Sent(said) if code // 100 == 2 else Failed(said, again=code // 100 == 4)

    def _goodbye(self) -> None:
        self._give(time.monotonic() + min(self.seconds, 5.0))
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()  # the outcome is known, whatever the server says to this

    def _ask(
        self, what: str, ask: Callable[[], tuple[int, bytes]], wanted: tuple[int, ...] = (250, 251),
        to: str = "",
    ) -> None:  # fmt: skip
        """One command about the message and its answer; a refusal ends the delivery."""
        code, answer = self._step(what, ask)
        if code not in wanted:
            self._goodbye()
            said, is_final = f"{code} {one_line(answer)}", code // 100 == 5
            refused = _refused(to, said) if to and is_final else ()
            raise _Stop(f"{self.name}: {what}: {said}", again=not is_final, refused=refused)

    def _step(self, what: str, act: Callable[[], T], until: float = 0.0) -> T:
        """One step before the final dot: trouble on the way means that nothing was sent."""
        self._give(min(until or time.monotonic() + self.seconds, self.deadline))
        try:
            self._listen(what)
            return act()
        except smtplib.SMTPResponseException as error:
            reason = f"{error.smtp_code} {one_line(error.smtp_error)}"
        except (OSError, smtplib.SMTPException, ValueError) as error:  # e.g. what is no base64
            reason = self._words(error)
        raise _Stop(f"{self.name}: {what}: {reason}")

    def _listen(self, what: str) -> None:
        """A server that speaks before it was asked has something to say, and it is no answer."""
        if self.smtp.sock is None or not self.smtp.sock.has_spoken():
            return
        code, answer = self.smtp.getreply()
        said = tr("{}: before {}: {} {}, unexpected", self.name, what, code, one_line(answer))
        raise _Stop(said, again=code // 100 != 5)

    def _give(self, until: float) -> None:
        self.until = until
        if self.smtp.sock is not None:
            self.smtp.sock.until = until

    def _words(self, error: Exception) -> str:
        if isinstance(error, TimeoutError) or time.monotonic() >= self.until:
            return tr("no reply in time")
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return tr("the connection was closed")
        return one_line(str(error)) or type(error).__name__


def _refused(address: str, said: str) -> tuple[tuple[str, str], ...]:
    """What the timeline is told of an address that the server does not take, as if its mail came back."""
    from crmcli.channels.incoming_mail.bounces import severity

    return ("address", address), ("bounce", severity("", said)), ("why", said)


def send(
    data: bytes, sender: str, recipients: tuple[str, ...], to: Server, password: str = "",
    seconds: float = SECONDS, total: float = TOTAL_SECONDS,
) -> Outcome:  # fmt: skip
    """Deliver a message to every recipient, or to none.

    `sender` and `recipients` are bare addresses of the envelope; `data` has CRLF and seven bits.
    An answer may take `seconds`, all before the final dot `total`, and the last one twice `seconds`.
    Failed: the server does not have it. Unknown: the whole message went out and no answer came back.
    BadServer where it cannot even be tried.
    """
    if password and not to.user:
        told = "channels.mail has a password, but its deliver names no user"
        raise BadServer(told, "write smtp://user@host")
    if to.by_token and not password:
        told = "channels.mail.deliver logs in by a token, but channels.mail has no password"
        raise BadServer(told, "write the token under password: env:NAME")
    if not (password + to.user).isascii():
        told = "the user or the password has characters that SMTP login does not allow"
        raise BadServer(told, "use ASCII letters, digits and punctuation")
    outcome = _Conversation(to, password, seconds, total).send(sender, recipients, data)
    return discreet(outcome, spellings(to.user, password))


def _dotted(data: bytes) -> bytes:
    """The message as DATA has it: lines that begin with a dot get another one; ends with CRLF."""
    body = data if data.endswith(b"\r\n") else data + b"\r\n"
    dotted = body.replace(b"\r\n.", b"\r\n..")
    return b"." + dotted if dotted.startswith(b".") else dotted
