"""Ways out of the gate that people have found elsewhere: none of them leads anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.conftest import Host
from tests.gate.inside import enter, watching

FILES = ("/etc/passwd", "../../../../etc/passwd", "@/etc/passwd", "file:///etc/passwd", "/dev/stdin", "/proc/self/environ",
         "~/.ssh/id_ed25519", "access.yaml", "/dev/tty", "|touch MARK")  # fmt: skip
COMMANDS = """
{file add|DEAL FILE}
{file add|DEAL FILE --name x}
{product import|FILE}
{file get|DEAL -o FILE}
{file get|DEAL --output=FILE}
{offer render|OFFER -o FILE}
{mail save|x -oFILE}
"""
REFUSED = """
init
init MARK
init --demo MARK
serve
serve --host 0.0.0.0
tick
tick --install
tick -n
trust
trust /
trust --list
gate
gate list
gate --as root
gate --as root list
gate approve --yes
gate install anna -
gate revoke root
login root
login
logout
schema deal
completion bash
contact sync
mail fetch
mail receive
mail receive /etc/passwd
calendar feed anna
form submit contact
intake receive sms /etc/passwd
robots add --do program
robots add --pipeline sales --stage new --do webhook
robots edit x
robots rm x
robots enable x
robots disable x
robots move x
robots recipe add x
robots replay --with /etc/passwd
robots diff /etc/passwd
robots test x
robots resume
trigger add x
trigger rm x
trigger fire x
jobs retry x
jobs cancel x
jobs resolve x done
jobs finish x y
check
check --fix
check --fix --yes
-C / deal list
-C/ deal list
--workspace / deal list
--workspace=/ deal list
deal list -C /
deal list -C/
deal list -qC /
deal list --workspace=/
deal -C / list
--as root deal list
--as=root deal list
deal list --as root
deal list --as=root
deal list --as anna
deal --as root list
deal add --name x --tick
deal list --tick
--tick deal list
deal list --work /
deal list --a root
deal list --wor=/
deal list --AS root
deal list -C
deal list -- -C /
deal list; touch MARK
deal list && touch MARK
deal list | sh
deal list > MARK
deal list `touch MARK`
deal list $(touch MARK)
touch MARK
/bin/sh -c 'touch MARK'
sh
bash -i
python -c pass
git clone x
git-upload-pack x
scp -f /etc/passwd
scp -t MARK
rsync --server . MARK
sftp
internal-sftp
/usr/lib/openssh/sftp-server
crm crm deal list
crm -c 'touch MARK'
crm --remote ssh://x deal list
env sh
exec sh
-c 'touch MARK'
--help=x
PATH=/tmp deal list
PYTHONPATH=/tmp deal list
EDITOR=sh deal list
LD_PRELOAD=/tmp/x.so deal list
CRM_USER=root deal list
CRM_WORKSPACE=/ deal list
CRM_LANG=ru deal list
GIT_DIR=/tmp deal list
HOME=/tmp deal list
XDG_STATE_HOME=/tmp deal list
deal edit DEAL
deal edit DEAL --keep-unknown
contact edit CONTACT
mail reply x
import leads /etc/passwd
import leads ./-
import leads -- /etc/passwd
import leads - --rejects MARK
import leads - --value-map /etc/passwd
import leads - --value-map MARK
import preset show ../../../etc/passwd
import preset show /etc/passwd
template show ../../../../etc/passwd
template show /etc/passwd
template show ../settings.yaml
template preview ../access.yaml DEAL
template preview /etc/passwd DEAL
mail send DEAL --template ../../../../etc/passwd
mail send DEAL --template /etc/passwd
mail send DEAL --template x --attach /etc/passwd
mail send DEAL --template x --attach access.yaml
sms send DEAL --template ../../../../etc/passwd
offer draft DEAL --template ../../access.yaml
product export -o MARK
product export --output=MARK
privacy export CONTACT -o MARK
export deals -o MARK
export deals --format=/etc/passwd
audience export x MARK
deal show ../../access.yaml
deal show DEAL/../../access
deal show %2e%2e%2faccess.yaml
deal show ..%c0%af..
show /etc/passwd
show .git/config
show ．．／access.yaml
deal show \u202e{DEAL}
deal show DEAL\u200b
timeline ../../../etc/passwd
search --view ../../x y
deal list --view ../../etc/passwd
deal list --where 'file("/etc/passwd")'
deal list --where '__import__("os")'
deal list --columns __class__
deal list --sort '(select 1)'
deal list --format /etc/passwd
deal list --format python
help ../../../../etc/passwd
help gate/../../x
report ../x
robots explain ../../x
user role anna administrator
user add anna2 --role administrator
user off root
user on anna
team set sales --head anna
field add deal x
stage add x
pipeline add x
directory add sources x
block rm x
privacy erase CONTACT --yes
undo --any --robots
"""
LITERAL = (
    "$(touch MARK)", "`touch MARK`", "; touch MARK", "| sh", "> MARK", "${IFS}", "{{ 7*7 }}",
    "{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}", "%s%n%x", "%(name)s", "{0.__class__}", "!!python/object:os.system",
    "=cmd|' /C calc'!A0", "@SUM(1)", "~root", "*", "\\x41", "&& touch MARK", "--as=root", "@/etc/passwd",
)  # fmt: skip
"""Texts in which no shell, template, format or spreadsheet is at work: they are kept as they are."""


def _lines(host: Host) -> list[str]:
    named = {"DEAL": "deal anna", "CONTACT": "alone anna"}
    lines = [line for line in REFUSED.strip().splitlines() if line]
    for shape in COMMANDS.strip().splitlines():
        command, _, rest = shape.strip("{}").partition("|")
        lines += [
            f"{command} {rest.replace('FILE', quoted)}" for quoted in map("'{}'".format, FILES)
        ]
    for word, name in named.items():
        lines = [line.replace(word, host.ids[name]) for line in lines]
    return lines


def test_every_escape_fails(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    before = _files(host.root)
    lines = _lines(host)
    assert len(lines) > 200
    went = []
    with watching("/etc/passwd", "MARK", "/dev/tty", "id_ed25519") as touched:
        for line in lines:
            done = enter(host.root, "anna", line)
            said = done.out + done.err
            if (
                done.code == 0
                or "root:" in said
                or "Traceback" in said
                or len(done.err.splitlines()) > 2
            ):
                went.append((line, done))
            assert not touched, (line, touched)
    assert not went
    assert _files(host.root) == before
    assert not list(empty.iterdir())


def test_texts_stay_texts(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    monkeypatch.chdir(tmp_path)
    deal = host.ids["deal anna"]
    with watching("MARK", "/etc/passwd") as touched:
        for text in LITERAL:
            done = enter(host.root, "anna", ["log", "note", deal, "--", text])
            assert done.code == 0, (text, done)
            assert text in enter(host.root, "anna", ["timeline", deal, "--format", "csv"]).out, text
            assert not touched, (text, touched)


def _files(root: Path) -> dict[str, bytes]:
    """All that the workspace holds, but for the audit and the state."""
    found = (path for path in root.rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in found}
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if not name.startswith((".crm/", "data/audit/"))
    }
