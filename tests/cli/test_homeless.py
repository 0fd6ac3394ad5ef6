"""Records in stages and pipelines that the file no longer has: told of, and brought home by the command told."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run, replace

Crm = Callable[..., Run]


@pytest.fixture
def lost(crm: Crm, folder: Path) -> dict[str, str]:
    """Leads and deals whose stages and pipelines were renamed by hand."""
    add = {
        "open": ("deal", "add", "--name", "А"),
        "won": ("deal", "add", "--name", "Б"),
        "lost": ("deal", "add", "--name", "В"),
        "lead": ("lead", "add", "--name", "Г"),
        "junk": ("lead", "add", "--name", "Д"),
        "converted": ("lead", "add", "--name", "Е"),
    }
    ids = {name: crm(*args).out.strip() for name, args in add.items()}
    crm("deal", "win", ids["won"])
    crm("deal", "lose", ids["lost"], "--reason", "price")
    crm("lead", "junk", ids["junk"], "--reason", "spam")
    crm("lead", "convert", ids["converted"], "--contact")
    for old in ("new", "converted", "junk", "request", "shipped", "lost"):
        replace(folder / "pipelines.yaml", f"- id: {old}\n", f"- id: {old}-2\n")
    replace(folder / "pipelines.yaml", "(request,", "(request-2,")
    return ids


WANTED = {"open": "request-2", "won": "shipped-2", "lost": "lost-2", "lead": "new-2", "junk": "junk-2",
          "converted": "converted-2"}  # fmt: skip


def stages(crm: Crm, ids: dict[str, str]) -> dict[str, str]:
    return {n: json.loads(crm("show", i, "--json").out)["stage"] for n, i in ids.items()}


def commands(text: str) -> list[list[str]]:
    found = dict.fromkeys(re.findall(r"crm ((?:deal|lead) move .*?)\)?$", text, flags=re.M))
    return [shlex.split(one) for one in found]


@pytest.mark.parametrize("teller", ["check", "pipeline check", "board"])
def test_each_is_told_with_a_command_that_works(
    crm: Crm, lost: dict[str, str], teller: str
) -> None:
    told = crm(*teller.split())
    text = told.out + told.err
    if teller == "board":
        more = crm("board", "--pipeline", "leads")
        text += more.out + more.err
    found = commands(text)
    assert len(found) == 6, text
    for args in found:
        done = crm(*args)
        assert done.code == 0, done.err
    assert stages(crm, lost) == WANTED
    assert not commands(crm("check").out)
    assert not commands(crm("pipeline", "check").err)


def test_a_pipeline_that_is_gone(crm: Crm, folder: Path, lost: dict[str, str]) -> None:
    replace(folder / "pipelines.yaml", "- id: sales\n", "- id: big\n")
    for args in commands(crm("check").out):
        assert crm(*args).code == 0
    assert stages(crm, lost) == WANTED
    assert {
        json.loads(crm("show", lost[n], "--json").out)["pipeline"] for n in ("open", "won")
    } == {"big"}


def test_a_converted_lead_goes_to_the_end_only(crm: Crm, lost: dict[str, str]) -> None:
    done = crm("lead", "move", lost["converted"], "new-2")
    assert done.code == 1
    assert f"crm lead move {lost['converted']} converted-2" in done.err


@pytest.mark.parametrize("teller", ["check", "pipeline check", "board --print"])
def test_a_pipeline_that_is_gone_is_told_everywhere(crm: Crm, folder: Path, teller: str) -> None:
    """Also by the board, though it shows none of its records; names with quotes and spaces."""
    ids = [crm("deal", "add", "--name", name).out.strip() for name in ("А", "Б", "В")]
    contact = crm("contact", "add", "--first-name", "Анна").out.strip()
    crm("deal", "edit", ids[1], "--amount", "100", "--contact", contact)
    assert crm("deal", "move", ids[1], "offer").code == 0
    crm("deal", "win", ids[2])
    for path in (folder / "data/deals").glob("*/*.yaml"):
        text = path.read_text("utf-8").replace("pipeline: sales", "pipeline: \"Бабушкин 'сад'\"")
        path.write_text(text, "utf-8")
    told = crm(*teller.split())
    found = commands(told.out + told.err)
    assert len(found) == 3, told.err
    for args in found:
        assert crm(*args).code == 0
    stages_now = [json.loads(crm("show", one, "--json").out)["stage"] for one in ids]
    assert stages_now == ["request", "offer", "shipped"]
    assert not commands(crm("check").out)


def test_an_old_id_that_is_now_a_name_is_nowhere_for_all(crm: Crm, folder: Path) -> None:
    ids = [crm("deal", "add", "--name", name).out.strip() for name in ("А", "Б", "В")]
    crm("deal", "win", ids[1])
    crm("deal", "lose", ids[2], "--reason", "price")
    for old in ("request", "shipped", "lost"):
        kit_stage = re.compile(rf"- id: {old}\n( +)name: .*\n")
        path = folder / "pipelines.yaml"
        text = kit_stage.sub(
            rf"- id: {old}-2\n\1name: {old.capitalize()}\n", path.read_text("utf-8")
        )
        path.write_text(text.replace("(request,", "(request-2,"), "utf-8")
    assert len(commands(crm("check").out)) == 3
    board = crm("board", "--print")
    assert len(commands(board.err)) == 3
    assert {"? request", "? shipped", "? lost"} <= set(re.split(r"  +\d* *|\n| \d+ ", board.out))
    listed = crm("deal", "list", "--where", "stage = Request", "--ids").out.split()
    assert listed == ids[:1]
    assert crm("deal", "list", "--stage", "request-2", "--ids").out == ""
    assert all(one in crm("today").out for one in ids)
    for args in commands(board.err):
        assert crm(*args).code == 0
    assert not commands(crm("check").out)
    assert [json.loads(crm("show", one, "--json").out)["stage"] for one in ids] == [
        "request-2", "shipped-2", "lost-2",
    ]  # fmt: skip
    assert [one in crm("today").out for one in ids] == [True, False, False]
