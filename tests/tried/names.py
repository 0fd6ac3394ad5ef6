"""Whole names in one column, and which of their words is what."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales.imports.person_names import split_name
from tests.tried import Tried


def parts(form: str, folder: Path) -> str:
    """The words of a name as first / middle / last."""
    found = split_name(form)
    names = (found.get(f"{part}_name", "") for part in ("first", "middle", "last"))
    return " / ".join(names) if found else "as it is"


FORMS = {
    "Орлова Вера": "Вера /  / Орлова",
    "Вера Орлова": "Вера /  / Орлова",
    "Орлова Вера Павловна": "Вера / Павловна / Орлова",
    "Вера Павловна": "Вера / Павловна / ",
    "Роман Абрамович": "Роман /  / Абрамович",
    "Орлов В. П.": "as it is",
    "Лис Пётр Ильич мл.": "Пётр / Ильич / Лис мл.",
    "Иван Лис, ст.": "Иван /  / Лис ст.",
    "Hill, Vera": "Vera /  / Hill",
    "Hill, Dr. Vera": "Dr. Vera /  / Hill",
    "Weiß, Frau Erika": "Frau Erika /  / Weiß",
    "Vera Hill, PhD": "Vera /  / Hill PhD",
    "Martin Hill Jr.": "Martin /  / Hill Jr.",
    "Martin Hill III": "Martin /  / Hill III",
    "Hill, Martin, MBA": "Martin /  / Hill MBA",
    "Anna van der Berg": "Anna /  / van der Berg",
    "Dr. Vera Hill": "as it is",
    "Vera and Martin Hill": "as it is",
    "1,5": "as it is",
    "0,0 0": "as it is",
    "12, 34 — 5": "as it is",
    "Hill, 2": "as it is",
}
CHAPTER = [Tried("Whole names in one column: first / middle / last", FORMS, parts)]
