"""What the shell completes, and views that are saved at the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def offered(crm: Crm) -> Callable[[str], list[str]]:
    """What bash is offered for the last word of a command line."""

    def ask(line: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        run = crm(_CRM_COMPLETE="bash_complete", **words)
        return [value.partition(",")[2] for value in run.out.split("\n") if value]

    return ask


def test_the_shell_is_offered_what_may_stand_there(
    crm: Crm, folder: Path, offered: Callable[[str], list[str]]
) -> None:
    kit.replace(folder / "settings.yaml", "users:\n", "users:\n  anna: {name: Анна}\n  boris: {}\n")
    lead = crm("lead", "add", "--name", "Кровля", "--as", "anna").out.strip()
    anna = crm("contact", "add", "--first-name", "Анна", "--as", "anna").out.strip()
    crm("view", "save", "silent", "contacts", "--where", "last_activity is empty", "--as", "anna")
    assert offered("crm lea") == ["lead"]
    assert offered("crm lead mo") == ["move"]
    assert offered("crm lead move lea") == [lead]
    assert offered(f"crm lead move {lead} wor") == ["working"]
    assert offered("crm show Анн") == [anna]
    assert offered("crm contact list --view s") == ["silent"]
    assert offered("crm lead list --owner b") == ["boris"]
    assert offered("crm lead list --as a") == ["anna"]
    assert offered("crm lead add --source we") == ["web"]
    assert offered("crm deal list --columns name,last_a") == ["name,last_activity"]
    assert offered("crm completion f") == ["fish"]
    (folder / "settings.yaml").write_text("users: [", encoding="utf-8")
    assert offered("crm lead move lea") == []


def test_the_place_of_a_stage_is_offered_stages(
    crm: Crm, folder: Path, offered: Callable[[str], list[str]]
) -> None:
    lead = crm("lead", "add", "--name", "offerta").out.strip()
    crm("pipeline", "add", "Сервис", "--id", "service")
    for line in ("show", "rename", "move", "set", "rm"):
        if line != "show":
            assert offered(f"crm stage {line} off") == ["offer"]
        assert offered(f"crm pipeline {'show' if line == 'show' else 'rm'} se") == ["service"]
    assert offered("crm stage set --pipeline leads wor") == ["working"]
    assert offered("crm stage set --pipeline service n") == ["new"]
    assert offered("crm stage add X --after off") == ["offer"]
    assert offered("crm stage rm offer --move-to re") == ["request"]
    assert offered("crm pipeline rm service --move-to sales/re") == ["sales/request"]
    assert offered(f"crm lead move {lead} wor") == ["working"]
    assert "working" not in offered("crm deal list --stage ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(crm: Crm, tmp_path: Path, shell: str) -> None:
    run = crm("completion", shell, cwd=tmp_path)
    assert (run.code, run.err) == (0, "")
    assert "_CRM_COMPLETE" in run.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=run.out, text=True, check=True)


def test_a_view_is_saved_replaced_and_removed(crm: Crm, folder: Path) -> None:
    crm("deal", "add", "--name", "Кран", "--amount", "200000")
    crm("deal", "add", "--name", "Дверь", "--amount", "2000")
    assert crm("view", "save", "big", "deals", "--where", "amount > 100000").code == 0
    kit.append(folder, "views.yaml", "# наше\n")
    more = ("--where", "amount > 1000", "--sort=-amount", "--columns", "name", "--label", "Крупные")
    assert crm("view", "save", "big", "deal", *more).code == 0
    assert crm("deal", "list", "--view", "Крупные", "--csv").out == "name\nКран\nДверь\n"
    text = (folder / "views.yaml").read_text(encoding="utf-8")
    assert text.count("id: big") == 1
    assert "# наше" in text
    for words in (
        ("bad id!", "deals"), ("x", "deals", "--where", "amuont > 1"), ("x", "deals", "--columns", "nothing"),
        ("x", "things"), ("x", "deals", "--sort", "nothing"),
    ):  # fmt: skip
        assert crm("view", "save", *words).code != 0
    assert (folder / "views.yaml").read_text(encoding="utf-8") == text
    assert crm("view", "rm", "big", "deals").code == 0
    assert crm("view", "list", "--json").out == "[]\n"
    assert crm("undo", "--yes").code == 0
    assert (folder / "views.yaml").read_text(encoding="utf-8") == text
