"""How a command ends when the reader of its output is gone, a path leads nowhere, the input never ends, or
memory is short: with one line and a code that says whether it is of any use to try again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tests import kit
from tests.forks import forks
from tests.gate.tree import commands
from tests.kit import NOW, Run
from torture.memory import peak

Crm = Callable[..., Run]
CRM = (sys.executable, "-m", "crmcli")
STRANGE = "\udcff\udcfe"
"""Two bytes that are no UTF-8, as Python has them."""


def environ() -> dict[str, str]:
    return {**os.environ, "CRM_NOW": NOW.isoformat(), "PYTHONUTF8": "1"}


def one_line(err: str) -> bool:
    """Whether an error is told plainly: what it is, and perhaps the way out."""
    lines = err.splitlines()
    return (
        len(lines) <= 2
        and lines[0].startswith("crm: error: ")
        and all(x.startswith("hint: ") for x in lines[1:])
    )


# -- nobody reads --------------------------------------------------------------------------------


def unread(folder: Path, args: tuple[str, ...]) -> tuple[int, str]:
    """The exit code and stderr of a command whose stdout is a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = forks().run(args, stdin=b"", stdout=writing, cwd=folder, environ=environ())
    finally:
        os.close(writing)
    return done.returncode, done.stderr.decode()


SPEAKING: tuple[tuple[str, ...], ...] = (
    ("--version",), ("-h",), ("--help",), ("lead", "--help"), ("lead", "list", "--help"), ("help",),
    ("help", "conditions"), ("help", "lead", "add"), ("lead", "list"), ("lead", "list", "--json"),
    ("lead", "list", "--csv"), ("lead", "list", "--ids"), ("lead", "list", "--format", "yaml"),
    ("lead", "show", "Анна"), ("show", "Анна", "--json"), ("timeline", "Анна"), ("board",),
    ("report", "funnel"), ("export", "leads"), ("export", "leads", "--format", "jsonl"),
    ("export", "contacts", "--format", "vcard"), ("pipeline", "show"), ("search", "Анна"),
    ("robots", "explain", "Анна"), ("directory", "list"), ("file", "get", "Анна", "-o", "-"),
    ("template", "preview", "--help"), ("lead", "list", "--where", "name = Анна"),
)  # fmt: skip


def test_a_command_whose_reader_is_gone_ends_with_141(crm: Crm, folder: Path) -> None:
    assert crm("lead", "add", "--name", "Анна", "--email", "a@example.ru").code == 0
    assert crm("contact", "add", "--name", "Борис").code == 0
    (folder / "note.txt").write_text("x")
    assert crm("file", "add", "Анна", "note.txt").code == 0
    for args in SPEAKING:
        code, err = unread(folder, args)
        assert code == 141, (args, err)
        assert "Traceback" not in err
        assert "ignored" not in err


def test_it_does_so_in_the_middle_of_much_output(crm: Crm, folder: Path) -> None:
    rows = "name\n" + "".join(f"Имя {n}\n" for n in range(3000))
    assert crm("import", "leads", "-", stdin=rows).code == 0
    for args in (("lead", "list"), ("lead", "list", "--json"), ("export", "leads")):
        with subprocess.Popen(
            [*CRM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environ()
        ) as run:
            assert run.stdout is not None
            assert run.stderr is not None
            run.stdout.read(10)
            run.stdout.close()
            assert run.stderr.read() == b""
        assert run.returncode == 141, args


def test_a_change_that_is_saved_ends_with_0_all_the_same(crm: Crm, folder: Path) -> None:
    assert unread(folder, ("lead", "add", "--name", "Анна"))[0] == 0
    assert unread(folder, ("lead", "edit", "Анна", "--comment", "да"))[0] == 0
    assert "да" in crm("lead", "show", "Анна").out


# -- bytes that are no UTF-8 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("lead", "add", "--name", STRANGE), "--name"),
        (("lead", "add", f"--name={STRANGE}"), "--name"),
        (("lead", "add", "--name", "А", "--set", f"x={STRANGE}"), "--set 'x="),
        (("lead", "list", "-w", STRANGE), "--where"),
        (("lead", "list", "--columns", STRANGE), "--columns"),
        (("lead", "list", "--format", STRANGE), "--format"),
        (("--as", STRANGE, "lead", "list"), "--as"),
        (("lead", "list", "--as", STRANGE), "--as"),
        ((STRANGE,), "the word"),
        (("lead", STRANGE), "the word"),
        (("lead", "list", f"--{STRANGE}"), "the word '--"),
        (("lead", "show", STRANGE), "REF"),
        (("log", "note", "x", STRANGE), "TEXT"),
        (("help", STRANGE), "COMMAND"),
        (("search", STRANGE), "TEXT"),
        (("file", "add", "x", "settings.yaml", "--name", STRANGE), "--name"),
        (("import", "leads", "-", "--map", f"{STRANGE}=phone"), "--map"),
        (("field", "add", "lead", STRANGE), "NAME"),
        (("deal", "move", "x", STRANGE), "STAGE"),
    ],
)
def test_a_word_that_is_no_utf8_is_named(crm: Crm, args: tuple[str, ...], says: str) -> None:
    run = crm(*args)
    assert run.code == 2, run.err
    assert one_line(run.err), run.err
    assert says in run.err
    assert "\ufffd" in run.err
    assert "is not UTF-8" in run.err


@pytest.mark.parametrize("name", ["CRM_USER", "CRM_FORMAT", "CRM_NOW", "LOGNAME"])
def test_a_variable_that_is_no_utf8_is_named(crm: Crm, name: str) -> None:
    run = crm("lead", "add", "--name", "А", **{name: STRANGE})
    assert run.code == 2, run.err
    assert f"{name} '\ufffd" in run.err


def test_a_file_may_have_any_bytes_for_a_name(crm: Crm, folder: Path) -> None:
    place = folder.parent / STRANGE
    place.mkdir()
    table = place / f"{STRANGE}.csv"
    table.write_text("name\nАнна\n")
    assert crm("import", "leads", str(table)).code == 0
    assert crm("file", "add", "Анна", str(table)).code == 0
    assert "\ufffd" in crm("file", "list", "Анна").out
    assert crm("file", "get", "Анна", "-o", str(place / f"{STRANGE}.out")).code == 0
    assert (place / f"{STRANGE}.out").read_text() == "name\nАнна\n"
    assert crm("init", str(place / "ws"), "--no-git", cwd=folder.parent).code == 0
    for args in (("lead", "add", "--name", "Б"), ("lead", "list"), ("tick",), ("check",)):
        assert crm("-C", str(place / "ws"), *args, cwd=folder.parent).code == 0


# -- paths that lead nowhere ---------------------------------------------------------------------

LONG = "я" * 300
PATHS = (
    LONG,
    f"/tmp/{LONG}",
    "x/" * 2500 + "x",
    "loop",
    "loop/x",
    "settings.yaml/x",
    "nix",
    "dangling",
)


TAKING_PATHS = (
    ("-C", "{}", "lead", "list"), ("-C", "{}", "lead", "add", "--name", "А"), ("-C", "{}", "tick"),
    ("-C", "{}", "pipeline", "check"), ("import", "leads", "{}"), ("file", "add", "Анна", "{}"),
    ("import", "leads", "-", "--rejects", "{}/r.csv"), ("file", "get", "Анна", "-o", "{}/y"),
    ("init", "{}/y", "--no-git"),
)  # fmt: skip


@pytest.mark.parametrize("path", kit.some(PATHS, 2))
def test_a_path_that_leads_nowhere_is_not_worth_another_try(
    crm: Crm, folder: Path, path: str
) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "note.txt").write_text("x")
    crm("lead", "add", "--name", "Анна")
    crm("file", "add", "Анна", "note.txt")
    for args in TAKING_PATHS:
        if args[0] == "init" and path == "nix":
            continue  # a new folder is made
        run = crm(*(word.format(path) for word in args), stdin="name,phone\nБ,нет\n")
        assert run.code in (3, 6), (args, run.code, run.err)
        assert "Traceback" not in run.err
        assert "this is a bug" not in run.err


@pytest.mark.parametrize(
    "args",
    [
        ("lead", "list"), ("lead", "add", "--name", "А"), ("tick",), ("check",), ("init",), ("init", "x"),
        ("pipeline", "check"), ("import", "leads", "x.csv"), ("-C", "x", "lead", "list"),
    ],
)  # fmt: skip
def test_a_current_folder_that_was_deleted_is_called_that(
    tmp_path: Path, args: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    run = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *CRM, *args],
        cwd=gone, env=environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 3, run.stderr
    assert one_line(run.stderr), run.stderr


def test_another_folder_can_be_named_from_a_deleted_one(folder: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    run = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *CRM, "-C", str(folder), "check"],
        cwd=gone, env=environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


# -- numbers without end -------------------------------------------------------------------------


def test_a_number_larger_than_any_list_is_as_good_as_all(crm: Crm, folder: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    tried = 0
    for words, command in commands():
        needed = [one for one in command.params if one.required or isinstance(one, click.Argument)]
        numbers = [one for one in command.params if isinstance(one.type, click.IntRange)]
        for option in numbers if len(needed) <= 1 and words[0] not in ("serve", "tick") else ():
            run = crm(*words, option.opts[0], "9" * 30, *["Анна"] * len(needed))
            assert run.code in (0, 2, 3), (words, run)
            tried += 1
    assert tried > 20


# -- input without end, memory with one ----------------------------------------------------------


@pytest.mark.parametrize("source", kit.some(["zeros", "pipe", "large"], 2))
@pytest.mark.parametrize(
    "args",
    [
        ("import", "leads", "-"), ("import", "contacts", "{}"), ("log", "note", "Анна", "-"),
        ("log", "call", "Анна", "-"), ("file", "add", "Анна", "{}"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_refused_at_the_limit(
    crm: Crm, folder: Path, tmp_path: Path, source: str, args: tuple[str, ...]
) -> None:
    crm("lead", "add", "--name", "Анна")
    path = {"zeros": Path("/dev/zero"), "pipe": Path("/dev/stdin"), "large": tmp_path / "large"}[
        source
    ]
    if source == "large":
        with path.open("wb") as file:
            file.truncate(300_000_000)
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        stdin = endless.stdout if source == "pipe" else path.open("rb")
        assert stdin is not None
        with stdin:
            words = [word.format(path) for word in args]
            run = peak([*CRM, *words], cwd=folder, env=environ(), stdin=stdin)
        endless.kill()
    assert run.code in (2, 3, 6), run.err
    assert one_line(run.err), run.err
    if "file" not in args or source == "large":
        assert "larger than" in run.err
    assert run.kilobytes < 300_000


def limited(
    folder: Path, kilobytes: int, args: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh", *CRM, *args],
        cwd=folder, env=environ(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    "kilobytes", kit.some([18_000, 24_000, 30_000, 36_000, 42_000, 60_000, 90_000, 130_000], 3)
)
def test_too_little_memory_is_told_in_a_line_and_loses_nothing(
    crm: Crm, folder: Path, kilobytes: int
) -> None:
    rows = folder.parent / "rows.csv"
    rows.write_text("name,comment\n" + "".join(f"Имя {n},{'x' * 400}\n" for n in range(8000)))
    for args in (
        ("lead", "list"), ("lead", "add", "--name", "Ещё"), ("tick",), ("check",),
        ("import", "leads", str(rows), "--dry-run"), ("report", "funnel"), ("export", "leads"),
    ):  # fmt: skip
        run = limited(folder, kilobytes, args)
        if run.returncode:
            assert run.returncode == 5 or "OpenBLAS" in run.stderr, (args, run.stderr)
            assert "not enough memory" in run.stderr or "OpenBLAS" in run.stderr
            assert len(run.stderr.splitlines()) <= 2, (args, run.stderr)
        added = run.returncode == 0 and "add" in args
        if added:
            assert run.stdout.strip() in crm("lead", "list", "--ids").out
    assert crm("check").code == 0


# -- strange folders -----------------------------------------------------------------------------

NAMES = (
    "a\nb",
    "tab\there",
    "'quotes\"",
    "\x1b[31mred",
    STRANGE,
    f"{STRANGE}\n ",
    " both ",
    "$(id);x",
    "-C",
)


@pytest.mark.parametrize("name", kit.some(NAMES, 3))
def test_a_workspace_may_have_any_name(crm: Crm, tmp_path: Path, name: str) -> None:
    root = tmp_path / "any" / name
    root.parent.mkdir()
    assert crm("init", str(root), cwd=root.parent).code == 0
    with (root / "settings.yaml").open("a") as file:
        file.write("\ngit: {commit: each}\n")
    for args in (("lead", "add", "--name", "Анна"), ("tick",), ("lead", "list"), ("check",)):
        run = crm(*args, cwd=root)
        assert run.code == 0, (args, run.err)
        assert "not committed" not in run.err, run.err
    log = subprocess.run(["git", "log", "--format=%s"], cwd=root, capture_output=True, check=True)
    assert "crm lead add" in log.stdout.decode()
    run = crm("-C", str(root / "nix"), "lead", "list", cwd=root.parent)
    assert run.code == 3
    assert one_line(run.err), run.err
    assert "\x1b" not in run.err


@pytest.mark.parametrize(
    "path",
    [
        "data",
        "data/leads",
        "data/timeline",
        "data/files",
        "data/leads/{shard}",
        "data/timeline/{month}",
    ],
)
def test_a_link_in_place_of_a_folder_is_told(crm: Crm, folder: Path, path: str) -> None:
    lead = crm("lead", "add", "--name", "Анна").out.strip()
    (folder / "data/files").mkdir(exist_ok=True)
    month = next((folder / "data/timeline").iterdir()).name
    place = folder / path.format(shard=lead[5], month=month)
    shown = str(place.relative_to(folder))
    place.rename(folder.parent / "elsewhere")
    place.symlink_to(folder.parent / "elsewhere")
    run = crm("check")
    assert run.code == 6
    assert shown in run.out + run.err
    assert "link" in run.out + run.err
    run = crm("lead", "add", "--name", "Борис")
    assert run.code in (0, 6), run.err  # another folder than that of the link may be written
    for args in (("lead", "list"), ("tick",), ("export", "leads")):
        run = crm(*args)
        assert run.code in (0, 6), run.err
        if run.code == 6:
            assert f"{shown} is a symbolic link" in run.err
            assert one_line(run.err), run.err
        elif "list" in args:
            assert "Анна" in run.out or "cannot be read" in run.err
    place.unlink()
    (folder.parent / "elsewhere").rename(place)
    assert crm("check").code == 0


def test_the_whole_workspace_may_be_a_link(crm: Crm, folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert crm("-C", str(link), "lead", "add", "--name", "Анна", cwd=tmp_path).code == 0
    assert crm("-C", str(link), "check", cwd=tmp_path).code == 0
