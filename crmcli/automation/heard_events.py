"""What of the timeline triggers have heard: told by where events stand, not by their ids or times.

Each `triggers.read` names heads, by file: the events there that were heard last. These and all that
they follow are heard; whatever else there is of a kind that triggers wait for is not, also if it came
by a merge that put it above. What one clone has heard is heard for all.

To name every file each time would make the timeline long. So the first of a month's file names all,
and those after it only what has come since, with the id of that one as `since`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.model.event import Event

if TYPE_CHECKING:
    from crmcli.store.index.branches import Branch, Spot, Tree

MOST_HEADS = 40
"""Heads that are named beside those of an earlier event; with more of them all are named anew."""
MOST_ASKED = 1000
"""Earlier events that are asked where the last ones are not enough to tell."""


class TimelinePart:
    """Some events, the heads, with all that they follow: up to which number of each branch that reaches. A
    head is an id, or `FIRST..LAST` where the line is not there that the first one follows, as git may pick
    some lines out of many. Should that line come, it does not belong to it: it is a span."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._branches = tree.branches
        self._heads = [""] * len(tree.branches)
        self._spans: dict[str, list[tuple[int, int, int]]] = {}
        self.upto = [0] * len(tree.branches)

    def take(self, heads: Collection[str]) -> set[str]:
        """Take in heads; those are returned that are not there."""
        ends = [head.rpartition("..") for head in heads]
        spots = self._tree.spots(event_id for first, _, last in ends for event_id in (first, last))
        gone = set()
        for head, (first, _, last) in zip(heads, ends, strict=True):
            if last not in spots or (first and first not in spots):
                gone.add(head)
            elif not first or self._branches[spots[first].branch].torn == first:
                self.add(spots[last], last)
            else:
                self._spans[head] = list(self._between(spots[first], spots[last]))
        return gone

    def add(self, spot: Spot, event_id: str) -> None:
        """Take in an event and all that it follows."""
        place: int | None = spot.branch
        num = spot.num
        while place is not None and num > self.upto[place]:
            is_new = not self.upto[place]
            self.upto[place], self._heads[place] = num, event_id
            branch = self._branches[place]
            place, num, event_id = (branch.parent if is_new else None), branch.at, ""

    def _between(self, first: Spot, last: Spot) -> Iterator[tuple[int, int, int]]:
        """The stretches of branches from one event to another that follows it."""
        place: int | None = last.branch
        num = last.num
        while place is not None:
            if place == first.branch and first.num <= num:
                yield place, first.num, num
                return
            branch = self._branches[place]
            yield place, branch.first, num
            place, num = branch.parent, branch.at

    def has(self, spot: Spot) -> bool:
        """Whether an event belongs to it."""
        stretches = (stretch for span in self._spans.values() for stretch in span)
        here = ((first, last) for place, first, last in stretches if place == spot.branch)
        is_in = spot.num <= self.upto[spot.branch]
        return is_in or any(first <= spot.num <= last for first, last in here)

    def heads(self, beyond: TimelinePart | None = None) -> dict[str, list[str]]:
        """The heads that say it, by file; only what is not in another extent, if one is given."""
        told = list(beyond.upto) if beyond else [0] * len(self.upto)
        for branch, upto in zip(self._branches, self.upto, strict=True):
            if upto and branch.parent is not None:
                told[branch.parent] = max(told[branch.parent], branch.at)
        found: defaultdict[str, list[str]] = defaultdict(list)
        for place, branch in enumerate(self._branches):
            if self.upto[place] > told[place]:
                torn = self._beginning(branch)
                head = self._heads[place]
                found[branch.file].append(f"{torn}..{head}" if torn else head)
        for head, (last, *_) in self._spans.items():
            if last[2] > self.upto[last[0]] and not (beyond and head in beyond._spans):
                found[self._branches[last[0]].file].append(head)
        return dict(found)

    def _beginning(self, branch: Branch) -> str:
        """The id of the torn event with which all begins that a branch follows; "" for none."""
        while branch.parent is not None:
            branch = self._branches[branch.parent]
        return branch.torn

    @property
    def broken(self) -> set[str]:
        """The files in which there are spans."""
        return {self._branches[span[0][0]].file for span in self._spans.values()}

    def copy(self) -> TimelinePart:
        """Another one that is the same as yet."""
        other = TimelinePart(self._tree)
        other.upto, other._heads = list(self.upto), list(self._heads)
        other._spans = dict(self._spans)
        return other


class UnheardEvent(NamedTuple):
    """An event that nobody has heard, and where it stands."""

    spot: Spot
    event: Event


class HeardEvents:
    """What was heard, what was not, and what to write down of it in this clone's timeline `file`."""

    def __init__(self, tree: Tree, file: str) -> None:
        self._tree = tree
        self._branches = tree.branches
        self._heard = TimelinePart(tree)
        self._gone: set[tuple[str, str]] = set()
        self._named: set[str] = set()
        self._floor = ""
        self._since = ""
        self._base: TimelinePart | None = None
        self._base_gone: set[tuple[str, str]] = set()
        readings = tree.last_readings()
        taken = [self._take(*reading) for reading in readings]
        self.events = self._find(all(taken))
        self._left = [0] * len(tree.branches)
        for spot, _ in self.events:
            self._left[spot.branch] += 1
        self._build_on(readings, file)
        self._ends = [] if self._base else tree.ends()

    def _take(self, spot: Spot, reading: Event) -> bool:
        """Take in what was heard; False if it leaves that to an event which is gone."""
        if spot.num <= self._heard.upto[spot.branch]:
            return True  # whoever heard this event knew what it says
        self._gone |= self._add(reading)
        since = _since(reading)
        whole = self._tree.event(since) if since else None
        if whole is not None:
            self._gone |= self._add(whole)
        return not since or whole is not None

    def _add(self, reading: Event, into: TimelinePart | None = None) -> set[tuple[str, str]]:
        """Take in what one event says was heard; the heads, with their files, that are not there."""
        extent = into or self._heard
        heads = _heads(reading)
        gone = extent.take([head for names in heads.values() for head in names])
        return {(file, head) for file, names in heads.items() for head in names if head in gone}

    def _find(self, is_whole: bool) -> list[UnheardEvent]:
        """What nobody has heard, in the order of ids, and nothing before what it follows."""
        found = self._tree.to_hear(self._heard.upto)
        if found and (not is_whole or self._is_doubtful(spot for spot, _ in found)):
            self._ask_all(is_whole)
            found = self._tree.to_hear(self._heard.upto)
        left = [pair for pair in found if not self._is_known(*pair)]
        return [UnheardEvent(*pair) for pair in _in_order(self._tree, left)]

    def _is_doubtful(self, spots: Iterable[Spot]) -> bool:
        """Whether some of this may have been heard by something that the chain does not show."""
        torn: defaultdict[int, int] = defaultdict(int)
        for branch in self._branches:
            if branch.torn:
                torn[branch.journal] = branch.first
        files = {file for file, _ in self._gone} | self._heard.broken
        places = ((self._branches[spot.branch], spot.num) for spot in spots)
        return any(b.file in files or num < torn[b.journal] for b, num in places)

    def _ask_all(self, is_whole: bool) -> None:
        """Go by all that is left of what was ever heard; the last word is not enough. Where even the one
        that named every file is lost, ids decide for files that nobody names."""
        readings = self._tree.readings(MOST_ASKED)
        for reading in readings:
            self._add(reading)
            self._named |= set(_told(reading))
        if not is_whole and all(_since(reading) for reading in readings):
            self._floor = readings[0].id

    def _is_known(self, spot: Spot, event: Event) -> bool:
        no_word = not self._heard.upto[spot.branch] and self._branches[spot.branch].parent is None
        is_old = no_word and event.id <= self._floor
        return is_old or event.id in self._named or self._heard.has(spot)

    def _build_on(self, readings: Sequence[tuple[Spot, Event]], file: str) -> None:
        """Find the event of this file that names all, to name only what has come since."""
        here = [event for spot, event in readings if self._branches[spot.branch].file == file]
        whole = self._tree.event(_since(here[0]) or here[0].id) if here else None
        if whole is None or _since(whole) or not _heads(whole):
            return
        spot = self._tree.spots([whole.id])[whole.id]
        base = TimelinePart(self._tree)
        gone = self._add(whole, base)
        new = self._heard.heads(base)
        if self._branches[spot.branch].file == file and sum(map(len, new.values())) <= MOST_HEADS:
            self._base, self._since, self._base_gone = base, whole.id, gone

    def hear(self, unheard: UnheardEvent) -> None:
        """Count an event as heard; they come in the order in which `events` has them."""
        self._heard.add(unheard.spot, unheard.event.id)
        self._left[unheard.spot.branch] -= 1

    def facts(self) -> dict[str, Any]:
        """What a `triggers.read` has to say of it."""
        extent = self._heard if self._base else self._whole()
        heads = extent.heads(self._base)
        for file, name in sorted(self._gone - self._base_gone):
            heads.setdefault(file, []).append(name)  # it may come back
        return {"heads": heads, **({"since": self._since} if self._base else {})}

    def _whole(self) -> TimelinePart:
        """All that is heard, to the very ends of the branches of which nothing is left to hear."""
        extent = self._heard.copy()
        for spot, name in self._ends:
            if not self._left[spot.branch]:
                extent.add(spot, name)
        return extent

    def wrote(self, event_id: str) -> None:
        """Go on from there, now that the `facts` are written."""
        if not self._base:
            self._base, self._since = self._whole(), event_id
            self._base_gone = set(self._gone)


def _in_order(tree: Tree, found: Collection[tuple[Spot, Event]]) -> Iterator[tuple[Spot, Event]]:
    """By id, but nothing before what it follows, though its id be smaller."""
    on: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)  # numbers, with what sorts them
    pairs = defaultdict(list)
    for spot, event in found:
        pairs[spot.branch].append((spot, event))
    begins: dict[int, str] = {}
    rows: list[tuple[str, int, tuple[Spot, Event]]] = []
    for place in tree.order:
        branch = tree.branches[place]
        key = ""
        if branch.parent is not None:
            above = on[branch.parent]
            at = bisect_right(above, branch.at, key=lambda pair: pair[0])
            key = above[at - 1][1] if at else begins[branch.parent]
        begins[place] = key
        for spot, event in pairs[place]:
            key = max(key, event.id)
            on[place].append((spot.num, key))
            rows.append((key, len(rows), (spot, event)))
    return (pair for _, _, pair in sorted(rows))


def _heads(reading: Event) -> dict[str, list[str]]:
    heads = reading.data.get("heads")
    if not isinstance(heads, Mapping):
        return {}
    lists = {str(file): names for file, names in heads.items() if isinstance(names, list)}
    return {
        file: [name for name in names if isinstance(name, str)] for file, names in lists.items()
    }


def _since(reading: Event) -> str:
    since = reading.data.get("since")
    return since if isinstance(since, str) else ""


def _told(reading: Event) -> Iterator[str]:
    """The events of which it is said what came of them."""
    for word in ("moved", "passed", "refused"):
        lines = reading.data.get(word)
        for line in lines if isinstance(lines, list) else ():
            if isinstance(line, Mapping) and isinstance(line.get("event"), str):
                yield line["event"]
