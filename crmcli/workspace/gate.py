"""What a change asks before it is written: may this user do that, with this record, this file?"""

from __future__ import annotations

from collections.abc import Callable

from crmcli.dataclass import dataclass
from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model import access
from crmcli.model.access import Rights
from crmcli.model.conditions.tree import And, Condition
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.merged import MERGED_INTO, survivor_of
from crmcli.model.schema import Schema
from crmcli.model.values import entity_of, fold
from crmcli.store import layout
from crmcli.workspace.trail import Trail

MOVED = ("stage", "pipeline", "lost_reason", "probability")
"""The fields that a move changes by itself."""
UNDO = "undo"
"""The command that takes back what its user did: that needs no right to remove what one has added."""
REFUSED = {
    access.READ: "you may not see {}",
    access.ADD: "you may not add {}",
    access.EDIT: "you may not change {}",
    access.MOVE: "you may not move {}",
    access.CONVERT: "you may not convert {}",
    access.DELETE: "you may not remove {}",
    access.EXPORT: "you may not export {}",
    access.IMPORT: "you may not import {}",
    access.MERGE: "you may not merge {}",
}
_OF_ROBOTS = (layout.PIPELINES, "templates/", f"{layout.PROGRAMS}/", f"{layout.HOOKS_FOLDER}/")
_REJOINS = (" merge", " unmerge", " rm")
"""The commands that point the links of other records elsewhere."""
_GOES_ALONG = frozenset({"about"})
"""What turns by itself in what is planned about a record that is converted, whosever it is."""
_ANYBODY_S = (layout.VIEWS, layout.BLOCKLIST)


@dataclass(frozen=True)
class Gate:
    """Asks for one user, in one command. `sees` is whether a record is among those that the user sees."""

    rights: Rights
    schema: Schema
    command: str
    sees: Callable[[str], bool]
    trail: Trail | None = None

    def added(self, record: Record) -> None:
        """Forbidden if the user may not add such a record."""
        is_import = self.command.startswith("import")
        self._ask(access.IMPORT if is_import else access.ADD, record)

    def saved(self, before: Record | None, old: Record, new: Record) -> Record:
        """The record as it may be written, with what is hidden left as it is; Forbidden if the user may
        not make that of what stands on disk (None: it is as new as the change)."""
        if self.trail is not None:
            self.trail.touched(old, new, self.schema, is_undo=self.command == UNDO)
        changes = {*self.schema.differences(old, new)}
        new = self._with_hidden(old, new, changes)
        if before is not None:
            self._ask_for(
                new if survivor_of(before) else before, changes
            )  # a tombstone is nobody's
        kept = {name for noun, name in self.rights.unchangeable if noun == new.entity}
        if touched := sorted(changes & kept):
            label = self.schema.field(new.entity, touched[0]).label
            raise Forbidden(
                tr("you may not change {!r} of a {}", tr(label), tr(new.entity)), _ask_who()
            )
        return new

    def _with_hidden(self, old: Record, new: Record, changes: set[str]) -> Record:
        """What is not seen cannot be changed: it comes back empty, and stays."""
        hidden = [n for n in changes if (new.entity, n) in self.rights.hidden and not new.get(n)]
        if not hidden:
            return new
        changes.difference_update(hidden)
        was = self.schema.write(old)
        raw = {**self.schema.write(new), **{name: was[name] for name in hidden}}
        return self.schema.read(new.entity, raw)

    def _ask_for(self, before: Record, changes: set[str]) -> None:
        if self.command.endswith(_REJOINS) and all(
            self._is_link(before.entity, name) for name in changes
        ):
            return  # what others have of a record that went into another goes with it
        if self.command.endswith("convert") and changes <= _GOES_ALONG:
            return
        if MERGED_INTO in changes:
            for verb in (access.MERGE, access.EDIT):
                self._ask(verb, before)
        elif "converted" in changes:
            self._ask(access.CONVERT, before)
        else:
            if changes & {"stage", "pipeline"}:
                self._ask(access.MOVE, before)
                changes = changes.difference(MOVED)
            if any(self._is_of_people(before.entity, name) for name in changes):
                self._ask(access.EDIT, before)

    def _is_link(self, entity: str, name: str) -> bool:
        field = self.schema.named(entity, name)
        return field is not None and field.kind.is_linking

    def _is_of_people(self, entity: str, name: str) -> bool:
        """Whether people change a field, not what crm itself keeps."""
        field = self.schema.named(entity, name)
        return field is None or not field.system or name == "files"

    def removed(self, record: Record, made_here: bool) -> None:
        """Forbidden if the user may not remove it."""
        if not made_here:
            self._ask(access.ADD if self.command == UNDO else access.DELETE, record)
            if self.trail is not None and self.command != UNDO:
                self.trail.removed(record, self.schema)

    def told(self, record_id: str) -> None:
        """Forbidden if the user may not add to the timeline of a record."""
        entity = entity_of(record_id)
        if not entity:
            return
        verbs = (access.ADD, access.EDIT, access.MOVE, access.IMPORT)
        if not any(self.rights.may_any(entity, verb) for verb in verbs):
            raise self._refusal(access.EDIT, entity)

    def rewritten(self, path: str) -> None:
        """Forbidden if the user may not write a file that is no record."""
        if path in _ANYBODY_S or path.startswith(f"{layout.AUDIENCES}/"):
            return
        power = access.ROBOTS if path.startswith(_OF_ROBOTS) else access.SETTINGS
        if not self.rights.has(power):
            raise Forbidden(tr("you may not change {}", path), _ask_who())

    def within(self, verb: str, entity: str, condition: Condition | None) -> Condition:
        """The condition, and that the user may do that with a record; Forbidden if with none at all."""
        if not self.rights.may_any(entity, verb):
            raise self._refusal(verb, entity)
        node = self.rights.node(entity, verb)
        if condition is None:
            return Condition("", node)
        return Condition(condition.text, And((condition.tree, node)))

    def _ask(self, verb: str, record: Record) -> None:
        if not self.rights.may_with(verb, record):
            is_own = fold(str(getattr(record, "owner", ""))) == fold(self.rights.user)
            raise self._refusal(verb, record.entity, record.id, is_own=is_own)

    def _refusal(
        self, verb: str, entity: str, record_id: str = "", *, is_own: bool = False
    ) -> Forbidden:
        is_for_some = self.rights.may_any(entity, verb)
        is_one = is_for_some and verb not in (access.ADD, access.IMPORT) and self.sees(record_id)
        said = tr(REFUSED[verb], record_id if is_one else tr(ENTITIES[entity].plural))
        if is_for_some:
            why = "{} where it stands now" if is_own else "{}: it is not yours"
            said = tr(why if is_one else "{} for others", said)
        hint = tr(
            "crm can {} {} {} --why says why",
            self.rights.user,
            verb,
            record_id if is_one else entity,
        )
        return Forbidden(said, hint)


def _ask_who() -> str:
    return tr("ask an administrator; crm user list names them")
