"""Python imports nothing from the folder in which crm is called: it may have come by clone."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests import kit

ROOT = Path(__file__).parents[2]
_OF_PYTHON = "import importlib.util, runpy, sys; print(*sys.modules)"
"""What `python -m` itself has imported before it comes to the module it is to run."""
_OF_CRM = """
import sys
from crmcli.cli.root import COMMANDS, crm
from crmcli.model.entities import ENTITIES
for name in (*ENTITIES, *COMMANDS):
    crm.get_command(None, name)
import crmcli.automation.tick, crmcli.channels.smtp, crmcli.channels.webhook, crmcli.render.mail_text
import crmcli.model.reports, crmcli.store.git, crmcli.store.index.crew, subprocess
import croniter, csv, jinja2, json, pandas, phonenumbers, stdnum, tempfile, typing, yaml
print(*(name.partition(".")[0] for name in sys.modules))
"""
COMMANDS = (
    ("lead", "list"), ("lead", "add", "--name", "Анна", "--phone", "+79160000000"), ("tick",), ("check",),
    ("report", "funnel"), ("export", "leads"), ("--version",), ("--help",), ("no-such-command",),
)  # fmt: skip
PATHS = [
    *product((str(ROOT), f"{ROOT}:", f".:{ROOT}", f"{ROOT}:../ws/", f"./.:{ROOT}"), (False, True))
]


def _modules(code: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return set(run.stdout.split())


@pytest.fixture(scope="module")
def names() -> list[str]:
    """Every module that crm imports and Python has not imported before it starts crm."""
    of_crm = {name for name in _modules(_OF_CRM) if name.isidentifier()}
    wanted = of_crm - _modules(_OF_PYTHON) - {"__main__", "__mp_main__", "crmcli"}
    assert {"typing", "click", "yaml", "sqlite3", "json", "subprocess", "pandas"} <= wanted
    return sorted(wanted)


def _poison(folder: Path, names: list[str], *, as_folders: bool) -> Path:
    hit = folder.parent / "hit"
    for name in names:
        place = folder / name / "__init__.py" if as_folders else folder / f"{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"open({str(hit)!r}, 'a').write(__name__ + '\\n')\n")
    return hit


@pytest.mark.parametrize(("path", "as_folders"), kit.some(PATHS, 6))
def test_no_module_of_the_workspace_is_imported(
    folder: Path, names: list[str], path: str, as_folders: bool
) -> None:
    if path != str(ROOT):  # Python itself reads these words before it comes to us
        early = _modules(_OF_PYTHON) | _early(path, folder)
        names = [name for name in names if name not in early]
    hit = _poison(folder, [*names, "usercustomize"], as_folders=as_folders)
    for args in COMMANDS:
        run = subprocess.run(
            [sys.executable, "-m", "crmcli", *args],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "CRM_NOW": "2026-11-23T09:00:00Z"},
            capture_output=True,
            check=False,
            text=True,
        )
        assert not hit.exists(), (args, hit.read_text())
        assert run.returncode in (0, 2), (args, run.stderr)


def _early(path: str, folder: Path) -> set[str]:
    """What Python's own start imports while it follows PYTHONPATH, which nobody can keep from it."""
    run = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_the_sitecustomize_of_a_workspace_is_not_imported(folder: Path) -> None:
    hit = _poison(folder, ["sitecustomize", "usercustomize"], as_folders=False)
    run = subprocess.run(
        [sys.executable, "-m", "crmcli", "lead", "list"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0
    assert not hit.exists()


def test_crm_runs_from_a_checkout_that_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "crmcli").symlink_to(ROOT / "crmcli")
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, "-m", "crmcli", "--version"],
        cwd=tmp_path, env=environ, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert run.stdout.startswith("crm "), run.stderr
