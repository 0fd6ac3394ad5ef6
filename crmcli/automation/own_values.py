"""What robots of one's own give back, where they have not run: nobody knows it yet."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.automation import Robot

OWN = "own"
"""The action, and the channel, of robots of one's own."""
DOCUMENT = "document"
"""The action that hands on the path of what it made."""


class UnknownValues(dict[str, str]):
    """Each value is told as unknown, by whatever name it is asked for."""

    def __missing__(self, name: str) -> str:
        return tr("(unknown until it runs)")

    def __bool__(self) -> bool:
        return True


def gives_back(robot: Robot) -> bool:
    """Whether robots below may read what it gives back."""
    return robot.do in (OWN, DOCUMENT) or bool(robot.params.get("wait"))
