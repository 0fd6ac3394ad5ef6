"""The country of a row, by which its phones are read: of its own column, its address, its company."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from crmcli.model.countries import country_of, country_of_address
from crmcli.model.values import Raw, fold
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.sales.imports.mapping import Column

_CAPTION = re.compile(
    r"\b(country|стран[аы]|land|kraj|pays|pa[ií]s|paese|nazione|[üu]lke|země)\b", re.IGNORECASE
)


class RowCountry:
    """Finds the country of each row of a file; "" where nothing says it."""

    def __init__(self, ws: Workspace, columns: Sequence[Column]) -> None:
        self._ws = ws
        targets = [column.target.field if column.target else "" for column in columns]
        parts = [column.target.part if column.target else "" for column in columns]
        places = range(len(columns))
        self._columns = [n for n in places if _is_caption(columns[n].label)]
        self._addresses = [n for n in places if targets[n] == "address"]
        named = [n for n in places if targets[n] in ("company_name", "companies", "company")]
        self._companies = [n for n in named if parts[n] in ("", "name", "names")]
        self._of_company = cache(self._company_country)

    def of(self, cells: Sequence[Raw]) -> str:
        """The code of the country, e.g. KZ."""
        said = (country_of(str(cells[n])) for n in self._columns)
        written = (country_of_address(str(cells[n])) for n in self._addresses)
        known = (self._of_company(str(cells[n])) for n in self._companies if cells[n])
        return next((code for found in (said, written, known) for code in found if code), "")

    def _company_country(self, name: str) -> str:
        """The country in the address of the one company here of that name."""
        found = self._ws.lookup("name", fold(name), ["company"])
        if len(found) != 1:
            return ""
        return country_of_address(str(self._ws.get(found[0]).get("address") or ""))


def _is_caption(label: str) -> bool:
    return bool(_CAPTION.search(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", label)))
