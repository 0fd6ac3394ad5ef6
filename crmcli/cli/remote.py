"""crm --remote: the commands of this machine in the workspace of another one, over the system's ssh.

The words are read by the same tree of commands, to know which of them name files: those stay here, and their
content goes by stdin and stdout.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from crmcli.cli.file_names import FileName, ReadFile, TextOrFile, WrittenFile
from crmcli.cli.gate_door import KEPT
from crmcli.cli.root import crm
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, Conflict, NotFound, ServiceFailed
from crmcli.language import tr
from crmcli.model.entities import ENTITIES

_URL = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z_][A-Za-z0-9_.-]*)@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?:/(?P<folder>[^\s?#]*))?"
)
_IN_EDITOR = frozenset(("ref", "keep_unknown", "create", "on_duplicate"))
"""What `edit` may be given and opens an editor all the same."""
_FAILED = 255
"""What ssh itself ends with."""


class Place(NamedTuple):
    """Where the workspace is."""

    user: str
    host: str
    port: str
    folder: str


class Plan(NamedTuple):
    """What is asked of the other side, and which files of this one go along."""

    words: list[str]
    source: str = ""
    target: str = ""
    is_board: bool = False
    editing: bool = False
    reads: bool = False


def place_of(url: str) -> Place:
    """The parts of an address; BadUsage for what is none, or would be an option to ssh."""
    found = _URL.fullmatch(url)
    if not found or int(found["port"] or 0) > 65535:
        raise BadUsage(
            tr("{!r} is not an address", url),
            "write it as ssh://crm@host or ssh://crm@host:2222/team",
        )
    return Place(
        found["user"] or "", found["host"].strip("[]"), found["port"] or "", found["folder"] or ""
    )


def run(session: Session, url: str, args: Sequence[str]) -> int:
    """Do a command over there; its exit code, or ServiceFailed where ssh got no further."""
    place = place_of(url)
    code = 0
    for plan in _plans(session, [*args]):
        if plan.editing:
            code = _edit(session, place, plan) or code
            continue
        with _opened(plan) as files:
            code = _call(place, plan, files.get("stdin"), files.get("stdout")) or code
        _keep(plan, code)
    return code


# --- what is asked for -----------------------------------------------------------------------------


def _plans(session: Session, args: list[str]) -> Iterator[Plan]:
    """The commands to run over there: one, or one for each file that is sent."""
    try:
        words, command, rest, given, order = _taken_apart(session, args)
    except click.UsageError:
        yield Plan(args)  # the other side says what is wrong
        return
    name = " ".join(words)
    if words[-1:] == ["edit"] and words[0] in ENTITIES and _opens_editor(order):
        yield Plan(args, editing=True)
        return
    sources = [*_values(command, given, ReadFile)]
    targets = [*_values(command, given, WrittenFile)]
    _refuse_others(command, given)
    head = args[: len(args) - len(rest)]
    target = targets[0] if targets else _here(command, given, name)
    if targets:
        rest = _replaced(rest, command, targets[0], _stdout(target))
    names = [source for source in sources if source != "-"]
    reads = "-" in args or "--each-line" in args
    if not names:
        yield Plan([*head, *rest], "", target, name == "board", reads=reads)
    for source in names:
        others = [one for one in rest if one not in names or one == source]
        line = _replaced(others, command, source, "-")
        if words == ["file", "add"] and not given.get("name"):
            line += ["--name", Path(source).name]
        yield Plan([*head, *line], source, target)


def _taken_apart(
    session: Session, args: list[str]
) -> tuple[list[str], click.Command, list[str], Mapping[str, Any], Sequence[click.Parameter]]:
    """The command that words mean, the words after its own, and what they give to which parameter."""
    command: click.Command = crm
    ctx, words, rest = click.Context(crm, info_name="crm", obj=session), [], args
    while isinstance(command, click.Group):
        _, left, _ = command.make_parser(ctx).parse_args(args=[*rest])
        if not left:
            raise click.UsageError("")
        rest = left[1:]
        child = command.get_command(ctx, left[0])
        if child is None:
            raise click.UsageError("")
        words.append(left[0])
        command, ctx = child, click.Context(child, ctx, info_name=left[0])
    given, _, order = command.make_parser(ctx).parse_args(args=[*rest])
    return words, command, rest, given, order


def _opens_editor(order: Sequence[click.Parameter]) -> bool:
    return {param.name for param in order if param.expose_value} <= _IN_EDITOR and bool(order)


def _values(
    command: click.Command, given: Mapping[str, Any], kind: type[FileName]
) -> Iterator[str]:
    for param in command.params:
        value = given.get(param.name or "")
        if isinstance(param.type, kind):
            yield from (
                [value]
                if isinstance(value, str)
                else value
                if isinstance(value, list | tuple)
                else []
            )


def _refuse_others(command: click.Command, given: Mapping[str, Any]) -> None:
    """BadUsage for a file that can neither be sent nor fetched."""
    for param in command.params:
        kind = param.type
        if not isinstance(kind, FileName) or isinstance(kind, ReadFile | WrittenFile):
            continue
        for value in _values(command, {param.name or "": given.get(param.name or "")}, FileName):
            if isinstance(kind, TextOrFile) and not Path(value).is_file():
                continue
            raise BadUsage(
                tr("{} cannot name a file of this machine", param.opts[-1]), "leave it out"
            )


def _replaced(words: list[str], command: click.Command, old: str, new: str) -> list[str]:
    """The words with another value for a file, however the option and the value are written together."""
    names = [
        name for param in command.params if isinstance(param.type, FileName) for name in param.opts
    ]
    for number in range(len(words) - 1, -1, -1):
        if words[number] == old:
            return [*words[:number], new, *words[number + 1 :]]
        for name in names:
            joint = f"{name}=" if name.startswith("--") else name
            if name.startswith("-") and words[number] == f"{joint}{old}":
                return [*words[:number], f"{joint}{new}", *words[number + 1 :]]
    return words


def _stdout(target: str) -> str:
    ending = Path(target).suffix.lower()
    return (
        f"-{ending}"
        if re.fullmatch(r"\.(pdf|html|txt|png|xlsx)", ending) and target != "-"
        else "-"
    )


def _here(command: click.Command, given: Mapping[str, Any], name: str) -> str:
    """Where a command writes that was told no place: a file of the name that it was given, here."""
    if not any(
        isinstance(param.type, WrittenFile) and param.type.is_here for param in command.params
    ):
        return ""
    if isinstance(named := given.get("name"), str) and named:
        return named
    raise BadUsage(
        tr("crm {} does not know the name of the file before it is here", name),
        "say where: -o FILE, or -o -",
    )


# --- ssh -------------------------------------------------------------------------------------------


def _line(place: Place, plan: Plan, *, terminal: bool) -> list[str]:
    """The command of ssh. The host is never an option to it, and nothing of this machine is lent out."""
    said = {name: os.environ.get(name, "") for name in ("LANG", "COLORTERM", "NO_COLOR")}
    shown = [f"{k}={v}" for k, v in said.items() if v and re.fullmatch(KEPT[k], v)]
    where = [f"WORKSPACE={place.folder}"] if place.folder.strip("/") else []
    asked = shlex.join([*where, *shown, "crm", *plan.words])
    if re.search(r"[\x00-\x1f\x7f]", asked):
        raise BadUsage(
            "a word has a line end or a control character", "give such a text by stdin: -"
        )
    line = ["ssh", "-x", "-a", "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no"]
    line += ["-o", "LogLevel=ERROR", "-t" if terminal else "-T"]
    line += ["-p", place.port] if place.port else []
    line += ["-l", place.user] if place.user else []
    return [*line, "--", place.host, asked]


def _call(
    place: Place, plan: Plan, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
) -> int:
    """Run it; the terminal goes along where there is one on both ends of it."""
    terminal = not (stdin or stdout) and sys.stdin.isatty() and sys.stdout.isatty()
    line = _line(place, plan, terminal=terminal)
    source: Any = stdin
    if not stdin and not terminal and not plan.reads:
        source = subprocess.DEVNULL  # a loop that reads its own stdin goes on
    try:
        done = subprocess.run(line, stdin=source, stdout=stdout, check=False)
    except FileNotFoundError:
        raise NotFound("ssh is not installed here", "install OpenSSH's client") from None
    if done.returncode == _FAILED:
        raise ServiceFailed(
            tr("{} was not reached, or has no door for you", place.host), "try: ssh -v HOST"
        )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


class _Files:
    """The files of a plan while it runs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.open: dict[str, IO[bytes]] = {}

    def __enter__(self) -> dict[str, IO[bytes]]:
        plan = self.plan
        if plan.source:
            try:
                self.open["stdin"] = Path(plan.source).open("rb")
            except FileNotFoundError:
                raise NotFound(
                    tr("no such file: {}", plan.source), "give its path, or - for stdin"
                ) from None
        if plan.target and plan.target != "-":
            target = Path(plan.target)
            if target.is_dir():
                raise BadUsage(tr("{} is a folder", target), "name the file: -o FILE")
            if target.exists() and "--force" not in plan.words and _asks_force(plan.words):
                raise Conflict(tr("{} is there already", target), "overwrite it with --force")
            self.open["stdout"] = _aside(target).open("wb")
        return self.open

    def __exit__(self, *_: object) -> None:
        for file in self.open.values():
            file.close()


def _opened(plan: Plan) -> _Files:
    return _Files(plan)


def _asks_force(words: Sequence[str]) -> bool:
    return {"get", "save"} & {*words} != set() or "privacy" in words


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.part")


def _keep(plan: Plan, code: int) -> None:
    """Give the file that came its name; what came of a command that failed is no file."""
    if not plan.target or plan.target == "-":
        return
    aside = _aside(Path(plan.target))
    if code:
        aside.unlink(missing_ok=True)
        return
    aside.replace(plan.target)
    click.echo(tr("wrote {}", plan.target), err=True)


def _edit(session: Session, place: Place, plan: Plan) -> int:
    """Fetch the text, open the editor here, send it back: refused if somebody was faster."""
    from tempfile import NamedTemporaryFile

    line = _line(place, plan._replace(words=[*plan.words, "--print"]), terminal=False)
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        return 7 if done.returncode == _FAILED else done.returncode
    with NamedTemporaryFile("wb", prefix="crm-edit-", suffix=".yaml", delete=False) as file:
        file.write(done.stdout)
    path = Path(file.name)
    click.edit(filename=str(path), editor=os.environ.get("VISUAL") or os.environ.get("EDITOR"))
    if path.read_bytes() == done.stdout:
        path.unlink()
        session.out.note("nothing changed")
        return 0
    with path.open("rb") as source:
        code = _call(place, plan._replace(words=[*plan.words, "--from", "-"]), source)
    if code:
        session.out.note(tr("your text is kept in {}", path))
    else:
        path.unlink()
    return code
