"""Somebody on the way to a mail server, who hears all and takes encryption away."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from crmcli.channels.mail_login import spellings
from tests.listening import Listening

AFAR = "mail.example.test"
"""This machine under a name that is not its own; the certificate for tests is for that name."""
LIE = b'* LIST (\\Sent) "/" Stolen\r\n'
"""What an IMAP client is told before encryption, by who puts it there."""
TRICKS = {
    "strips the offer": None,
    "refuses": (b"454 not now\r\n", b"TAG NO not now\r\n"),
    "says yes to go on in clear": (
        b"220 go\r\n250 AUTH PLAIN XOAUTH2\r\n",
        b"TAG OK go\r\n* OK hi\r\n",
    ),
}


def from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let names under example.test be this machine."""
    look_up = socket.getaddrinfo

    def stub(host: str, *args: Any, **more: Any) -> Any:
        return look_up("127.0.0.1" if host.endswith(".example.test") else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", stub)


class Middle:
    """What was heard of the clients, who think that they speak with the server on `port`."""

    def __init__(self, server: int, trick: str = "", *, imap: bool = False) -> None:
        self.heard, self.lie = b"", b""
        self._server, self._strips = server, trick == "strips the offer"
        answers = TRICKS[trick] if trick else None
        self._answer = answers[imap] if answers else b""
        self._listening = Listening(self._serve)
        self.port, self.close = self._listening.port, self._listening.close

    def heard_a(self, user: str, secret: str) -> bool:
        """Whether the secret went by in clear, or in base64, or as much as a login was begun."""
        said = self.heard.decode("latin-1")
        return any(word in said for word in (*spellings(user, secret), "LOGIN", "AUTH"))

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._server))
        up = Thread(target=self._up, args=(client, server), daemon=True)
        up.start()
        self._down(client, server)
        up.join()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), _ended(server):
            while said := client.recv(65536):
                self.heard += said
                if self._answer and b"STARTTLS" in said.upper():
                    client.sendall(self._answer.replace(b"TAG", said.split()[0]))
                else:
                    server.sendall(said)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), _ended(client):
            while said := server.recv(65536):
                said = said.replace(b"STARTTLS", b"XXXXXXXX") if self._strips else said
                client.sendall(said.replace(b"* CAPA", self.lie + b"* CAPA", 1))


@contextlib.contextmanager
def _ended(line: socket.socket) -> Iterator[None]:
    """Hang up in the end, however it comes: whoever waits at it in another thread hears of that."""
    with line:
        try:
            yield
        finally:
            line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def middle(server: int, trick: str = "", *, imap: bool = False) -> Iterator[Middle]:
    """Somebody between us and a server."""
    one = Middle(server, trick, imap=imap)
    try:
        yield one
    finally:
        one.close()
