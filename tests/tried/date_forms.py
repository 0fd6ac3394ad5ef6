"""Forms of dates that an import can be told."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.date_formats import as_iso, read_format
from tests.tried import Tried


def comes_out(form: str, folder: Path) -> str:
    """`form: date` as ISO has it."""
    told, _, date = form.partition(": ")
    try:
        return as_iso(date, read_format(told))
    except ValueError as error:
        return f"refused: {error}"


FORMS = {
    "DD.MM.YYYY: 05.03.2026": "2026-03-05",
    "ДД.ММ.ГГГГ: 05.03.2026": "2026-03-05",
    "dd.mm.yy hh:mm: 05.03.26 14:07": "2026-03-05 14:07:00",
    "%d/%m/%y: 1/2/26": "2026-02-01",
    "MM/DD/YYYY hh:mm A: 03/04/2026 02:05 PM": "2026-03-04 14:05:00",
    "d MMM yyyy: 4 Mar 2026": "2026-03-04",
    "YYYYMMDD: 20260304": "2026-03-04",
    "M/D/YY: 3/4/26": "2026-03-04",
    "TT.MM.JJJJ: 05.03.2026": "2026-03-05",
    "JJ/MM/AAAA: 05/03/2026": "2026-03-05",
    "DD-MM-RRRR: 05-03-2026": "2026-03-05",
    "DD/MM/AAAA: 05/03/2026": "2026-03-05",
    "DD/MM/YYYY: 2026-03-05": "2026-03-05",
    "DD/MM/YYYY: 05.03.2026": "refused: '05.03.2026' is not of the form %d/%m/%Y",
    "DD.MM: 05.03": "refused: 'DD.MM' does not say where day, month and year stand",
}
CHAPTER = [Tried("Forms of dates, told by --date-format", FORMS, comes_out)]
