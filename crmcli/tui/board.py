"""What each key of the board does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.schema import has_field
from crmcli.tui import acting
from crmcli.tui.app import BoardApp
from crmcli.tui.dialogs import Ask, Choose, Page, yes_or_no
from crmcli.tui.keys import help_text
from crmcli.tui.reading import ORDERS
from crmcli.tui.view import BoardView

if (
    TYPE_CHECKING
):  # what is asked of sales alone is imported when something is done: the first paint is quicker
    from crmcli.sales.many import Refusal

NEW = ("name", "amount", "phones", "emails", "company_name", "contacts", "company")
"""What is asked of a new record, of the fields that it has."""


class Board(BoardApp):
    """The board with its keys."""

    # -- what is in sight ------------------------------------------------------------------------

    def press_mark(self) -> None:
        """Mark the card."""
        self.state.mark()

    def press_leave(self) -> None:
        """Take off the marks, or else the filter."""
        if self.state.marked:
            self.state.marked.clear()
        elif self.state.place.words:
            self._show(words="")
        self.state.told = self.state.command = ""

    def press_filter(self) -> None:
        """Type a filter."""
        self.state.typing = True

    def press_sort(self) -> None:
        """Another order, one that the records have."""
        orders = [
            name
            for name, by in ORDERS.items()
            if not by or has_field(self.entity, by[0].lstrip("-"))
        ]
        place = orders.index(self.state.place.order) + 1 if self.state.place.order in orders else 0
        self._show(order=orders[place % len(orders)])

    def press_help(self) -> None:
        """All keys."""
        self.push_screen(Page(tr("Keys"), help_text()))

    def press_quit(self) -> None:
        """Leave."""
        self.exit()

    def press_pipeline(self) -> None:
        """Another pipeline."""
        self.ask(self._switch())

    async def _switch(self) -> None:
        pipelines = [(one.id, one.name) for one in self.start.ws.pipelines]
        chosen = await self.answer(Choose(tr("Pipeline"), pipelines))
        if chosen:
            self._show(pipeline=chosen, order="age", words="")

    @property
    def entity(self) -> str:
        """What the cards are."""
        found = self.start.ws.pipelines.find(self.state.place.pipeline)
        return found.entity if found else self.start.entity

    @property
    def pipeline(self) -> str:
        """The pipeline as a deal has it; "" of leads."""
        found = self.start.ws.pipelines.find(self.state.place.pipeline)
        return found.key if found else ""

    # -- moving ---------------------------------------------------------------------------------

    def press_on(self) -> None:
        """To the next stage."""
        self._move_to(self.state.at + 1)

    def press_back(self) -> None:
        """To the stage before."""
        self._move_to(self.state.at - 1)

    def press_move(self) -> None:
        """To a stage that is chosen."""
        if self.state.chosen:
            self.ask(self._choose_stage())

    def on_board_view_dropped(self, event: BoardView.Dropped) -> None:
        """To the stage to which it was dragged."""
        self._move_to(event.lane)

    def _move_to(self, lane: int) -> None:
        if 0 <= lane < len(self.state.lanes) and self.state.chosen:
            ids = tuple(card.id for card in self.state.chosen)
            self.ask(self._move(acting.Move(ids, self.stage_at(lane).id)))

    async def _choose_stage(self) -> None:
        stages = [(lane.lane.stage.id, lane.lane.stage.name) for lane in self.state.lanes]
        ids = tuple(card.id for card in self.state.chosen)
        chosen = await self.answer(Choose(tr("Move to"), stages))
        if chosen:
            await self._move(acting.Move(ids, chosen))

    async def _move(self, move: acting.Move) -> None:
        """Move cards; ask for what those that are refused lack, and move them again."""
        from crmcli.sales.records.required import MissingFields

        outcome = await self.act(move.act, move.ids, move.stage)
        self.state.marked.clear()
        alike: dict[object, list[Refusal]] = {}
        for refusal in outcome.refused:  # a reason is asked for once, what is missing of each
            kind = type(refusal.error)
            alike.setdefault(refusal if kind is MissingFields else kind, []).append(refusal)
        for refused in alike.values():
            ids = tuple(refusal.record for refusal in refused if refusal.record) or move.ids
            again = await self._way_out(replace(move, ids=ids), refused[0].error)
            if again is not None:
                await self._move(again)

    async def _way_out(self, move: acting.Move, error: CrmError) -> acting.Move | None:
        """The same move with what was lacking; None where there is no way out, or it was left."""
        from crmcli.sales.records.required import MissingFields
        from crmcli.sales.records.stage_lookup import NotConverted, ReasonMissing
        from crmcli.sales.stages import Closed

        if isinstance(error, MissingFields):
            names = [name for names in error.fields for name in names.split(" or ")]
            given = await self.answer(Ask(error.message, self._labels(names)))
            put = {name: text for name, text in (given or {}).items() if text.strip()}
            return replace(move, put=put) if put else None
        if isinstance(error, ReasonMissing):
            reason = await self._reason(error.message)
            return replace(move, reason=reason) if reason else None
        if isinstance(error, NotConverted):
            for record_id in move.ids:
                await self._convert(record_id)
        if isinstance(error, Closed) and not move.reopen:
            yes = await self.answer(yes_or_no(tr("{}: reopen it?", error.message)))
            return replace(move, reopen=True) if yes else None
        return None

    def _labels(self, names: Sequence[str]) -> dict[str, str]:
        fields = {field.name: field for field in self.start.ws.schema.fields(self.entity)}
        return {name: fields[name].word if name in fields else name for name in names}

    async def _reason(self, title: str) -> str:
        """A reason of those that are declared, or any text where none are."""
        from crmcli.sales.records.stage_lookup import reason_field

        ws = self.start.ws
        field = ws.schema.field(self.entity, reason_field(self.entity))
        known = ws.settings.directories.get(field.directory, {})
        if known:
            return await self.answer(Choose(title, [*known.items()])) or ""
        given = await self.answer(Ask(title, {"reason": tr("reason")}))
        return (given or {}).get("reason", "").strip()

    def press_win(self) -> None:
        """To the stage of success."""
        if self.entity == "lead":
            self.press_convert()
            return
        self._close("won", "win")

    def press_lose(self) -> None:
        """To the stage of failure."""
        self._close("lost", "junk" if self.entity == "lead" else "lose")

    def _close(self, kind: str, verb: str) -> None:
        stage = next(
            (lane.lane.stage for lane in self.state.lanes if lane.lane.stage.kind == kind), None
        )
        if stage and self.state.chosen:
            ids = tuple(card.id for card in self.state.chosen)
            self.ask(self._move(acting.Move(ids, stage.id, verb=verb)))

    # -- what else is done with a card ----------------------------------------------------------

    def press_convert(self) -> None:
        """Convert the lead."""
        if self.entity != "lead":
            self.tell(tr("only leads are converted"))
        elif self.state.card:
            self.ask(self._convert(self.state.card.id))

    async def _convert(self, record_id: str) -> None:
        from crmcli.sales.records.required import MissingFields

        deals = self.start.ws.pipelines.deals
        pipeline: str | None = ""
        if len(deals) > 1:
            title = tr("Pipeline of the deal")
            pipeline = await self.answer(Choose(title, [(one.id, one.name) for one in deals]))
        given: dict[str, str] = {}
        while pipeline is not None:
            outcome = await self.act(acting.convert(record_id, pipeline, given), (record_id,))
            error = outcome.refused[0].error if outcome.refused else None
            if not isinstance(error, MissingFields):
                return
            names = [name.split(" or ")[0] for name in error.fields]
            more = await self.answer(Ask(error.message, {name: name for name in names}))
            if not any(text.strip() for text in (more or {}).values()):
                return
            given |= {name: text for name, text in (more or {}).items() if text.strip()}

    def press_undo(self) -> None:
        """Take the last act of this board back."""
        if not self.acts:
            self.tell(tr("you have done nothing on this board yet; see {}", "crm undo -n"))
            return
        self.ask(self._undo(self.acts.pop()))

    async def _undo(self, event: str) -> None:
        outcome = await self.act(acting.undo(event))
        if outcome.event:
            self.acts.pop()  # an undo is not undone by the next one
        elif outcome.refused:
            self.acts.append(event)

    def press_call_out(self) -> None:
        """Log a call to the client."""
        self._ask_log("call.out", tr("Call to {}"))

    def press_call_in(self) -> None:
        """Log a call from the client."""
        self._ask_log("call.in", tr("Call from {}"))

    def press_note(self) -> None:
        """Log a note."""
        self._ask_log("note", tr("Note on {}"))

    def _ask_log(self, kind: str, title: str) -> None:
        if card := self.state.card:
            self.ask(self._ask_text(card.id, kind, title.format(card.name)))

    async def _ask_text(self, record_id: str, kind: str, title: str) -> None:
        given = await self.answer(Ask(title, {"text": tr("text")}))
        if given and (given["text"].strip() or kind != "note"):
            await self.act(acting.log(record_id, kind, given["text"].strip()), (record_id,))

    def press_task(self) -> None:
        """Add a task about the card."""
        if card := self.state.card:
            self.ask(self._ask_task(card.id, tr("Task for {}", card.name)))

    async def _ask_task(self, record_id: str, title: str) -> None:
        fields = {"name": tr("what to do"), "due": tr("due, e.g. tomorrow 10:00")}
        given = await self.answer(Ask(title, fields))
        if given and given["name"].strip():
            await self.act(
                acting.task(record_id, given["name"].strip(), given["due"]), (record_id,)
            )

    def press_add(self) -> None:
        """Add a record in the current stage."""
        if self.state.lane:
            self.ask(self._add(self.state.lane.lane.stage.id))

    async def _add(self, stage: str) -> None:
        names = [name for name in NEW if has_field(self.entity, name)]
        given = await self.answer(Ask(tr("New {}", tr(self.entity)), self._labels(names)))
        if given and any(text.strip() for text in given.values()):
            await self.act(acting.add(self.entity, given, stage, self.pipeline))

    def press_set(self) -> None:
        """Set a field of what is chosen."""
        if self.state.chosen:
            self.ask(self._set(tuple(card.id for card in self.state.chosen)))

    async def _set(self, ids: tuple[str, ...]) -> None:
        given = await self.answer(Ask(tr("Set a field"), {"pair": tr("e.g. amount=1000")}))
        name, sign, value = (given or {}).get("pair", "").partition("=")
        if sign and name.strip():
            await self.act(acting.edit(ids, {name.strip(): value.strip()}), ids)
            self.state.marked.clear()

    # -- whole records --------------------------------------------------------------------------

    def on_board_view_opened(self) -> None:
        """The card that was clicked twice."""
        self.press_open()

    def press_open(self) -> None:
        """Show the record."""
        if card := self.state.card:
            words = (self.entity, "show", card.id)
            page = Page(f"$ crm {' '.join(words)}", "…")
            self.push_screen(page)
            self.run_worker(self._fill(page, words), group="act")

    async def _fill(self, page: Page, words: Sequence[str]) -> None:
        text = await self._in_thread(self._acting, partial(self.run_command, *words))
        if page.is_running:
            page.put(text)

    def press_edit(self) -> None:
        """Edit the record in an editor, which gets the terminal meanwhile."""
        card = self.state.card
        if card is None:
            return
        words = (self.entity, "edit", card.id)
        if self.start.ws.gate:  # no program of the host runs for those who come by SSH
            self.tell(
                "not here: crm --remote opens an editor of your own", f"crm {' '.join(words)}"
            )
            return
        with self.suspend():
            subprocess.run(self.command_line(*words), check=False, env=self.environment(*words))
        self.tell("", f"crm {' '.join(words)}")
        self._awake.set()
