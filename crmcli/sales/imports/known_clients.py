"""Which rows are of clients who were here before the import."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.matching.profiles import Profile, profiles_of
from crmcli.matching.verdict import verdicts
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.schema import has_field
from crmcli.model.values import entity_of
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.linking import Key
from crmcli.sales.imports.repeats import MOST
from crmcli.workspace import Workspace


class KnownClients:
    """The contacts and companies that have numbers and addresses of the next rows, asked of all at once;
    nobody where the rows say nothing of clients who come again."""

    def __init__(self, ws: Workspace, entity: str) -> None:
        self._ws = ws
        known = ENTITIES[entity].known_among if has_field(entity, "repeat") else ()
        self._others = [other for other in known if other != entity]
        self._held: dict[Key, list[str]] = {}
        self._profiles: dict[str, Profile] = {}

    def look_up(self, drafts: Sequence[Draft]) -> None:
        """Ask who has something of these rows."""
        self._held.clear()
        asked: dict[str, set[str]] = {}
        for kind, text in (key for draft in drafts for key in draft.keys):
            asked.setdefault(kind, set()).add(text)
        asked.pop("name", None)
        for kind, texts in asked.items() if self._others else ():
            for text, record_id in self._ws.holding(kind, texts, self._others):
                self._held.setdefault((kind, text), []).append(record_id)
        ids = {record_id for of in self._held.values() for record_id in of[:MOST]}
        read = self._ws.schema.read
        raws = self._ws.rows_of(sorted(ids), as_left=True) if ids else ()
        others = [read(entity_of(str(raw["id"])), raw) for raw in raws]
        self._profiles = {one.id: one for one in profiles_of(self._ws.schema, others)}

    def has(self, record: Record, keys: Sequence[Key]) -> bool:
        """Whether somebody surely is one of those who have something of the row."""
        ids = dict.fromkeys(i for key in keys for i in self._held.get(key, ()))
        theirs = [self._profiles[i] for i in [*ids][:MOST] if i in self._profiles]
        if not theirs:
            return False
        mine, *_ = profiles_of(self._ws.schema, [record])
        return "same" in verdicts(mine, theirs)
