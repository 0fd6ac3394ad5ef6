"""What an import is told of values: --set for all rows, --value-map and --date-format for cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.date_formats import as_iso, read_format
from crmcli.model.values import Raw, fold
from crmcli.sales.imports.mapping import Column, Target, Vocabulary, is_stage_date

if TYPE_CHECKING:
    from crmcli.sales.imports.options import ImportOptions

_NEVER_SET = ("id", "batch")


class SaidValues:
    """Values that the options say; `constants` are columns that no file has, each with its cell.

    `unused` are values of `--value-map` that no row had.
    """

    def __init__(self, vocabulary: Vocabulary, wanted: ImportOptions) -> None:
        self._vocabulary = vocabulary
        self.constants = [self._constant(name, text) for name, text in wanted.values]
        self._maps: dict[Target, dict[str, str]] = {}
        self.unused: dict[tuple[Target, str], str] = {}
        for name, theirs, ours in wanted.value_maps:
            target, key = vocabulary.named(name), fold(theirs)
            self._maps.setdefault(target, {})[key] = ours
            self.unused[target, key] = f"{name}:{theirs}"
        try:
            self._date_form = read_format(wanted.date_format) if wanted.date_format else ""
        except ValueError as error:
            raise BadUsage(f"--date-format: {error}", "e.g. DD.MM.YYYY or '%d/%m/%y'") from None

    def _constant(self, name: str, text: str) -> tuple[Column, str]:
        target = self._vocabulary.named(name)
        if target.field in _NEVER_SET:
            raise BadUsage(tr("{} is set by crm", name), "leave it out")
        return Column(f"--set {name}", target), text

    def without_set(self, columns: Iterable[Column]) -> tuple[Column, ...]:
        """The columns, where those whose field is set for all rows go nowhere."""
        single = [c.target for c, _ in self.constants if c.target and not self._takes(c.target)]
        return tuple(
            replace(column, target=None, ignored=True) if column.target in single else column
            for column in columns
        )

    def _takes(self, target: Target) -> bool:
        return self._vocabulary.takes_several(target)

    def cell(self, target: Target | None, cell: Raw) -> Raw:
        """A cell as it is to be read: its value replaced, its date in a form that is understood."""
        is_told = self._maps or self._date_form
        if not is_told or target is None or not isinstance(cell, str):
            return cell
        words = self._maps.get(target) or self._maps.get(Target(target.field))
        if words is not None:
            cell = self._mapped(target, words, cell)
        field = self._vocabulary.fields.get(target.field)
        is_time = field is not None and (field.kind.is_time or is_stage_date(target))
        if field is None or not (is_time and self._date_form and cell):
            return cell
        read = as_iso(cell, self._date_form)
        return read.partition(" ")[0] if field.kind.is_day else read

    def _mapped(self, target: Target, words: Mapping[str, str], cell: str) -> str:
        """The value for the whole cell, or for each of several in it."""
        whole = self._word(target, words, cell)
        if whole is not None:
            return whole
        parts = [part.strip() for part in cell.split(";" if ";" in cell else ",")]
        if len(parts) < 2 or not self._takes(target):
            return cell
        each = [self._word(target, words, part) for part in parts]
        turned = (part if word is None else word for part, word in zip(parts, each, strict=True))
        return "; ".join(filter(None, turned))

    def _word(self, target: Target, words: Mapping[str, str], text: str) -> str | None:
        key = fold(text)
        self.unused.pop((target, key), None)
        self.unused.pop((Target(target.field), key), None)
        return words.get(key)
