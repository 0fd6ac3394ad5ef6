"""Columns of clients in files of deals and leads: firms or people, as their values say."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.workspace import Workspace
from tests import kit
from tests.tried import Tried
from tests.tried.tables import workspace


def of_deals(form: str, folder: Path) -> str:
    """Whom the deals of a file are with; the lines of the form are the cells of one column."""
    ws = workspace(folder)
    kit.company(ws, "Северный ветер")
    kit.contact(ws, name="Заря")
    label, *cells = form.split(" | ")
    _bring(ws, "deal", label, cells)
    of = {"company": "firms", "contact": "people"}
    found = []
    for entity, word in of.items():
        linked = {i for deal in kit.all_of(ws, "deal") for i in _links(deal, entity)}
        names = sorted(str(row["name"]) for row in kit.all_of(ws, entity) if row["id"] in linked)
        found += [f"{word}: {', '.join(names)}"] if names else []
    return "; ".join(found)


def of_leads(form: str, folder: Path) -> str:
    """The names and companies of leads."""
    ws = workspace(folder)
    label, *cells = form.split(" | ")
    _bring(ws, "lead", label, cells)
    rows = kit.all_of(ws, "lead")
    return ", ".join(sorted(f"{row['name']} ({row.get('company_name', '')})" for row in rows))


def _bring(ws: Workspace, entity: str, label: str, cells: list[str]) -> None:
    lines = [f"{cell};{n + 1}000;8916000010{n}" for n, cell in enumerate(cells)]
    other = {"deal": "Не загружать", "lead": "Телефон"}[entity]
    text = "\n".join([f"{label};Сумма;{other}", *lines])
    import_records(ws, entity, open_source(text.encode(), "x.csv"), "x.csv", ImportOptions())
    ws.look_again()


def _links(deal: dict[str, object], entity: str) -> list[str]:
    value = deal.get({"company": "company", "contact": "contacts"}[entity], [])
    return [str(value)] if isinstance(value, str) else [str(i) for i in cast("list[object]", value)]


DEALS = {
    "Клиент | Анна Котова | Пётр Лис": "people: Анна Котова, Пётр Лис",
    "Клиент | Иванова Анна Петровна | ООО «Ромашка» | Лис Пётр Ильич": "firms: ООО «Ромашка»; people: Иванова Анна Петровна, Лис Пётр Ильич",
    "Клиент | ООО «Ромашка» | АО Заря | Анна Котова": "firms: АО Заря, ООО «Ромашка»; people: Анна Котова",
    "Клиент | ООО «Ромашка» | ИП Котов А. В. | АО Заря | Лис П. И.": "firms: АО Заря, ИП Котов А. В., ООО «Ромашка»; people: Лис П. И.",
    "Клиент | ООО «Ромашка» | Фиалка | Кузнецова Ольга": "firms: ООО «Ромашка», Фиалка; people: Кузнецова Ольга",
    "Заказчик | Анна Котова | Пётр Лис | АО Весна": "firms: АО Весна; people: Анна Котова, Пётр Лис",
    "Client | Acme Ltd | Globex LLC | Initech | O'Brien, Mary": "firms: Acme Ltd, Globex LLC, Initech; people: O'Brien, Mary",
    "Kunde | Müller GmbH | Petra Schmidt | Weber AG": "firms: Müller GmbH, Weber AG; people: Petra Schmidt",
    "Клиент | Ромашка | Фиалка": "firms: Ромашка, Фиалка",
    "Клиент | Северный ветер": "firms: Северный ветер",
    "Заказчик | Заря | Котова Анна": "people: Заря, Котова Анна",
    "Client | John Miller | Mary Smith | Acme Inc.": "firms: Acme Inc.; people: John Miller, Mary Smith",
    "Client | Hugo Boss AG | Peter Hahn GmbH | Anna Schmidt": "firms: Hugo Boss AG, Peter Hahn GmbH; people: Anna Schmidt",
    "Customer | Acme Ltd | Globex Corporation": "firms: Acme Ltd, Globex Corporation",
    "Kunde | Hans Müller | Petra Schmidt": "people: Hans Müller, Petra Schmidt",
    "Klient | Anna Kowalska | Piotr Nowak": "people: Anna Kowalska, Piotr Nowak",
    "Cliente | Maria Silva | João Souza": "people: João Souza, Maria Silva",
    "Клиент | Анна Котова (anna@example.com) | Пётр Лис": "people: Анна Котова, Пётр Лис",
    "Компания | Анна Котова | Пётр Лис": "firms: Анна Котова, Пётр Лис",
}

LEADS = {
    "Клиент | Анна Котова | Пётр Лис": "Анна Котова (), Пётр Лис ()",
    "Клиент | ООО «Ромашка» | АО Заря": "АО Заря (АО Заря), ООО «Ромашка» (ООО «Ромашка»)",
    "Клиент | ООО «Ромашка» | АО Заря | Анна Котова": "АО Заря (АО Заря), Анна Котова (), ООО «Ромашка» (ООО «Ромашка»)",
    "Customer | Acme Inc. | Globex LLC": "Acme Inc. (Acme Inc.), Globex LLC (Globex LLC)",
}

CHAPTER = [
    Tried("Clients of deals: firms or people (cells of one column)", DEALS, of_deals),
    Tried("Clients of leads", LEADS, of_leads),
]
