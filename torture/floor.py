"""The least that a form costs: Flask on waitress, which writes and syncs each post into a file of its own.

`python -m torture.floor FOLDER` tells its address as `crm serve` does.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from pathlib import Path
from typing import Any

from flask import Flask, request
from waitress.server import create_server

PAGE = '<form method="post"><input name="_token" value="{}"><input name="phone"></form>'
THREADS = 64


def app(folder: Path) -> Flask:
    """The application."""
    made = Flask(__name__)

    def page(name: str) -> str:
        return PAGE.format(secrets.token_urlsafe(12))

    def send(name: str) -> str:
        content = request.get_data()
        fd = os.open(folder / secrets.token_hex(8), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, content)
            os.fsync(fd)
        finally:
            os.close(fd)
        return "Thanks"

    made.add_url_rule("/f/<name>", "page", page, methods=["GET"])
    made.add_url_rule("/f/<name>", "send", send, methods=["POST"])
    return made


def main() -> None:
    """Serve until SIGTERM."""
    threading.stack_size(1 << 20)
    server: Any = create_server(app(Path(sys.argv[1])), host="127.0.0.1", port=0, threads=THREADS)
    print(f"serving http://127.0.0.1:{server.effective_port}/", flush=True)
    server.run()


if __name__ == "__main__":
    main()
