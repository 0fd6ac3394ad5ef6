"""What is secret in an address never shows: on no stream, in no report, ledger line or commit."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from crmcli.cli import bugs

Crm = Callable[..., Any]
SECRET = "hunter2"
STAGES = """
leads:
  stages:
    - id: new
      name: Новый
      robots:
        - {{id: hook, do: webhook, with: {{url: '{url}'}}}}
    - {{id: done, name: Успех, kind: won}}
    - {{id: junk, name: Брак, kind: lost}}
deals:
  - {{id: sales, name: Продажи, stages: [{{id: new, name: Новая}}, {{id: won, name: Успех, kind: won}},
     {{id: lost, name: Провал, kind: lost}}]}}
"""


@pytest.fixture
def echo() -> Iterator[tuple[str, list[str]]]:
    """A web server that refuses every call, and repeats what it was told; its place, the paths it saw."""
    seen: list[str] = []

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            told = f"Cannot POST {self.path} {self.headers['X-Token']}".encode()
            self.send_response(404)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def shown(folder: Path) -> str:
    """Everything that is kept, save the letters and calls themselves."""
    return "".join(
        path.read_text("utf-8", "replace")
        for path in folder.rglob("*.csv")
        if "timeline" in path.parts
    )


@pytest.mark.parametrize(
    "path", ["hooks/{0}", "in?token={0}&a=1", "in#secret={0}", "in/8f3{0}b6e1d0c4a7"]
)
def test_the_address_of_a_web_hook(
    path: str, folder: Path, crm: Crm, echo: tuple[str, list[str]]
) -> None:
    place, seen = echo
    way = path.format(SECRET)
    settings = f"channels: {{webhook: {{allow: ['{place}']}}}}\n"
    (folder / "settings.yaml").write_text(settings, "utf-8")
    (folder / "pipelines.yaml").write_text(STAGES.format(url=f"http://{place}/{way}"), "utf-8")
    lead = crm("lead", "add", "--name", "Чай").out.strip()
    said = [crm("tick", "--dry-run"), crm("tick", "-v"), crm("jobs", "list", "--state", "all")]
    said += [crm("jobs", "list", "--state", "all", "--json"), crm("robots", "explain", lead)]
    said += [crm("timeline", lead), crm("tick", "-v"), crm("check"), crm("show", lead)]
    assert seen == ["/" + way.partition("#")[0]], "the call itself has the whole address"
    told = "".join(run.out + run.err for run in said) + shown(folder)
    assert SECRET not in told
    assert f"http://{place}/" in told


BAD_SETTINGS = [
    "smtp://u:hunter2@host", "smtps://u:hunter2@host:465", "SMTP://u:hunter2@host", "smtp://u:my hunter2@host",
    "smtp:u:hunter2@host", "u:hunter2@host", "http://u:hunter2@host", "smtp://u:hun@hunter2@host", "smtp://host/hunter2",
    "smtp://hunter2:@host", "smtp://host:hunter2",
]  # fmt: skip


@pytest.mark.parametrize("deliver", BAD_SETTINGS)
def test_a_password_in_deliver_is_refused_with_its_line(
    deliver: str, folder: Path, crm: Crm
) -> None:
    text = f"company: {{name: Чай, email: a@chai.example}}\nchannels:\n  mail:\n    deliver: '{deliver}'\n"
    (folder / "settings.yaml").write_text(text, "utf-8")
    for args in (["check"], ["pipeline", "check"], ["lead", "list", "--json"], ["tick", "-v"]):
        run = crm(*args)
        assert run.code == 6
        assert "settings.yaml:4: 'deliver'" in run.out + run.err or (
            "--json" in args and '"line": 4' in run.err
        )
        assert SECRET not in run.out + run.err


@pytest.mark.parametrize(
    "robot",
    ["url: 'https://u:hunter2@host/'", "url: 'ftp://u:hunter2@host/'", "url: 'hunter2@host'", "url: 'https://host/', secret: hunter2"],
)  # fmt: skip
def test_a_secret_in_a_robot_is_refused_with_its_line(robot: str, folder: Path, crm: Crm) -> None:
    rules = STAGES.replace("{{", "{").replace("}}", "}").replace("url: '{url}'", robot)
    (folder / "pipelines.yaml").write_text(rules, "utf-8")
    run = crm("pipeline", "check")
    assert run.code == 6
    assert "pipelines.yaml:7: " in run.out + run.err
    assert SECRET not in run.out + run.err


@pytest.mark.parametrize(
    "args",
    [
        ["lead", "list", "--where", "site = 'https://u:hunter2@host/' and x"],
        ["lead", "list", "--where", "https://u:hunter2@host/"],
        ["lead", "list", "--where", "https://u:hunter2@host/", "--json"],
        ["lead", "show", "https://u:hunter2@host/"],
        ["lead", "add", "--name", "x", "--phone", "https://u:hunter2@host/"],
        ["import", "leads", "https://u:hunter2@host/"],
        ["https://u:hunter2@host/"],
        ["lead", "list", "--https://u:hunter2@host/"],
        ["template", "preview", "https://u:hunter2@host/", "--for", "x"],
    ],
)
def test_no_error_shows_one(args: list[str], crm: Crm) -> None:
    run = crm(*args)
    assert run.code in (2, 3, 6)
    assert SECRET not in run.err + run.out
    if "--json" in args:
        assert json.loads(run.err)["error"]["message"]


def test_no_commit_shows_one(folder: Path, crm: Crm) -> None:
    with (folder / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("\ngit: {commit: each}\n")
    for words in (["init", "-q"], ["config", "user.name", "a"], ["config", "user.email", "a@b.ru"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    crm("lead", "add", "--name", "x https://hooks.slack.com/services/T/B/hunter2 y")
    log = subprocess.run(["git", "log", "--format=%B"], cwd=folder, capture_output=True, check=True)
    assert b"crm lead add" in log.stdout
    assert SECRET not in log.stdout.decode()


def test_no_report_shows_one() -> None:
    def fails() -> None:
        raise RuntimeError("calling https://u:hunter2@host/?token=hunter2 went wrong")

    try:
        fails()
    except RuntimeError as error:
        report = Path(bugs.write_report(error))
    text = report.read_text("utf-8")
    report.unlink()
    assert "calling https://***@host/?token=*** went wrong" in text
    assert SECRET not in text
