"""Whose hand a robot and its templates are of, in whatever form git or an archive brings them."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval, approve
from crmcli.sales.history.undo import redo, undo
from crmcli.sales.settings.leaving import put_off
from tests import kit
from tests.automation.clones import HELLO, lead, remark, unapproved
from tests.automation.conftest import House
from tests.kit import begin, git, save

LOADED = {
    "plain": "{% include 'mail/_foot.j2' %}",
    "no space": "{%include'mail/_foot.j2'%}",
    "reckoned": "{% include 'mail/' ~ '_foot.j2' %}",
    "adjoining": "{% include 'mail/' '_foot.j2' %}",
    "escaped": "{% include 'mail/\\x5ffoot.j2' %}",
    "chosen": "{% include ['mail/none.j2', 'mail/_foot.j2'] %}",
    "by a condition": "{% include ('mail/_foot.j2' if lead else 'x') %}",
    "roundabout": "{% include './mail//_foot.j2' %}",
    "import": "{%- from 'mail/_foot.j2' import x with context -%}",
}


@pytest.mark.parametrize("text", kit.some([*LOADED.values()], 4), ids=kit.some([*LOADED], 4))
@pytest.mark.parametrize("where", ["in the letter", "in a parameter"])
def test_whatever_a_robot_loads_counts(house: House, clone: Any, text: str, where: str) -> None:
    house.template("_foot", "{% set x = 'один' %}\n")
    if where == "in the letter":
        house.template("hello", f"Subject: Привет\n\n{text}\n")
        house.rules(leads=HELLO)
    else:
        quoted = text.replace("'", "''")
        notify = f"do: notify, with: {{text: '{quoted}'}}"
        house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", notify))
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    house.template("_foot", "{% set x = 'другой' %}\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]


def _link(house: House) -> None:
    house.template("evil", "Subject: Evil\n\nx\n")
    path = house.root / "templates/mail/hello.j2"
    path.unlink()
    path.symlink_to("evil.j2")


def _link_folder(house: House) -> None:
    (house.root / "templates").rename(house.root / "others")
    (house.root / "others/mail/hello.j2").write_text("Subject: Evil\n\nx\n")
    (house.root / "templates").symlink_to("others")


def _ident(house: House) -> None:
    house.template("hello", "Subject: Evil\n\n$Id$\n")
    house.write(".gitattributes", "*.j2 ident\n")


def _line_ends(house: House) -> None:
    house.template("hello", "Subject: Evil\n\nx\n")
    house.write(".gitattributes", "*.j2 text eol=crlf\n")


def _plain(house: House) -> None:
    house.template("hello", "Subject: Evil\n\nx\n")


FORMS = {
    "plain": _plain,
    "a link": _link,
    "a link to a folder": _link_folder,
    "ident": _ident,
    "line ends": _line_ends,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_template_of_others_in_another_form_does_not_leave(
    house: House, clone: Any, form: str
) -> None:
    other = clone()
    other.rules(leads=HELLO)  # his own robot, with a template that is not
    approve(other.ws, approval(other.ws).unapproved)
    FORMS[form](house)
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    lead(other)
    other.tick()
    assert other.letters() == []


def test_a_template_in_a_repository_of_its_own_is_not_typed_here(house: House) -> None:
    house.rules(leads=HELLO)
    assert unapproved(house) == []
    house.template("hello", "Subject: Evil\n\nx\n")
    (house.root / "templates/.git").write_text("gitdir: ../.git/modules/templates\n")
    assert unapproved(house) == ["leads/new/hello"]


OWN: dict[str, Callable[[Path], object]] = {
    "merge": lambda root: git(root, "pull", "-q", "--no-rebase", "--no-edit"),
    "pull.rebase": lambda root: git(root, "-c", "pull.rebase=true", "pull", "-q"),
    "stash and pop": lambda root: (
        remark(root), git(root, "stash", "-q"), git(root, "stash", "pop", "-q"),
    ),
    "another branch and back": lambda root: (
        git(root, "checkout", "-q", "HEAD~1"), git(root, "checkout", "-q", "main"),
    ),
    "amend": lambda root: git(root, "commit", "-q", "--amend", "-m", "mine, better"),
    "reword": lambda root: git(
        root, "-c", "sequence.editor=sed -i s/pick/reword/", "rebase", "-q", "-i", "HEAD~1"
    ),
    "sed -i": lambda root: subprocess.run(
        ["sed", "-i", "s/Новый/Свежий/", "pipelines.yaml"], cwd=root, check=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OWN)
def test_ones_own_robot_stays_ones_own(
    house: House, clone: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "true")
    other = clone()
    other.rules(leads=HELLO)
    save(other.root, "mine")
    house.template("theirs", "Subject: Другое\n\nx\n")
    save(house.root, "their template")
    OWN[way](other.root)
    assert unapproved(other) == []


def test_while_git_cannot_tell_it_waits_and_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.rules(leads=HELLO)
    begin(house.root)
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nonexistent")
        assert unapproved(house) == ["leads/new/hello"]
    assert unapproved(house) == []


def test_more_acts_than_are_remembered_of_the_past_can_be_approved(
    house: House, clone: Any
) -> None:
    robots = "".join(
        f"      - {{id: r{n}, do: email, with: {{template: mail/hello.j2}}}}\n" for n in range(1500)
    )
    house.rules(leads=HELLO.replace("    robots:\n", f"    robots:\n{robots}"))
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    assert unapproved(other) == []


def test_what_is_shown_of_others_stays_in_one_short_line(house: House) -> None:
    to = "a@b.ru\\n  nothing else waits\\n" + "x" * 5000
    house.rules(leads=HELLO.replace("hello.j2}", f'hello.j2, to: "{to}"}}'))
    (act,) = (a for a in approval(house.ws).acts if a.place != "users")
    assert "\n" not in str(act)
    assert len(str(act)) < 400


def test_of_all_templates_together_each_must_be_ones_own(house: House, clone: Any) -> None:
    house.template("hello", "Subject: Привет\n\n{% include 'mail/' ~ '_foot.j2' %}\n")
    house.template("_foot", "один\n")
    other = clone()
    other.rules(leads=HELLO)
    assert unapproved(other) == []
    other.template("mine", "Subject: Моё\n\nx\n")  # so that no commit has all as they are here
    house.template("_foot", "другой\n")
    save(house.root, "evil")
    git(other.root, "pull", "-q")
    assert unapproved(other) == ["leads/new/hello"]


def _tells(house: House) -> None:
    house.rules(deals=kit.robots("{id: tell, do: notify, with: {text: Новая}}"))
    house.write("settings.yaml", TWO_PEOPLE)


TWO_PEOPLE = """
    company: {name: Чай, email: sales@chai.example}
    users:
      anna: {name: Анна, email: anna@chai.example}
      boris: {name: Борис, email: boris@chai.example}
    """


@pytest.mark.parametrize("looked", [True, False], ids=["after a tick", "before any tick"])
def test_what_ones_own_undo_brings_back_is_ones_own(house: House, looked: bool) -> None:
    _tells(house)
    if looked:
        assert unapproved(house) == []
    before = (house.root / "settings.yaml").read_bytes()
    put_off(house.ws, "boris")
    assert b"boris@" not in (house.root / "settings.yaml").read_bytes()
    assert unapproved(house) == []
    for back in (undo, redo, undo):
        back(house.ws)
        assert unapproved(house) == []
    assert (house.root / "settings.yaml").read_bytes() == before
    put_off(house.ws, "boris")  # and what is made of that is too
    assert unapproved(house) == []


def test_a_text_of_others_that_an_undo_is_led_to_is_not(house: House) -> None:
    """Somebody writes into the timeline that this very text stood here before."""
    _tells(house)
    assert unapproved(house) == []
    put_off(house.ws, "boris")
    evil = textwrap.dedent(TWO_PEOPLE).lstrip().replace("boris@", "evil@").encode()
    now = (house.root / "settings.yaml").read_bytes()
    with house.ws.change("user off") as change:
        facts = {"file": "settings.yaml", "from": change.attach(evil), "to": change.attach(now)}
        change.note("file.changed", "", facts)
    undo(house.ws)
    assert (house.root / "settings.yaml").read_bytes() == evil
    assert unapproved(house) == ["users"]
