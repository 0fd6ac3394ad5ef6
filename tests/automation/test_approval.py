"""What came into the folder from elsewhere does not leave the machine before somebody says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval, approve
from crmcli.automation.tick import tick
from tests import kit
from tests.automation.clones import HELLO, TWO, lead, own_commit, remark, unapproved
from tests.automation.conftest import House
from tests.kit import begin, git, save


def test_what_is_written_by_hand_acts(house: House) -> None:
    house.rules(leads=HELLO)
    lead(house)
    assert house.tick().failures == []
    assert len(house.letters()) == 1


def test_what_was_cloned_waits_and_says_so_once(house: House, clone: Callable[..., House]) -> None:
    house.rules(leads=HELLO)
    other = clone()
    lead(other)
    (line,) = other.tick().failures
    assert "leads/new/hello sends mail/hello.j2 to the client" in line
    assert "crm trust" in line
    assert other.tick("5m").failures == []  # cron mails every line
    assert other.letters() == []
    approve(other.ws, approval(other.ws).unapproved)
    assert other.tick("5m").failures == []
    assert len(other.letters()) == 1


def test_a_hand_edit_in_a_clone_is_ones_own(house: House, clone: Callable[..., House]) -> None:
    other = clone()
    other.rules(leads=HELLO)
    lead(other)
    assert other.tick().failures == []
    assert len(other.letters()) == 1
    save(other.root, "mine")  # and once it is committed
    assert unapproved(other) == []


def test_a_commit_of_ones_own_that_no_tick_has_seen(house: House, clone: Any) -> None:
    other = clone()
    other.rules(leads=HELLO)
    save(other.root, "mine")
    other.write("notes.txt", "1")
    save(other.root, "more")
    assert unapproved(other) == []


UPSTREAM: dict[str, Callable[[Path], object]] = {
    "pull": lambda root: git(root, "pull", "-q", "--ff-only"),
    "pull --rebase": lambda root: (own_commit(root), git(root, "pull", "-q", "--rebase")),
    "merge": lambda root: (own_commit(root), git(root, "fetch", "-q"), git(root, "merge", "-q", "origin/main")),
    "merge --no-commit": lambda root: (
        own_commit(root), git(root, "fetch", "-q"), git(root, "merge", "-q", "--no-commit", "origin/main"),
    ),
    "merge --squash": lambda root: (
        own_commit(root), git(root, "fetch", "-q"), git(root, "merge", "-q", "--squash", "origin/main"),
        git(root, "commit", "-q", "-m", "squashed"),
    ),
    "checkout": lambda root: (git(root, "fetch", "-q"), git(root, "checkout", "-q", "origin/main")),
    "checkout of the file": lambda root: (
        git(root, "fetch", "-q"), git(root, "checkout", "-q", "origin/main", "--", "pipelines.yaml", "templates"),
    ),
    "checkout of the file, committed": lambda root: (
        git(root, "fetch", "-q"), git(root, "checkout", "-q", "origin/main", "--", "pipelines.yaml", "templates"),
        git(root, "commit", "-q", "-m", "mine?"),
    ),
    "cherry-pick": lambda root: (git(root, "fetch", "-q"), git(root, "cherry-pick", "origin/main")),
    "cherry-pick -n": lambda root: (git(root, "fetch", "-q"), git(root, "cherry-pick", "-n", "origin/main")),
    "reset": lambda root: (git(root, "fetch", "-q"), git(root, "reset", "-q", "--hard", "origin/main")),
    "pull, and a hand edit over it": lambda root: (git(root, "pull", "-q", "--ff-only"), remark(root)),
    "pull, and a commit over it": lambda root: (
        git(root, "pull", "-q", "--ff-only"), remark(root), save(root, "a remark"),
    ),
    "pull, and amend": lambda root: (
        git(root, "pull", "-q", "--ff-only"), remark(root), git(root, "commit", "-q", "-a", "--amend", "-m", "x"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", kit.some(UPSTREAM, 2))
def test_what_others_pushed_waits_however_it_comes(house: House, clone: Any, way: str) -> None:
    house.rules(leads=HELLO)
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.template("evil", "Subject: Evil\n\n{{ lead.name }}\n")
    house.rules(leads=TWO)
    save(house.root, "evil")
    UPSTREAM[way](other.root)
    assert unapproved(other) == ["leads/new/evil"]
    lead(other)
    other.tick()
    assert [("Subject: Evil" in letter) for letter in other.letters()] == [False]


def test_a_template_that_others_changed_waits(house: House, clone: Any) -> None:
    house.rules(leads=HELLO)
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.template("hello", "Subject: Платите сюда\n\nна другой счёт\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]


def test_a_mailed_report_waits_when_others_changed_what_it_tells(house: House, clone: Any) -> None:
    own = "reports: {{trades: {{of: deals, by: owner, measures: [{}]}}}}\n"
    house.write("reports.yaml", own.format("count"))
    asked = "with: {report: trades, to: boss@out.example}"
    house.rules(
        "stages:\n  - {id: new, name: New}\n"
        f"schedules:\n  - {{id: weekly, cron: '0 8 * * 1', do: report, {asked}}}\n"
    )
    other = clone()
    assert unapproved(other) == ["sales/schedules/weekly"]
    approve(other.ws, approval(other.ws).unapproved)
    assert unapproved(other) == []
    house.write("reports.yaml", own.format("sum amount"))
    save(house.root, "more")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["sales/schedules/weekly"]


def test_pieces_that_a_template_includes_count_too(house: House, clone: Any) -> None:
    house.template("_foot", "один\n")
    house.template("hello", "Subject: Привет\n\n{% include 'mail/_foot.j2' %}\n")
    house.rules(leads=HELLO)
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.template("_foot", "другой\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]


SETTINGS_ACTS = {
    "a mail server": ("channels: {mail: {deliver: 'smtp://mx.evil.example', from: a@chai.example}}", "channels/mail"),
    "a command for its password": (
        "channels: {mail: {deliver: 'smtp://u@mx.example', from: a@chai.example, password: 'cmd:rm -rf /'}}",
        "channels/mail",
    ),
    "a Maildir outside": ("channels: {mail: {deliver: 'maildir:/etc/cron.d'}}", "channels/mail"),
    "a Maildir at home": ("channels: {mail: {deliver: 'maildir:~/.config/autostart'}}", "channels/mail"),
    "an inner address": ("channels: {webhook: {allow: ['169.254.169.254:80']}}", "channels/webhook"),
    "whom notices reach": ("users: {anna: {name: Анна, email: evil@example.org}}", "users"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS_ACTS)
def test_settings_that_came_by_pull_wait(house: House, clone: Any, name: str) -> None:
    text, place = SETTINGS_ACTS[name]
    house.write("settings.yaml", "currency: RUB\n")
    notify = "do: notify, with: {text: Лид}"
    house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", notify))
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.write("settings.yaml", f"currency: RUB\n{text}\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == [place]


def test_letters_queue_and_wait_for_the_server_that_was_pulled(house: House, clone: Any) -> None:
    house.rules(leads=HELLO)
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.write(
        "settings.yaml",
        "channels: {mail: {deliver: 'smtp://127.0.0.1:9', from: a@chai.example, password: 'cmd:touch ran'}}\n",
    )
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    lead(other)
    other.tick()
    other.tick("1h")
    assert [event.kind for event in other.events() if event.kind.startswith("job.")] == [
        "job.queued"
    ]
    assert not (other.root / "ran").exists()


def _tar(root: Path, to: Path) -> None:
    with tarfile.open(to / "a.tar", "w") as archive:
        archive.add(root, "ws")
    subprocess.run(["tar", "xf", "a.tar"], cwd=to, check=True)


def _zip(root: Path, to: Path) -> None:
    with zipfile.ZipFile(to / "a.zip", "w") as archive:
        for path in root.rglob("*"):
            archive.write(path, Path("ws") / path.relative_to(root))
    subprocess.run(
        [sys.executable, "-c", "import shutil; shutil.unpack_archive('a.zip')"], cwd=to, check=True
    )
    for path in (to / "ws").rglob("*"):  # as unzip does, and Python does not
        os.utime(path, (1_700_000_000, 1_700_000_000))


UNPACKED: dict[str, Callable[[Path, Path], object]] = {
    "tar": _tar,
    "zip": _zip,
    "cp -a": lambda root, to: subprocess.run(["cp", "-a", str(root), str(to / "ws")], check=True),
    "copytree": lambda root, to: shutil.copytree(root, to / "ws"),
}


@pytest.mark.parametrize("way", UNPACKED)
@pytest.mark.parametrize("under_git", [False, True], ids=["plain", "git"])
def test_what_was_unpacked_waits(house: House, tmp_path: Path, way: str, under_git: bool) -> None:
    house.rules(leads=HELLO)
    if under_git:
        begin(house.root)  # its reflog says that everything was committed here
    shutil.rmtree(house.root / ".crm", ignore_errors=True)
    for path in house.root.rglob("*.*"):  # as if packed a while ago
        if path.is_file():
            os.utime(path, (1_790_000_000.5, 1_790_000_000.5))
    (tmp_path / "to").mkdir()
    UNPACKED[way](house.root, tmp_path / "to")
    ws = kit.opened(tmp_path / "to/ws", now=house.now)
    assert [act.place for act in approval(ws).unapproved] == [
        "leads/new/hello"
    ] or way == "copytree"
    if way != "copytree":
        house.root = tmp_path / "to/ws"
        lead(house)
        tick(house.ws)
        assert house.letters() == []


def test_a_hand_edit_over_what_was_unpacked_and_approved(house: House, tmp_path: Path) -> None:
    house.rules(leads=HELLO)
    os.utime(house.root / "pipelines.yaml", (1, 1))
    os.utime(house.root / "templates/mail/hello.j2", (1, 1))
    assert unapproved(house) == ["leads/new/hello"]
    approve(house.ws, approval(house.ws).unapproved)
    house.rules(
        leads=HELLO.replace("id: hello,", "id: hello2,")
    )  # with the template that was approved
    assert unapproved(house) == []


def test_what_was_seen_as_foreign_stays_so_after_a_hand_edit(house: House) -> None:
    house.template("evil", "Subject: Evil\n\nx\n")
    house.rules(leads=TWO)
    for path in ("pipelines.yaml", "templates/mail/hello.j2", "templates/mail/evil.j2"):
        os.utime(house.root / path, (1, 1))
    assert unapproved(house) == ["leads/new/hello", "leads/new/evil"]
    house.rules(leads=TWO.replace("Новая", "Новейшая"))
    for name in ("hello", "evil"):
        house.template(name, (house.root / f"templates/mail/{name}.j2").read_text("utf-8"))
    assert unapproved(house) == ["leads/new/hello", "leads/new/evil"]


def test_robots_that_stay_within_crm_need_no_word(house: House, clone: Any) -> None:
    house.rules(
        leads=HELLO.replace(
            "do: email, with: {template: mail/hello.j2}", "do: task, with: {title: Позвонить}"
        )
    )
    other = clone()
    lead(other)
    assert other.tick().failures == []
    assert other.titles() == ["Позвонить"]


def test_explain_and_the_rehearsal_say_that_it_waits(house: House, clone: Any) -> None:
    from crmcli.automation.explain import explain
    from crmcli.automation.simulate import rehearse
    from crmcli.automation.waiting import waiting

    house.rules(leads=HELLO)
    other = clone()
    lead(other)
    (line,) = explain(other.ws, "Чай")
    assert (line.state, "waiting for crm trust" in line.why) == ("held", True)
    assert [line.state for line in waiting(other.ws)] == ["held"]
    assert any("waiting for crm trust" in line.what for line in rehearse(other.ws, other.now))
