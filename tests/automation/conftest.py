from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest

from crmcli.automation.ledger import Job, jobs_of
from crmcli.automation.tick import tick
from crmcli.automation.tick_result import TickResult
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.task import Task
from crmcli.sales.records import edit as editing
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import begin, git

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday, noon in Moscow

SETTINGS = """
company: {name: "ООО «Чайный дом»", email: sales@chai.example}
users:
  anna: {name: Анна Петрова, email: anna@chai.example}
  boris: {name: Борис Белов}
"""

UNTOLD = SETTINGS.replace("anna@chai.example", "anna@chai.example, alerts: {by: [none]}")
"""The same where the owner is told of nothing."""


class House:
    """A workspace with rules of its own and a clock that tests move."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = START
        self.user = "anna"
        (root / "templates/mail").mkdir(parents=True)
        (root / "data").mkdir()
        self.write("settings.yaml", SETTINGS)
        self.template("hello", "Subject: Здравствуйте!\n\nВаш запрос «{{ lead.name }}» получен.\n")
        self.rules()

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(textwrap.dedent(text).lstrip(), "utf-8")

    def template(self, name: str, text: str) -> None:
        self.write(f"templates/mail/{name}.j2", text)

    def rules(self, deals: str = "", leads: str = "") -> None:
        """Write pipelines.yaml, as kit.pipelines() has it."""
        self.write("pipelines.yaml", kit.pipelines(deals, leads))

    @property
    def ws(self) -> Workspace:
        """Opened anew each time, as each command does."""
        return Workspace.open(self.root, user=self.user, now=self.now)

    def add(self, entity: str, **fields: str | list[str]) -> Record:
        given = {k: v if isinstance(v, list) else [v] for k, v in fields.items()}
        return kit.add(self.ws, entity, **given)

    def edit(self, record_id: str, **fields: str) -> None:
        put = {name: [text] for name, text in fields.items()}
        editing.edit(self.ws, record_id, editing.Edit(put, {}, {}))

    def get(self, record_id: str) -> Any:
        return self.ws.get(record_id)

    def tick(self, after: str = "") -> TickResult:
        """Let time go on (`90m`, `2d`), then tick."""
        self.wait(after)
        return tick(self.ws)

    def wait(self, after: str) -> None:
        if after:
            unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[after[-1]]
            self.now += timedelta(**{unit: int(after[:-1])})

    def tasks(self) -> list[Task]:
        found = self.ws.select("task", order=["due"])
        return [task for task in found if isinstance(task, Task)]

    def titles(self) -> list[str]:
        return sorted(task.name for task in self.tasks())

    def letters(self) -> list[str]:
        """The letters in the outbox, whole."""
        return [p.read_text("utf-8") for p in sorted((self.root / "outbox/new").glob("*"))]

    def events(self, kind: str = "", record: str = "") -> list[Event]:
        return [e for e in self.ws.events(record=record) if not kind or e.kind == kind]

    def jobs(self) -> list[Job]:
        return list(jobs_of(self.ws.events()).values())

    def state(self, robot: str) -> str:
        [job] = [job for job in self.jobs() if job.robot == robot]
        return job.state

    def kinds(self) -> list[str]:
        return [event.kind for event in self.ws.events()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield House(tmp_path / "ws")
    shutil.rmtree(tmp_path / "ws", ignore_errors=True)


class Call(NamedTuple):
    """One call that the hook's server got."""

    path: str
    headers: Any
    body: bytes


class Hook:
    """A small web server that notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.status = 200
        hook = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.calls.append(Call(self.path, self.headers, body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.port = self.server.server_port
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    served = Hook()
    served.thread.start()
    yield served
    served.close()


class Post:
    """A mail server that does to letters what `mode` says: take, later, refuse or vanish."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.mode = "take"
        self.connections = 0
        post = self

        class Talk(StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self) -> None:
                post.connections += 1
                self.say("220 hello")
                while line := self.rfile.readline():
                    word = line[:4].upper()
                    if word == b"RCPT" and post.mode in ("later", "refuse"):
                        self.say("451 come later" if post.mode == "later" else "550 no such user")
                    elif word == b"DATA":
                        self.say("354 go on")
                        if not self.take():
                            return
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 fine")

            def take(self) -> bool:
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    line = self.rfile.readline()
                    if not line:
                        return False  # the client is gone before the dot: no letter
                    text += line
                post.letters.append(text)
                if post.mode == "vanish":
                    return False
                self.say("250 taken")
                return True

        self.server = TCPServer(("127.0.0.1", 0), Talk)
        self.port = int(self.server.server_address[1])
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def post(house: House) -> Iterator[Post]:
    """A running mail server, which the workspace's settings name."""
    served = Post()
    served.thread.start()
    house.write(
        "settings.yaml",
        UNTOLD + f"channels: {{mail: {{deliver: 'smtp://127.0.0.1:{served.port}'}}}}\n",
    )
    yield served
    served.close()


@pytest.fixture
def clone(house: House, tmp_path: Path) -> Callable[..., House]:
    """Another clone of the house, which is under git."""

    def make(name: str = "clone") -> House:
        if not (house.root / ".git").exists():
            begin(house.root)
        git(tmp_path, "clone", "-q", str(house.root), name)
        other = object.__new__(House)
        other.__dict__.update(vars(house) | {"root": tmp_path / name})
        return other

    return make
