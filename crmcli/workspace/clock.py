"""What time it is for a workspace, and the times at which its events really were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from crmcli.model.clocks import STEPPED, ClockStep, believed, in_order, in_right_time
from crmcli.model.event import Event
from crmcli.model.settings import Settings
from crmcli.store.safety import locks
from crmcli.workspace.entitled import Entitled


class Clock(Entitled):
    """A folder at a time: `now`, in the time zone of the workspace."""

    def __init__(
        self, root: Path, settings: Settings, user: str, now: datetime | None, clone: str
    ) -> None:
        super().__init__(root, settings, user)
        self._clone = clone
        self.zone = ZoneInfo(settings.time_zone)
        self.fixed_now = now
        self.now = now or datetime.now(UTC).replace(microsecond=0)

    @cached_property
    def clone(self) -> str:
        """This clone's own name on the timeline."""
        return self._clone or locks.admit(self.root, any_disk=self.settings.any_disk)

    @property
    def today(self) -> date:
        """The day that it is in the time zone of the workspace."""
        return self.now.astimezone(self.zone).date()

    def look_again(self) -> None:
        """Let the next read look at the folder again."""
        super().look_again()
        self.__dict__.pop("clock_events", None)

    @cached_property
    def clock_events(self) -> list[Event]:
        """The events that tell of a clock that was set, oldest first."""
        return self.events(kinds=(STEPPED,))

    @property
    def clock_steps(self) -> tuple[ClockStep, ...]:
        """The times that the clock was set, as far as they hold now."""
        events = self.clock_events
        return believed(events, self.clone, self.now) if events else ()

    def in_right_time(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events, oldest first, at the times at which they really were, without void verdicts."""
        return in_right_time(events, self.clock_steps)

    def in_order(self, events: Sequence[Event]) -> Sequence[Event]:
        """The same for who shows or measures the past: all of them, of each record in their order."""
        return in_order(events, self.clock_steps, self.now)

    def read_clock(self) -> None:
        """Let time go on, for a run that lasts; CRM_NOW stands still."""
        self.set_clock(self.fixed_now or datetime.now(UTC).replace(microsecond=0))

    def set_clock(self, now: datetime) -> None:
        """Let it be another time, for all that is read and judged by it."""
        for name in ("env", "inputs"):
            self.__dict__.pop(name, None)
        self.now = now
