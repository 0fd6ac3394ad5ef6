"""What of clients a user may be shown: the day's number, what a role hides, and what may be asked and changed
so that neither tells what is masked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.access import EXPORT as MAY_EXPORT
from crmcli.model.access import Rights
from crmcli.model.entities import having
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.masking import CONTACTS, contact_keys
from crmcli.model.merged import survivor_of
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, entity_of
from crmcli.store.audit import shown
from crmcli.store.audit.signing import Signing
from crmcli.workspace import withheld
from crmcli.workspace.budget import Budget, Masking, contacts_before

AnyRaw = TypeVar("AnyRaw", bound=Mapping[str, Raw])


class Place(Protocol):
    """The opened folder, as far as its audit and what is shown of it go."""

    root: Path
    settings: Settings
    user: str
    only_reads: bool
    fixed_now: datetime | None
    now: datetime
    zone: ZoneInfo
    rights: Rights | None
    notes: list[str]
    schema: Schema

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


class Limits:
    """What one command may show of clients, and has been asked of them.

    `is_at_rest` is set while what is read is for crm itself: the house's work, a look for duplicates.
    """

    def __init__(self, ws: ShownPlace) -> None:
        self._ws = ws
        self._budget = self._limited(ws)
        self._kept = ws.rights.hidden if ws.rights is not None else frozenset()
        closed = withheld.hiding(self._kept, ws.schema)
        self._closed = Budget(closed, withheld.Never(), str) if closed else None
        self._signing = Signing(ws.root, ws.user)
        self._named: set[str] = set()
        self._is_warned = False
        self._silent = 0  # looks in which nobody is told anything
        self.is_at_rest = False

    def alarm(self, record_id: str, what: str) -> None:
        """Keep what befell a canary; what only limits keeps nothing."""

    def let_out(self, raw: AnyRaw) -> AnyRaw:
        """A raw record is handed out of the workspace; it is given back."""
        entity = entity_of(str(raw["id"]))
        if self.is_counting and self._budget and entity in self._budget.nouns:
            self._budget.meet(str(raw["id"]), raw)
        return raw

    def _limited(self, ws: Place) -> Budget | None:
        """The number of clients for a day, of whom may not export; None where all is shown."""
        if ws.rights is None or ws.only_reads:
            return None
        nouns = [one for one in having("client") if not ws.rights.may_any(one, MAY_EXPORT)]
        if not nouns:
            return None
        fields = {noun: ws.schema.contacts(noun) for noun in nouns}
        day = ws.now.astimezone(ws.zone).date().isoformat()
        path = shown.path_of(ws.root, ws.user)
        most = ws.rights.access.budget
        return Budget(fields, shown.Shown(path, day, most), self._hidden)

    def _hidden(self, record_ids: set[str]) -> None:
        if self._budget is not None and not self._is_warned:
            self._is_warned = True
            self._ws.notes.append(_reached(self._budget.most))
        for record_id in record_ids:
            self.alarm(record_id, "listed beyond the day's number, masked")

    def touched(self, old: Record, new: Record, schema: Schema, *, is_undo: bool = False) -> None:
        """A record is changed, and may be shown with that; Refused where what is masked would be taken from a
        client, for in texts it would be nobody's then."""
        if self._budget is None or old.entity not in self._budget.nouns:
            return
        before = self.let_out(schema.write(old))
        names = schema.contacts(old.entity)
        if all(old.get(name) == new.get(name) for name in names):
            return
        after = schema.write(new)
        if not (is_undo or survivor_of(old)):  # what comes back was its own
            new_keys = contact_keys(after, names) - contact_keys(before, names)
            self._check_carried(old.id, new_keys)
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
        """Refused where a client gets numbers of others that are masked: one reveal would show all. Below the
        day's number they are shown by that."""
        keys -= self._named
        if not (keys and self.is_counting and self._budget):
            return
        others = self._budget.holders(keys, self._ws) - {record_id}
        if others and not self._budget.show(others):
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
                names = self._ws.schema.contacts(entity_of(event.record))
                for raw in contacts_before(event, names):
                    self._budget.recall(event.record, raw)

    def named(self, texts: Iterable[str]) -> None:
        """The user names whole numbers and addresses, and may be told whose they are; Refused where a command
        names many, and clients are masked."""
        if self.is_asked:
            for text in texts:
                self._named |= contact_keys({CONTACTS[0]: [text]}, CONTACTS) or {text}
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
        budget = self._budget
        return (
            budget is not None and entity_of(record_id) in budget.nouns and budget.hides(record_id)
        )

    @property
    def is_limited(self) -> bool:
        """Whether there is a number of clients for a day, or a role hides something."""
        return self._budget is not None or bool(self._kept)

    def masked(self, text: str, ws: ShownPlace | None = None) -> str:
        """A text as it may be shown; `ws` is the folder as another thread has opened it."""
        return self._masked(self._signing.text(text), ws or self._ws)

    def starred(self, text: str) -> str:
        """The same of what is shown as part of more, which signs the digests in it."""
        return self._masked(text, self._ws)

    def meets(self, rows: Collection[Mapping[str, Raw]]) -> None:
        """What is asked may be answered by these: their numbers are known, also such as are too short to be
        looked for in texts."""
        for budget in filter(None, (self._budget, self._closed)):
            for raw in rows:
                if entity_of(str(raw["id"])) in budget.nouns:
                    budget.meet(str(raw["id"]), raw)

    def compared(self, text: str, place: withheld.Place) -> str:
        """A text as it may be shown, to be compared with what is asked for: nothing is told by that. `place`
        is as of `masked`."""
        return self._masked(text, place, Masking.SILENT)

    def veiled(self, text: str, place: withheld.Place) -> str:
        """The same with all clients masked, also those that were shown today."""
        return self._masked(text, place, Masking.ALL)

    def _masked(self, text: str, place: withheld.Place, how: Masking = Masking.TOLD) -> str:
        self._silent += how is not Masking.TOLD
        try:
            if self._closed is not None:
                text = self._closed.text(text, withheld.HiddenContacts(place))
            return self._budget.text(text, place, how) if self._budget else text
        finally:
            self._silent -= how is not Masking.TOLD

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
