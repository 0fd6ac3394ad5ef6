"""What robots of one's own give back, where they have not run: nobody knows it yet."""

from __future__ import annotations

from crmcli.language import tr

OWN = "own"
"""The action, and the channel, of robots of one's own."""


class UnknownValues(dict[str, str]):
    """Each value is told as unknown, by whatever name it is asked for."""

    def __missing__(self, name: str) -> str:
        return tr("(unknown until it runs)")

    def __bool__(self) -> bool:
        return True
