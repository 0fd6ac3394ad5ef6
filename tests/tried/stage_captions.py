"""Captions of columns that say when a record came to a stage."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales.imports.stage_dates import stage_dated
from tests.tried import Tried


def comes_out(form: str, folder: Path) -> str:
    """The stage whose date stands there."""
    stage = stage_dated(form)
    return "another column" if stage is None else f"stage_at.{stage}" if stage else "stage_at"


CAPTIONS = {
    'Date entered "Negotiation (Sales Pipeline)"': "stage_at.Negotiation (Sales Pipeline)",
    "Date entered 'Closed won (Sales)'": "stage_at.Closed won (Sales)",
    "date_entered_closedwon": "stage_at.closedwon",
    "Entered Offer": "stage_at.Offer",
    "Moved to stage: Offer": "stage_at.Offer",
    "Offer - entered at": "stage_at.Offer",
    "Stage date": "stage_at",
    "Last Stage Change Date": "stage_at",
    "Stage changed at": "stage_at",
    "Дата входа в стадию «Переговоры»": "stage_at.Переговоры",
    "Дата перехода на этап: Договор": "stage_at.Договор",
    "Вошла в «Переговоры»": "stage_at.Переговоры",
    "Переговоры: дата входа": "stage_at.Переговоры",
    "Дата изменения стадии": "stage_at",
    "Eingetreten in Angebot": "stage_at.Angebot",
    "Date d'entrée dans Devis": "stage_at.Devis",
    "Phasenwechsel": "stage_at",
    "Date exited": "another column",
    "Стадия": "another column",
}
CHAPTER = [Tried("Columns that date a stage, at import", CAPTIONS, comes_out)]
