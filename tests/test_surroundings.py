"""The tests run alike wherever they are started: some of each kind do so here in strange places."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import kit
from tests.forks import forks

ROOT = Path(__file__).parents[1]
SOME = (
    "tests/store/test_transaction.py::test_ctrl_c_waits_until_the_answer_is_known",
    "tests/cli/test_undo.py::test_a_line_for_each_record",
    "tests/cli/test_help.py::test_common_options_are_folded_and_told_of_once",
    "tests/cli/test_help.py::test_long_help_goes_through_the_pager",
    "tests/cli/test_help.py::test_a_hint_on_a_terminal_is_not_broken_inside_a_word",
    "tests/cli/test_views_today.py::test_today",
    "tests/cli/test_git_commits.py::test_each_command_is_one_commit",
    "tests/channels/test_maildir.py::test_killed_at_any_call_it_leaves_none_or_a_whole_one",
)
FOREIGN = {
    "LANG": "ru_RU.UTF-8", "LC_ALL": "ru_RU.UTF-8", "TZ": "Pacific/Chatham", "COLUMNS": "37", "TERM": "dumb",
    "HOME": "/nowhere", "FORCE_COLOR": "1", "CRM_USER": "zoe", "CRM_NOW": "1999-01-01",
}  # fmt: skip


def test_commands_are_forks_whatever_language_was_spoken_here() -> None:
    environ = {**os.environ, "PYTHONUTF8": "1"}
    assert forks().takes({**environ, "LANGUAGE": "ru"})  # as crmcli/language.py leaves it
    assert not forks().takes({**environ, "LANG": "ru_RU.UTF-8"})


@pytest.mark.parametrize(
    "environ", kit.some([FOREIGN, {}], 2), ids=kit.some(["foreign", "none"], 2)
)  # none is C, says POSIX
def test_wherever_they_are_started(environ: dict[str, str], tmp_path: Path) -> None:

    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *SOME]
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT HUP QUIT; umask 077; exec "$@"', "sh", *command,
         f"--basetemp={tmp_path}/tests"],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environ},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
