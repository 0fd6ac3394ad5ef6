"""What has come in since the last pass: fetched, kept as it came, and taken up."""

from __future__ import annotations

from collections.abc import Iterable

from crmcli.channels.incoming import Arrived, Receiver
from crmcli.sales.intake import kept
from crmcli.sales.intake.kept import Taken
from crmcli.sales.intake.together import take_each
from crmcli.workspace import Workspace

MOST_AT_ONCE = 100
MOST_BYTES = 16 * 1024 * 1024
"""So many are kept in one transaction, or so much."""


def fetch(ws: Workspace, receivers: Iterable[Receiver]) -> int:
    """Keep what lies ready at the receivers, and tell them so; how many there were that are new."""
    count = 0
    for receiver in receivers:
        arrived: list[Arrived] = []
        for one in receiver.fetch():
            arrived.append(one)
            if len(arrived) == MOST_AT_ONCE or sum(len(a.content) for a in arrived) > MOST_BYTES:
                count += _kept(ws, receiver, arrived)
                arrived = []
        count += _kept(ws, receiver, arrived) if arrived else 0
    return count


def _kept(ws: Workspace, receiver: Receiver, arrived: list[Arrived]) -> int:
    count = len(kept.keep(ws, receiver.channel, arrived))
    if not ws.dry_run:
        receiver.acknowledge(arrived)
    return count


def take_up(ws: Workspace) -> list[Taken]:
    """Take up all that waits and was not found unreadable before."""
    return take_each(ws, [one for one in kept.waiting(ws) if one.state == "waiting"])
