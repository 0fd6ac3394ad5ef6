"""The server: Flask on waitress, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress.server import create_server

from crmcli.channels.incoming.form import LARGEST
from crmcli.web.app import create_app
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace

THREADS = 64
"""Most of them wait until what they brought is kept: the more, the more share one transaction."""
STACK = 1 << 20
"""Bytes of each thread's stack; what is usual, 8 MB, makes half a gigabyte that a machine may refuse."""


def serve(ws: Workspace, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; what was accepted is kept. `ready` is told the port."""
    opened = Opening(ws.root, ws.user, ws.fixed_now)
    writer = Writer(opened)
    app = create_app(opened, writer)
    threading.stack_size(STACK)
    server: Any = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        ident="crm",
        max_request_body_size=LARGEST * 2,  # who sends more is told so by the application
        max_request_header_size=32 * 1024,
        connection_limit=500,
        channel_timeout=30,
        cleanup_interval=5,  # who says nothing for so long makes room soon after
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        clear_untrusted_proxy_headers=True,
    )
    writer.start()
    signal.signal(signal.SIGTERM, _stop)
    ready(int(server.effective_port))
    try:
        server.run()  # ends by SystemExit, after the requests that run
    finally:
        server.close()
        writer.stop()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
