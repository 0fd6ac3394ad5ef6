"""A laptop's crm speaks through the gate as if the workspace were its own."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.forks import forks
from tests.gate.conftest import PACKAGE, Host, me, until
from tests.kit import Run

Laptop = Callable[..., Run]


@pytest.fixture
def laptop(served: Host, tmp_path: Path) -> Laptop:
    """crm on another machine, as Anna; her ssh knows the host, its port and her key."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    line = " ".join(
        f"'{word}'" for word in ("-F", "none", "-i", str(served.folder / "anna"), "-o", "IdentitiesOnly=yes",
                                 "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    )  # fmt: skip
    program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh {line} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    here = tmp_path / "laptop"
    here.mkdir()

    def run(*args: str | Path, stdin: bytes = b"", remote: bool = True, **environ: str) -> Run:
        where = ["--remote", f"ssh://{me()}@127.0.0.1:{served.port}"] if remote else []
        done = forks().run(
            [*where, *args], stdin=stdin, cwd=here, timeout=60,
            environ={**os.environ, "PYTHONUTF8": "1", "PATH": f"{program.parent}:/usr/bin:/bin",
                     "HOME": str(here), "CRM_LANG": "en", **environ},
        )  # fmt: skip
        return Run(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())

    return run


def test_commands_answers_and_exit_codes_are_as_here(served: Host, laptop: Laptop) -> None:
    assert json.loads(laptop("deal", "list", "--json").out)[0]["name"] == "Сделка anna"
    said = "it's \"quoted\" $HOME `x` \\ ; 'и так' --not-an-option"
    deal = served.ids["deal anna"]
    assert laptop("log", "note", deal, "--", said).code == 0
    told = json.loads(laptop("timeline", deal, "--json").out)
    assert told[-1]["data"]["text"] == said
    assert laptop("log", "note", deal, "-", stdin="две\nстроки".encode()).code == 0
    assert laptop("deal", "show", served.ids["deal olga"]).code == 3
    assert laptop("tick").code == 4
    assert laptop("deal", "list", "--nothing").code == 2
    assert laptop("deal", "list", "--as", "root").code == 4


def test_files_of_this_side_go_over_and_come_back(
    served: Host, laptop: Laptop, tmp_path: Path
) -> None:
    deal, content = served.ids["deal anna"], bytes(range(256)) * 999
    one, other = tmp_path / "Договор №1.bin", tmp_path / "b.bin"
    one.write_bytes(content)
    other.write_bytes(b"b")
    added = laptop("file", "add", deal, one, other)
    assert added.code == 0, added
    back = tmp_path / "back.bin"
    assert laptop("file", "get", deal, "Договор", "-o", back).code == 0
    assert back.read_bytes() == content
    assert laptop("file", "get", deal, "Договор", f"--output={back}").code == 5
    assert laptop("file", "get", deal, "Договор", "-o", back, "--force").code == 0
    assert laptop("file", "get", deal, "нет", "-o", tmp_path / "none").code == 3
    assert not (tmp_path / "none").exists()
    assert laptop("file", "get", deal, "b.bin").code == 0
    assert (tmp_path / "laptop/b.bin").read_bytes() == b"b"
    assert laptop("file", "add", deal, tmp_path / "absent").code == 3
    assert laptop("file", "add", deal, "/dev/null/x").code != 0
    offer = laptop("offer", "draft", deal, "--ids").out.strip()
    if offer:
        page = tmp_path / "offer.html"
        assert laptop("offer", "render", offer, "-o", page).code == 0
        assert "<" in page.read_text()


def test_an_editor_of_this_side_edits_over_there(
    served: Host, laptop: Laptop, tmp_path: Path
) -> None:
    deal = served.ids["deal anna"]
    editor = kit.write(tmp_path, "ed.sh", '#!/bin/sh\nsed -i "s/^amount: .*/amount: 777/" "$1"\n')
    editor.chmod(0o755)
    done = laptop("deal", "edit", deal, EDITOR=str(editor))
    assert done.code == 0, done
    assert "777" in served.ssh("anna", f"deal show {deal}").out
    assert laptop("deal", "edit", deal, EDITOR="true").err.strip() == "nothing changed"
    slow = kit.write(tmp_path, "slow.sh", f"#!/bin/sh\nsed -i 's/^amount: .*/amount: 1/' \"$1\"\n"
                     f"CRM_USER=root XDG_STATE_HOME={served.folder}/state PYTHONPATH={PACKAGE} "
                     f"{sys.executable} -m crmcli -C {served.root} deal edit {deal} --amount 2 >/dev/null\n")  # fmt: skip
    slow.chmod(0o755)
    done = laptop("deal", "edit", deal, EDITOR=str(slow))
    assert done.code == 5
    assert "your text is kept in" in done.err
    Path(done.err.rpartition(" ")[2].strip()).unlink()


def test_the_board_draws_on_this_terminal(served: Host, laptop: Laptop, tmp_path: Path) -> None:
    where = f"ssh://{me()}@127.0.0.1:{served.port}"
    line = [sys.executable, "-m", "crmcli", "--remote", where, "board"]
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE),
               "TERM": "xterm-256color", "LANG": "C.UTF-8"}  # fmt: skip
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe(line[0], line, environ)
    try:
        shown = until(terminal, "Сделка anna", 30)
        assert "olga" not in shown
        os.write(terminal, b"q")
        until(terminal, None, 10)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.parametrize(
    "address",
    ["ssh://-oProxyCommand=touch@host", "ssh://-oProxyCommand=x", "ssh://a b", "http://x", "ssh://", "x",
     "ssh://u@-x", "ssh://u@h:99999", "ssh://u@h:22;x", "ssh://$(x)", "ssh://u@h\n", "ssh://-l@h"],
)  # fmt: skip
def test_an_address_is_never_an_option(address: str, laptop: Laptop) -> None:
    done = laptop("--remote", address, "deal", "list", remote=False)
    assert (done.code, len(done.err.splitlines())) == (2, 2)


def test_a_file_of_the_folder_names_the_host(served: Host, laptop: Laptop, tmp_path: Path) -> None:
    kit.write(
        tmp_path,
        "laptop/crm-remote.yaml",
        f"# ours\nremote: ssh://{me()}@127.0.0.1:{served.port}/team\n",
    )
    assert "Сделка anna" in laptop("deal", "list", remote=False).out
    assert laptop("--version", remote=False).code == 0
    kit.write(
        tmp_path, "laptop/crm-remote.yaml", f"remote: ssh://{me()}@127.0.0.1:{served.port}/other\n"
    )
    assert laptop("deal", "list", remote=False).code == 4
    kit.write(tmp_path, "laptop/crm-remote.yaml", "remote: ssh://nobody@127.0.0.1:1\n")
    assert laptop("deal", "list", remote=False).code == 7
    assert os.listdir(tmp_path / "laptop") == ["crm-remote.yaml"]
