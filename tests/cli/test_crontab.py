"""Letting cron call crm tick: the lines of the crontab, one runner of several clones."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.automation import crontab
from crmcli.automation.crontab import Call
from crmcli.errors import BadUsage, CrmError, Refused
from crmcli.model.durations import parse_duration
from tests.kit import Run, git

OWN = "MAILTO=anna@chai.example\n0 9 * * * /usr/bin/backup\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of a user, kept by a program that does as crontab does: the real one would change ours."""
    kept, folder = tmp_path / "table", tmp_path / "bin"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = -l ]; then [ -e "{kept}" ] && exec cat "{kept}"; '
        f'echo "no crontab for anna" >&2; exit 1; fi\nexec cat >"{kept}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return kept


def call(root: Path, every: str = "5m") -> Call:
    return Call(root, "/opt/crm/bin/crm", parse_duration(every), "ru_RU.UTF-8")


@pytest.mark.parametrize(
    ("every", "when"),
    [
        ("1m", "* * * * *"),
        ("5m", "*/5 * * * *"),
        ("60m", "0 * * * *"),
        ("1h", "0 * * * *"),
        ("6h", "0 */6 * * *"),
        ("1d", "0 0 * * *"),
        ("24h", "0 0 * * *"),
    ],
)
def test_how_often(every: str, when: str) -> None:
    assert call(Path("/srv/crm"), every).line.startswith(f"{when} LC_ALL=ru_RU.UTF-8 /opt/")


@pytest.mark.parametrize("every", ["0m", "7m", "45m", "5h", "2d", "1w", "1mo", "1y"])
def test_what_cron_cannot_count_is_refused(every: str) -> None:
    with pytest.raises(BadUsage, match="evenly"):
        _ = call(Path("/srv/crm"), every).line


@pytest.mark.parametrize("name", ["crm", "отдел продаж", "100%", "it's", "a#b"])
def test_cron_runs_the_very_command(table: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    (root / ".crm").mkdir(parents=True)
    crontab.install(Call(root, r"printf '%s\n'", parse_duration("5m"), "C.UTF-8"))
    [line] = table.read_text("utf-8").splitlines()
    command = line.split(" ", 5)[5].replace(r"\%", "%")
    assert "%" not in line.replace(r"\%", "")
    subprocess.run(["sh", "-c", command], check=True)
    told = (root / ".crm/tick.log").read_text("utf-8")
    assert told.splitlines() == ["-C", str(root), "tick"]


def test_other_lines_stay(table: Path, tmp_path: Path) -> None:
    table.write_text(OWN, "utf-8")
    one, other = tmp_path / "crm", tmp_path / "crm2"
    crontab.install(call(one))
    crontab.install(call(other))
    crontab.install(call(one, "1h"))
    lines = table.read_text("utf-8").splitlines()
    assert lines[:2] == OWN.splitlines()
    assert len(lines) == 4
    assert crontab.installed(one) == call(one, "1h").line
    assert crontab.uninstall(one)
    assert not crontab.uninstall(one)
    assert crontab.installed(other) == call(other).line
    assert crontab.uninstall(other)
    assert table.read_text("utf-8") == OWN


def test_a_table_in_another_encoding_stays_to_the_byte(table: Path, tmp_path: Path) -> None:
    strange = "# почта\n".encode("koi8-r")
    table.write_bytes(strange)
    crontab.install(call(tmp_path))
    assert table.read_bytes().startswith(strange)
    assert crontab.uninstall(tmp_path)
    assert table.read_bytes() == strange


def test_a_line_of_ones_own_is_not_doubled(table: Path, tmp_path: Path) -> None:
    hand = f"*/5 * * * * crm -C {tmp_path} tick"
    table.write_text(f"# {hand}\n{hand}\n", "utf-8")
    with pytest.raises(Refused, match="another line"):
        crontab.install(call(tmp_path))
    assert crontab.installed(tmp_path) == hand
    assert not crontab.uninstall(tmp_path)


def test_a_table_that_cannot_be_read_is_not_written(table: Path, tmp_path: Path) -> None:
    table.write_text(OWN, "utf-8")
    program = table.parent / "bin/crontab"
    said = "echo 'you are not allowed to use this program' >&2; exit 1"
    program.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then {said}; fi\nexec cat >"{table}"\n')
    for act in (lambda: crontab.install(call(tmp_path)), lambda: crontab.uninstall(tmp_path)):
        with pytest.raises(CrmError, match="not allowed"):
            act()
    assert table.read_text("utf-8") == OWN


def test_by_the_command_line(table: Path, crm: Callable[..., Run], folder: Path) -> None:
    assert "Last finished: never" in crm("tick", "--status", cwd=folder).out
    shown = crm("tick", "--install", "--dry-run", cwd=folder)
    assert not table.exists()
    run = crm("tick", "--install", cwd=folder)
    assert shown.out.strip() in run.out
    assert table.read_text("utf-8").strip() in crm("tick", "--status", cwd=folder).out
    assert "ExecStart=" in crm("tick", "--print", "systemd", "--every", "10m", cwd=folder).out
    assert crm("tick", "--install", "--status", cwd=folder).code == 2
    assert crm("tick", "--every", "5m", cwd=folder).code == 2
    assert crm("tick", "--uninstall", cwd=folder).code == 0
    assert table.read_text("utf-8") == ""


def test_one_of_two_clones_runs(
    table: Path, crm: Callable[..., Run], folder: Path, tmp_path: Path
) -> None:
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert "is the runner now" in crm("tick", "--install", cwd=folder).err
    clone = tmp_path / "clone"
    shutil.copytree(folder, clone, ignore=shutil.ignore_patterns(".crm"))
    assert crm("tick", cwd=folder).err == ""
    first = crm("tick", cwd=clone)
    assert (first.code, first.err.count("tick runs in the clone")) == (0, 1)
    assert crm("tick", cwd=clone).err == ""
    refused = crm("tick", "--install", cwd=clone)
    assert (refused.code, "runner" in refused.err) == (1, True)
    assert crm("undo", "--yes", cwd=folder).code == 0
    assert "runner" not in (folder / "settings.yaml").read_text("utf-8")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("crontab"), reason="not root, or no cron")
def test_the_real_crontab_takes_the_line(tmp_path: Path) -> None:
    before = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    try:
        crontab.install(call(tmp_path / "100% отдел"))
        assert crontab.installed(tmp_path / "100% отдел") == call(tmp_path / "100% отдел").line
        assert crontab.uninstall(tmp_path / "100% отдел")
    finally:
        subprocess.run(["crontab", "-"], input=before.stdout, check=True)
