"""The opened folder: settings, pipelines, records, clock and acting user, handed round as one object."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crmcli import language
from crmcli.errors import InvalidData, NotFound
from crmcli.model.clocks import STEPPED, ClockStep, believed, in_order, in_right_time
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.settings import Settings
from crmcli.store import layout
from crmcli.store.config import settings as config
from crmcli.store.disk import file_systems, files
from crmcli.store.records.repository import Author, Change, open_change, recover_if_needed
from crmcli.store.safety import locks, state, trust
from crmcli.workspace.configured import Configured, UnknownStage

if TYPE_CHECKING:
    from crmcli.model.conditions.where import Condition, Env
    from crmcli.model.inputs import InputContext


__all__ = ["UnknownStage", "Workspace"]


class Workspace(Configured):
    """A workspace opened as a user. Reads see one committed state; writes go through `change`."""

    def __init__(
        self, root: Path, settings: Settings, user: str, now: datetime | None, *, dry_run: bool
    ) -> None:
        super().__init__(root, settings, user)
        self.dry_run = dry_run
        self.zone = ZoneInfo(settings.time_zone)
        self.fixed_now = now
        self.now = now or datetime.now(UTC).replace(microsecond=0)
        self.call = ""
        """The command line as a commit tells it, "" where verbs are called without one."""
        self.has_changed = False
        self.is_settled = False
        """Whether no change is under way: what fails after the last one is only the telling."""
        self._in_series = False

    @classmethod
    def open(
        cls,
        start: Path | None = None,
        user: str = "",
        now: datetime | None = None,
        *,
        dry_run: bool = False,
        inspecting: bool = False,
    ) -> Workspace:
        """Open the workspace at `start`, or the one around the current folder.

        Raises NotFound where there is none, InvalidData where its settings are wrong, ForeignState
        where its state is not this machine's, unless somebody is `inspecting` just that. What a
        killed command had committed is finished first. The folder of another user is only read.
        """
        root = layout.find_root(start or Path())
        if (root / "access.yaml").exists():
            raise InvalidData(
                "access.yaml: rights are not built yet, and will not be ignored",
                "remove access.yaml; users stand in settings.yaml",
            )
        files.refuse_links(root, layout.FOLDERS)
        settings = config.load_settings(root)
        language.prefer(settings.language)
        workspace = cls(root, settings, user or _only_user(settings), now, dry_run=dry_run)
        if user:
            workspace.user = workspace.user_id(user)
        workspace._look_whose(inspecting=inspecting)
        if not workspace.only_reads:
            workspace.notes += recover_if_needed(root, "recover", any_disk=settings.any_disk)
        return workspace

    def _look_whose(self, *, inspecting: bool) -> None:
        """Only read where the folder is another user's, or its state another machine's."""
        if trust.is_stranger(self.root):
            self.only_reads = True
            self.notes.append("{}; {}".format(*trust.only_read(self.root)))
            return
        self.only_reads = bool(state.why_foreign(self.root))
        if self.only_reads and not inspecting and not self._stands_far_off():
            state.refuse_foreign(self.root)

    def _stands_far_off(self) -> bool:
        """Whether another machine shares its disk with us, on which only that one writes: the state that
        stands there is its own, and reading needs none."""
        any_disk = self.settings.any_disk
        return not file_systems.is_forced(any_disk=any_disk) and bool(
            file_systems.untrusted_kind(self.root)
        )

    # --- configuration -------------------------------------------------------------------------

    @cached_property
    def clone(self) -> str:
        """This clone's own name on the timeline."""
        return locks.admit(self.root, any_disk=self.settings.any_disk)

    @cached_property
    def inputs(self) -> InputContext:
        """What is needed to read values as people write them."""
        from crmcli.model.inputs import InputContext

        return InputContext(
            now=self.now,
            zone=self.zone,
            country=self.settings.phone_country,
            directories=self.settings.directories,
            users=self.settings.users,
            closes=self.settings.calendar.closes,
        )

    @cached_property
    def env(self) -> Env:
        """What conditions are evaluated against."""
        from crmcli.model.conditions.where import Env

        return Env(
            now=self.now,
            zone=self.zone,
            schema=self.schema,
            follow=self._follow,
            country=self.settings.phone_country,
        )

    def _follow(self, record_id: str) -> Record | None:
        try:
            return self.get(record_id)
        except (NotFound, InvalidData):
            return None  # a dangling link has no fields; `crm check` reports it

    # --- reading -------------------------------------------------------------------------------

    def look_again(self) -> None:
        """Let the next read look at the folder again."""
        super().look_again()
        self.__dict__.pop("clock_events", None)

    @cached_property
    def clock_events(self) -> list[Event]:
        """The events that tell of a clock that was set, oldest first."""
        return self.history.events(kinds=(STEPPED,))

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
        for name in ("env", "inputs"):
            self.__dict__.pop(name, None)
        self.now = self.fixed_now or datetime.now(UTC).replace(microsecond=0)

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Record]:
        """The records that fit a condition, in order; unreadable files are left to `problems`.

        Of many, each is taken apart when it is asked for: go through them once.
        """
        rows = self.index.select(entity, condition, self.env, order, limit)
        return rows.read_as(partial(self.schema.read, entity))

    def count(self, entity: str, condition: Condition | None = None) -> int:
        """How many records fit a condition."""
        return self.index.count(entity, condition, self.env)

    # --- writing -------------------------------------------------------------------------------

    def new_id(self, entity: str) -> str:
        """An id that nobody has, here or (as good as surely) in any other clone."""
        while True:
            record_id = layout.new_id(entity)
            if not self.exists(record_id):
                return record_id

    @contextmanager
    def change(
        self,
        command: str,
        *,
        actor: str = "",
        cause: str = "",
        depth: int = 0,
        is_one_of_many: bool = False,
    ) -> Iterator[Change]:
        """A unit of work: all of it is written when the block ends, nothing if it raises.

        The index learns of one of many when something is read of it next.
        """
        self.is_settled = False
        call = "" if self.settings.commit == "never" else self.call or f"crm {command}"
        author = Author(actor or self.user or "me", command, self.now, cause, depth, call)
        with (
            open_change(
                self.root,
                self.schema,
                self.clone,
                author,
                self.robots_of,
                self.newest_id,
                dry_run=self.dry_run,
                any_disk=self.settings.any_disk,
            ) as change,
            self._held(),
        ):
            yield change
        if change.warning:
            self.notes.append(change.warning)
        self.is_settled = not self._in_series
        if change.touched and not self.dry_run:
            self.has_changed = True
            self.know(change.events)
            self._reindex(change.touched, later=is_one_of_many)

    @contextmanager
    def series(self) -> Iterator[None]:
        """Changes that are one piece of work together: it is settled when the block ends."""
        outer, self._in_series = self._in_series, True
        self.is_settled = False
        try:
            yield
        finally:
            self._in_series = outer
        self.is_settled = not outer


def _only_user(settings: Settings) -> str:
    """Who acts where nobody was named: the only user, or else the login name."""
    if len(settings.users) == 1:
        return next(iter(settings.users))
    login = _login_name()
    return login if login in settings.users or not settings.users else ""


def _login_name() -> str:
    """The name in the environment, which cron and ssh set, or else the system's for this process."""
    login = os.environ.get("LOGNAME") or os.environ.get("USER")
    if login:
        return login
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""  # a process of a number that has no name, as in some containers
