from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.model.block_list import read_what
from crmcli.sales import activities
from crmcli.sales.consent import block_list
from crmcli.sales.consent.block_list import Blocked
from crmcli.workspace import Workspace
from tests import kit

CSV = "data/blocklist.csv"


def test_each_kind_of_block_stops_its_own(ws: Workspace) -> None:
    block_list.add(ws, ["Spam@Mail.RU", "@bad.example.ru", "8 912 345-67-89"], "спам, опять")
    strangers: tuple[dict[str, Any], ...] = (
        {"emails": "spam@mail.ru"},
        {"emails": "anna@bad.example.ru"},
        {"emails": "anna@deep.bad.example.ru"},
        {"phones": "+7 (912) 345-67-89 доб. 5"},
    )
    for given in strangers:
        with pytest.raises(Blocked, match=r"\(спам, опять\) is on the block list"):
            kit.lead(ws, **given)
    kit.lead(ws, emails="other@mail.ru")
    kit.lead(ws, emails="anna@example.ru", phones="+79123456780")
    assert kit.lead(ws, emails="spam@mail.ru", anyway=True).get("emails")
    assert ws.count("lead") == 3


def test_the_file_is_one_sorted_line_each(ws: Workspace) -> None:
    block_list.add(ws, ["b@mail.ru", "8 912 345-67-89"], "спам")
    assert [b.what for b in block_list.add(ws, ["a.ru", "b@mail.ru"])] == ["a.ru"]
    assert (ws.root / CSV).read_text("utf-8") == (
        "what,reason,on,by\n"
        "+79123456789,спам,2026-11-23,anna\n"
        "a.ru,,2026-11-23,anna\n"
        "b@mail.ru,спам,2026-11-23,anna\n"
    )
    block_list.remove(ws, ["+7 912 345 67 89", "a.ru"])
    assert list(block_list.blocklist(ws).blocks) == ["b@mail.ru"]
    with pytest.raises(NotFound, match=r"x@mail.ru is not on the block list"):
        block_list.remove(ws, ["b@mail.ru", "x@mail.ru"])
    assert list(block_list.blocklist(ws).blocks) == ["b@mail.ru"]


def test_a_hand_may_write_it_as_it_likes(ws: Workspace) -> None:
    (ws.root / CSV).write_text(
        "what,reason\r\n8 (912) 345-67-89\r\n\r\nSpam.RU,\n", encoding="utf-8"
    )
    assert list(block_list.blocklist(ws).blocks) == ["+79123456789", "spam.ru"]
    (ws.root / CSV).write_text("what,reason,on,by\nспам\n<<<<<<< HEAD\na.ru,,вчера,\n", "utf-8")
    with pytest.raises(InvalidData) as caught:
        kit.lead(ws, emails="a@b.ru")
    from crmcli.sales.checks.check import problems

    assert [p.line for p in problems(ws) if p.path == CSV] == [2, 3, 4]
    assert [(p.line, p.message.split(":")[0]) for p in caught.value.problems] == [
        (2, "'спам' is not an e-mail address, domain or phone number"),
        (3, "unresolved merge conflict"),
        (4, "'вчера' is not a date like 2026-11-23"),
    ]


@pytest.mark.parametrize("text", ["", "спам", "12", "a@", "@", "1.2.3", "a b.ru"])
def test_what_can_be_blocked_is_named(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not an e-mail address, domain or phone|is not an e-mail"
    ):
        read_what(text, "RU")


def test_what_comes_in_from_a_blocked_one_is_refused(ws: Workspace) -> None:
    known = kit.lead(ws, emails="anna@example.ru")
    block_list.add(ws, ["example.ru"])
    with pytest.raises(Blocked):
        activities.log(ws, known.id, "mail.in", "Здравствуйте")
    activities.log(ws, known.id, "mail.out", "До свидания")
    activities.log(ws, known.id, "mail.in", "Здравствуйте", anyway=True)
    with pytest.raises(BadUsage):
        block_list.add(ws, ["спам"])


def test_the_command_line_and_an_import(crm: Callable[..., Any], folder: Path) -> None:
    assert crm("block", "add", "spam.ru", "--reason", "спам", "--dry-run").out.startswith(
        "dry run:"
    )
    assert not (folder / CSV).exists()
    assert crm("block", "add", "spam.ru", "--reason", "спам").code == 0
    assert '"what": "spam.ru"' in crm("block", "list", "--json").out
    refused = crm("contact", "add", "--name", "Анна", "--email", "anna@spam.ru")
    assert (refused.code, refused.out) == (1, "")
    assert "crm block rm spam.ru" in refused.err
    assert crm("contact", "add", "--name", "Анна", "--email", "anna@spam.ru", "--anyway").code == 0
    sheet = folder.parent / "in.csv"
    sheet.write_text("name,email\nБорис,boris@spam.ru\nВера,vera@example.ru\n", "utf-8")
    crm("import", "contacts", str(sheet), cwd=folder)
    assert "Вера" in crm("contact", "list", "--csv").out
    assert "Борис" not in crm("contact", "list", "--csv").out
    rejects = "".join(p.read_text("utf-8-sig") for p in folder.rglob("*rejects.csv"))
    rejects += "".join(p.read_text("utf-8-sig") for p in folder.parent.glob("*rejects.csv"))
    assert "spam.ru (спам) is on the block list" in rejects
    assert crm("block", "rm", "spam.ru").code == 0
    assert crm("contact", "add", "--name", "Глеб", "--email", "gleb@spam.ru").code == 0


def test_two_clones_may_block_at_the_same_time(crm: Callable[..., Any], tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"

    def git(where: Path, *args: str) -> None:
        who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
        env = {**os.environ, **who, "GIT_COMMITTER_EMAIL": "a@b"}
        subprocess.run(["git", *args], cwd=where, check=True, capture_output=True, env=env)

    crm("init", str(one), "--no-git", cwd=tmp_path)
    crm("block", "add", "m.ru", cwd=one)
    git(one, "init", "-b", "main")
    git(one, "add", "-A")
    git(one, "commit", "-m", "начало")
    git(tmp_path, "clone", str(one), str(two))
    for where, what in ((one, "n.ru"), (two, "o.ru")):
        assert crm("block", "add", what, "--reason", "спам", cwd=where).code == 0
        git(where, "add", "-A")
        git(where, "commit", "-m", what)
    git(two, "pull", "--no-rebase", "origin", "main")
    listed = crm("block", "list", "--csv", cwd=two)
    assert [line.split(",")[0] for line in listed.out.splitlines()[1:]] == ["m.ru", "n.ru", "o.ru"]
    assert crm("block", "rm", "n.ru", cwd=two).code == 0
    assert (two / CSV).read_text("utf-8").count("\n") == 3
