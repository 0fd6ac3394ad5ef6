"""Mailboxes by IMAP: letters are read as they lie there, from a server that may hang, drip or lie.

imaplib leads the conversation over a bounded connection: each answer has its time, and its size.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from crmcli.channels.connection import Connection, SaysTooMuch, look_up
from crmcli.channels.mail_login import answer, encryption, is_here, spellings, user_of
from crmcli.channels.outcome import one_line
from crmcli.dataclass import dataclass, replace
from crmcli.errors import InvalidData, ServiceFailed
from crmcli.language import tr
from crmcli.model.redaction import without

SECONDS = 30.0
"""How long one answer of the server may take."""
MOST_AT_ONCE = 500
"""Letters that are taken in one go; the others come at the next."""
LARGEST = 32 * 1024 * 1024
"""Bytes of a letter; what is behind them stays on the server."""
MOST_HEARD = 512 * 1024 * 1024
LONGEST_LINE = 4 * 1024 * 1024
_SENT = r"\Sent"
"""The mark of the folder for sent mail (RFC 6154); no folder of the settings is called so."""


class NoMailbox(InvalidData):
    """`channels.mail.fetch` does not name a mailbox."""


class FetchFailed(ServiceFailed):
    """A mail server did not give what is in a mailbox."""


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox on a server: `tls` from the first byte on; `by_token`: the secret is one of OAuth 2."""

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    tls: bool = True
    by_token: bool = False

    def __str__(self) -> str:
        return f"{self.user}@{self.host}/{self.folder}"


def box(url: str) -> Box:
    """Read `imaps://user@host/INBOX`, where `user;AUTH=XOAUTH2` (RFC 5092) logs in by a token; NoMailbox."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its words quote what stands there, which may be a password
        raise NoMailbox("channels.mail.fetch has no valid host and port") from None
    hint = "write imaps://user@host/INBOX, the password under fetch_password:"
    try:
        user, by_token = user_of(unquote(parts.username or ""))
    except ValueError:
        told = "channels.mail.fetch has a way to log in that is not known"
        raise NoMailbox(told, "write user;AUTH=XOAUTH2@host for a token, or user@host") from None
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not user:
        raise NoMailbox("channels.mail.fetch is not a mailbox", hint)
    if parts.password is not None or re.search(r"[\x00-\x1f\x7f\"\\]", user + folder):
        raise NoMailbox("channels.mail.fetch has what does not belong there", hint)
    tls = parts.scheme == "imaps"
    return Box(parts.hostname, port or (993 if tls else 143), user, folder, tls, by_token)


def sent_box(url: str) -> Box:
    """Read `imaps://user@host/Sent`; without a folder it is the one that the server has for sent mail."""
    to = box(url)
    return to if urlsplit(url).path.strip("/") else replace(to, folder=_SENT)


class _Imap(imaplib.IMAP4):
    """imaplib over a bounded connection."""

    def __init__(self, to: Box, until: float) -> None:
        self._to, self._until = to, until
        super().__init__(to.host, to.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect, encrypted from the first byte if need be."""
        connection = Connection(look_up(host, port, self._until), port, self._until, MOST_HEARD)
        self.sock: Any = connection
        if self._to.tls:
            self.encrypt()

    def encrypt(self) -> None:
        """Speak TLS from here on."""
        self.sock.encrypt(encryption(self._to.host), self._to.host)
        self.untagged_responses = {}  # what was said before counts no more (RFC 3501)

    def read(self, size: int) -> bytes:
        """So many bytes."""
        if size > LARGEST + 1024:
            raise SaysTooMuch("the answer is too long")
        said = bytearray()
        while len(said) < size:
            piece = self.sock.read(min(size - len(said), 1 << 16))
            if not piece:
                raise self.abort(tr("the connection was closed"))
            said += piece
        return bytes(said)

    def readline(self) -> bytes:
        """One line, with its end."""
        line: bytes = self.sock.line(LONGEST_LINE)
        return line + b"\r\n"

    def send(self, data: Any) -> None:
        """Send everything."""
        self.sock.sendall(bytes(data))

    def shutdown(self) -> None:
        """Hang up."""
        self.sock.close()


class Session:
    """A mailbox that is open: its letters by UID, which are good as long as `validity` is the same. Raises
    FetchFailed for whatever the server does wrong."""

    def __init__(self, to: Box, secret: str, seconds: float = 0.0) -> None:
        self._box, self._secret, self._seconds = to, secret, seconds or SECONDS
        self._imap: _Imap = self._step(lambda: _Imap(to, time.monotonic() + self._seconds))
        try:
            self._log_in()
            self._folder = self._marked() if to.folder == _SENT else _quoted(to.folder)
            self._ask("SELECT", self._imap.select, self._folder)
            told = self._imap.response("UIDVALIDITY")[1]
            self.validity = next(iter(_numbers(told[-1:])), 0)
        except BaseException:
            self.close()
            raise

    def _log_in(self) -> None:
        imap, to = self._imap, self._box
        if not to.tls and "STARTTLS" in imap.capabilities:
            # its own would wrap the socket itself
            self._ask("STARTTLS", imap._simple_command, "STARTTLS")
            self._step(imap.encrypt)
        elif not to.tls and not is_here(to.host):
            raise self._failed(tr("it does not offer encryption, so the password is not sent"))
        if not (to.user + self._secret).isascii():
            raise self._failed(tr("the user or the password has letters that IMAP does not allow"))
        if to.by_token:
            said = partial(answer, to.user, self._secret)
            self._ask("AUTHENTICATE", imap.authenticate, "XOAUTH2", said)
        else:
            self._ask("LOGIN", imap.login, to.user, self._secret)

    def unseen(self) -> list[int]:
        """The letters that nobody has read."""
        return self._search("UNSEEN")

    def after(self, uid: int) -> list[int]:
        """The letters that came after one."""
        return [one for one in self._search(f"UID {uid + 1}:*") if one > uid]

    def since(self, day: str) -> list[int]:
        """The letters that came on a day (23-Nov-2026) or later."""
        return self._search(f"SINCE {day}")

    def _search(self, what: str) -> list[int]:
        answer = self._ask("SEARCH", self._imap.uid, "SEARCH", what)
        return sorted({*_numbers(answer)})

    def letters(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """These letters, as they lie there; one that is gone meanwhile is left out."""
        part = f"(BODY.PEEK[]<0.{LARGEST}>)"
        for uid in uids[:MOST_AT_ONCE]:
            answer = self._ask("FETCH", self._imap.uid, "FETCH", str(uid), part)
            found = [one[1] for one in answer if isinstance(one, tuple) and _is_of(one[0], uid)]
            yield from ((uid, content) for content in found[:1])

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark these as read."""
        for start in range(0, len(uids), 100):
            some = ",".join(map(str, uids[start : start + 100]))
            self._ask("STORE", self._imap.uid, "STORE", some, "+FLAGS.SILENT", r"(\Seen)")

    def add_once(self, content: bytes, key: str, at: datetime) -> None:
        """Put a letter there as one that was read, unless one with this in its Message-ID is there."""
        if key and self._search(f'HEADER Message-ID "{key}"'):
            return
        when = imaplib.Time2Internaldate(at)
        self._ask("APPEND", self._imap.append, self._folder, r"(\Seen)", when, content)

    def _marked(self) -> str:
        """The folder that the server marks as that for sent mail; Sent where none is."""
        for line in self._ask("LIST", self._imap.list):
            said = line if isinstance(line, bytes) else b""
            found = re.match(rb'\(([^)]*)\) (?:"[^"]*"|NIL) (.+)', said)
            if found and b"\\sent" in found[1].lower().split():
                return found[2].decode("ascii", "replace")
        return '"Sent"'

    def close(self) -> None:
        """Take leave, whatever the server says to that."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._imap.sock.until = time.monotonic() + min(self._seconds, 3.0)
            self._imap.logout()
        self._imap.shutdown()

    def _ask(self, what: str, ask: Callable[..., tuple[str, Any]], *given: Any) -> list[Any]:
        """One command and what is answered."""
        word, said = self._step(lambda: ask(*given), what)
        if word != "OK":
            words = b" ".join(part for part in said if isinstance(part, bytes))
            raise self._failed(f"{what}: {self._told(words.decode('utf-8', 'replace'))}")
        return list(said)

    def _step(self, act: Callable[[], Any], what: str = "") -> Any:
        if hasattr(self, "_imap"):
            self._imap.sock.until = time.monotonic() + self._seconds
        try:
            return act()
        except TimeoutError:
            raise self._failed(tr("no reply in time")) from None
        except (OSError, imaplib.IMAP4.error, ValueError, LookupError, TypeError) as error:
            words = self._told(str(error)) or type(error).__name__
            raise self._failed(": ".join(filter(None, (what, words)))) from None

    def _failed(self, why: str) -> FetchFailed:
        hidden = re.sub(r"\b[A-P]{4}\d+ ?", "", why)  # the tag of a command is another each time
        return FetchFailed(f"{self._box}: {hidden}")

    def _told(self, said: str) -> str:
        """What a server said, cut to a line once the secret that it may repeat is hidden."""
        return one_line(without(said, spellings(self._box.user, self._secret)))


def _is_of(head: bytes, uid: int) -> bool:
    """Whether what a server gives is the letter that was asked for."""
    told = re.search(rb"\bUID (\d{1,10})\b", head)
    return told is None or int(told[1]) == uid


def _numbers(said: Sequence[Any]) -> list[int]:
    """The numbers of 32 bits in an answer; what is none is left out."""
    words = b" ".join(part for part in said if isinstance(part, bytes)).split()
    return [int(word) for word in words if re.fullmatch(rb"\d{1,10}", word)]


def _quoted(folder: str) -> str:
    """The name of a folder, in the alphabet of RFC 3501."""

    def coded(match: re.Match[str]) -> str:
        text = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{text.replace('/', ',')}-"

    return f'"{re.sub("[^ -~]+", coded, folder.replace("&", "&-"))}"'
