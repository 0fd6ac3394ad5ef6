"""What may leave the machine now, and what must wait and why."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, partial
from typing import Any

from crmcli.automation.approval import acts as declared
from crmcli.automation.approval import origin
from crmcli.automation.approval.acts import Act, message_act
from crmcli.automation.ledger import OPEN, Job, jobs_of
from crmcli.automation.record_plan import RecordPlan
from crmcli.automation.robots import Step
from crmcli.automation.unrecorded_sends import unrecorded, words
from crmcli.channels.base import sender_class
from crmcli.dataclass import dataclass
from crmcli.errors import CrmError, InvalidData
from crmcli.language import tr
from crmcli.model.actions import ACTIONS, channel_of, leaves
from crmcli.model.alerts import STAFF
from crmcli.model.automation import Robot, Schedule
from crmcli.model.sent import SentList
from crmcli.store.safety import trust
from crmcli.workspace import Workspace

PART = "acts"
"""The part of what this user approved that names acts, by folder."""
_KEPT = 10_000
"""Of so many acts of a folder it is remembered what was said of them."""
_FEW = 3
ASK = "review it with crm trust"
WAITS = "waiting for crm trust"
PAUSED = "paused: see crm check"


@dataclass(frozen=True, slots=True)
class Approval:
    """What could leave: every act that is declared, and those that nobody has approved yet."""

    acts: tuple[Act, ...]
    unapproved: tuple[Act, ...]


def approval(ws: Workspace) -> Approval:
    """Look at what could leave; what the owner wrote by his own hand is approved by that."""
    acts = _declared(ws)
    return Approval(tuple(acts), tuple(unapproved_of(ws, acts)))


def unapproved_of(ws: Workspace, acts: Sequence[Act]) -> list[Act]:
    """Those of some acts that nobody has approved yet, by hand or by word."""
    known = _known(ws)
    unknown = [act for act in acts if act.digest not in known.get("approved", {})]
    foreign = known.get("foreign", {})
    fresh = [act for act in unknown if not {act.digest, act.declared} & foreign.keys()]
    if fresh:
        before = known.get("declared", ()), known.get("texts", ())
        # Where git cannot tell now, or nothing can be written, they wait, and are looked at again.
        with contextlib.suppress(CrmError):
            mine = origin.typed_here(ws.root, fresh, *before)
            _remember(ws, fresh, mine)
            unknown = [act for act in unknown if act.digest not in mine]
    return unknown


def is_news(ws: Workspace, act: Act) -> bool:
    """Whether nobody was told yet that this waits; from now on somebody was."""
    if act.digest in _known(ws).get("noticed", []):
        return False
    with trust.changed(PART) as folders:
        known = folders.setdefault(_folder(ws), {})
        known["noticed"] = [*known.get("noticed", []), act.digest][-_KEPT:]
    return True


def _declared(ws: Workspace) -> list[Act]:
    acts = declared.acts_of(partial(origin.read_here, ws.root))
    notifies = any(act.notifies for act in acts)
    return [act for act in acts if notifies or act.place != STAFF]


def queued_elsewhere(ws: Workspace) -> list[Act]:
    """The messages that stand queued on the timeline, were not queued here and are not approved."""
    known = ws.sent_list()
    approved = _known(ws).get("approved", {})
    jobs = jobs_of(ws.timeline.job_events()).values()
    waiting = [job for job in jobs if job.is_outgoing and job.state in OPEN]
    acts = [message_act(job, known) for job in waiting if not known.lets(job.key, job.facts)]
    return [act for act in acts if act.digest not in approved]


def approve(ws: Workspace, acts: Iterable[Act]) -> None:
    """Let these acts happen from now on, for this user, in this folder, as they are written today."""
    chosen = list(acts)
    _remember(ws, chosen, {act.digest for act in chosen})


def revoke(ws: Workspace) -> int:
    """Take back all that was approved in this folder, by hand or by word; how many acts that were."""
    acts = _declared(ws)
    with trust.changed(PART) as folders:
        folders.pop(_folder(ws), None)
    _remember(ws, acts, ())
    return len(acts)


def approved_as_of() -> tuple[int, ...]:
    """By what one can see that something was approved or taken back since."""
    return trust.state()


def _remember(ws: Workspace, acts: Iterable[Act], approved: Collection[str]) -> None:
    with trust.changed(PART) as folders:
        known: dict[str, Any] = folders.setdefault(_folder(ws), {})
        yes, no = known.setdefault("approved", {}), known.setdefault("foreign", {})
        for act in acts:
            is_new = act.declared not in known.get("declared", ())
            for digest in (act.digest, act.declared):
                no.pop(digest, None)
            if act.digest in approved:
                yes[act.digest] = act.name
            else:  # of a known declaration only the new text is somebody else's
                no[act.declared if is_new else act.digest] = act.name
        chosen = [act for act in acts if act.digest in approved]
        texts = [text for act in chosen for text in act.texts.values()]
        for name, seen in (("declared", [act.declared for act in chosen]), ("texts", texts)):
            known[name] = list(dict.fromkeys([*known.get(name, ()), *seen]))[-_KEPT:]
        for name in ("approved", "foreign"):
            known[name] = dict(list(known[name].items())[-_KEPT:])


def _known(ws: Workspace) -> dict[str, Any]:
    """What was approved and seen in this folder before; anything else in its place counts as nothing."""
    known = trust.read(PART).get(_folder(ws), {})
    return known if isinstance(known, dict) else {}


def _folder(ws: Workspace) -> str:
    return os.path.realpath(ws.root)


class Gate:
    """What may leave, as the timeline and the configuration are at one moment. `held` collects what did
    not, and the reason, for one line."""

    def __init__(self, ws: Workspace, held: dict[str, Act] | None = None) -> None:
        self.ws = ws
        self.held: dict[str, Act] = {} if held is None else held
        self.pause = ""
        self.missing: dict[str, None] = {}
        """What messages wait for because a channel is not set up."""
        self.limits: dict[str, str] = {}
        """The limits of channels that are reached, each with the line that tells how much waits."""
        try:
            gone = unrecorded(self.ws)
            self.pause = words(self.ws, gone) if gone else ""
        except InvalidData as damaged:
            told = damaged.message, tr(damaged.hint)
            self.pause = tr("{}; nothing is sent until it is fixed ({})", *told)

    def why_not(self, place: str, act: Robot | Schedule) -> str:
        """Why a robot or schedule must not act now, "" if it may."""
        if not leaves(act.do):
            return ""
        if self.pause:
            return tr(PAUSED)
        if place not in self._places:
            return tr(WAITS)  # it came in this moment; the next pass looks at it
        to_staff = act.do in ACTIONS and ACTIONS[act.do].to_staff
        return self._waiting(place, *([STAFF] if to_staff else []))

    def why_not_step(self, plan: RecordPlan, step: Step) -> str:
        """Why a robot must not act for a record now, "" if it may."""
        place = declared.place_of(*plan.owner_of(step), step.robot.id)
        return self.why_not(place, step.robot)

    def why_not_message(self, job: Job) -> str:
        """Why a queued message must not leave now, "" if it may."""
        if self.pause:
            return tr(PAUSED)
        if leaves(job.action) and not self._sent.lets(job.key, job.facts):
            act = message_act(job, self._sent)
            if act.digest not in self._approved_messages:
                return self._hold(act)
        channel = channel_of(job.action)
        if missing := self.why_not_set_up(channel):
            return missing
        places = sender_class(channel).places(job.facts, self.ws.settings)
        if any(place not in self._places for place in places):
            return tr("no robot of pipelines.yaml runs it any more")
        return self._waiting(declared.place_of("channels", channel), *places)

    def why_not_set_up(self, channel: str) -> str:
        """What a channel lacks, so that its messages wait; "" if it is set up."""
        missing = sender_class(channel).missing(self.ws.root, self.ws.settings)
        self.missing |= {missing: None} if missing else {}
        return missing

    def why_not_channel(self, name: str) -> str:
        """Why what the settings of a channel let happen must not happen now, "" if it may."""
        return self._waiting(declared.place_of("channels", name))

    def why_not_staff(self) -> str:
        """Why our own people must not be told of anything now, "" if they may."""
        return tr(PAUSED) if self.pause else self._waiting(STAFF)

    def _waiting(self, *places: str) -> str:
        unapproved = (act for place in places if (act := self._places.get(place)))
        act = next(unapproved, None)
        return self._hold(act) if act else ""

    def _hold(self, act: Act) -> str:
        self.held[act.place] = act
        return tr(WAITS)

    @cached_property
    def _places(self) -> dict[str, Act | None]:
        """The act of each place where one is declared, if nobody has approved it."""
        found = approval(self.ws)
        places: dict[str, Act | None] = {act.place: None for act in found.acts}
        return places | {act.place: act for act in found.unapproved}

    @cached_property
    def _sent(self) -> SentList:
        return self.ws.sent_list()

    @cached_property
    def _approved_messages(self) -> Collection[str]:
        found: Collection[str] = _known(self.ws).get("approved", {})
        return found

    def news(self) -> list[str]:
        """What a person should know of what is held, if it was not said before."""
        lines = [*([self.pause] if self.pause else []), *self.missing, *self.limits]
        if self.held:
            lines.append(f"{in_words(list(self.held.values()))} ({tr(ASK)})")
        told = _known(self.ws).get("told", [])
        if lines == told:
            return []
        try:
            with trust.changed(PART) as folders:
                folders.setdefault(_folder(self.ws), {})["told"] = lines
        except CrmError as error:
            lines = [*lines, error.message]
        return [self.limits.get(line, line) for line in lines if line not in told]


def in_words(acts: Sequence[Act]) -> str:
    """Some of the acts that wait, and the reason."""
    few = [str(act) for act in acts[:_FEW]]
    more = len(acts) - len(few)
    listed = "; ".join(few) + (tr("; and {} more", more) if more else "")
    return tr("not run because it came from elsewhere: {}", listed)
