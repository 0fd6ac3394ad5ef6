"""Folders as somebody who means harm would hand them over: generated, each with a name."""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from crmcli.store.disk import files
from crmcli.store.disk.commit_record import TXN, Append, CommitRecord, Delete, Put
from crmcli.store.safety import state

LEAD = "data/leads/7/lead-7k3qf2m9.yaml"
JOURNAL = "data/timeline/2026-11/7k3qf2m9.csv"
ID = "00000000000000ff"
ESCAPE = "\x1b]0;x\x07\x1b[2J"
Plant = Callable[[Path, Path], None]
"""Puts harm into a workspace; `outside` is a folder beside it, which nobody may touch."""


def marker(outside: Path) -> str:
    """A shell command that leaves a trace if it runs."""
    return f"touch {outside}/ran"


def _git(root: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *args], cwd=root, check=True,
        capture_output=True,
    )  # fmt: skip


def _clear(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        subprocess.run(["rm", "-rf", str(place)], check=True)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)


# -- links ------------------------------------------------------------------------------------------

LINKED = (
    "data", "data/leads", "data/leads/7", LEAD, "data/contacts", "data/timeline",
    "data/timeline/2026-11", JOURNAL, "data/files", "data/blocklist.csv", "templates",
    "templates/mail", "templates/mail/x.j2", "settings.yaml", "pipelines.yaml", "views.yaml",
    "outbox", "outbox/new", ".crm", ".crm/txn", ".crm/txn/kept", ".crm/txn/quarantine",
    ".crm/lock", ".crm/index.db", ".crm/index.db-wal", ".crm/index.db.new", ".crm/index.lock",
    ".crm/clone-id", ".crm/tick.lock", ".crm/commits", ".crm/commits/pending",
    ".crm/commits/lock", ".crm/commits/told", ".crm/sent", ".crm/git-index",
    f".crm/txn/{ID}.commit", ".git/index", ".git/HEAD", ".git/objects", ".git/refs", ".git/logs",
    ".git/logs/HEAD", ".git/refs/heads", ".git/objects/ab",
)  # fmt: skip


def _linked(path: str, to: str) -> Plant:
    def plant(root: Path, outside: Path) -> None:
        place = root / path
        _clear(place)
        place.symlink_to(str(outside / to) if to else "loop")

    return plant


def links() -> Iterator[tuple[str, Plant]]:
    """A link in every place, to a file, a folder, and to nothing."""
    for path in LINKED:
        for name, to in (("file", "file"), ("folder", "folder"), ("nothing", "new")):
            yield f"link {path} to a {name} outside", _linked(path, to)


# -- forged states ----------------------------------------------------------------------------------

TARGETS = (
    ".git/hooks/post-commit", ".git/config", ".git/index", ".GIT/config", "git~1/config",
    "sub/.git/config", "data/.git/hooks/x", "templates/.git/config", "templates/../.git/config",
    "../outside/file", "../../x", "/etc/crm-x", "data/../../outside/file", ".crm/clone-id",
    ".crm/txn/x", ".crm/lock", ".crm/aside/x", ".crm/commits/lock", ".gitattributes", ".gitignore",
    ".gitmodules", "run.sh", "Makefile", ".envrc", "setup.py", "crmcli/__init__.py",
    "data/leads/7/x.sh", "data/files/ab/x", "templates/mail\\..\\x", "templates/\x1b[2Jx",
    "templates/a\nb.j2", "./settings.yaml", "data//leads/7/lead-7k3qf2m9.yaml", "",
    "data/leads/7/lead-7k3qf2m9.yaml/", "C:/x",
)  # fmt: skip


def _forge(root: Path, record: CommitRecord, **staged: bytes) -> None:
    """Put a sound commit record into the workspace's own state, as if our command had been killed."""
    state.make(root)
    (root / TXN).mkdir(exist_ok=True)
    for name, data in staged.items():
        (root / TXN / f"{record.id}.{name.removeprefix('s')}").write_bytes(data)
    (root / TXN / record.name).write_bytes(record.encode())


def _record(act: str, path: str) -> Plant:
    def plant(root: Path, outside: Path) -> None:
        harm = f"#!/bin/sh\n{marker(outside)}\n"
        puts = (Put(path, f"{ID}.0", files.digest(harm.encode()), None),) if act == "put" else ()
        appends = (Append(path, 0, harm, files.digest(b"")[:16]),) if act == "append" else ()
        old = files.digest((outside / "file").read_bytes())
        deletes = (Delete(path, old),) if act == "delete" else ()
        _forge(root, CommitRecord(ID, "", "crm", "", puts, appends, deletes), s0=harm.encode())

    return plant


def _staged(change: Callable[[Path, Path], None]) -> Plant:
    """A record of a good target, whose staged file is not what it should be."""

    def plant(root: Path, outside: Path) -> None:
        data = (outside / "file").read_bytes()
        put = Put(LEAD, f"{ID}.0", files.digest(data), None)
        _forge(root, CommitRecord(ID, "", "crm", "", (put,)), s0=data)
        change(root / TXN / f"{ID}.0", outside / "file")

    return plant


def _replace(link: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    def change(place: Path, outside: Path) -> None:
        place.unlink()
        link(place, outside)

    return change


def _shape(body: str) -> Plant:
    def plant(root: Path, _: Path) -> None:
        state.make(root)
        (root / TXN).mkdir(exist_ok=True)
        data = body.replace("ID", ID).encode("utf-8", "surrogatepass")
        (root / TXN / f"{ID}.commit").write_bytes(files.digest(data).encode() + b"\n" + data)

    return plant


HEAD = '{"version": 1, "id": "ID", "who": "", "command": "", "at": "", '
SHAPES = {
    "no JSON": "x", "a list": "[]", "a number": "1", "nothing": "{}", "deep": "[" * 100_000,
    "no lists": HEAD + '"puts": 1, "appends": 2, "deletes": 3}',
    "other keys": HEAD + '"puts": [{"x": 1}], "appends": [], "deletes": []}',
    "another id": (HEAD + '"puts": [], "appends": [], "deletes": []}').replace("ID", "../../x"),
    "a negative offset": HEAD + f'"puts": [], "deletes": [], "appends": [{{"path": "{JOURNAL}",'
    ' "offset": -5, "text": "x", "before": "0123456789abcdef"}]}',
    "a huge offset": HEAD + f'"puts": [], "deletes": [], "appends": [{{"path": "{JOURNAL}",'
    ' "offset": 1e300, "text": "x", "before": "0123456789abcdef"}]}',
    "half a letter": HEAD + f'"puts": [], "deletes": [], "appends": [{{"path": "{JOURNAL}",'
    ' "offset": 0, "text": "\\ud800", "before": "0123456789abcdef"}]}',
    "a staged name that leads out": HEAD + f'"puts": [{{"path": "{LEAD}", "staged": "../../x",'
    f' "new": "{"0" * 64}", "old": null}}], "appends": [], "deletes": []}}',
    "a newer version": '{"version": 99}', "a version of text": '{"version": "x"}',
}  # fmt: skip


def records() -> Iterator[tuple[str, Plant]]:
    """Commit records that are sound by their checksum, and mean harm."""
    for path in TARGETS:
        for act in ("put", "append", "delete"):
            yield f"record: {act} {path!r}", _record(act, path)
    yield "staged: a link", _staged(_replace(lambda place, to: place.symlink_to(to)))
    yield "staged: a hard link", _staged(_replace(lambda place, to: os.link(to, place)))
    yield "staged: a pipe", _staged(_replace(lambda place, _: os.mkfifo(place)))
    yield "staged: a folder", _staged(_replace(lambda place, _: place.mkdir()))
    for mode in (0o755, 0o4644, 0o2644):
        yield f"staged: mode {mode:o}", _staged(lambda place, _, mode=mode: place.chmod(mode))  # type: ignore[misc]
    for name, body in SHAPES.items():
        yield f"record: {name}", _shape(body)


def _tracked(path: str) -> Plant:
    def plant(root: Path, _: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
        _git(root, "add", "-f", path)
        _git(root, "commit", "-qm", "x")

    return plant


def _of_elsewhere(root: Path, _: Path) -> None:
    copy = root.with_name("elsewhere")
    subprocess.run(["cp", "-a", str(root), str(copy)], check=True)
    subprocess.run(["rm", "-rf", str(root)], check=True)
    subprocess.run(["cp", "-a", str(copy), str(root)], check=True)


def _given_away(root: Path, _: Path) -> None:
    if os.geteuid() == 0:
        os.chown(root / ".crm", 4321, 4321)


def states() -> Iterator[tuple[str, Plant]]:
    """States of other machines, folders and users, and what git brings into ours."""
    for path in (f".crm/txn/{ID}.commit", ".crm/clone-id", ".crm/sent", ".crm/index.db", ".crm/x"):
        yield f"tracked {path}", _tracked(path)
    yield "copied", _of_elsewhere
    yield "of another user", _given_away
    for name, script in {
        "trigger": "CREATE TABLE meta (key, value); CREATE TRIGGER t AFTER INSERT ON meta BEGIN"
        " SELECT load_extension('x'); END;",
        "view": "CREATE VIEW meta AS SELECT 'signature' AS key, load_extension('x') AS value;",
        "endless": "CREATE VIEW meta AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM"
        " c) SELECT 'signature' AS key, x AS value FROM c;",
    }.items():
        yield f"index: {name}", _index(script)


def _index(script: str) -> Plant:
    def plant(root: Path, _: Path) -> None:
        (root / ".crm").mkdir(exist_ok=True)
        for ending in ("", "-wal", "-shm"):
            (root / f".crm/index.db{ending}").unlink(missing_ok=True)
        connection = sqlite3.connect(root / ".crm/index.db")
        connection.executescript(script)
        connection.close()
        (root / ".crm/clone-id").unlink(missing_ok=True)  # it comes from elsewhere

    return plant


# -- the configuration of git -----------------------------------------------------------------------

SETTINGS = (
    "filter.x.clean", "filter.x.smudge", "filter.x.process", "filter.a=b.clean",
    "filter.a b.clean", "filter.a.b.process", "core.fsmonitor", "core.pager", "core.editor",
    "core.askPass", "core.sshCommand", "core.gitProxy", "diff.external", "diff.x.command",
    "diff.x.textconv", "gpg.program", "gpg.ssh.program", "credential.helper", "sequence.editor",
    "alias.commit", "alias.update-index", "alias.rev-parse", "pager.config", "pager.rev-parse",
    "gc.recentObjectsHook", "remote.origin.uploadpack", "trailer.x.command", "merge.x.driver",
    "uploadpack.packObjectsHook", "core.alternateRefsCommand", "interactive.diffFilter",
)  # fmt: skip
HOOKS = (
    "pre-commit", "post-commit", "commit-msg", "prepare-commit-msg", "post-index-change",
    "reference-transaction", "pre-auto-gc", "post-checkout",
)  # fmt: skip


def _configured(key: str) -> Plant:
    def plant(root: Path, outside: Path) -> None:
        harm = f"{marker(outside)}; cat"
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        head = f'[{section} "{name}"]' if name else f"[{section}]"
        with (root / ".git/config").open("a") as file:
            file.write(f'{head}\n\t{variable or rest} = "{harm}"\n')
            file.write('[commit]\n\tgpgSign = true\n[remote "origin"]\n\turl = ext::sh -c x\n')
            file.write("\tpromisor = true\n[gc]\n\tauto = 1\n")
            if section == "filter":
                file.write(f"{head}\n\trequired = true\n")
        driver = name if section in ("filter", "diff", "merge") else "x"
        _attributes(root, driver)

    return plant


def _attributes(root: Path, driver: str) -> None:
    drivers = "x" if " " in driver or "=" in driver else driver
    for place in (".gitattributes", ".git/info/attributes"):
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_text(f"* filter={drivers} diff={drivers} merge={drivers} text\n")


def _hooked(name: str, *, elsewhere: bool) -> Plant:
    def plant(root: Path, outside: Path) -> None:
        folder = root / ("hooks" if elsewhere else ".git/hooks")
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{marker(outside)}\n")
        (folder / name).chmod(0o755)
        if elsewhere:
            _git(root, "config", "core.hooksPath", "hooks")

    return plant


def _included(root: Path, outside: Path) -> None:
    (root / "evil").write_text(f'[filter "x"]\n\tclean = "{marker(outside)}; cat"\n')
    _git(root, "config", "include.path", "../evil")
    _attributes(root, "x")


def _other_repository(way: str) -> Plant:
    """The folder's repository is another one, outside, that does not know of it."""

    def plant(root: Path, outside: Path) -> None:
        other = outside / "repository/.git"
        if way == "commondir":
            (root / ".git/commondir").write_text(str(other))
            return
        _clear(root / ".git")
        if way == "link":
            (root / ".git").symlink_to(other)
        else:
            (root / ".git").write_text(f"gitdir: {other}\n")

    return plant


def configurations() -> Iterator[tuple[str, Plant]]:
    """What git would run if it was asked in that folder, and where it would write."""
    for key in SETTINGS:
        yield f"config {key}", _configured(key)
    for name in HOOKS:
        for elsewhere in (False, True):
            yield f"hook {name}{' by path' * elsewhere}", _hooked(name, elsewhere=elsewhere)
    yield "config by include", _included
    for way in ("file", "link", "commondir"):
        yield f"another repository by {way}", _other_repository(way)


# -- strange files ----------------------------------------------------------------------------------


def _made(path: str, make: Callable[[Path], object]) -> Plant:
    def plant(root: Path, _: Path) -> None:
        _clear(root / path)
        make(root / path)

    return plant


def _socket(place: Path) -> None:
    home = Path.cwd()
    os.chdir(place.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(place.name)
    finally:
        os.chdir(home)


def _device(place: Path) -> None:
    if os.geteuid() == 0:
        os.mknod(place, 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # it gives zeros without end


def _strange_name(root: Path, _: Path) -> None:
    for name in (
        f"{ESCAPE}.yaml",
        "a\nb.yaml",
        "-rf.yaml",
        "lead-7k3qf2m9.yaml\n",
        "$(touch x).yaml",
    ):
        (root / "data/leads/7").mkdir(parents=True, exist_ok=True)
        (root / "data/leads/7" / name).write_text(f"id: x\nname: {name!r}\n")


def _template(text: str) -> Plant:
    def plant(root: Path, outside: Path) -> None:
        for path in (root / "templates").rglob("*.j2"):
            path.write_text(text.replace("HARM", marker(outside)))

    return plant


TEMPLATES = {
    "class": "Subject: x\n\n{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "Subject: x\n\n{{ us.__init__.__globals__['os'].system('HARM') }}",
    "cycler": "Subject: x\n\n{{ cycler.__init__.__globals__.os.popen('HARM').read() }}",
    "format": "Subject: x\n\n{{ '{0.__class__}'.format(us) }}",
    "import": "Subject: x\n\n{% import '/etc/passwd' as x %}{% include '../../outside/file' %}",
    "endless": "Subject: x\n\n" + "{% for a in range(99999) %}" * 3 + "x" + "{% endfor %}" * 3,
    "attr": "Subject: x\n\n{{ us|attr('__class__')|attr('__base__') }}",
}
SPECIAL = (
    LEAD, JOURNAL, "settings.yaml", "views.yaml", "data/blocklist.csv", ".crm/lock",
    ".crm/index.db", ".crm/tick.lock", ".crm/clone-id", f".crm/txn/{ID}.commit",
    ".crm/commits/pending", ".crm/sent",
)  # fmt: skip


def files_of_strange_kinds() -> Iterator[tuple[str, Plant]]:
    """Pipes, sockets and devices for files, names with line ends, templates that want out."""
    for path in SPECIAL:
        yield f"pipe {path}", _made(path, os.mkfifo)
        yield f"socket {path}", _made(path, _socket)
        yield f"device {path}", _made(path, _device)
        yield f"folder {path}", _made(path, Path.mkdir)
    yield "strange names", _strange_name
    for name, text in TEMPLATES.items():
        yield f"template {name}", _template(text)


TREES: dict[str, Plant] = {
    **dict(links()), **dict(records()), **dict(states()), **dict(configurations()),
    **dict(files_of_strange_kinds()),
}  # fmt: skip
