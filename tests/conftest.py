"""Fixtures that every room's tests share: a workspace, the command line, a guard for the home folder."""

from __future__ import annotations

import compileall
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from crmcli import language
from crmcli.sales.init import create
from crmcli.workspace import Workspace
from tests import kit
from tests.bot_api import BotApi
from tests.forks import forks
from tests.kit import NOW, Run
from tests.surroundings import settle
from torture.copies import copied, in_memory


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many random documents the sums are tried with: 10,000 take a minute."""
    parser.addoption("--documents", type=int, default=500, help="random documents to add up")
    parser.addoption("--e-invoices", type=int, default=40, help="random e-invoices in each syntax")
    parser.addoption("--whole", action="store_true", help="all of what is otherwise a sample")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything else: a worker as well as the one that starts them."""
    settle()
    hypothesis.settings.register_profile("crm", deadline=None)  # machines are busy
    hypothesis.settings.load_profile("crm")
    kit.WHOLE = config.getoption("--whole")
    if "TMPDIR" not in os.environ and (memory := in_memory()):
        # Most of what a short command takes on a disk is waiting for it: what is synced, and in which
        # order, is looked at by the tests of the store and by the torture, not by a faster disk.
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile what thousands of processes will import, where the environment says not to keep it."""
    if not hasattr(session.config, "workerinput"):  # once, before there are workers
        for package in ("crmcli", "torture"):
            compileall.compile_dir(Path(__file__).parents[1] / package, quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes seconds comes first: at the end no process waits long for the last test of another."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _no_real_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the tests may see the developer's own workspace, user or git settings."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def _language_of_nobody() -> None:
    """Pages speak the language of who looks at them, for the rest of their thread; each test its own."""
    language.speak("")


@pytest.fixture(scope="session")
def _fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new workspace, made once; each test gets a copy."""
    folder = tmp_path_factory.mktemp("fresh") / "ws"
    create.create_workspace(folder, language="ru", use_git=False)
    return folder


@pytest.fixture
def folder(_fresh: Path, tmp_path: Path) -> Path:
    """The folder of a new Russian workspace."""

    return copied(_fresh, tmp_path / "ws")


@pytest.fixture
def ws(folder: Path) -> Workspace:
    """A new Russian workspace, opened at NOW."""
    return Workspace.open(folder, now=NOW)


@pytest.fixture
def crm(folder: Path) -> Callable[..., Run]:
    """Run the real program on the workspace: `crm("lead", "add", "--name", "Анна")`. Where several people
    work there the first of them does, if nobody else is named. `seconds`: see `Forks.run`."""

    def run(
        *args: str, stdin: str | bytes = b"", cwd: Path | None = None,
        seconds: Mapping[str, float] | None = None, **environ: str,
    ) -> Run:  # fmt: skip
        if cwd in (None, folder) and "CRM_USER" not in {**os.environ, **environ}:
            environ["CRM_USER"] = kit.first_of_several(folder)
        done = forks().run(
            args,
            stdin=stdin.encode() if isinstance(stdin, str) else stdin,
            cwd=cwd or folder,
            environ={**os.environ, "CRM_NOW": NOW.isoformat(), "PYTHONUTF8": "1", **environ},
            seconds=seconds,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def api() -> Iterator[BotApi]:
    """A server that plays Telegram's, of which nothing is known yet."""
    from crmcli.channels.providers import telegram_api

    made = BotApi()
    telegram_api._rests.clear()
    yield made
    made.close()
