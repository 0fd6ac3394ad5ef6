"""The rejected rows of an import, in a file that can be fixed and imported again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from crmcli.errors import CrmError, Forbidden, InvalidData, NotFound
from crmcli.formats.csv import Table, csv_line
from crmcli.formats.jsonl import JsonLines, json_line
from crmcli.formats.xlsx import Workbook
from crmcli.model.values import Raw
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.mapping import EXTRAS
from crmcli.sales.imports.sources import Cards, Source
from crmcli.store.disk.new_file import NewFile

_REJECTS = re.compile(r"\.rejects(-\d+)?$")
_LONGEST_STEM = 200
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


class Rejects:
    """A rejects file being written: the columns of the input, and what was wrong."""

    def __init__(self, source: Source, paths: Sequence[Path]) -> None:
        self._source = source
        self._kept = [n for n, label in enumerate(source.labels) if label not in EXTRAS]
        self._delimiter = source.delimiter if isinstance(source, Table) else ";"
        self.count = 0
        if isinstance(source, Cards):
            paths = [path.with_suffix(".vcf") if path.suffix == ".csv" else path for path in paths]
        self._file = _opened(paths)
        if isinstance(source, Table | Workbook):
            # Excel takes UTF-8 for what it is only with a mark; who sent cp1251 uses Excel.
            is_plain = isinstance(source, Table) and not source.bom and source.encoding == "utf-8"
            self._file.write("" if is_plain else "\ufeff")
            header = [source.header[n] for n in self._kept]
            self._file.write(csv_line([*header, *EXTRAS], self._delimiter))

    def add(self, draft: Draft, reason: str, repeats: Iterable[str] = ()) -> None:
        """Add a row with the reason, and the ids of the records that it repeats."""
        self.count += 1
        extras = (str(draft.row.line), reason, " ".join(repeats), draft.row.source)
        if isinstance(self._source, Cards):
            line = _card(draft.row.source, reason)
        elif isinstance(self._source, Table | Workbook):
            cells = [
                str(draft.row.cells[n]) if n < len(draft.row.cells) else "" for n in self._kept
            ]
            line = csv_line(map(_writable, [*cells, *extras]), self._delimiter)
        else:
            line = json_line(self._object(draft.row.cells, self._source.labels, extras)) + "\n"
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


def rejects_name(file: str, source: Source) -> str:
    """How the rejects of a file are called: leads.rejects.csv, also where it is one itself."""
    stem = _REJECTS.sub("", PurePath(file).stem)
    while len(stem.encode()) > _LONGEST_STEM:
        stem = stem[:-1]
    return f"{stem}.rejects.{'jsonl' if isinstance(source, JsonLines) else 'csv'}"


def _opened(paths: Sequence[Path]) -> NewFile:
    """The first of the files that can be written."""
    for path in paths[:-1]:
        with suppress(Forbidden, NotFound, InvalidData):  # the system does not let us
            return NewFile(path)
    try:
        return NewFile(paths[-1])
    except CrmError as error:
        error.hint = "name a file for rejected rows with --rejects"
        raise


def _card(source: str, reason: str) -> str:
    """A card as it was, with the reason as a line of it that is passed over when it is read again."""
    body, end, _ = source.rpartition("END:VCARD")
    said = f"X-CRM-REASON:{' '.join(reason.split())}\n"
    text = f"{body}{said}{end}" if end else f"{source.rstrip()}\n{said}"
    return _writable(text.rstrip()) + "\n"


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
