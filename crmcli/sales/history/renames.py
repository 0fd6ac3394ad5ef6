"""The present names of fields, values and stages that were renamed since an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.dataclass import replace
from crmcli.model.event import RENAMED, Event
from crmcli.model.fields import Field
from crmcli.model.values import entity_of
from crmcli.sales.history.past import REWRITTEN
from crmcli.workspace import Workspace


class Renamings:
    """The renames since an event. One that was taken back since changes nothing."""

    def __init__(self, ws: Workspace, since: str) -> None:
        self._schema = ws.schema
        self._directories = ws.settings.directories
        self._names: dict[tuple[str, str, str], str] = {}
        for event in ws.events(kinds=(REWRITTEN,), after=since):
            if RENAMED in event.data:
                what, where, old, new = event.data[RENAMED]
                self._names[what, where, old] = new

    def of_today(self, event: Event) -> Event:
        """An event whose changes name fields and values of directories as they are named now."""
        changes = event.data.get("changes")
        entity = entity_of(event.record)
        if not self._names or not changes or not entity:
            return event
        fields = {field.name: field for field in self._schema.fields(entity)}
        now: dict[str, list[Any]] = {}
        for name, states in changes.items():
            name_now = self._follow("fields", entity, name, fields)
            field = fields.get(name_now)
            now[name_now] = [self._value(field, raw) for raw in states]
        return replace(event, data={**event.data, "changes": now})

    def _value(self, field: Field | None, raw: Any) -> Any:
        known = self._directories.get(field.directory, {}) if field and field.directory else {}
        if field is None or not known:
            return raw
        if isinstance(raw, list):
            return sorted({self._follow("directories", field.directory, i, known) for i in raw})
        return self._follow("directories", field.directory, raw, known)

    def _follow(self, what: str, where: str, name: str, known: Mapping[str, object]) -> str:
        """The name that something has now; what is known by its old name still has that."""
        seen = set()
        while name not in known and name not in seen:
            seen.add(name)
            name = self._names.get((what, where, name), name)
        return name
