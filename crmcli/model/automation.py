"""Robots, triggers and schedules as pipelines.yaml declares them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.actions import ACTIONS, moves_to
from crmcli.model.conditions.tree import Condition
from crmcli.model.durations import Duration
from crmcli.model.rule_digest import rule_digest
from crmcli.model.split import Split


@dataclass(frozen=True, slots=True)
class Timing:
    """When a robot acts; none of `after`, `at`, `before`, `time` means at once.

    `after` counts from entering the stage, with `wait_previous` from the end of the robot above, or with
    `at` from the date there. `at`/`before` name a date or instant field, of a linked record by a path;
    `time` is HH:MM in the workspace's zone. `every` is the unit by which the date comes back, as `y`.
    `if_past` is "run" or "skip"; `max_late` turns a later run into a missed one.
    """

    after: Duration | None = None
    at: str = ""
    before: str = ""
    by: Duration | None = None
    time: str = ""
    every: str = ""
    workdays: bool = False
    wait_previous: bool = False
    if_past: str = "run"
    max_late: Duration | None = None

    @property
    def field(self) -> str:
        """The field or path of the date on which the time hangs; "" if it hangs on none."""
        return self.at or self.before

    def __str__(self) -> str:
        """The time in words: `2d after the robot above`, `3d before close_by at 10:00`."""
        above = tr("the robot above")
        words = self._of_field() if self.field else self._of_stage(above)
        words += tr(" at {}", self.time) if self.time else ""
        words += tr(", again every {}", self.every) if self.every else ""
        words += tr(", not before {}", above) if self.field and self.wait_previous else ""
        return tr("{}, in working time", words) if self.workdays else words

    def _of_field(self) -> str:
        if self.before:
            return tr("{} before {}", self.by.words if self.by else "", self.before)
        return tr("{} after {}", self.after.words, self.at) if self.after else tr("on {}", self.at)

    def _of_stage(self, above: str) -> str:
        if self.after and self.after.count:
            words = self.after.words
            return tr("{} after {}", words, above) if self.wait_previous else tr("after {}", words)
        if self.wait_previous:
            return tr("right after {}", above)
        return tr("next") if self.time else tr("at once")


@dataclass(frozen=True, slots=True)
class Exit:
    """A condition at which a chain of robots ends: a goal that is reached, or what makes the rest
    pointless. A goal may go on at a robot further down the chain."""

    when: Condition
    go_to: str = ""
    is_goal: bool = False

    def __str__(self) -> str:
        said = "goal met: {}" if self.is_goal else "the chain ends: {}"
        told = tr(said, self.when)
        return tr("{}; on with {}", told, self.go_to) if self.go_to else told


@dataclass(frozen=True)
class Robot:
    """One thing done for a record that stands in the robot's stage."""

    id: str
    do: str
    params: Mapping[str, Any]
    when: Condition | None = None
    timing: Timing = field(default_factory=Timing)
    exits: tuple[Exit, ...] = ()
    """What ends the chain from here on; asked before this robot and each one below it."""
    once: str = "visit"  # visit | record | ever: for the client, over all its records of that kind
    again: str | Duration = ""
    """Whether it acts more than once there: never, on_event, or after so long; "" is as its kind is."""
    split: Split | None = None
    absent: str = ""  # wait | reassign | drop: while the owner of the record is not there
    on_error: str = "stop"  # stop | continue: whether a dead job ends the chain
    enabled: bool = True
    on: str = ""
    """The event that starts it, each time, while the record stands in the stage; "" for entering that."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int = 0
    fault: str = ""
    """What is wrong with it, where a tick goes on without it."""

    @property
    def acts(self) -> str:
        """When it acts, in words: what starts it, and how long after that."""
        if not self.on:
            return str(self.timing)
        told = (f"{name}: {', '.join(words)}" for name, words in self.filters.items())
        event = tr("by {}", " ".join((self.on, *told)))
        return event if self.timing == Timing() else f"{event}, {self.timing}"

    @cached_property
    def digest(self) -> str:
        """The hash of the rule, by which a job knows the form that planned it."""
        return rule_digest(self)

    @property
    def moves_to(self) -> str:
        """The stage to which it moves the record; "" if to none."""
        return moves_to(self.do, self.params)

    def raises(self, rule: Robot | Trigger) -> bool:
        """Whether what it does causes the event for which another rule waits."""
        if not self.enabled or self.do not in ACTIONS or rule.on not in ACTIONS[self.do].raises:
            return False
        watched = ("owner",) if rule.on == "owner.changed" else rule.filters.get("fields", ())
        sets = self.params if ACTIONS[self.do].sets_fields else ()
        return not (watched and sets) or not set(watched).isdisjoint(sets)

    @property
    def is_at_once(self) -> bool:
        """Whether it acts on every record as soon as that enters the stage."""
        timing = self.timing
        waits = (timing.after and timing.after.count) or timing.field or timing.time or self.on
        return self.when is None and not waits

    @property
    def repeats(self) -> Duration | None:
        """How long after it has acted it does so again, while its record stays where it is."""
        is_own = self.once == "visit" and not self.on and not self.timing.field
        return self.again if is_own and isinstance(self.again, Duration) else None

    def reads(self, names: Collection[str]) -> bool:
        """Whether its conditions or its parameters have one of these names, wherever it stands."""
        return not set(re.findall(r"\w+", f"{self.when} {self.params} {self.exits}")).isdisjoint(
            names
        )


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that moves a record to the stage in which the trigger stands.

    `on` is one of EVENTS or a signal's code; `filters` narrow it. `choose` says which of several open deals
    of a client: latest, all, or ask.
    """

    on: str
    when: Condition | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    back: bool = False
    on_closed: bool = False
    choose: str = "latest"
    line: int = 0
    fault: str = ""
    """What is wrong with it, where a tick goes on without it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something done by the clock for the records of a pipeline that fit a condition.

    `once` runs the action one time for the whole selection (a template sees `records`).
    `catch_up` is one, all or none of the slots that an outage missed.
    """

    id: str
    cron: str
    do: str
    params: Mapping[str, Any]
    where: Condition | None = None
    once: bool = False
    catch_up: str = "one"
    max_late: Duration | None = None
    line: int = 0
    fault: str = ""
    """What is wrong with it, where a tick goes on without it."""
