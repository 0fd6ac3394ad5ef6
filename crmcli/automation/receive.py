"""What has come in since the last pass: fetched, kept as it came, and taken up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from crmcli.automation.chat_asks import answer_new
from crmcli.channels.incoming import Arrived, Receiver
from crmcli.dataclass import dataclass, replace
from crmcli.errors import CrmError, ServiceFailed
from crmcli.sales.intake import kept
from crmcli.sales.intake.kept import Kept, Taken
from crmcli.sales.intake.together import take_each
from crmcli.workspace import Workspace, fetch_places

MOST_AT_ONCE = 100
MOST_BYTES = 16 * 1024 * 1024
"""So many are kept in one transaction, or so much."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a place gave: how much that is new, and what went wrong; `is_news` if it went well or otherwise
    wrong before."""

    name: str
    count: int = 0
    trouble: CrmError | None = None
    is_news: bool = False


def fetched(
    ws: Workspace, name: str, take: Callable[[dict[str, Any]], int], left: Sequence[str] = ()
) -> list[Fetched]:
    """Take what a place has, of which all is known that was kept; once for each thing that went wrong, which
    is also what by then is `left` there."""
    place, count, troubles = fetch_places.place_of(ws, name), 0, list[CrmError]()
    try:
        count = take(place)
    except CrmError as error:
        troubles.append(error)
    troubles += map(ServiceFailed, left)
    before = fetch_places.keep(ws, name, place, [one.message for one in troubles])
    if not troubles:
        return [Fetched(name, count, None, bool(before))]
    found = [Fetched(name, 0, one, one.message not in before) for one in troubles]
    return [replace(found[0], count=count), *found[1:]]


def fetch(ws: Workspace, receivers: Iterable[Receiver]) -> int:
    """Keep what lies ready at the receivers, and tell them so; how many there were that are new."""
    portions = ((one, some) for one in receivers for some in _portions(one.fetch()))
    return sum(_kept(ws, receiver, some) for receiver, some in portions)


def _portions(arrived: Iterable[Arrived]) -> Iterator[list[Arrived]]:
    """What comes, in portions; also what had come before the rest could not be fetched."""
    portion: list[Arrived] = []
    try:
        for one in arrived:
            portion.append(one)
            if len(portion) == MOST_AT_ONCE or sum(len(a.content) for a in portion) > MOST_BYTES:
                yield portion
                portion = []
    except CrmError:
        if portion:
            yield portion
        raise
    if portion:
        yield portion


def _kept(ws: Workspace, receiver: Receiver, arrived: list[Arrived]) -> int:
    count = len(kept.keep(ws, receiver.channel, arrived))
    if not ws.dry_run:
        receiver.acknowledge(arrived)
    return count


def take_up(ws: Workspace) -> list[Taken]:
    """Take up all that waits and was not found unreadable before."""
    return take_those(ws, [one for one in kept.waiting(ws) if one.state == "waiting"])


def take_those(ws: Workspace, waiting: Iterable[Kept]) -> list[Taken]:
    """Take up these; what new chats are told is queued with them."""
    return take_each(ws, waiting, answer_new)
