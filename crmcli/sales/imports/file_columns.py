"""What the columns of one file mean: by their names, by what stands in them, and as was said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.formats.jsonl import JsonLines
from crmcli.language import tr
from crmcli.model.kinds import InputContext
from crmcli.model.phones import is_country
from crmcli.model.preset import NONE
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.client_columns import with_clients
from crmcli.sales.imports.column_habits import ColumnHabits
from crmcli.sales.imports.column_map import map_columns
from crmcli.sales.imports.headers import at_header
from crmcli.sales.imports.mapping import Column, Vocabularies, Vocabulary, presets_of
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.imports.said_values import SaidValues
from crmcli.sales.imports.sources import Cards, Source, has_our_ids, read_as
from crmcli.sales.imports.wrong_guesses import WrongGuess, without_wrong
from crmcli.workspace import Workspace

DECIMAL_COMMA = ("ru",)
"""The languages in which crm writes decimal commas for people."""


class FileColumns:
    """The columns of a file, read from its header on: `skipped` is what stands above that, `wrong` are
    guesses that the values disprove, `told` says what the values decided."""

    def __init__(
        self, ws: Workspace, entity: str, source: Source, name: str, wanted: ImportOptions
    ) -> None:
        self._ws = ws
        self.wanted = wanted
        self._ctx = _inputs(ws, wanted)
        presets = presets_of(ws)
        ws.notes += [tr("left out: {}", problem) for problem in presets.problems]
        is_raw = isinstance(source, JsonLines | Cards)
        preset = wanted.preset or NONE if is_raw else wanted.preset
        words = Vocabularies(ws, entity, presets, preset, Path(name).stem)
        self.source, self.skipped = at_header(read_as(source, entity, self._ctx), words, wanted)
        self.vocabulary = self._vocabulary(words)
        if self.vocabulary.language and not wanted.decimal:
            has_comma = {self.vocabulary.language, ws.settings.language} & {*DECIMAL_COMMA}
            self.wanted = replace(wanted, decimal="," if has_comma else ".")
        self._said = SaidValues(self.vocabulary, self.wanted)
        columns: Sequence[Column] = self._said.without_set(self._columns())
        self.wrong: Sequence[WrongGuess] = ()
        self.told: Sequence[str] = ()
        if not is_raw:
            columns, self.wrong, self.told = self._by_values(columns)
        self.columns = columns

    def reader(self) -> RowReader:
        """What reads the rows below such columns."""
        return RowReader(
            self._ws, self.source, self.columns, self.vocabulary, self._ctx, self.wanted, self._said
        )

    def _vocabulary(self, words: Vocabularies) -> Vocabulary:
        """The words of the file's columns; those of our own labels where it has our ids too."""
        labels = self.source.labels
        vocabulary = words.of(labels)
        if vocabulary.language and not has_our_ids(self.source, vocabulary.place_of_id(labels)):
            return words.of(labels, may_be_own=False)
        return vocabulary

    def _by_values(
        self, columns: Sequence[Column]
    ) -> tuple[Sequence[Column], Sequence[WrongGuess], Sequence[str]]:
        """Where columns go by what stands in them; the guesses that were wrong, and what was decided."""
        source, vocabulary, mapped = self.source, self.vocabulary, self.wanted.columns
        cells = CellReader(self._ctx, {}, {}, ColumnHabits(source), has_numbers=False)
        columns, wrong = without_wrong(columns, source, vocabulary, cells, self._said, [*mapped])
        columns, told = with_clients(self._ws, columns, source, vocabulary, mapped)
        return columns, wrong, told

    def _columns(self) -> tuple[Column, ...]:
        if not isinstance(self.source, Cards):
            return map_columns(self.source.labels, self.vocabulary, self.wanted.columns)
        if self.wanted.columns:
            raise BadUsage("a vCard has no columns", "leave out --map")
        return self.source.columns(self.vocabulary)


def _inputs(ws: Workspace, wanted: ImportOptions) -> InputContext:
    ctx = ws.inputs
    country = wanted.country.upper() or ctx.country
    if wanted.country and not is_country(country):
        raise BadUsage(tr("{!r} is not a country", wanted.country), "two letters: RU, KZ, US, …")
    return replace(ctx, country=country, date_order=wanted.date_order)
