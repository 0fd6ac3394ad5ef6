"""Answers to `choose: ask`: which of a client's open deals an event meant."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.trigger_decisions import decide
from crmcli.automation.trigger_moves import call_robots, is_loop, move
from crmcli.dataclass import dataclass, replace
from crmcli.errors import Ambiguous, NotFound, Refused
from crmcli.language import tr
from crmcli.model.event import ANSWERED, PASSED, Event
from crmcli.sales.stages import Move
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead


class NobodyAsks(NotFound):
    """No event waits for somebody to say that this deal was meant."""


@dataclass(frozen=True, slots=True)
class Question:
    """An event of which nobody knows yet which deal it meant; `answer` is what somebody said of it."""

    asked: Event
    deals: tuple[str, ...]
    answer: Event | None = None

    @property
    def event(self) -> str:
        """The id of the event."""
        return str(self.asked.data.get("event"))


def questions(ws: Workspace, *, answered: bool = False) -> list[Question]:
    """What was asked and not answered, or all that was asked; the latest last."""
    is_undone = dead(ws)
    told = [event for event in ws.events(kinds=(PASSED, ANSWERED)) if not is_undone(event)]
    answers = {str(event.data.get("event")): event for event in told if event.kind == ANSWERED}
    found = [
        Question(
            event, tuple(map(str, event.data["asks"])), answers.get(str(event.data.get("event")))
        )
        for event in told
        if event.kind == PASSED and isinstance(event.data.get("asks"), list)
    ]
    return found if answered else [one for one in found if one.answer is None]


def answer(ws: Workspace, deal: str, event: str = "") -> Move | None:
    """Say that an event meant this deal: it moves as if the client had no other, the others are passed over.
    None where it stands there already. NobodyAsks, Ambiguous if several events ask, and a refusal for one
    that is answered."""
    with ws.change("trigger answer") as change:
        question = _question(ws, deal, event)
        happened = ws.timeline.event(question.event)
        if happened is None:
            raise NobodyAsks(tr("the event {} is gone", question.event))
        record = change.get(deal)
        change.author = replace(change.author, cause=happened.id)
        others = [one for one in question.deals if one != deal]
        facts = {"event": happened.id, "on": _word(question), "deal": deal, "others": others}
        change.note(ANSWERED, question.asked.record, facts)
        for other in others:
            why = ["", tr("{} was meant, says {}", deal, ws.actor)]
            passed = {"event": happened.id, "on": _word(question), "passed": [why]}
            change.note(PASSED, other, passed)
        decision = decide(ws, record, happened, [record])
        if decision.stage is None:
            if not is_loop(happened):
                call_robots(change, ws, record, happened)
            return None
        return move(change, ws, record, decision)


def _question(ws: Workspace, deal: str, event: str) -> Question:
    about = [one for one in questions(ws, answered=True) if deal in one.deals]
    about = [one for one in about if one.event.startswith(event)]
    open_ones = [one for one in about if one.answer is None]
    if len(open_ones) == 1:
        return open_ones[0]
    if open_ones:
        told = tr("{} events ask whether {} was meant", len(open_ones), deal)
        raise Ambiguous(told, tr("name one: --event {}", ", ".join(one.event for one in open_ones)))
    if about and about[-1].answer is not None:
        said = about[-1].answer
        word, meant = _word(about[-1]), said.data.get("deal")
        told = tr("{} was answered already: {}, by {}", word, meant, said.actor)
        raise Refused(told, "crm undo takes an answer back")
    raise NobodyAsks(tr("no event asks whether {} was meant", deal), "see crm trigger answer")


def _word(question: Question) -> str:
    return str(question.asked.data.get("on"))


def names(ws: Workspace, deals: Sequence[str]) -> str:
    """Deals by id and name, as people are asked about them."""
    return ", ".join(f"{one} {ws.get(one).get('name')}" for one in deals if ws.exists(one))
