"""What a command shows is kept before it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from crmcli.errors import CrmError, Refused
from crmcli.language import tr
from crmcli.model.access import EXPORT as MAY_EXPORT
from crmcli.model.access import Rights
from crmcli.model.audit import CANARY, CLI, COMMAND, EXPORT, REFUSED, REVEAL, Entry
from crmcli.model.entities import having
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.masking import CONTACTS, contact_keys
from crmcli.model.merged import survivor_of
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, entity_of
from crmcli.store.audit import canaries, journal, shown
from crmcli.store.audit.signing import Signing
from crmcli.workspace import withheld
from crmcli.workspace.budget import Budget, Masking, contacts_before

AnyRaw = TypeVar("AnyRaw", bound=Mapping[str, Raw])


class Place(Protocol):
    """The opened folder, as far as its audit goes."""

    root: Path
    settings: Settings
    user: str
    only_reads: bool
    fixed_now: datetime | None
    now: datetime
    zone: ZoneInfo
    rights: Rights | None
    notes: list[str]

    @property
    def clone(self) -> str:
        """This clone's own name."""


class ShownPlace(Place, withheld.Place, Protocol):
    """The same, of which a user is shown something."""


def _refusal_to_take(record_id: str) -> Refused:
    told = tr("phones and e-mails of {} are masked, and cannot be taken away", record_id)
    return Refused(told, f"crm reveal {record_id}")


def _reached(most: int) -> str:
    return tr(
        "today's number of clients ({}) is reached: phones and e-mails of others are masked until"
        " tomorrow; crm reveal REF shows one",
        most,
    )


class Trail:
    """What one command has shown of which records, for the audit.

    `give_out` comes before anything leaves the program. A command has one line; if it shows more
    records after that, another follows, which names the first as its cause. `by` is who acts in the place
    of the user, if somebody does.
    """

    def __init__(self, ws: ShownPlace, command: str, door: str = CLI, by: str = "") -> None:
        self._ws = ws
        self._of_all = {"door": door, "command": command, **({"by": by} if by else {})}
        self._told: set[str] = set()
        self._new: set[str] = set()
        self._first = ""
        self._exported: set[str] = set()
        self._budget = self._limited(ws)
        self._kept = ws.rights.hidden if ws.rights is not None else frozenset()
        closed = withheld.hiding(self._kept)
        self._closed = Budget(closed, withheld.Never(), str) if closed else None
        self._signing = Signing(ws.root, ws.user)
        self._alarmed: set[str] = set()
        self._named: set[str] = set()
        self._is_warned = False
        self.is_at_rest = False
        """Whether what is read now is for crm itself: the house's work, a look for duplicates."""

    def let_out(self, raw: AnyRaw) -> AnyRaw:
        """A raw record is handed out of the workspace; it is given back."""
        if self.is_at_rest:
            return raw
        record_id = str(raw["id"])
        entity = entity_of(record_id)
        if record_id not in self._told and entity not in self._exported:
            self._new.add(record_id)
        if entity in self._exported:
            self.alarm(record_id, "exported")
        if self._budget is not None and entity in self._budget.nouns:
            self._budget.meet(record_id, raw)
        return raw

    def _limited(self, ws: Place) -> Budget | None:
        """The number of clients for a day, of whom may not export; None where all is shown."""
        if ws.rights is None or ws.only_reads:
            return None
        nouns = [one for one in having("client") if not ws.rights.may_any(one, MAY_EXPORT)]
        if not nouns:
            return None
        day = ws.now.astimezone(ws.zone).date().isoformat()
        path = shown.path_of(ws.root, ws.user)
        most = ws.rights.access.budget
        return Budget(nouns, shown.Shown(path, day, most), self._hidden)

    def _hidden(self, record_ids: set[str]) -> None:
        if self._budget is not None and not self._is_warned:
            self._is_warned = True
            self._ws.notes.append(_reached(self._budget.most))
        for record_id in record_ids if self._canaries else ():
            self.alarm(record_id, "shown beyond the day's number")

    @cached_property
    def _canaries(self) -> Mapping[str, str]:
        return canaries.known(self._ws.root)

    def alarm(self, record_id: str, what: str) -> None:
        """Keep that a canary was touched, and leave word for crm tick."""
        if not self._canaries or canaries.digest(record_id) not in self._canaries:
            return
        if record_id not in self._alarmed:
            self._alarmed.add(record_id)
            self.keep(CANARY, record_id, what=what)
            facts = {"record": record_id, "user": self._ws.user, "what": what}
            canaries.touch(self._ws.root, facts, any_disk=self._ws.settings.any_disk)

    def touched(self, old: Record, new: Record, schema: Schema, *, is_undo: bool = False) -> None:
        """A record is changed, and may be shown with that; Refused where what is masked would be taken from a
        client, for in texts it would be nobody's then."""
        if self._budget is None or old.entity not in self._budget.nouns:
            return
        before, after = self.let_out(schema.write(old)), schema.write(new)
        if not (is_undo or survivor_of(old)):  # what comes back was its own
            self._check_carried(old.id, contact_keys(after) - contact_keys(before))
        self._budget.recall(old.id, after)
        if not (is_undo or survivor_of(new)):
            self._check_kept(old.id, before, after)

    def removed(self, record: Record, schema: Schema) -> None:
        """A record is removed: the same as if all were taken from it."""
        if self._budget is not None and record.entity in self._budget.nouns:
            self._check_kept(record.id, schema.write(record), {})

    def _check_kept(
        self, record_id: str, before: Mapping[str, Raw], after: Mapping[str, Raw]
    ) -> None:
        if self._budget is not None and self._budget.takes_away(record_id, before, after):
            raise _refusal_to_take(record_id)

    def _check_carried(self, record_id: str, keys: set[str]) -> None:
        """Refused where a client gets numbers of others that are masked, and would show them; that of others
        they are shown so counts."""
        keys -= self._named
        if not (keys and self.is_counting and self._budget):
            return
        others = self._budget.holders(keys, self._ws) - {record_id}
        if others and self._budget.show([record_id]) and not self._budget.show(others):
            first = min(others)
            told = tr(
                "phones and e-mails of {} are masked, and cannot be carried to {}", first, record_id
            )
            raise Refused(told, f"crm reveal {first}")

    def check_removing(self, record: Record) -> None:
        """Refused where phones or e-mails are to be taken from a client that is masked, also such as it does
        not have, for else that would tell which it has."""
        if self.is_counting and self.hides(record.id):
            raise _refusal_to_take(record.id)

    def told(self, events: Sequence[Event]) -> None:
        """Events are handed out of the workspace, with what clients had before."""
        if self._budget is None:
            return
        for event in events:
            if entity_of(event.record) in self._budget.nouns:
                for raw in contacts_before(event):
                    self._budget.recall(event.record, raw)

    def named(self, texts: Iterable[str]) -> None:
        """The user names whole numbers and addresses, and may be told whose they are; Refused where a command
        names many, and clients are masked."""
        if self.is_asked:
            for text in texts:
                self._named |= contact_keys({CONTACTS[0]: [text]}) or {text}
        if self.withholds:
            withheld.check_named(len(self._named))

    def named_in(self, typed: Sequence[str]) -> None:
        """The same of all that stand in what somebody typed."""
        if self.is_asked:
            self.named(withheld.wholes_in(typed))

    def typed_for(self, record_id: str) -> None:
        """The user types numbers of one client, and is told whether it has them, which shows it."""
        if self.is_counting and self._budget and entity_of(record_id) in self._budget.nouns:
            self._budget.show([record_id])

    def found_by_guessing(self, record_ids: Collection[str]) -> None:
        """The user is told whose numbers and addresses those are, which shows these; Refused where they are
        more than are left of the day's number."""
        if not (record_ids and self.is_counting and self._budget):
            return
        left = self._budget.left
        if not self._budget.show(record_ids):
            raise withheld.refusal_of_guesses(left)

    def shows(self, record_id: str) -> bool:
        """Whether a client may be shown in full, which counts."""
        return not self.withholds and (self._budget is None or self._budget.show([record_id]))

    @property
    def is_counting(self) -> bool:
        """Whether what is read counts to the day's number of clients."""
        return self._budget is not None and not self.is_at_rest

    @property
    def is_asked(self) -> bool:
        """Whether some of what is asked for may have to be kept back."""
        return self.is_limited and not self.is_at_rest

    @property
    def withholds(self) -> bool:
        """Whether something of clients is masked now: beyond the day's number, or by the role."""
        return self.is_asked and (self._closed is not None or self.is_spent)

    @property
    def is_spent(self) -> bool:
        """Whether the day's number of clients is reached."""
        return self._budget is not None and self._budget.is_spent

    def hides(self, record_id: str) -> bool:
        """Whether the phones and e-mails of a record are masked."""
        return self._budget is not None and self._budget.hides(record_id)

    @property
    def is_limited(self) -> bool:
        """Whether there is a number of clients for a day, or a role hides something."""
        return self._budget is not None or bool(self._kept)

    def masked(self, text: str, ws: ShownPlace | None = None) -> str:
        """A text as it may be shown; `ws` is the folder as another thread has opened it."""
        return self._masked(self._signing.text(text), ws or self._ws)

    def compared(self, text: str, place: withheld.Place) -> str:
        """A text as it may be shown, to be compared with what is asked for: nothing is told by that. `place`
        is as of `masked`."""
        return self._masked(text, place, Masking.SILENT)

    def veiled(self, text: str, place: withheld.Place) -> str:
        """The same with all clients masked, also those that were shown today."""
        return self._masked(text, place, Masking.ALL)

    def _masked(self, text: str, place: withheld.Place, how: Masking = Masking.TOLD) -> str:
        if self._closed is not None:
            text = self._closed.text(text, withheld.HiddenContacts(place, self._kept))
        return self._budget.text(text, place, how) if self._budget else text

    def check_shown(self, text: str) -> None:
        """Refused where a text that leaves as it is has phones or e-mails that are masked; whose may be shown
        is counted."""
        if self._masked(text, self._ws) == text:
            return
        hint = "ask an administrator of the workspace"
        if self._budget is not None and self._budget.masked:
            hint = "crm reveal REF shows a client in full today"
        raise Refused("phones or e-mails are in it that are masked", hint)

    def signed(self, sha: str) -> str:
        """The digest of a file as it is shown, for it tells what was masked to whoever tries enough."""
        return self._signing.digest(sha) if self.is_limited else sha

    def reveal(self, record_id: str) -> bool:
        """Show a client in full for today, which is kept; False if it was anyway."""
        if self._budget is None or not self._budget.hides(record_id):
            return False
        self.keep(REVEAL, record_id)
        self.alarm(record_id, "revealed")
        self._budget.reveal(record_id)
        return True

    def give_out(self) -> None:
        """Keep what was not kept yet; what is written to people waits for it."""
        if self._first and not self._new:
            return
        new = set(self._new)  # another thread of a board may add to them meanwhile
        counts = Counter(map(entity_of, new))
        facts: dict[str, Any] = {"shown": dict(sorted(counts.items()))} if counts else {}
        if self._budget is not None and (hidden := self._budget.masked & new):
            facts["masked"] = len(hidden)
        count, clients = self._budget.guessed() if self._budget is not None else (0, [])
        if clients:
            facts |= {"numbers": count, "clients": clients}
            for record_id in clients:
                self.alarm(record_id, "among many numbers in a text")
        self.keep(COMMAND, **facts)
        self._told |= new
        self._new -= new

    def keep(self, kind: str, record: str = "", **facts: Any) -> None:
        """Keep a line of this command; nothing in a folder that is only read."""
        ws = self._ws
        entry = Entry(kind, ws.user, record, {**self._of_all, **facts}, self._first)
        line = "-" if ws.only_reads else append(ws, [entry])
        self._first = self._first or line

    def exported(self, entity: str, count: int, where: str) -> None:
        """So many records of a noun leave at once: one line tells of all."""
        self.keep(EXPORT, noun=entity, count=count, where=where)
        self._exported.add(entity)

    def refused(self, why: str) -> None:
        """Keep that the command was refused; what keeps it from being kept is not told."""
        with suppress(CrmError, OSError):
            self.keep(REFUSED, why=why)


def append_entry(ws: Place, kind: str, actor: str, record: str, data: Mapping[str, Any]) -> None:
    """Add a line that no command of a user makes."""
    append(ws, [Entry(kind, actor, record, data)])


def append(ws: Place, entries: Sequence[Entry]) -> str:
    """Add lines to the audit of this clone, durably; the id of the last one."""
    at = ws.fixed_now or datetime.now(UTC).replace(microsecond=0)
    return journal.append(ws.root, ws.clone, at, entries, any_disk=ws.settings.any_disk)
