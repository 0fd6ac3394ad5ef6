"""The rows that an import did not take, in a file that can be mended and imported again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.model.values import Raw
from crmcli.sales.importing.draft import Draft
from crmcli.sales.importing.mapping import EXTRAS
from crmcli.store.jsonlines import JsonLines, json_line
from crmcli.store.newfile import NewFile
from crmcli.store.tables import Table, csv_line

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


class Rejects:
    """A rejects file in the making: the columns of the input, and beside them what was wrong."""

    def __init__(self, path: Path, source: Table | JsonLines) -> None:
        self._source = source
        self._kept = [n for n, label in enumerate(source.labels) if label not in EXTRAS]
        self.count = 0
        try:
            self._file = NewFile(path)
        except CrmError as error:
            error.hint = "say with --rejects to which file rejected rows may be written"
            raise
        if isinstance(source, Table):
            # Excel takes UTF-8 for what it is only with a mark; who sent cp1251 uses Excel.
            self._file.write("\ufeff" if source.bom or source.encoding != "utf-8" else "")
            header = [source.header[n] for n in self._kept]
            self._file.write(csv_line([*header, *EXTRAS], source.delimiter))

    def add(self, draft: Draft, reason: str, repeats: Iterable[str] = ()) -> None:
        """Add a row with the reason, and the ids of the records that it repeats."""
        self.count += 1
        extras = (str(draft.line), reason, " ".join(repeats), draft.source)
        if isinstance(self._source, Table):
            cells = [str(draft.cells[n]) if n < len(draft.cells) else "" for n in self._kept]
            line = csv_line(map(_writable, [*cells, *extras]), self._source.delimiter)
        else:
            line = json_line(self._object(draft.cells, self._source.labels, extras)) + "\n"
        self._file.write(line)

    def _object(
        self, cells: Sequence[Raw], labels: Sequence[str], extras: Sequence[str]
    ) -> Mapping[str, Raw]:
        known = {labels[n]: cells[n] for n in self._kept if n < len(cells) and cells[n]}
        more = {k: _writable(v) for k, v in zip(EXTRAS, extras, strict=True) if v}
        return {**known, **more}

    def close(self) -> Path | None:
        """Put the file in its place and return where that is; None where nothing was rejected."""
        if not self.count:
            self._file.discard()
            return None
        return self._file.keep()


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
