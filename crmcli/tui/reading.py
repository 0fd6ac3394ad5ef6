"""What the board reads, in a thread of its own: lanes, the cards that are seen, what changed elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from crmcli.dataclass import dataclass
from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model.conditions.tree import And, BadCondition, Condition, Text
from crmcli.model.entities import having
from crmcli.model.pipeline import Pipeline
from crmcli.model.schema import has_field
from crmcli.present.board import BoardCard, Lane, read_cards, read_lanes, scope_of
from crmcli.workspace import Workspace

ORDERS: Mapping[str, tuple[str, ...]] = {
    "age": (),
    "amount": ("-amount",),
    "name": ("name",),
    "close_by": ("close_by",),
    "newest": ("-created_at",),
}
"""How cards are sorted in their stages; by age the oldest first, of a final stage the newest."""
THOROUGH = 1.5
"""Seconds between looks at every file; of a large folder more, so that it is at rest most of the time."""
AT_REST = 20
NAMED = ("name", "company_name", "company.name", "contacts.name", "contact.name")
"""Where the words of a filter are looked for."""


class Place(NamedTuple):
    """What the board shows: a pipeline, filtered and sorted."""

    pipeline: str
    words: str = ""
    order: str = "age"


class Wish(NamedTuple):
    """A place, and which cards of each stage are wanted: the first, and how many."""

    place: Place
    windows: tuple[tuple[str, int, int], ...] = ()
    usual: int = 30


@dataclass(frozen=True, slots=True)
class Picture:
    """What was read: the lanes of a place and, by stage, cards from some number on; `told` is a complaint,
    `homeless` what is to be told of records that stand in no stage."""

    place: Place
    pipeline: Pipeline
    lanes: tuple[Lane, ...]
    cards: Mapping[str, tuple[int, tuple[BoardCard, ...]]]
    told: str = ""
    homeless: Problem | None = None


class BoardReader:
    """Reads for one board; used by one thread, in which it opens the workspace for itself."""

    def __init__(
        self, opened: Callable[[], Workspace], base: Condition | None, entity: str
    ) -> None:
        self._opened = opened
        self._base, self._of = base, entity
        self._ws: Workspace | None = None
        self._look: Callable[[], object] | None = None
        self._signs: object = None
        self._wish: Wish | None = None
        self._next_look = 0.0
        self._homeless: Problem | None = None

    def first(self, wish: Wish) -> Picture:
        """What the last command left, at once; `changed` then looks whether it is still so."""
        self._ws = self._opened()
        self._ws.read_as_left()
        self._wish = wish
        return self._read(self._ws, wish)

    def changed(self, wish: Wish) -> Picture | None:
        """The picture as it is now; None if nobody wished for another and nothing seems to have changed."""
        if self._ws is None:
            return self.first(wish)
        self._look = self._look or self._ws.watch()
        signs = self._look()
        is_new, is_due = signs != self._signs, time.monotonic() >= self._next_look
        if wish == self._wish and not (is_new or is_due):
            return None
        if is_new:
            self._ws = self._opened()  # what is configured may have changed too
        elif is_due:
            self._ws.look_again()
        self._signs, self._wish = signs, wish
        started = time.monotonic()
        self._ws.read_clock()
        if is_new or is_due:
            self._homeless = self._first_homeless(self._ws)
        picture = self._read(self._ws, wish)
        if is_new or is_due:
            ended = time.monotonic()
            self._next_look = ended + max(THOROUGH, AT_REST * (ended - started))
        return picture

    def _read(self, ws: Workspace, wish: Wish) -> Picture:
        pipeline = ws.pipelines.find(wish.place.pipeline) or ws.pipelines.deals[0]
        told = ""
        try:
            condition = self._condition(ws, pipeline.entity, wish.place.words)
        except BadCondition as error:
            condition, told = self._narrowed(pipeline.entity, None), error.message
        lanes = tuple(read_lanes(ws, pipeline, condition, 0))
        scope = scope_of(ws, pipeline, condition)
        order = ORDERS[wish.place.order]
        if order and not has_field(pipeline.entity, order[0].lstrip("-")):
            order = ()
        windows = {stage: (start, count) for stage, start, count in wish.windows}
        cards = {}
        for lane in lanes:
            start, count = windows.get(lane.stage.id, (0, wish.usual))
            start = max(0, min(start, lane.count - count))
            found = (
                read_cards(ws, pipeline, lane.stage, scope, count, offset=start, order=order)
                if lane.count and count
                else []
            )
            cards[lane.stage.id] = (start, tuple(found))
        if ws.trail is not None:
            ws.trail.give_out()
        return Picture(wish.place, pipeline, lanes, cards, told, self._homeless)

    def _first_homeless(self, ws: Workspace) -> Problem | None:
        """The first kind of records whose stage or pipeline is gone, with their way home."""
        from crmcli.sales.homeless import are_homeless, homeless

        found = (one for of in having("staged") if are_homeless(ws, of) for one in homeless(ws, of))
        return next(found, None)

    def _condition(self, ws: Workspace, entity: str, words: str) -> Condition | None:
        """What was typed: a condition if it has a sign of one, else words that stand in the names."""
        text = words.strip()
        if not text:
            return self._narrowed(entity, None)
        if not {*text} & {*"=<>~"}:
            names = [name for name in NAMED if has_field(entity, name.partition(".")[0])]
            parts = (
                " or ".join(f"{name} ~ {Text(word)}" for name in names) for word in text.split()
            )
            text = " and ".join(f"({part})" for part in parts)
        return self._narrowed(entity, ws.condition(text, entity))

    def _narrowed(self, entity: str, typed: Condition | None) -> Condition | None:
        """Together with what the command line asked for, where that is of the same noun."""
        base = self._base if entity == self._of else None
        if base is None or typed is None:
            return typed or base
        tree = And((base.tree, typed.tree))
        return Condition(str(tree), tree)


class Start(NamedTuple):
    """With what a board begins: the workspace and how others are opened, its place, what reads for it."""

    ws: Workspace
    opened: Callable[[], Workspace]
    place: Place
    entity: str
    reader: BoardReader
    thread: ThreadPoolExecutor
    first: Future[Picture]


def complaint(error: CrmError) -> str:
    """A refusal in one line, with the way out."""
    return error.message + (tr(" ({})", error.hint) if error.hint else "")
