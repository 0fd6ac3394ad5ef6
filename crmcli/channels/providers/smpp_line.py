"""The line to a message centre: smpplib's client, bounded in time and size, with TLS that knows the name."""

from __future__ import annotations

import socket
import ssl
import time

from smpplib.client import Client
from smpplib.exceptions import ConnectionError as Lost

LARGEST = 70_000
"""Octets of one message."""
LONGEST, ENOUGH = 60.0, 30.0
"""Seconds for which the other side may drip; and after which nothing more is waited for."""


class Line(Client):  # type: ignore[misc]  # it has no types
    """A client that a slow or lying message centre cannot hold up."""

    def __init__(self, host: str, port: int, seconds: float, *, tls: bool) -> None:
        super().__init__(host, port, timeout=seconds, allow_unknown_opt_params=True)
        self.logger.disabled = True
        self._tls, self._until = tls, time.monotonic() + LONGEST

    @property
    def is_late(self) -> bool:
        """Whether what comes from here on may as well come the next time."""
        return time.monotonic() > self._until - LONGEST + ENOUGH

    def quiet_for(self, seconds: float) -> None:
        """From now on so long a silence ends it."""
        self._socket.settimeout(seconds)

    def _create_socket(self) -> socket.socket:
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.settimeout(self.timeout)
        if not self._tls:
            return raw
        return ssl.create_default_context().wrap_socket(raw, server_hostname=self.host)

    def _recv_exact(self, exact_size: int) -> bytes:
        if not 0 < exact_size <= LARGEST:
            raise Lost("it is no SMPP")
        got = b""
        while len(got) < exact_size:
            if time.monotonic() > self._until:
                raise Lost("it takes too long")
            piece = self._socket.recv(exact_size - len(got))
            if not piece:
                raise Lost("the connection was closed")
            got += piece
        return got
