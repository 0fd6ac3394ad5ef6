"""Clones of the house, and what others bring into them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.automation.approval.gate import approval

if TYPE_CHECKING:
    from tests.automation.conftest import House

HELLO = """
stages:
  - id: new
    name: Новый
    robots:
      - {id: hello, do: email, with: {template: mail/hello.j2}}
  - {id: converted, name: Качественный, kind: won}
  - {id: junk, name: Брак, kind: lost}
"""
NONE = HELLO.replace(
    "    robots:\n      - {id: hello, do: email, with: {template: mail/hello.j2}}\n", ""
)
TWO = HELLO.replace(
    "  - {id: conv", "      - {id: evil, do: email, with: {template: mail/evil.j2}}\n  - {id: conv"
)


def git(root: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Анна", "-c", "user.email=anna@chai.example", *args],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (args, done.stdout, done.stderr)
    return done.stdout.strip()


def begin(root: Path) -> None:
    (root / ".gitignore").write_text(".crm/\noutbox/\n")
    git(root, "init", "-q", "-b", "main")
    save(root, "begin")


def save(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


def unapproved(house: House) -> list[str]:
    return [act.place for act in approval(house.ws).unapproved]


def lead(house: House) -> None:
    house.add("lead", name="Чай", emails="olga@kafe.example")


def own_commit(root: Path) -> None:
    (root / "notes.txt").write_text("mine")
    save(root, "mine")


def remark(root: Path) -> None:
    with (root / "pipelines.yaml").open("a") as file:
        file.write("# a remark\n")


def forge(house: House, kind: str, record: str, data: dict[str, Any]) -> None:
    """A line of the timeline as another clone may bring it."""
    with house.ws.change("forged") as change:
        change.note(kind, record, data)
