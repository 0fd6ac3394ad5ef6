"""The house itself: contracts hold, modules stand alone, light commands stay light, every command is told of."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import crmcli
from crmcli import errors
from crmcli.cli.root import COMMANDS, crm
from crmcli.cli.session import Session
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import own_fields
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import Run, deal, lead

ROOT = Path(__file__).parents[1]
MODULES = sorted(m.name for m in pkgutil.walk_packages(crmcli.__path__, "crmcli."))
HEAVY = {
    "pandas", "numpy", "jinja2", "croniter", "phonenumbers", "stdnum", "smtplib", "http.client", "email.message",
    "asyncio", "rich", "textual", "crmcli.model.phones", "crmcli.model.redaction", "crmcli.sales.merging.merge",
    "crmcli.sales.history.undo_plan", "crmcli.matching.profiles",
}  # fmt: skip


def test_every_module_imports_alone() -> None:
    wanted = kit.some([module for module in MODULES if not module.endswith("__main__")], 3)
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).with_name("alone.py"), "crmcli", *wanted],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def loaded(*args: str, folder: Path) -> set[str]:
    """The modules that a run of the program imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "crmcli", *args],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize(
    "args",
    [
        ("--version",),
        ("--help",),
        ("lead", "--help"),
        ("lead", "list"),
        ("lead", "show", "Ковалёва"),
        ("lead", "add", "--name", "Анна"),
        ("deal", "list", "--where", "amount > 100"),
        ("lead", "move", "Ковалёва", "working"),
        ("pipeline", "list"),
        ("board", "--print"),
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(
    args: tuple[str, ...], folder: Path, ws: Workspace
) -> None:
    lead(ws, name="Ковалёва", phones="+79161234567")
    deal(ws, amount="200")
    assert HEAVY & loaded(*args, folder=folder) == set()


def test_version_and_help_open_nothing(tmp_path: Path) -> None:
    for args in (("--version",), ("--help",)):
        assert not {"yaml", "sqlite3", "crmcli.workspace", "dataclasses"} & loaded(
            *args, folder=tmp_path
        )


ABOVE = ("cli", "tui", "present", "reports", "automation", "sales", "channels", "render")


@pytest.mark.parametrize("room", ABOVE)
def test_what_the_workspace_keeps_to_itself_is_named_by_nobody_above_it(room: str) -> None:
    """The index, the timeline and the files are read through the workspace, where rights can be asked."""
    for path in (ROOT / "crmcli" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                assert not re.fullmatch(r"(.*\.)?_?(ws|workspace)", ast.unparse(node.value)), (
                    f"{path.relative_to(ROOT)}:{node.lineno} reads {ast.unparse(node)}"
                )


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the program with its path."""

    def below(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
        yield path, command
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=path, obj=Session())
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from below(child, f"{path} {name}")

    yield from below(crm, "crm")


ALL = dict(commands())


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_help(path: str) -> None:
    command = ALL[path]
    assert command.help, f"{path} says nothing of itself"
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"{path} {param.opts[0]} has no help"


SERVE_ALL = (
    "workspace/*", "store/[!c]*/*", "sales/add.py", "sales/checks/*", "sales/records/*", "sales/history/*",
    "sales/exports/export.py", "present/columns.py", "present/records.py", "cli/records.py", "cli/nouns.py",
    "cli/options.py", "cli/showing.py", "cli/traits.py", "cli/exporting.py",
    "cli/params.py", "cli/session.py", "cli/search.py", "cli/dupes.py", "cli/main.py", "automation/record_plan.py",
    "automation/trigger_*.py", "automation/event_subjects.py",
)  # fmt: skip
"""The rooms that serve every noun, and so know none by name."""
NO_NOUNS = {
    ("columns.py", "company"), ("tables.py", "company"), ("shortcuts.py", "company"), ("fulltext.py", "company"),  # a key; what is searched
    ("given_values.py", "company"), ("editor_text.py", "company"), ("add.py", "company"), ("story.py", "lead"),  # a field, a key
    ("undo_plan.py", "task"), ("merge_checks.py", "offer"), ("merge_checks.py", "invoice"),  # keys of an event's data
    ("export.py", "contact"), ("export.py", "company"),  # who has a vCard
    ("traits.py", "offer"), ("trigger_answers.py", "deal"),  # a stage; a key of an event's data
}  # fmt: skip


def test_digits_are_those_that_make_numbers() -> None:
    """`"²".isdigit()` is true, and int("²") fails: a message with it would be a traceback."""
    texts = {path: path.read_text("utf-8") for path in (ROOT / "crmcli").rglob("*.py")}
    assert [str(path) for path, text in texts.items() if "isdigit" in text] == []


def test_rooms_that_serve_every_noun_know_none_by_name() -> None:
    words = {word for row in ENTITIES.values() for word in (row.name, row.plural)}
    words -= {"companies"}  # also a kind of field
    rooms = [path for room in SERVE_ALL for path in sorted((ROOT / "crmcli").glob(room))]
    assert len(rooms) > 60
    named = {
        (path.name, node.value)
        for path in rooms
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in words
    }
    assert named <= NO_NOUNS, "ask for a trait of model/entities.py, or for the field"


def test_every_noun_is_declared_whole() -> None:
    for name, row in ENTITIES.items():
        fields = {field.name for field in own_fields(name)}
        assert {"id", "name", "owner", "created_at"} <= fields, name
        assert {*row.columns, *row.sort} <= fields, name
        assert {row.parent, row.argument} - {""} <= fields, name
        assert ("importable" in row.traits) == ("batch" in fields), name
        assert ("staged" in row.traits) == ("stage" in fields), name
        assert ("client" in row.traits) == bool(row.known_among) == ("consents" in fields), name
        assert name not in COMMANDS, "a command has that name"


def test_the_root_tells_of_every_command_without_importing_it() -> None:
    assert {*ENTITIES, *COMMANDS} == {path.split()[1] for path in ALL if " " in path}


def test_the_page_of_commands_is_true() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    written = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert generate.page() == written, "run `make docs`"
    written = (ROOT / "docs/conditions.md").read_text(encoding="utf-8")
    assert generate.conditions() == written, "run `make docs`"
    for folder in (ROOT, ROOT / "crmcli/starter/common"):
        assert generate.preset_schema() == (folder / generate.PRESET).read_text("utf-8"), (
            "run `make docs`"
        )


def test_every_command_module_is_kept_from_the_others() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    kept = setup["importlinter:contract:commands-are-strangers"]["modules"].split()
    places = {f"crmcli.cli.{place.partition(':')[0]}" for place in COMMANDS.values()}
    nouns = {f"crmcli.cli.{entity}" for entity in ENTITIES}
    assert {*kept} == places | (nouns & {*MODULES})


def test_every_exit_code_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)}

    def codes(kind: type[errors.CrmError]) -> set[int]:
        return {kind.exit_code}.union(*(codes(sub) for sub in kind.__subclasses__()))

    for module in MODULES:
        if not module.endswith("__main__"):
            importlib.import_module(module)
    assert codes(errors.CrmError) | {0, 70, 130} == told


def test_outside_a_workspace_it_says_what_to_do(crm: Callable[..., Run], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run = crm("lead", "list", cwd=empty)
    assert run.code == 3
    assert run.out == ""
    assert "not in a workspace" in run.err
    assert "crm init" in run.err
