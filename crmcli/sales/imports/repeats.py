"""Which existing record an import row repeats: by id, phone, e-mail or INN."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.linking import Key
from crmcli.workspace import Workspace

WORDS = {"phone": "phone", "email": "e-mail", "inn": "INN"}


class Repeats:
    """Finds the records that a row repeats, among those of this import and in the index.

    A row with an id of ours repeats only that record: two exported contacts may share a phone.
    """

    def __init__(self, ws: Workspace, entity: str) -> None:
        self._ws = ws
        self._entity = entity
        self._seen: dict[Key, str] = {}
        self._made: set[str] = set()

    @cached_property
    def _is_empty(self) -> bool:
        """Whether nothing is here that this import has not made; asked under the lock."""
        return self._ws.count(self._entity) == 0

    def look_again(self) -> None:
        """Others have written meanwhile."""
        self.__dict__.pop("_is_empty", None)

    def of(self, draft: Draft, keys: Iterable[Key]) -> dict[str, str]:
        """The ids that a row repeats, and by what each; its own id alone if that is there."""
        if draft.id and (draft.id in self._made or self._ws.exists(draft.id)):
            return {draft.id: "id"}
        found: dict[str, str] = {}
        for kind, text in keys:
            ids = [] if self._is_empty else self._ws.lookup(kind, text, [self._entity])
            if draft.id:
                ids = [record_id for record_id in ids if record_id not in self._made]
            elif (kind, text) in self._seen:
                ids = [self._seen[kind, text], *ids]
            for record_id in ids:
                found.setdefault(record_id, WORDS.get(kind, kind))
        return found

    def remember(self, record_id: str, keys: Iterable[Key]) -> None:
        """A row became this record."""
        self._made.add(record_id)
        for key in keys:
            self._seen.setdefault(key, record_id)
