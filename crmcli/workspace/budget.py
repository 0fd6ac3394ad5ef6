"""How many clients somebody who may not export is shown in a day, and the masks of all beyond that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial

from crmcli.errors import CrmError
from crmcli.model import phones
from crmcli.model.event import Event
from crmcli.model.masked_lines import APART, COMPARED
from crmcli.model.masking import Contacts, contact_keys
from crmcli.model.values import Raw, entity_of
from crmcli.store.audit.shown import Shown
from crmcli.workspace.withheld import Clients, Never

MANY = 100
"""Numbers in the texts of one command, beyond which it is told whose they are."""


class Masking(Enum):
    """How a text is masked: for somebody, who is told; to be compared, of which nobody hears and which counts
    nobody; or all that is any client's."""

    TOLD, SILENT, ALL = range(3)


class Budget:
    """Phones and e-mails of the clients of some nouns that a command has read, by which they are known in
    whatever it prints. A client counts when a number or an address of it is first shown.

    `fields` are, for each of these nouns, those by which its clients are reached; `hidden` hears of clients
    that are masked, of each once.
    """

    def __init__(
        self,
        fields: Mapping[str, Sequence[str]],
        shown: Shown | Never,
        hidden: Callable[[set[str]], object],
    ) -> None:
        self.nouns = tuple(fields)
        self._fields = fields
        self.masked: set[str] = set()
        self._shown, self._hidden = shown, hidden
        self._of: dict[str, list[str]] = {}
        self._met: set[str] = set()
        self._asked: set[str] = set()
        self._in_texts: set[str] = set()
        self._found: set[str] = set()

    def meet(self, record_id: str, raw: Mapping[str, Raw]) -> None:
        """A client is read."""
        if record_id not in self._met:
            for key in self._keys(record_id, raw):
                self._of.setdefault(key, []).append(record_id)
            self._met.add(record_id)  # last: another thread of a board asks for it

    def recall(self, record_id: str, raw: Mapping[str, object]) -> None:
        """What a client had, or is to have, tells of it as well."""
        for key in self._keys(record_id, raw):
            owners = self._of.setdefault(key, [])
            if record_id not in owners:
                owners.append(record_id)

    def holders(self, keys: Collection[str], place: Clients) -> set[str]:
        """The clients that have one of these numbers and addresses, and were not shown today."""
        self._look_up(Contacts(APART.join(keys)), place)
        owners = {owner for key in keys for owner in self._of.get(key, ())}
        return {owner for owner in owners if not self._shown.knows(owner)}

    def takes_away(self, record_id: str, old: Mapping[str, Raw], new: Mapping[str, Raw]) -> bool:
        """Whether a change would leave texts with what was masked in them and nobody's then; who may take it
        away is shown it, which counts."""
        gone = self._keys(record_id, old) - self._keys(record_id, new)
        return bool(gone) and not self._shown.enter(record_id)

    def _keys(self, record_id: str, raw: Mapping[str, object]) -> set[str]:
        return contact_keys(raw, self._fields[entity_of(record_id)])

    def text(self, text: str, place: Clients, how: Masking = Masking.TOLD) -> str:
        """A text as it may be shown; whose numbers stand there in full is counted, also where a letter or a
        note has them of a client whom the command has not read."""
        contacts, new = Contacts(text), set[str]()
        self._look_up(contacts, place, is_told=how is Masking.TOLD)
        if how is Masking.ALL:
            return contacts.masked(self._of, bool)
        is_hidden = self._is_unknown if how is Masking.SILENT else partial(self._is_hidden, new)
        text = contacts.masked(self._of, is_hidden)
        if new:
            self.masked |= new
            self._hidden(new)
        return text

    def _look_up(self, contacts: Contacts, place: Clients, *, is_told: bool = False) -> None:
        keys = {kind: new - self._asked for kind, new in contacts.unknown(self._of).items()}
        numbers = set[str]()
        if is_told:
            numbers = {key[-COMPARED:] for of in keys.values() for key in of}
            self._in_texts |= numbers - contacts.only_over_lines
        if keys["phone"]:
            keys["phone"] |= phones.at_home(keys["phone"], place.settings.phone_country)
            keys["handle"] = {f"#{key}" for key in keys["phone"] if len(key) == COMPARED}
        with suppress(CrmError):  # what cannot be asked is told of by whoever reads it
            found = [place.holding(kind, of, self.nouns) for kind, of in keys.items() if of]
            ids = {record_id for pairs in found for _, record_id in pairs}
            for raw in place.rows_of([*ids], as_left=True) if ids else ():
                self.meet(str(raw["id"]), raw)
            if is_told:
                self._found |= ids
                # Figures below one another are numbers of nobody's until one of them is somebody's.
                if contacts.over_lines & {key[-COMPARED:] for pairs in found for key, _ in pairs}:
                    self._in_texts |= contacts.likely & numbers
        self._asked.update(*keys.values())  # last: another thread of a board masks by what is met

    def _is_hidden(self, new: set[str], key: str) -> bool:
        """Whether what is known by this key is masked: no client that has it may be shown; those that are not
        known to be masked are `new`."""
        owners = [one for one in self._of[key] if one not in self.masked and one not in new]
        if any(map(self._shown.knows, owners)) or any(map(self._shown.enter, owners)):
            return False
        new.update(owners)
        return True

    def _is_unknown(self, key: str) -> bool:
        """Whether no client that has it was shown today."""
        return not any(map(self._shown.knows, self._of[key]))

    def guessed(self) -> tuple[int, list[str]]:
        """How many numbers stood in texts that were nobody's whom the command had read, where they are many
        and something is masked, for somebody may have written all that there can be; and whose some are."""
        count = len(self._in_texts)
        if count <= MANY or not self.masked:
            return 0, []
        return count, sorted(self._found & self.masked)

    @property
    def most(self) -> int:
        """How many are shown in a day."""
        return self._shown.most

    @property
    def left(self) -> int:
        """How many others may be shown today."""
        return self._shown.left

    @property
    def is_spent(self) -> bool:
        """Whether no other client is shown today."""
        return self._shown.is_full

    def hides(self, record_id: str) -> bool:
        """Whether a client is masked wherever it stands."""
        return self.is_spent and not self._shown.enter(record_id)

    def show(self, record_ids: Collection[str]) -> bool:
        """Count all of these as shown; False, and one is, where they are more than are left."""
        return self._shown.enter_all(record_ids)

    def reveal(self, record_id: str) -> None:
        """Let a client be shown in full today, beside the number."""
        self._shown.reveal(record_id)
        self.masked.discard(record_id)


def contacts_before(event: Event, names: Iterable[str]) -> Iterator[Mapping[str, object]]:
    """What an event tells that its record had, or was given, in these fields."""
    changes, removed = event.data.get("changes"), event.data.get("record")
    if isinstance(removed, Mapping):
        yield removed
    if isinstance(changes, Mapping):
        for name in names:
            sides = changes.get(name)
            yield from ({name: side} for side in (sides if isinstance(sides, list | tuple) else ()))
