"""Pages of help: what stands on them, and that they can be read and copied at 80 columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from crmcli.cli.pages import Page, own_options
from crmcli.cli.params import common_options
from crmcli.cli.root import GROUPS
from crmcli.cli.table import message_lines
from crmcli.model.entities import ENTITIES, plurals
from crmcli.present.text_width import width
from tests import kit
from tests.cli.test_output import in_terminal
from tests.kit import Run
from tests.test_house import ALL

Crm = Callable[..., Run]


@pytest.fixture
def help_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The page of a command at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("CRM_LANG", "en")

    def page(path: str) -> str:
        context = None
        for name in path.split():
            command = ALL["crm"] if context is None else context.command.get_command(context, name)  # type: ignore[attr-defined]  # a group
            context = click.Context(command, info_name=name, parent=context)
        assert context is not None
        return context.get_help()

    return page


@pytest.mark.parametrize("path", kit.some([*ALL], 2))
def test_no_page_is_wider_than_the_terminal_or_broken_inside_a_word(
    path: str, help_of: Callable[[str], str]
) -> None:
    page = help_of(path)
    assert max(map(width, page.split("\n"))) <= 80
    for option in own_options(ALL[path]):
        assert all(re.search(rf"(?<!\S){re.escape(flag)}\b", page) for flag in option.opts), option
    told = re.sub(r" \\\n +| *\n *| +", " ", page)
    for word in re.findall(r"\S+", re.sub(r"Example: .*", "", ALL[path].help or "")):
        assert word in told, f"{word} is broken"
    for example in re.findall(r"Example: (.+)", ALL[path].help or ""):
        assert example in re.sub(r" \\\n +", " ", page), "the example cannot be copied"
    assert "...\n" not in page.partition("Commands:")[2], "a command is told of in half a sentence"


def test_common_options_are_folded_and_told_of_once(crm: Crm) -> None:
    page = crm("lead", "move", "--help", COLUMNS="80", CRM_LANG="en").out
    assert page.endswith("\nOptions of every command: crm help options\n")
    told = crm("help", "options", COLUMNS="80").out
    for option in common_options(changes=True):
        assert f"{option.opts[-1]} " in told
        assert option.opts[-1] not in page
    # One of its own that is called like a common one stays in sight.
    assert "--format WORD" in crm("export", "leads", "--help").out


def test_long_help_goes_through_the_pager(tmp_path: Path) -> None:
    log = tmp_path / "paged"
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\nwc -l > {log}\n")
    pager.chmod(0o755)
    run = "import sys; sys.argv = ['crm', *{}]; from crmcli.cli.main import main; main()"
    in_terminal(run.format(["lead", "junk", "--help"]), PAGER=str(pager))
    assert not log.exists()
    for words in (["lead", "add", "--help"], ["help", "lead", "add"], ["help", "conditions"]):
        in_terminal(run.format(words), PAGER=str(pager))
        assert int(log.read_text()) > 24
        log.unlink()


def test_an_example_that_is_too_long_goes_on_after_a_backslash() -> None:
    page = Page()
    page.width = 40
    page.write_example("crm lead add --name 'Кровля склада на Лесной' --source web")
    assert page.getvalue() == (
        "  crm lead add --name \\\n      'Кровля склада на Лесной' \\\n      --source web\n"
    )


def test_messages_are_broken_between_words_and_a_command_stays_in_one_piece() -> None:
    assert message_lines("short", 20) == ["short"]
    assert message_lines("  a note that has --no-room here", 20) == [
        "  a note that has",
        "    --no-room here",
    ]
    assert message_lines("hint: first mend the file, then: crm check --fix", 30) == [
        "hint: first mend the file,",
        "  then:",
        "  crm check --fix",
    ]


def test_a_hint_on_a_terminal_is_not_broken_inside_a_word() -> None:
    code = (
        "from crmcli.cli.output import Output; from crmcli.errors import BadUsage\n"
        "Output().error(BadUsage('no', 'word ' * 17 + '--an-option-of-some-length'))"
    )
    seen = in_terminal(code, COLUMNS="80").replace("\r", "")
    assert "\n  word word word --an-option-of-some-length\n" in seen


def test_the_first_page_lists_the_commands_in_groups(crm: Crm) -> None:
    page = crm("--help", COLUMNS="80", CRM_LANG="en").out
    titles = re.findall(r"^(\S.*):$", page, re.MULTILINE)
    assert titles == ["Options", *GROUPS]
    records = page.partition("Records:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in records.split("\n")][: len(ENTITIES)] == [*ENTITIES]


def test_an_example_in_a_hint_can_be_copied_from_80_columns() -> None:
    for entity, row in ENTITIES.items():
        command = f"crm {entity} add {row.example}"
        assert (
            f"  {command}" in message_lines(f"hint: for example: {command}", 80)
            or width(command) < 60
        )


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("topic", ["robots", "triggers", "own", "hooks", "cron"])
def test_commands_and_lists_of_guides_fit_into_80_columns(
    crm: Crm, language: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_LANG", language)
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in crm("help", topic).out.split("\n") if len(line) > 80] == []


@pytest.mark.parametrize(
    ("word", "topic"), [("sequences", "robots"), ("CRM_KEY", "own"), ("holidays", "robots")]
)
def test_a_word_that_a_guide_explains_leads_there(crm: Crm, word: str, topic: str) -> None:
    done = crm("help", word)
    assert done.code == 3
    assert f"crm help {topic}" in done.err


def test_the_help_of_export_names_all_that_can_be_exported() -> None:
    told = (ALL["crm export"].help or "").partition("WHAT is ")[2].partition(".\n")[0]
    assert {*re.split(r", | or ", told)} == {*plurals()}
