"""What the rules of one pipeline are checked against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.model.conditions.where import Aliases
from crmcli.model.fields import Field
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.store.config.cursor import Cursor


@dataclass(frozen=True)
class Frame:
    """What the rules of one pipeline are checked against."""

    schema: Schema
    entity: str
    stages: tuple[str, ...]
    templates: Path
    aliases: Aliases
    pipelines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The stages of every pipeline of deals, by its id."""
    new_files: Collection[str] = ()
    """Files, from the root, that will be there once the rules are written."""
    sequences: Mapping[str, str] = field(default_factory=dict)
    """The noun for which each sequence is."""

    def field(self, name: str) -> Field | None:
        """The entity's field of exactly that name."""
        return next((f for f in self.schema.fields(self.entity) if f.name == name), None)

    def within(self, pipeline: str) -> Frame:
        """The same for a move to another pipeline; leads have one."""
        if self.entity != "deal":
            return replace(self, pipelines={})
        return (
            replace(self, stages=self.pipelines[pipeline]) if pipeline in self.pipelines else self
        )

    def field_name(self, word: str) -> str:
        """The field that a word means, "" if none: `phone` is `phones` where nothing is `phone`."""
        field = self.schema.named(self.entity, word)
        return field.name if field and not field.derived else ""

    def refuse_field(self, place: Cursor, word: str) -> None:
        """The fault of a place that names a field which there is not, with the nearest or all of them."""
        hint = allowed_hint(word, [field.name for field in self.schema.fields(self.entity)])
        place.fault(tr("a {} has no field {!r}", tr(self.entity), word), hint)
