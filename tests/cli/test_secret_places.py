"""crm check says which password cannot be had here, at the line that names it; what is no way to log in is
refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
SECRET = "hunter2-кот"

SETTINGS = """\
company: {name: Чай, email: us@chai.example}
users:
  anna: {name: Анна, email: anna@chai.example, alerts: {by: [mail, 'env:ANNA_PHONE']}}
channels:
  mail:
    deliver: smtp://us@mail.example:587
    password: env:MAIL_PASSWORD
    fetch: ['imaps://a@mail.example', 'imaps://b@mail.example/INBOX']
    fetch_password: file:FOLDER/{user}
  call: {provider: zadarma, secret: 'cmd:no-such-program --for hunter2-кот'}
  sms: {provider: smsc, password: 'cmd:PYTHON -c exit', token: env:MAIL_PASSWORD}
"""


@pytest.fixture
def declared(folder: Path, tmp_path: Path) -> Path:
    text = SETTINGS.replace("FOLDER", str(tmp_path)).replace("PYTHON", sys.executable)
    return kit.write(folder, "settings.yaml", text)


def test_each_is_told_at_its_line(
    crm: Crm, folder: Path, declared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text(SECRET)
    (tmp_path / "a").chmod(0o644)
    robot = "{id: ping, do: webhook, with: {url: 'https://x.example/', secret: env:PING}}"
    text = kit.write(folder, "pipelines.yaml", kit.pipelines(kit.robots(robot))).read_text()
    line = text.split("id: ping")[0].count("\n") + 1
    run = crm("check")
    told = [row for row in run.out.splitlines() + run.err.splitlines() if ".yaml:" in row]
    wanted = {
        "settings.yaml:3: ": "ANNA_PHONE", "settings.yaml:7: ": "MAIL_PASSWORD",
        "settings.yaml:9: ": str(tmp_path), "settings.yaml:10: ": "no-such-program",
        "settings.yaml:11: ": "MAIL_PASSWORD", f"pipelines.yaml:{line}: ": "PING",
    }  # fmt: skip
    assert run.code == 0
    for place, word in wanted.items():
        found = [row for row in told if place in row]
        assert len(found) == (2 if place.endswith(":9: ") else 1), (place, told)
        assert all(word in row for row in found)
    assert SECRET not in run.out + run.err
    monkeypatch.setenv("MAIL_PASSWORD", SECRET)
    for name in ("ANNA_PHONE", "PING"):
        monkeypatch.setenv(name, SECRET)
    for name in "ab":
        (tmp_path / name).write_text(SECRET)
        (tmp_path / name).chmod(0o600)
    kit.replace(
        declared, "cmd:no-such-program --for hunter2-кот", "cmd:false"
    )  # which does not run
    run = crm("check")
    assert "settings.yaml:" not in run.out + run.err
    assert "pipelines.yaml:" not in run.out + run.err


KNOWN, STRANGE = "user;AUTH=XOAUTH2@host", "по-другому"
FORMS = [
    ("a;AUTH=XOAUTH2@mail.example", True), ("a;auth=xoauth2@mail.example", True),
    ("a;b@mail.example", True), ("a%40b.ru;AUTH=XOAUTH2@mail.example", True),
    ("a;AUTH=PLAIN@mail.example", False), ("a;AUTH=*@mail.example", False),
    ("a;AUTH=XOAUTH@mail.example", False), ("a;auth=XOAUTH2;AUTH=PLAIN@mail.example", False),
    ("a%3BAUTH=LOGIN@mail.example", False), (";AUTH=XOAUTH2@mail.example", False),
]  # fmt: skip


@pytest.mark.parametrize("key", ["deliver", "fetch", "sent"])
@pytest.mark.parametrize(("login", "is_known"), FORMS)
def test_ways_to_log_in(folder: Path, crm: Crm, key: str, login: str, is_known: bool) -> None:
    url = f"{'smtp' if key == 'deliver' else 'imaps'}://{login}"
    told = f"['{url}']" if key == "fetch" else f"'{url}'"
    text = f"company: {{name: Чай, email: a@chai.example}}\nchannels:\n  mail:\n    {key}: {told}\n"
    kit.write(folder, "settings.yaml", text)
    run = crm("lead", "list", CRM_LANG="en")
    assert run.code == (0 if is_known else 6)
    if not is_known:
        assert "settings.yaml:4: " in run.err
        assert KNOWN in run.err
        assert run.err.count("way to log in that crm does not know") == 1
