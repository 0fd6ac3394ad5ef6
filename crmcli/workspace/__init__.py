"""The opened folder: settings, pipelines, records, clock and acting user, handed round as one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crmcli import language
from crmcli.model.entities import having
from crmcli.model.settings import Settings
from crmcli.store import layout
from crmcli.store.config import settings as config
from crmcli.store.disk import file_systems, files
from crmcli.store.disk.unfinished import needs_recovery
from crmcli.store.records.stored import FileDamaged, RecordMerged, RecordRemoved
from crmcli.store.safety import locks, state, trust
from crmcli.workspace.acting import Acting, NobodyActs, check_acts_as, found
from crmcli.workspace.approving import follow_rights
from crmcli.workspace.configured import UnknownStage
from crmcli.workspace.reads import Reads
from crmcli.workspace.references import References

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.sql_views import Answer, Cell, Filling, View
    from crmcli.store.disk.transaction import FileChanged
    from crmcli.store.index import Published
    from crmcli.store.records.author import Author
    from crmcli.store.records.change import Change
    from crmcli.workspace.gate import Gate

__all__ = [
    "Change",
    "FileChanged",
    "FileDamaged",
    "RecordMerged",
    "RecordRemoved",
    "UnknownStage",
    "Workspace",
]


_WRITING = {
    "Change": "crmcli.store.records.change",
    "FileChanged": "crmcli.store.disk.transaction",
}


def __getattr__(name: str) -> Any:
    """What writes is imported where it is first named: who only reads does not wait for it."""
    if name not in _WRITING:
        raise AttributeError(name)
    return getattr(import_module(_WRITING[name]), name)


class Hooks(Protocol):
    """Who is asked before a change is written, and told of it afterwards."""

    def before(self, change: Change) -> None:
        """Raise what refuses it; called under the lock."""

    def committed(self) -> None:
        """It is written."""

    def after(self) -> None:
        """All that belongs together is written, and the lock is free."""


class Workspace(References):
    """A workspace opened as a user. Reads see one committed state; writes go through `change`."""

    dry_run = False
    call = ""
    """The command line as a commit tells it, "" where verbs are called without one."""
    has_changed = False
    is_settled = False
    """Whether no change is under way: what fails after the last one is only the telling."""
    hooks: Hooks | None = None
    acting = Acting()
    """Who acts, and what says so."""
    gate: Sequence[str] = ()
    """The command by which its user came through the gate, for what starts another one."""
    reporter: Callable[..., Any] | None = None
    """What puts reports into words and pictures for letters, given by the door: rooms above make them."""
    _in_series = False

    @classmethod
    def open(
        cls,
        start: Path | None = None,
        user: str = "",
        now: datetime | None = None,
        *,
        otherwise: str = "",
        asks_who: bool = False,
        of_house: bool = False,
        for_all: bool = False,
        clone: str = "",
        dry_run: bool = False,
        inspecting: bool = False,
        gate: Sequence[str] = (),
    ) -> Workspace:
        """Open the workspace at `start`, or the one around the current folder.

        Raises NotFound where there is none, InvalidData where its settings are wrong, ForeignState
        where its state is not this machine's, unless somebody is `inspecting` just that. What a
        killed command had committed is finished first. The folder of another user is only read.
        `clone` is under which name it writes on the timeline, if not that of this machine. `otherwise` is
        who acts if `user` does not say it. A door for people `asks_who`: the answer of `crm login` counts,
        who acts as `user` needs the right to do so, and where several work nobody in particular changes
        nothing. `of_house` is what needs nobody in particular; a server goes on `for_all`, whoever began it.
        By the `gate` only the rights count that an administrator approved.
        """
        root = layout.find_root(start or Path())
        for path in layout.FOLDERS:
            files.inside(root, path)
        settings = config.load_settings(root)
        language.prefer(settings.language)
        acting = found(root, settings, user, otherwise, asks=asks_who)
        workspace = cls(root, settings, acting.user, now, clone)
        workspace.acting, workspace.dry_run = acting, dry_run
        workspace.is_house = for_all or not (asks_who or acting.user)
        workspace.gate, workspace.is_gated = gate, bool(gate)
        if not for_all and (acting.user or not of_house):
            workspace.take_rights()
        if workspace.rights is not None:
            check_acts_as(workspace.rights, acting)
        workspace._look_whose(inspecting=inspecting)
        if not workspace.only_reads and needs_recovery(root):
            from crmcli.store.safety.interrupted import finish_interrupted

            workspace.notes += finish_interrupted(root, "recover", any_disk=settings.any_disk)
        return workspace

    @property
    def why_foreign(self) -> str:
        """Why the state in the folder is not this machine's; "" if it is."""
        return state.why_foreign(self.root)

    def _look_whose(self, *, inspecting: bool) -> None:
        """Only read where the folder is another user's, or its state another machine's."""
        if trust.is_stranger(self.root):
            self.only_reads = True
            self.notes.append("{}; {}".format(*trust.only_read(self.root)))
            return
        self.only_reads = bool(self.why_foreign)
        if self.only_reads and not inspecting and not self.stands_far_off():
            state.refuse_foreign(self.root)

    def stands_far_off(self) -> bool:
        """Whether another machine shares its disk with us, on which only that one writes: the state that
        stands there is its own, and reading needs none."""
        any_disk = self.settings.any_disk
        return not file_systems.is_forced(any_disk=any_disk) and bool(
            file_systems.untrusted_kind(self.root)
        )

    # --- questions in SQL ----------------------------------------------------------------------

    def sql(
        self,
        text: str,
        parameters: Mapping[str, Cell] | None = None,
        more: Filling | None = None,
        seconds: float = 60,
    ) -> Answer:
        """What a query finds in the views that this user may export; see `workspace.sql`."""
        from crmcli.workspace import sql

        return sql.answer(self, text, parameters or {}, more or {}, seconds)

    @property
    def sql_views(self) -> Mapping[str, View]:
        """The views that a query may read, by name."""
        return self._index_as_left.views

    @property
    def published(self) -> Published:
        """What answers questions in SQL, whoever asks them: they come by `sql`."""
        return self._index

    # --- writing -------------------------------------------------------------------------------

    def new_id(self, entity: str) -> str:
        """An id that nobody has, here or (as good as surely) in any other clone."""
        while True:
            record_id = layout.new_id(entity)
            if not self.is_taken(record_id):
                return record_id

    @property
    def house(self) -> Reads:
        """The folder as it is, whoever asks: for what crm itself must know (which number is the next, whose
        turn it is), and never for anything that is shown."""
        return self._house if self.rights is not None else self

    def look_again(self) -> None:
        """Let the next read look at the folder again."""
        super().look_again()
        self.__dict__.pop("_house", None)

    @cached_property
    def _house(self) -> Reads:
        other = Reads(self.root, self.settings, self.user, self.now, self.clone)
        other._writing = self._writing
        return other

    def under(self, settings: Settings) -> Reads:
        """The folder as it is read by other settings, at this moment of an open change."""
        other = Reads(self.root, settings, self.user, self.now, self.clone)
        other._writing, other.rights = self._writing, self.rights
        return other

    def again(self) -> Workspace:
        """The same folder opened once more, with the configuration of this one, whatever stands in its files
        now: for another thread."""
        other = Workspace(self.root, self.settings, self.user, self.fixed_now, self.clone)
        read: dict[str, object] = {
            name: self.__dict__[name] for name in ("pipelines", "forms") if name in self.__dict__
        }
        other.__dict__.update(read)
        other.rights, other.is_house = self.rights, self.is_house
        other.gate, other.is_gated = self.gate, self.is_gated
        return other

    def seen_by(self, user: str) -> Workspace:
        """The same folder as another user reads it at this moment; Forbidden for whoever may do nothing."""
        other = self.again()
        other.user, other.rights, other.is_house = user, None, False
        other.now, other.only_reads = self.now, self.only_reads
        other.take_rights()
        return other

    def trial(self, command: str, actor: str = "", cause: str = "", depth: int = 0) -> Change:
        """A change that is never written and takes no lock: it sees its own records and those on disk.

        Every dry run is one.
        """
        from crmcli.store.records.author import Author

        author = Author(actor or self.actor, command, self.now, cause, depth)
        return self._opened("trial", author, str)

    def _opened(self, clone: str, author: Author, newest_id: Callable[[], str]) -> Change:
        from crmcli.store.records.change import Change

        guard = self._guard(author.command)
        robots = self.robots_of
        return Change(self.root, self.schema, clone, author, robots, newest_id, guard=guard)

    def within(self, verb: str, entity: str, condition: Condition | None) -> Condition | None:
        """A condition, narrowed to the records with which the user may do that; Forbidden if there can be
        none."""
        gate = self._guard("")
        return gate.within(verb, entity, condition) if gate else condition

    def _guard(self, command: str) -> Gate | None:
        """Whom a change asks whether the acting user may do that."""
        if self.rights is None:
            return None
        from crmcli.workspace.gate import Gate

        return Gate(self.rights, self.schema, command, self.is_seen, self.trail)

    @property
    def actor(self) -> str:
        """Who acts, as the timeline has it."""
        return self.user or "me"

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
        from crmcli.store.disk.recovery import recover
        from crmcli.store.records.author import Author

        if command.partition(" ")[0] in having("staged"):
            _ = self.pipelines  # read before the lock is taken: the others wait for it
        self.is_settled = False
        if not (actor or self.user or self.is_house) and len(self.settings.users) > 1:
            raise NobodyActs
        if self.dry_run:
            yield self.trial(command, actor, cause, depth)
            self.is_settled = not self._in_series
            return
        call = "" if self.settings.commit == "never" else self.call or f"crm {command}"
        author = Author(actor or self.actor, command, self.now, cause, depth, call)
        clone = self.clone
        with locks.exclusive(self.root, command, any_disk=self.settings.any_disk):
            recover(self.root)
            change = self._opened(clone, author, self.newest_id)
            with self._held():
                yield change
                if self.hooks:
                    self.hooks.before(change)
            warning = change.commit()
            if layout.ACCESS in change.rewritten or change.gate_rights is not None:
                self.notes += follow_rights(self.root, change)
        self.notes += [warning] if warning else []
        self.is_settled = not self._in_series
        if change.touched:
            self.has_changed = True
            self._newest = change.events[-1].id if change.events else self._newest
            self._reindex(change.touched, later=is_one_of_many)
        if self.hooks:
            self.hooks.committed()
            self._tell_hooks()

    def _tell_hooks(self) -> None:
        if self.hooks and not self._in_series:
            self.hooks.after()

    @contextmanager
    def series(self) -> Iterator[None]:
        """Changes that are one piece of work together: it is settled when the block ends."""
        outer, self._in_series = self._in_series, True
        self.is_settled = False
        try:
            yield
        finally:
            self._in_series = outer
            self._tell_hooks()
        self.is_settled = not outer
