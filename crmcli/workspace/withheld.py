"""Phones and e-mails that are masked are not told part by part: by conditions, order, words of a search."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from crmcli.errors import Refused
from crmcli.model.conditions.tree import Compare, nodes_of
from crmcli.model.entities import having
from crmcli.model.masking import CONTACTS, is_whole
from crmcli.model.values import Raw, entity_of

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.settings import Settings
    from crmcli.store.index.answers import Hit
CLIENTS = having("client")
WHOLE = ("=", "!=", "has")
"""Comparisons with all of a number or an address."""


class Clients(Protocol):
    """The opened folder, as far as clients are found by their numbers and addresses in it."""

    settings: Settings

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The records that have some of many keys: each key with an id."""

    def rows_of(
        self, record_ids: Sequence[str], *, as_left: bool = False
    ) -> Iterable[Mapping[str, Raw]]:
        """Those of these records that are there."""


class Place(Clients, Protocol):
    """The same, of which the user may see a part."""

    @property
    def house(self) -> Clients:
        """The folder as it is, whoever asks."""

    def is_seen(self, record_id: str) -> bool:
        """Whether the user sees a record."""


def hiding(hidden: Collection[tuple[str, str]]) -> list[str]:
    """The nouns of clients whose phones or e-mails are among the fields that are hidden."""
    return [noun for noun in CLIENTS if any((noun, name) in hidden for name in CONTACTS)]


class Never:
    """The clients whose numbers may be shown where a role hides these: none."""

    is_full, most = True, 0

    def enter(self, record_id: str) -> bool:
        """Whether a client may be shown in full."""
        return False

    def reveal(self, record_id: str) -> None:
        """Nobody shows what a role hides."""


class HiddenContacts:
    """Clients that the user sees without their numbers or addresses, by those: the house knows them."""

    def __init__(self, place: Place, hidden: Collection[tuple[str, str]]) -> None:
        self.settings = place.settings
        self._place, self._hidden = place, hidden

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The clients that have some of many keys: each key with an id."""
        found = self._place.house.holding(kind, keys, entities)
        return [(key, record_id) for key, record_id in found if self._place.is_seen(record_id)]

    def rows_of(
        self, record_ids: Sequence[str], *, as_left: bool = False
    ) -> Iterator[Mapping[str, Raw]]:
        """Those of these clients that are there, with what is hidden alone."""
        for raw in self._place.house.rows_of(record_ids, as_left=as_left):
            entity = entity_of(str(raw["id"]))
            kept = {name: raw[name] for name in CONTACTS if name in raw}
            hidden = {n: value for n, value in kept.items() if (entity, n) in self._hidden}
            yield {"id": raw["id"], **hidden}


def refuse_parts(condition: Condition | None, order: Sequence[str]) -> None:
    """Refused where a condition compares parts of them, or they decide the order."""
    asked = {word.lstrip("-") for word in order}
    for node in nodes_of(condition.tree) if condition else ():
        if isinstance(node, Compare) and node.op not in WHOLE:
            asked.update(node.path)
    if not asked.isdisjoint(CONTACTS):
        raise Refused(
            "today's number of clients is reached: phones and e-mails are found by all of them only",
            "write the whole number or address",
        )


def found(
    hides: Callable[[str], bool], hits: Sequence[Hit], text: str, rows: Iterable[Mapping[str, Raw]]
) -> list[Hit]:
    """What was found, without the clients whose number or address, now masked, holds what was asked for."""
    raws = {str(raw["id"]): raw for raw in rows}
    return [
        hit
        for hit in hits
        if not (hides(hit.id) and hit.field in CONTACTS) or is_whole(text, raws.get(hit.id, {}))
    ]
