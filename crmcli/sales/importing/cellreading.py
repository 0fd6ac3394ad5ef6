"""The value of one cell of an import file, as its field has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from crmcli.model.fields import Field, parse_value
from crmcli.model.values import Raw, fold
from crmcli.sales.importing.presets import ALWAYS
from crmcli.sales.sheet import read_list

if TYPE_CHECKING:
    from crmcli.model.inputs import InputContext

_TO_THE_LETTER = ("number", "money", "date", "datetime", "bool")


class CellReader:
    """Reads cells; `unknown_owners` counts the owners that are no users here and are kept as text.

    `exact` cells come from our own exports: what is canonical already is taken to the letter.
    """

    def __init__(self, ctx: InputContext) -> None:
        self.ctx = ctx
        self.unknown_owners: Counter[str] = Counter()

    def read(self, spec: Field, cell: Raw, *, exact: bool) -> Raw:
        """The raw value of a cell; ValueError with a sentence if it does not fit its field."""
        if not isinstance(cell, str):
            return cell if exact else self._read_items(spec, cell)
        if spec.kind in ("stage", "pipeline"):
            return cell.strip()
        if spec.is_many or spec.kind in ("utm", "converted"):
            return read_list(spec, cell, self.ctx)
        if spec.kind == "user":
            return self._read_owner(spec, cell, exact=exact)
        if exact and self._is_canonical(spec, cell):
            return cell
        return self._read_listed(spec, cell) if spec.directory else self._read_input(spec, cell)

    def _is_canonical(self, spec: Field, cell: str) -> bool:
        if spec.kind in ("text", "note"):
            return not self.ctx.directories.get(spec.directory)
        try:
            return spec.kind in _TO_THE_LETTER and parse_value(spec.kind, cell) is not None
        except ValueError:
            return False

    def _read_input(self, spec: Field, cell: str) -> Raw:
        from crmcli.model.inputs import read_input

        return read_input(spec, cell, self.ctx)

    def _read_items(self, spec: Field, cell: Raw) -> Raw:
        """A list that came as JSON: each item as people may write it, or as files have it."""
        if spec.kind == "lines" or not isinstance(cell, list):
            return cell
        items: list[Raw] = []
        for item in cell:
            more = item if isinstance(item, dict) else {}
            text = more.get("value") if more else item
            found = self.read(spec, text, exact=False) if isinstance(text, str) else item
            for one in found if isinstance(found, list) else [found]:
                kept = {key: value for key, value in more.items() if key != "value"}
                items.append({**one, **kept} if isinstance(one, dict) else one)
        return items

    def _read_owner(self, spec: Field, cell: str, *, exact: bool) -> Raw:
        """A user's id; the text of somebody who is no user is kept, and counted."""
        try:
            owner = str(self._read_input(spec, cell))
        except ValueError:
            owner = cell
        if owner in self.ctx.users:
            return owner
        self.unknown_owners[owner] += 1
        return cell if exact else owner

    def _read_listed(self, spec: Field, cell: str) -> Raw:
        """A value of a directory: by id, by label, or by what another CRM calls a source."""
        try:
            return self._read_input(spec, cell)
        except ValueError:
            known = self.ctx.directories.get(spec.directory, {})
            other = self._sources.get(fold(cell), ()) if spec.directory == "sources" else ()
            for entry in other:
                if entry in known:
                    return entry
            raise

    @cached_property
    def _sources(self) -> Mapping[str, tuple[str, ...]]:
        return {fold(name): ids for preset in ALWAYS for name, ids in preset.sources.items()}


def read_currency(cell: str) -> str:
    """The currency that stands beside an amount in its cell, "" if none does."""
    from crmcli.model.amounts import read_money

    return read_money(cell)[1]
