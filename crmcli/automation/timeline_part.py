"""A part of the timeline that is told by a few of its events: these and all that they follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcli.store.index.branches import Branch, Spot, Tree


class TimelinePart:
    """Some heads with all that they follow: of each branch, up to which number it belongs to that.

    A head is an id, or `FIRST..LAST` where the line is not there that the first one follows, as git
    may pick some lines out of many. Should that line come, it does not belong to it: it is a span.
    """

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
        spans = (stretch for span in self._spans.values() for stretch in span)
        return spot.num <= self.upto[spot.branch] or any(
            place == spot.branch and first <= spot.num <= last for place, first, last in spans
        )

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
