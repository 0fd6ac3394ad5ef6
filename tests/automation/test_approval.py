"""What came into the folder from elsewhere does not leave the machine before somebody says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval, approve, strangers
from crmcli.automation.tick import tick
from crmcli.model.event import Event
from crmcli.workspace import Workspace
from tests.automation.conftest import House

HELLO = """
stages:
  - id: new
    name: Новый
    robots:
      - {id: hello, do: email, with: {template: mail/hello.j2}}
  - {id: converted, name: Качественный, kind: won}
  - {id: junk, name: Брак, kind: lost}
"""
NONE = HELLO.replace(
    "    robots:\n      - {id: hello, do: email, with: {template: mail/hello.j2}}\n", ""
)
TWO = HELLO.replace(
    "  - {id: conv", "      - {id: evil, do: email, with: {template: mail/evil.j2}}\n  - {id: conv"
)


def git(root: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Анна", "-c", "user.email=anna@chai.example", *args],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (args, done.stdout, done.stderr)
    return done.stdout.strip()


def begin(root: Path) -> None:
    (root / ".gitignore").write_text(".crm/\noutbox/\n")
    git(root, "init", "-q", "-b", "main")
    save(root, "begin")


def save(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


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


def unapproved(house: House) -> list[str]:
    return [act.place for act in approval(house.ws).unapproved]


def lead(house: House) -> None:
    house.add("lead", name="Чай", emails="olga@kafe.example")


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


def own_commit(root: Path) -> None:
    (root / "notes.txt").write_text("mine")
    save(root, "mine")


def remark(root: Path) -> None:
    with (root / "pipelines.yaml").open("a") as file:
        file.write("# a remark\n")


@pytest.mark.parametrize("way", UPSTREAM)
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
        ["python3", "-c", "import shutil; shutil.unpack_archive('a.zip')"], cwd=to, check=True
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
    ws = Workspace.open(tmp_path / "to/ws", user="anna", now=house.now)
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
    house.rules(leads=TWO.replace("Новый", "Новейший"))
    for name in ("hello", "evil"):
        house.template(name, (house.root / f"templates/mail/{name}.j2").read_text("utf-8"))
    assert unapproved(house) == ["leads/new/hello", "leads/new/evil"]


def test_a_letter_queued_in_another_clone_waits(house: House, clone: Any) -> None:
    house.rules(leads=HELLO)
    house.write(
        "settings.yaml", "channels: {mail: {deliver: 'smtp://127.0.0.1:9', from: a@chai.example}}\n"
    )
    begin(house.root)
    lead(house)
    house.tick()  # queued, and no server took it
    save(house.root, "a letter in the queue")
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    (line,) = other.tick("1d").failures
    assert "queued in another clone" in line
    assert not [e for e in other.events("job.started") if e.at == other.now]
    approve(other.ws, strangers(other.ws))
    other.tick("1d")
    assert [e for e in other.events("job.started") if e.at == other.now]


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
    from crmcli.automation.outlook import explain, waiting
    from crmcli.automation.rehearsal import rehearse

    house.rules(leads=HELLO)
    other = clone()
    lead(other)
    (line,) = explain(other.ws, "Чай")
    assert (line.state, "waits for crm trust" in line.why) == ("held", True)
    assert [line.state for line in waiting(other.ws)] == ["held"]
    assert any("waits for crm trust" in line.what for line in rehearse(other.ws, other.now))


LOADED = {
    "plain": "{% include 'mail/_foot.j2' %}",
    "no space": "{%include'mail/_foot.j2'%}",
    "reckoned": "{% include 'mail/' ~ '_foot.j2' %}",
    "adjoining": "{% include 'mail/' '_foot.j2' %}",
    "escaped": "{% include 'mail/\\x5ffoot.j2' %}",
    "chosen": "{% include ['mail/none.j2', 'mail/_foot.j2'] %}",
    "by a condition": "{% include ('mail/_foot.j2' if lead else 'x') %}",
    "roundabout": "{% include './mail//_foot.j2' %}",
    "import": "{%- from 'mail/_foot.j2' import x with context -%}",
}


@pytest.mark.parametrize("text", LOADED.values(), ids=LOADED.keys())
@pytest.mark.parametrize("where", ["in the letter", "in a parameter"])
def test_whatever_a_robot_loads_counts(house: House, clone: Any, text: str, where: str) -> None:
    house.template("_foot", "{% set x = 'один' %}\n")
    if where == "in the letter":
        house.template("hello", f"Subject: Привет\n\n{text}\n")
        house.rules(leads=HELLO)
    else:
        quoted = text.replace("'", "''")
        notify = f"do: notify, with: {{text: '{quoted}'}}"
        house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", notify))
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.template("_foot", "{% set x = 'другой' %}\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]


def _link(house: House) -> None:
    house.template("evil", "Subject: Evil\n\nx\n")
    path = house.root / "templates/mail/hello.j2"
    path.unlink()
    path.symlink_to("evil.j2")


def _link_folder(house: House) -> None:
    (house.root / "templates").rename(house.root / "others")
    (house.root / "others/mail/hello.j2").write_text("Subject: Evil\n\nx\n")
    (house.root / "templates").symlink_to("others")


def _ident(house: House) -> None:
    house.template("hello", "Subject: Evil\n\n$Id$\n")
    house.write(".gitattributes", "*.j2 ident\n")


def _line_ends(house: House) -> None:
    house.template("hello", "Subject: Evil\n\nx\n")
    house.write(".gitattributes", "*.j2 text eol=crlf\n")


def _plain(house: House) -> None:
    house.template("hello", "Subject: Evil\n\nx\n")


FORMS = {
    "plain": _plain,
    "a link": _link,
    "a link to a folder": _link_folder,
    "ident": _ident,
    "line ends": _line_ends,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_template_of_others_in_another_form_does_not_leave(
    house: House, clone: Any, form: str
) -> None:
    other = clone()
    other.rules(leads=HELLO)  # his own robot, with a template that is not
    approve(other.ws, approval(other.ws).unapproved)
    FORMS[form](house)
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    lead(other)
    other.tick()
    assert other.letters() == []


def test_a_template_in_a_repository_of_its_own_is_not_typed_here(house: House) -> None:
    house.rules(leads=HELLO)
    assert unapproved(house) == []
    house.template("hello", "Subject: Evil\n\nx\n")
    (house.root / "templates/.git").write_text("gitdir: ../.git/modules/templates\n")
    assert unapproved(house) == ["leads/new/hello"]


OWN: dict[str, Callable[[Path], object]] = {
    "merge": lambda root: git(root, "pull", "-q", "--no-rebase", "--no-edit"),
    "pull.rebase": lambda root: git(root, "-c", "pull.rebase=true", "pull", "-q"),
    "stash and pop": lambda root: (
        remark(root), git(root, "stash", "-q"), git(root, "stash", "pop", "-q"),
    ),
    "another branch and back": lambda root: (
        git(root, "checkout", "-q", "HEAD~1"), git(root, "checkout", "-q", "main"),
    ),
    "amend": lambda root: git(root, "commit", "-q", "--amend", "-m", "mine, better"),
    "reword": lambda root: git(
        root, "-c", "sequence.editor=sed -i s/pick/reword/", "rebase", "-q", "-i", "HEAD~1"
    ),
    "sed -i": lambda root: subprocess.run(
        ["sed", "-i", "s/Новый/Свежий/", "pipelines.yaml"], cwd=root, check=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OWN)
def test_ones_own_robot_stays_ones_own(
    house: House, clone: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "true")
    other = clone()
    other.rules(leads=HELLO)
    save(other.root, "mine")
    house.template("theirs", "Subject: Другое\n\nx\n")
    save(house.root, "their template")
    OWN[way](other.root)
    assert unapproved(other) == []


def test_while_git_cannot_tell_it_waits_and_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.rules(leads=HELLO)
    begin(house.root)
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nonexistent")
        assert unapproved(house) == ["leads/new/hello"]
    assert unapproved(house) == []


def test_more_acts_than_are_remembered_of_the_past_can_be_approved(
    house: House, clone: Any
) -> None:
    robots = "".join(
        f"      - {{id: r{n}, do: email, with: {{template: mail/hello.j2}}}}\n" for n in range(1500)
    )
    house.rules(leads=HELLO.replace("    robots:\n", f"    robots:\n{robots}"))
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    assert unapproved(other) == []


def test_what_is_shown_of_others_stays_in_one_short_line(house: House) -> None:
    to = "a@b.ru\\n  nothing else waits\\n" + "x" * 5000
    house.rules(leads=HELLO.replace("hello.j2}", f'hello.j2, to: "{to}"}}'))
    (act,) = (a for a in approval(house.ws).acts if a.place != "users")
    assert "\n" not in str(act)
    assert len(str(act)) < 400


CALL = "do: webhook, with: {url: 'http://127.0.0.1:9/x'}"


def forge(house: House, kind: str, record: str, data: dict[str, Any]) -> None:
    """A line of the timeline as another clone may bring it."""
    with house.ws.change("forged") as change:
        change.note(kind, record, data)


def test_a_call_queued_here_runs_no_command_that_others_wrote_beside_it(house: House) -> None:
    house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", CALL))
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    secret = f"cmd:touch {house.root}/ran"
    forge(house, "job.queued", queued.record, {**queued.data, "secret": secret})
    failures = house.tick("3h").failures
    assert not (house.root / "ran").exists()
    assert any("running `touch" in line for line in failures)


REVIVED: dict[str, Callable[[Event], tuple[str, dict[str, Any]]]] = {
    "queued again": lambda queued: ("job.queued", dict(queued.data)),
    "resolved": lambda queued: ("job.resolved", {"key": queued.data["key"], "as": "retry"}),
    "failed": lambda queued: ("job.failed", {"key": queued.data["key"]}),
    "claimed by a dead one": lambda queued: (
        "job.started", {"key": queued.data["key"], "by": "maildir"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", REVIVED)
def test_no_line_of_others_makes_a_letter_leave_again(house: House, way: str) -> None:
    house.rules(leads=HELLO)
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    for path in (house.root / "outbox/new").glob("*"):
        path.unlink()
    kind, data = REVIVED[way](queued)
    forge(house, kind, queued.record, data)
    (line,) = house.tick("1h").failures
    assert "that ended here before" in line
    assert house.letters() == []
    approve(house.ws, strangers(house.ws))
    house.tick("1h")
    assert len(house.letters()) == 1
    for path in (house.root / "outbox/new").glob("*"):
        path.unlink()
    forge(house, kind, queued.record, data)  # the word was for once
    house.tick("1h")
    assert house.letters() == []


def test_a_person_here_may_try_again(house: House) -> None:
    from crmcli.automation import jobs

    house.rules(leads=HELLO)
    lead(house)
    (house.root / "outbox").write_text("in the way")
    house.tick()
    (queued,) = house.events("job.queued")
    jobs.cancel(house.ws, str(queued.data["key"]))
    (house.root / "outbox").unlink()
    jobs.retry(house.ws, str(queued.data["key"]))
    assert house.tick("1m").failures == []
    assert len(house.letters()) == 1


@pytest.mark.parametrize("claims", ["abc", None, [], 1e308, True])
def test_a_forged_number_of_claims_stops_nobody(house: House, claims: object) -> None:
    house.rules(leads=HELLO)
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    forge(house, "job.done", queued.record, {"key": queued.data["key"], "claims": claims})
    house.add("lead", name="Кофе", emails="ivan@kafe.example")
    result = house.tick("1m")
    assert (result.failures, result.bugs) == ([], {})
    assert len(house.letters()) == 2


def test_no_slot_that_a_cron_line_does_not_have_is_run(house: House) -> None:
    weekly = "schedules:\n  - {id: late, cron: '0 9 * * mon', do: email, with: {template: mail/hello.j2}}\n"
    house.rules(leads=NONE + weekly)
    lead(house)
    house.tick()
    (begun,) = house.events("schedule.started")
    forge(house, "schedule.started", "", {**begun.data, "slot": "2026-11-23T08:59"})
    house.tick("1m")
    assert house.letters() == []


def test_of_all_templates_together_each_must_be_ones_own(house: House, clone: Any) -> None:
    house.template("hello", "Subject: Привет\n\n{% include 'mail/' ~ '_foot.j2' %}\n")
    house.template("_foot", "один\n")
    other = clone()
    other.rules(leads=HELLO)
    assert unapproved(other) == []
    other.template("mine", "Subject: Моё\n\nx\n")  # so that no commit has all as they are here
    house.template("_foot", "другой\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]
