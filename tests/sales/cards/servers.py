"""Real CardDAV servers for the tests: Radicale and xandikos, each with address books of its own."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

SECRET = "пароль:1"
MKCOL = """<?xml version="1.0" encoding="utf-8"?>
<d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop><d:resourcetype>
<d:collection/><c:addressbook/></d:resourcetype><d:displayname>Клиенты</d:displayname></d:prop></d:set></d:mkcol>"""
_numbers = count()


class Book:
    """An address book as another program sees it."""

    def __init__(self, port: int, path: str, user: str) -> None:
        self.port, self.path, self.user = port, path, user
        self.url = f"http://127.0.0.1:{port}{path}"

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        login = base64.b64encode(f"{self.user}:{SECRET}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = {"Authorization": f"Basic {login}", "Content-Type": "text/vcard; charset=utf-8"}
            connection.request(method, path, body.encode(), {**sent, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def put(self, name: str, *lines: str, version: str = "3.0") -> str:
        text = "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
        status, said = self.ask("PUT", f"{self.path}{name}", text)
        assert status in (201, 204), said
        return text

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.get(name)
        assert old in text, text
        status, said = self.ask("PUT", f"{self.path}{name}", text.replace(old, new))
        assert status in (200, 201, 204), said

    def get(self, name: str) -> str:
        status, text = self.ask("GET", f"{self.path}{name}")
        assert status == 200, text
        return text

    def delete(self, name: str) -> None:
        assert self.ask("DELETE", f"{self.path}{name}")[0] in (200, 204)

    def names(self) -> list[str]:
        xml = {"Content-Type": "application/xml", "Depth": "1"}
        _, said = self.ask("PROPFIND", self.path, "", **xml)
        found = re.findall(r"href>([^<]*)</", said)
        return sorted({one.rpartition("/")[2] for one in found if one.startswith(self.path)} - {""})

    def cards(self) -> dict[str, str]:
        """The text of each card by its FN, unfolded."""
        found = {}
        for name in self.names():
            text = re.sub(r"\r?\n[ \t]", "", self.get(name))
            found[re.search(r"(?m)^(?:\w+\.)?FN[^:\r\n]*:(.*?)\r?$", text)[1]] = text  # type: ignore[index]
        return found


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def _run(port: int, *command: str) -> Iterator[None]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert server.poll() is None
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(10)


class Radicale:
    """Users, each with one address book or with none."""

    def __init__(self, port: int) -> None:
        self.port = port

    def book(self) -> Book:
        user = f"anna{next(_numbers)}"
        book = Book(self.port, f"/{user}/klienty/", user)
        status, said = book.ask("MKCOL", book.path, MKCOL, **{"Content-Type": "application/xml"})
        assert status == 201, said
        return book


@contextlib.contextmanager
def radicale(folder: Path) -> Iterator[Radicale]:
    port = _free_port()
    users = "".join(f"anna{number}:{SECRET}\n" for number in range(200))
    (folder / "users").write_text(users, encoding="utf-8")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\n"
        f"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {folder}/books\n",
        encoding="utf-8",
    )
    with _run(port, sys.executable, "-m", "radicale", "--config", str(folder / "config")):
        yield Radicale(port)


@contextlib.contextmanager
def xandikos(folder: Path) -> Iterator[Book]:
    port = _free_port()
    with _run(port, sys.executable, "-m", "xandikos", "serve", "--defaults", "-d", str(folder),
              "-l", "127.0.0.1", "-p", str(port), "--current-user-principal", "/anna/"):  # fmt: skip
        yield Book(port, "/anna/contacts/addressbook/", "anna")
