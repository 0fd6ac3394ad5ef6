"""Files that crm wrote for people: their captions are the labels of our fields in some language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crmcli.language import LANGUAGES, in_all
from crmcli.model.schema import Schema
from crmcli.sales.exports.labelled_rows import labels_of, shown_columns
from crmcli.sales.exports.sheet_rows import sheet_columns

_MOST = 0.75
"""How much of a file's header is ours, if the file is: somebody may have put columns in."""


class OwnLabels:
    """The captions that exports of a noun have, by language; each is one of our columns."""

    def __init__(self, schema: Schema, entity: str) -> None:
        columns = shown_columns(sheet_columns(schema, entity))
        names = [column.name for column in columns]
        self._names = {
            language: dict(zip(labels_of(columns, _speaking(place)), names, strict=True))
            for place, language in enumerate(LANGUAGES)
        }

    def of(self, header: Sequence[str]) -> tuple[str, Mapping[str, str]]:
        """The language of a header that crm wrote, and its columns by caption; nothing of any other."""
        counts = {one: sum(h in names for h in header) for one, names in self._names.items()}
        language = max(counts, key=lambda one: counts[one])
        if (
            "id" not in map(self._names[language].get, header)
            or counts[language] < len(header) * _MOST
        ):
            return "", {}
        return language, self._names[language]


def _speaking(place: int) -> Callable[[str], str]:
    return lambda text: in_all(text)[place]
