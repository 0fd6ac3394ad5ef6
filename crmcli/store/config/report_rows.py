"""What rows of reports have: asked by whoever reads a report before it is run."""

from __future__ import annotations

from collections.abc import Callable

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.paths import routes
from crmcli.model.figures import Unit
from crmcli.model.kinds import Kind
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.store.index import sources
from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import Cell, Source

_UNITS: dict[str, Unit] = {"money": "sums", "days": "days", "number": "number"}
"""What numbers of a row are of, by the kind of its column."""


class Rows:
    """The columns of rows, and the fields of their records; BadUsage for what there is not."""

    def __init__(self, schema: Schema, country: str) -> None:
        self._columns = Columns(schema, country)
        self._schema = schema

    def entity(self, source: str, entity: str) -> str:
        """Whose records stand in the rows, of an entity where several have such; "" for nobody's."""
        return self._rows(source, entity).entity

    def column(self, source: str, entity: str, name: str) -> str:
        """By what rows may be split; its name."""
        return self._known(source, entity, name, lambda _: True, lambda _: True, "")

    def instant(self, source: str, entity: str, name: str) -> str:
        """A moment or a day."""
        return self._known(
            source, entity, name, lambda cell: cell.is_time,
            lambda kind: kind.is_time and not kind.is_yearless, tr("{!r} is no date", name),
        )  # fmt: skip

    def flag(self, source: str, entity: str, name: str) -> str:
        """A yes or no of the rows themselves."""
        flags = [
            one for one, cell in self._rows(source, entity).cells.items() if cell.kind == "flag"
        ]
        if name not in flags:
            raise BadUsage(
                tr("rows of {} have no {!r} to count by", source, name), allowed_hint(name, flags)
            )
        return name

    def number(self, source: str, entity: str, name: str) -> tuple[str, Unit]:
        """What can be summed: its name, and of what it is."""
        wrong = tr("{!r} is no number", name)
        found = self._known(
            source, entity, name, lambda cell: cell.kind in _UNITS,
            lambda kind: kind.is_number or kind.is_money, wrong,
        )  # fmt: skip
        cells = self._rows(source, entity).cells
        if found in cells:
            return found, "hours" if found == "hours" else _UNITS[cells[found].kind]
        is_money = self._kind(self.entity(source, entity), found).is_money
        if is_money and "." in found:
            raise BadUsage(
                tr("amounts along a link cannot be summed: {!r}", name), "name an amount of its own"
            )
        return found, "sums" if is_money else "number"

    def label(self, source: str, entity: str, name: str) -> str:
        """What people call a column or a field."""
        noun = self.entity(source, entity)
        field = self._schema.named(noun, name) if noun and "." not in name else None
        return tr(field.label) if field else ""

    def _rows(self, source: str, entity: str) -> Source:
        return sources.source(source, entity or "deal", self._columns)

    def _kind(self, entity: str, name: str) -> Kind:
        return routes(tuple(name.split(".")), self._schema, entity)[0][-1].field.kind

    def _known(
        self,
        source: str,
        entity: str,
        name: str,
        is_cell: Callable[[Cell], bool],
        is_field: Callable[[Kind], bool],
        wrong: str,
    ) -> str:
        """A column or a field by the name that it has itself; BadUsage if there is none, or none such."""
        rows = self._rows(source, entity)
        cells, noun = rows.cells, rows.entity
        if name in cells:
            fits = is_cell(cells[name])
        elif not noun or ("." not in name and self._schema.named(noun, name) is None):
            fields = self._schema.askable(noun) if noun else ()
            known = [*cells, *(field.name for field in fields if field.name not in cells)]
            raise BadUsage(tr("rows of {} have no {!r}", source, name), allowed_hint(name, known))
        else:
            fits = is_field(self._kind(noun, name))
        if not fits:
            raise BadUsage(wrong, "")
        field = self._schema.named(noun, name) if noun and "." not in name else None
        return field.name if field and name not in cells else name
