"""What comes in by SSH: one line of a command of crm, as the user of the key, in the workspace of the door."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import kit
from tests.gate.conftest import Host, quoted, until


def test_a_key_works_as_its_user_within_the_rights(served: Host) -> None:
    listed = {user: served.ssh(user, "deal list --json") for user in ("anna", "boris", "root")}
    names = {user: {d["name"] for d in json.loads(run.out)} for user, run in listed.items()}
    assert names["anna"] == {"Сделка anna"}
    assert names["boris"] == {"Сделка anna", "Сделка boris"}
    assert len(names["root"]) == 5
    absent = served.ssh("anna", "deal show deal-00000000")
    foreign = served.ssh("anna", f"deal show {served.ids['deal olga']}")
    assert (absent.code, foreign.code) == (3, 3)
    assert foreign.err.replace(served.ids["deal olga"], "deal-00000000") == absent.err


def test_files_come_and_go_by_stdin_and_stdout(served: Host) -> None:
    deal, content = served.ids["deal anna"], bytes(range(256)) * 50
    added = served.ssh(
        "anna", quoted("file", "add", deal, "-", "--name", "План 'дома'.bin"), stdin=content
    )
    assert (added.code, added.err) == (0, "")
    done = subprocess.run(
        [*served.ssh_line("anna"), "--", "127.0.0.1", f"file get {deal}"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == content
    rows = "Название\nИз потока\n".encode()
    assert served.ssh("olga", "import leads -", stdin=rows).code == 4
    assert served.ssh("root", "import leads -", stdin=rows).code == 0
    assert served.ssh("root", "export deals").out.count("\n") == 6
    assert (
        served.ssh("root", "sql - --csv", stdin=b"select count(*) as n from deals").out == "n\n5\n"
    )
    assert served.ssh("anna", "sql 'select count(*) from deals'").code == 4


def test_rows_that_an_import_rejects_leave_no_file_on_the_host(host: Host) -> None:
    rows = "Название,Сумма\nИз файла,много\n".encode()
    done = host.enter("root", "import deals - --map Сумма=amount", stdin=rows)
    assert done.code == 1, done
    assert str(host.root) not in done.out + done.err
    assert not [*host.root.rglob("*.rejects*")]


def test_an_environment_of_ones_own_changes_nothing(served: Host) -> None:
    evil = {
        "EDITOR": "touch /tmp/gate-evil", "VISUAL": "touch /tmp/gate-evil", "PAGER": "touch /tmp/gate-evil",
        "CRM_USER": "root", "CRM_WORKSPACE": "/tmp", "LOGNAME": "root", "PYTHONPATH": "/tmp",
        "GIT_DIR": "/tmp", "XDG_STATE_HOME": "/tmp", "HOME": "/tmp", "CRM_FORMAT": "json", "LC_ALL": "../../x",
    }  # fmt: skip
    sent = [
        word for name, value in evil.items() for word in ("-o", f"SetEnv={name}={quoted(value)}")
    ]
    plain = served.ssh("anna", "deal list")
    assert served.ssh("anna", "deal list", options=tuple(sent)) == plain
    edited = served.ssh("anna", f"deal edit {served.ids['deal anna']}", options=("-tt", *sent))
    assert edited.code == 2
    assert not Path("/tmp/gate-evil").exists()


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    kit.some([
        ("", 2, "no command"),
        ("deal show 'x", 2, "quotation"),
        ("deal list\nuser list", 2, "one line"),
        ("deal list\rtick", 2, "one line"),
        (b"deal show \xff", 2, "UTF-8"),
        ("deal show " + "x" * 100_000, 2, "longer than"),
        ("deal show " + "x " * 2_000, 2, "more than"),
        ("tick", 4, "crm tick is not open"),
        ("gate list", 4, "crm gate list is not open"),
        ("WORKSPACE=other deal list", 4, "does not lead to"),
        ("touch MARK", 2, "'touch'"),
        ("deal frob x", 2, "'frob'"),
        ("deal list --frob", 2, "--frob"),
        ("deal list --limit many", 2, "many"),
        ("deal list -C /", 4, "--workspace is not open"),
        ("deal list --as root", 4, "--as is not open"),
        ("--as root deal list", 4, "--as is not open"),
        ("import contacts /etc/passwd", 4, "a file of the host"),
        ("deal edit x --from /etc/passwd", 4, "a file of the host"),
    ], 2),
)  # fmt: skip
def test_what_is_refused_is_one_line_and_kept(
    host: Host, asked: str | bytes, code: int, told: str
) -> None:
    done = host.enter("anna", asked, CRM_LANG="en", LANG="en_US.UTF-8")
    assert done.code == code
    assert len(done.err.splitlines()) <= 2
    assert not done.out
    kept = json.loads(host.here("audit", "list", "--kind", "refused", "--json").out)
    assert told in kept[-1]["text"]
    assert kept[-1]["user"] == "Анна Петрова"
    assert kept[-1]["door"] == "gate"


def test_a_key_that_is_not_there_any_more_is_refused_and_kept(host: Host) -> None:
    kit.write(host.folder, "home/.ssh/authorized_keys", "")
    words = ("gate", "--as", "anna", "--key", "SHA256:gone", "--keys", str(host.keys))
    came = (*words, "--state", f"{host.folder}/state", "-C", str(host.root))
    done = host.here(*came, SSH_ORIGINAL_COMMAND="deal list", LANG="en_US.UTF-8")
    assert (done.code, done.out) == (4, "")
    assert "revoked" not in done.err  # to whom it is closed nothing is told
    (host.root / "access.yaml").rename(host.root / "access.old")
    assert host.enter("mallory", "deal list").code == 4  # the rights that were approved hold
    (host.root / "access.old").rename(host.root / "access.yaml")
    kept = json.loads(host.here("audit", "list", "--kind", "refused", "--json").out)
    assert [row["user"] for row in kept] == ["Анна Петрова", "mallory"]
    assert "this key was revoked" in kept[0]["text"]


def test_who_was_switched_off_is_out_at_the_next_command(host: Host) -> None:
    assert host.enter("anna", "today").code == 0
    kit.append(host.root, "access.yaml", "off: [anna]\n")
    assert host.enter("anna", "today").code == 0  # nobody approved it yet
    assert host.here("gate", "approve", "--yes").code == 0
    done = host.enter("anna", "today")
    assert done.code == 4
    assert "anna" not in done.err
    assert host.enter("nobody", "today").err == done.err


def test_rights_that_one_gives_oneself_by_hand_wait_for_approval(host: Host) -> None:
    kit.replace(host.root / "access.yaml", "anna: [manager]", "anna: [administrator]")
    assert host.enter("anna", "check").code == 4
    assert host.enter("anna", "user role anna head").code == 4
    told = host.here("check")
    assert told.code == 6
    assert "access.yaml" in told.out + told.err
    kept = host.here(
        "user", "role", "olga", "head"
    )  # a command does not approve what it did not write
    assert kept.code == 0
    assert "crm gate approve" in kept.err
    assert host.enter("anna", "check").code == 4
    shown = host.here("gate", "approve", "--yes")
    assert "+users: {anna: [administrator]" in shown.err
    assert host.enter("anna", "check").code != 4


def test_what_an_administrator_says_by_command_is_approved(host: Host) -> None:
    assert host.enter("root", "user role anna administrator").code == 0
    assert host.enter("anna", "check").code != 4
    assert host.here("user", "role", "anna", "manager").code == 0
    assert host.enter("anna", "check").code == 4


def test_without_approved_rights_the_gate_is_shut(tmp_path: Path, host: Host) -> None:
    other = host._replace(folder=tmp_path / "elsewhere")
    assert other.enter("root", "deal list").code == 4
    (host.root / "access.yaml").unlink()
    assert host.enter("anna", "user list").code == 0  # what was approved holds
    assert host.enter("anna", "check").code == 4


@pytest.mark.parametrize("kept", ["pass", "raise OutputFailed('full')", "time.sleep(9)"])
def test_a_door_that_cannot_be_watched_is_closed(kept: str) -> None:
    """Whatever fails in the look at it, and whether or not that can be kept."""
    said = f"""
import time
from crmcli.errors import OutputFailed
from crmcli.cli import gate_door
def keep(why):
    print(why, flush=True)
    {kept}
gate_door.EVERY = 0.05
gate_door.watch(lambda: open("/nonexistent/of the host").read(), keep)
time.sleep(30)
"""
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 4
    assert done.stderr.strip() == "crm: error: your rights cannot be read: start again"
    assert "FileNotFoundError" in done.stdout


def test_a_board_ends_within_two_seconds_of_a_revoked_key(served: Host) -> None:
    line = [
        *served.ssh_line("olga"),
        "-tt",
        "--",
        "127.0.0.1",
        "TERM=xterm-256color LANG=C.UTF-8 crm board",
    ]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(line[0], line, {**os.environ, "TERM": "xterm-256color"})
    try:
        said = until(terminal, "Сделка olga", 30)
        assert "Сделка anna" not in said
        assert served.here("gate", "revoke", "olga").code == 0
        began = time.monotonic()
        until(terminal, None, 10)
        assert time.monotonic() - began < 2.5
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
        pid = 0
        assert served.ssh("olga", "today").code == 255
        kept = json.loads(served.here("audit", "list", "--kind", "refused", "--json").out)
        assert [row["text"] for row in kept if "revoked" in row["text"]]
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(terminal)
        assert served.install("olga").code == 0


@pytest.mark.parametrize(
    "asked",
    ["deal list --as anna", "--as anna deal list", "deal add --name x --tick", "--remote ssh://x deal list",
     "-C . deal list", "check --fix", "deal list --remote ssh://x"],
)  # fmt: skip
def test_what_is_the_hosts_is_not_even_an_administrators(host: Host, asked: str) -> None:
    done = host.enter("root", asked, CRM_LANG="en")
    assert done.code in (2, 4)
    assert "not open through the gate" in done.err or "No such option" in done.err
    assert not done.out


def test_what_somebody_asked_of_a_report_is_told_to_nobody_else(host: Host) -> None:
    """All who come share the account's state folder; what was shown last is kept for each by itself."""
    assert host.enter("boris", "report owners --by owner").code == 0
    told = host.enter("boris", "report explain 1,open --ids")
    assert (told.code, len(told.out.split())) == (0, 1), told.err
    for user in ("anna", "olga"):
        done = host.enter(user, "report explain 1,open")
        assert (done.code, done.out) == (3, "")
        assert "boris" not in done.err


CLOSING = [
    ("budget: 300", "", "user off anna", "deal show {deal anna}"),
    ("off: [anna]", "", "user off anna", "deal show {deal anna}"),
    ("off: [boris]", "", "user off anna --give-to root", "deal show {deal anna}"),
    ("budget: 300", "", "user role anna intake", "deal show {deal anna}"),
    ("budget: 300", "user role anna administrator", "user role anna manager", "check"),
    ("off: [boris]", "user role anna administrator", "undo", "check"),
    ("off: [boris]", "", "team set north --drop ivan", "deal show {deal olga}"),
    ("budget: 300", "", "team rm north", "deal show {deal olga}"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "given", "taken", "asked"), CLOSING)
def test_what_a_command_takes_away_is_gone_at_once_whatever_a_hand_wrote(
    host: Host, edit: str, given: str, taken: str, asked: str
) -> None:
    """Exactly that goes at the gate; what the hand wrote waits on."""
    user, asked = "ivan" if "north" in taken else "anna", asked.format(**host.ids)
    kit.append(host.root, "access.yaml", f"{edit}\n")
    if given:
        assert host.here(*given.split()).code == 0
    assert host.enter(user, asked).code in (0, 6)
    done = host.here(*taken.split(), "--yes")
    assert done.code == 0, done
    assert host.enter(user, asked).code in (3, 4)
    assert host.enter("boris", "deal list").code == 0
    assert ("crm gate approve" in done.err) == (edit != "off: [anna]")
    assert host.here("gate", "approve", "--yes").code == 0
    assert (host.enter("boris", "deal list").code == 4) == ("boris" in edit)


def test_what_rests_on_an_edit_that_nobody_approved_is_refused(host: Host) -> None:
    kit.append(host.root, "access.yaml", "roles: {clerk: {deal: {read: all}}}\n")
    before = (host.root / "access.yaml").read_bytes()
    done = host.here("user", "role", "anna", "clerk")
    assert (done.code, (host.root / "access.yaml").read_bytes()) == (1, before), done
    assert "crm gate approve" in done.err
    assert host.here("gate", "approve", "--yes").code == 0
    assert host.here("user", "role", "anna", "clerk").code == 0
    assert len(json.loads(host.enter("anna", "deal list --json").out)) == 5
