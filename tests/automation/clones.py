"""Clones of the house, and what others bring into them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.automation.approval.gate import approval
from tests import kit
from tests.kit import save

if TYPE_CHECKING:
    from tests.automation.conftest import House

HELLO = kit.robots("{id: hello, do: email, with: {template: mail/hello.j2}}")
NONE = HELLO.replace(
    "    robots:\n      - {id: hello, do: email, with: {template: mail/hello.j2}}\n", ""
)
TWO = HELLO.replace(
    "  - {id: talks",
    "      - {id: evil, do: email, with: {template: mail/evil.j2}}\n  - {id: talks",
)


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
