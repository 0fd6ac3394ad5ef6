"""The lines of authorized_keys: one for a key, sound keys alone, everything else left as it is."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crmcli.cli.helping import GUIDES
from crmcli.errors import CrmError
from crmcli.store.safety import authorized_keys
from tests import kit
from tests.gate.conftest import SSHD, Host, make_key

OTHERS = """\
# the keeper of the host
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE92KyW3wJNlXXSRmA/bHUBV6YcYe3pB64aNFi6l+Aoy keeper

from="10.0.0.0/8",command="backup \\"now\\"" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== old
\udcff not utf-8"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"ed25519": (), "rsa": ("-b", "2048"), "ecdsa": ("-b", "521")}
    made = {kind: make_key(folder / kind, kind, *more) for kind, more in kinds.items()}
    return {**made, "private": (folder / "ed25519").read_text()}


def _text(path: Path) -> str:
    return path.read_text("utf-8", "surrogateescape")


def test_lines_are_added_and_taken_away_and_others_stay(
    tmp_path: Path, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / ".ssh/authorized_keys"
    path.parent.mkdir()
    path.write_text(OTHERS, "utf-8", "surrogateescape")
    path.chmod(0o640)
    for user, kind in (("anna", "ed25519"), ("olga", "rsa"), ("olga", "ecdsa")):
        key = authorized_keys.read_key(keys[kind])
        shown = subprocess.run(
            ["ssh-keygen", "-lf", "-"], input=keys[kind], capture_output=True, text=True, check=True
        )
        assert key.fingerprint in shown.stdout
        folder = shlex.quote('/srv/it\'s "crm"')
        command = f"crm gate --as {user} --key {key.fingerprint} -C {folder}"
        authorized_keys.add(path, command, key, terminal=kind != "rsa")
        with pytest.raises(CrmError):
            authorized_keys.add(path, command, key, terminal=True)
    found = [(door.user, door.key.kind, door.has_terminal) for door in authorized_keys.doors(path)]
    assert authorized_keys.doors(path)[0].folder == '/srv/it\'s "crm"'
    assert found == [
        ("anna", "ssh-ed25519", True), ("olga", "ssh-rsa", False), ("olga", "ecdsa-sha2-nistp521", True),
    ]  # fmt: skip
    assert (
        subprocess.run(
            ["ssh-keygen", "-lf", str(path)], capture_output=True, check=True
        ).stdout.count(b"\n")
        >= 4
    )
    assert len(authorized_keys.remove(path, lambda door: door.user == "olga")) == 2
    assert len(authorized_keys.remove(path, lambda door: True)) == 1
    assert _text(path) == f"{OTHERS}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["authorized_keys"]


def test_many_at_once_lose_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "authorized_keys"
    made = [make_key(tmp_path / f"k{n}") for n in range(12)]

    def add(number: int) -> None:
        key = authorized_keys.read_key(made[number])
        authorized_keys.add(path, f"crm gate --as u{number}", key, terminal=False)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))
    assert {door.user for door in authorized_keys.doors(path)} == {f"u{n}" for n in range(12)}


def test_what_is_no_sound_public_key_is_refused(keys: dict[str, str], tmp_path: Path) -> None:
    sound = keys["ed25519"].strip()
    kind, blob, _ = sound.split(" ")
    weak = make_key(tmp_path / "weak", "rsa", "-b", "1024")
    for text in (
        "", "\n", "x", keys["private"], f'command="sh" {sound}', f"restrict {sound}", f"{sound}\n{sound}",
        f"ssh-rsa {blob}", f"ssh-dss {blob}", f"{kind}-cert-v01@openssh.com {blob}", f"{kind} {blob[:-8]}",
        f"{kind} {blob}AAAA", f"{kind} {blob}=", f"{kind} x{blob[1:]}", f"{kind}", f"{sound}\r\nssh-rsa x",
        f"{sound}\x00", f"{sound}\x1b[31m", f"{kind} {blob} a\u2028b", weak, f"#{sound}", "no-pty " + sound,
    ):  # fmt: skip
        with pytest.raises(CrmError):
            authorized_keys.read_key(text)
    assert authorized_keys.read_key(f"# mine\n{sound} с пробелом\n\n").comment.endswith(
        "с пробелом"
    )


def test_a_key_that_opens_a_shell_opens_no_gate(host: Host) -> None:
    public = make_key(host.folder / "olga")
    kit.write(host.folder, "home/.ssh/authorized_keys", public)
    done = host.here("gate", "install", "olga", "-", stdin=public.encode())
    assert done.code == 5
    assert host.keys.read_text() == public
    host.keys.unlink()
    assert host.here("gate", "install", "nobody", "-", stdin=public.encode()).code == 2
    assert host.here("gate", "install", "Чайкина", "-", stdin=public.encode()).code == 0
    assert " --as olga " in host.keys.read_text()
    assert host.here("gate", "revoke", "anna").code == 3
    assert host.here("gate", "revoke", "olga", user="anna").code == 4
    assert host.here("gate", "revoke", "olga").code == 0
    assert host.here("user", "off", "olga", "--yes").code == 0
    before = host.keys.read_bytes()
    gone = host.here("gate", "install", "olga", "-", stdin=public.encode())
    assert (gone.code, host.keys.read_bytes()) == (1, before), gone
    assert "crm user on olga" in gone.err


def test_a_connection_that_is_kept_open_does_not_outlive_its_key(
    served: Host, tmp_path: Path
) -> None:
    """By ControlMaster a new command needs no new login: sshd no longer looks at the key."""
    socket = (
        "-o",
        "ControlMaster=auto",
        "-o",
        f"ControlPath={tmp_path}/s",
        "-o",
        "ControlPersist=30",
    )
    try:
        assert served.ssh("boris", "today", options=socket).code == 0
        assert served.here("gate", "revoke", "boris").code == 0
        done = served.ssh("boris", "today", options=socket)
        assert done.code == 4
        assert "Сделка" not in done.out + done.err
    finally:
        subprocess.run(
            [*served.ssh_line("boris"), *socket, "-O", "exit", "127.0.0.1"],
            capture_output=True,
            check=False,
        )
        assert served.install("boris").code == 0
    assert served.ssh("boris", "today").code == 0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_recipe_holds(language: str, tmp_path: Path) -> None:
    """What the guide writes for sshd and for ssh is read by them, and means what it says."""
    if SSHD is None:
        pytest.skip("openssh-server is not installed")
    text = (GUIDES / language / "gate.txt").read_text("utf-8")
    blocks = [
        "\n".join(line[2:] for line in part.split("\n"))
        for part in text.split("\n\n")
        if part.startswith("  ")
    ]
    [sshd] = [block for block in blocks if block.startswith("Match")]
    [ssh] = [block for block in blocks if block.startswith("Host")]
    make_key(tmp_path / "host")
    config = kit.write(tmp_path, "sshd", f"HostKey {tmp_path}/host\n{sshd}\n")
    test = [str(SSHD), "-T", "-C", "user=crm,host=h,addr=10.0.0.1", "-f", str(config)]
    said = subprocess.run(test, capture_output=True, text=True, check=True).stdout
    for line in (
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "disableforwarding yes",
    ):
        assert f"\n{line}\n" in said
    config = kit.write(tmp_path, "ssh", ssh)
    said = subprocess.run(
        ["ssh", "-G", "-F", str(config), "crm.example.com"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"\ncontrolmaster (auto|true)\n", said)
    assert re.search(r"\ncontrolpersist (600|10m)\n", said)
    address = re.search(r"remote: (ssh://\S+)", text)
    assert address
    from crmcli.cli.remote import place_of

    assert place_of(address[1]).host == "crm.example.com"


def test_a_revoked_key_is_refused_at_once(served: Host) -> None:
    assert served.here("gate", "revoke", "boris").code == 0
    began = time.monotonic()
    try:
        assert served.ssh("boris", "today").code == 255
        assert time.monotonic() - began < 5
    finally:
        assert served.install("boris").code == 0
