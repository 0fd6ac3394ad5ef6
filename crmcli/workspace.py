"""The opened folder: settings, pipelines, records, clock and acting user, handed round as one object."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.model.clocks import STEPPED, ClockStep, believed, in_order, in_right_time
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import fold
from crmcli.store import config, disks, files, layout, locks, state, trust
from crmcli.store.reading import Folder
from crmcli.store.repository import Author, Change, open_change, recover_if_needed

if TYPE_CHECKING:
    from crmcli.model.inputs import InputContext
    from crmcli.model.pipeline import Pipeline, Pipelines, Stage
    from crmcli.model.view import View
    from crmcli.model.where import Condition, Env


class UnknownStage(InvalidData):
    """A record stands in a stage that pipelines.yaml does not declare."""


class Workspace(Folder):
    """A workspace opened as a user. Reads see one committed state; writes go through `change`."""

    def __init__(
        self, root: Path, settings: Settings, user: str, now: datetime | None, *, dry_run: bool
    ) -> None:
        super().__init__(root, settings)
        self.dry_run = dry_run
        self.zone = ZoneInfo(settings.time_zone)
        self.user = user
        self.fixed_now = now
        self.now = now or datetime.now(UTC).replace(microsecond=0)
        self.call = ""
        """The command line as a commit tells it, "" where verbs are called without one."""
        self.has_changed = False
        self.is_settled = False
        """Whether no change is under way: what fails after the last one is only the telling."""
        self.forgives_rules = False
        """Whether a fault of one robot, trigger or schedule is left to it, as by a tick."""
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
        return not disks.is_forced(any_disk=any_disk) and bool(disks.untrusted_kind(self.root))

    # --- configuration -------------------------------------------------------------------------

    @cached_property
    def pipelines(self) -> Pipelines:
        """The stages as pipelines.yaml declares them; InvalidData with every fault."""
        return config.load_pipelines(
            self.root, self.schema, self.settings, forgiving=self.forgives_rules
        )

    def forgive_rules(self) -> None:
        """From now on leave a fault of one robot, trigger or schedule to it, and go on with the others."""
        self.forgives_rules = True
        self.__dict__.pop("pipelines", None)

    def take_settings(self, settings: Settings) -> None:
        """Go on with other settings, which the file will say when a change is written."""
        self.settings = settings
        self.schema = Schema(settings.fields)
        for name in ("pipelines", "views", "inputs", "env"):
            self.__dict__.pop(name, None)
        self.look_again()

    @cached_property
    def views(self) -> Mapping[str, tuple[View, ...]]:
        """The saved views by entity, as views.yaml declares them; InvalidData with every fault."""
        from crmcli.store.views import load_views

        anybody = self.user or next(iter(self.settings.users), "")
        return load_views(self.root, self.schema, partial(self.condition, user=anybody))

    def view(self, entity: str, ref: str) -> View:
        """A saved view of an entity, by its id or its name; NotFound if there is none."""
        known = self.views.get(entity, ())
        for view in known:
            if fold(ref) in (view.id, fold(view.name)):
                return view
        names = ", ".join(view.id for view in known)
        hint = f"views of {entity}s: {names}" if names else "declare it in views.yaml"
        raise NotFound(f"there is no view {ref!r}", hint)

    @cached_property
    def clone(self) -> str:
        """This clone's own name on the timeline."""
        return locks.admit(self.root, any_disk=self.settings.any_disk)

    def user_id(self, ref: str) -> str:
        """A user's id by id, name or e-mail; as it is where settings.yaml names no users."""
        users = self.settings.users
        if not users or ref in users:
            return ref
        for user in users.values():
            if fold(ref) in (fold(user.name), fold(user.email)):
                return user.id
        raise BadUsage(f"there is no user {ref!r}", f"users: {', '.join(users)}")

    def pipeline_of(self, record: Record) -> Pipeline:
        """The pipeline in which a lead or deal stands; UnknownStage if it is not declared."""
        if record.entity == "lead":
            return self.pipelines.leads
        wanted = str(getattr(record, "pipeline", ""))
        pipeline = self.pipelines.find(wanted) if wanted else self.pipelines.deals[0]
        if pipeline is None or pipeline.entity != "deal":
            raise UnknownStage(
                f"{record.id} is in pipeline {wanted!r}, which pipelines.yaml does not declare",
                "declare it, or move the deal with --pipeline",
            )
        return pipeline

    def stage_of(self, record: Record) -> Stage:
        """The stage in which a lead or deal stands; UnknownStage if it is not declared."""
        pipeline = self.pipeline_of(record)
        stage = pipeline.stage(str(getattr(record, "stage", "")))
        if stage is None:
            raise UnknownStage(
                f"{record.id} stands in stage {getattr(record, 'stage', '')!r}, "
                f"which pipeline {pipeline.id!r} does not declare",
                f"move it to one of {', '.join(s.id for s in pipeline.stages)}",
            )
        return stage

    def robots_of(self, record: Record) -> list[str]:
        """The robots that are declared for the stage in which a record stands."""
        try:
            return [robot.id for robot in self.stage_of(record).robots]
        except UnknownStage:
            return []

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
        from crmcli.model.where import Env

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

    def condition(self, text: str, entity: str, user: str = "") -> Condition:
        """Parse and check a condition on an entity; stage, user and directory names become ids, and
        what is asked of a merged record is asked of its survivor too.

        `me` in it is `user`, the acting user if none is given.
        """
        from crmcli.model import where
        from crmcli.model.aliases import aliases

        condition = where.parse(text)
        where.check(condition, self.schema, entity)
        names = aliases(self.settings, self.pipelines, user or self.user)
        resolved = where.resolve(condition, self.schema, entity, names)
        return where.with_heirs(resolved, self.heir)

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

    def owner_name(self, owner: str) -> str:
        """How a user is called in print."""
        user = self.settings.users.get(owner)
        return user.name if user and user.name else owner


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
