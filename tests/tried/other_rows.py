"""Rows of a sheet that are no records: totals with taxes and averages, notes, numbers of the columns."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales.imports import ImportOptions, import_records, open_source
from tests import kit
from tests.tried import Tried
from tests.tried.tables import workspace

COMMAS = str.maketrans("/", ";")


def below(form: str, folder: Path) -> str:
    """What comes of rows below two deals; each line of the form is one, / between its cells."""
    return _told(
        f"Название/Компания/Сумма/Тел.\nКрыша/Ромашка/1000/\nЗабор/Фиалка/2000/\n{form}", folder
    )


def whole(form: str, folder: Path) -> str:
    """What comes of a whole sheet of deals."""
    return _told(form, folder)


def _told(form: str, folder: Path) -> str:
    ws = workspace(folder)
    source = open_source(form.translate(COMMAS).encode(), "x.csv")
    found = import_records(ws, "deal", source, "x.csv", ImportOptions(rejects=folder / "r.csv"))
    names = ", ".join(str(deal["name"]) for deal in kit.all_of(ws, "deal"))
    rows = [f"{kind} {', '.join(map(str, lines))}" for kind, lines in found.other_rows.items()]
    return "; ".join([names, *rows, *([f"{found.rejected} rejected"] if found.rejected else [])])


TOTALS = {
    "Итого//3000/\nНДС 20%//600/\nВсего с НДС//3600/": "Забор, Крыша; total 4, 5, 6",
    "Итого//999/\nв т.ч. НДС//166,50/\nВсего к оплате//999/": "Забор, Крыша; total 4, 5, 6",
    "Сумма без НДС//3000/\nНДС (20%)//600/\nИтого с НДС//3600/": "Забор, Крыша; total 4, 5, 6",
    "НДС//500/\nИтого//3500/\nПечь/Лютик/10/": "Забор, Крыша, Печь; total 4, 5",
    "Total//3000/\nVAT @ 20%//600/\nGrand total//3600/\nStove/Iris/5/": "Stove, Забор, Крыша; total 4, 5, 6",
    "Subtotal//3000/\nDiscount/10%/-300/\nShipping//50/\nTotal//2750/": "Забор, Крыша; total 4, 5, 6, 7",
    "Zwischensumme//3000/\nzzgl. 19% MwSt.//570/\nGesamtbetrag//3570/": "Забор, Крыша; total 4, 5, 6",
    "Razem//3000/\nVAT//690/\nPodatek//0/": "Забор, Крыша; total 4, 5, 6",
    "Sub Total//3000/\nCGST 9%//270/\nSGST 9%//270/\nGrand Total//3540/": "Забор, Крыша; total 4, 5, 6, 7",
    "Total HT//3000/\nTVA 20%//600/": "Забор, Крыша; total 4, 5",
    "Среднее//1500/\nПечь/Лютик/10/": "Забор, Крыша, Печь; total 4",
    "Среднее//1499/\nПечь/Лютик/10/": "Забор, Крыша, Печь, Среднее",
    "Average//777/": "Забор, Крыша; total 4",
    "Итого//3000/\nСреднее//1500/\nМаксимум//2000/": "Забор, Крыша; total 4, 5, 6",
    "Durchschnitt//1500/\nGesamt//3000/": "Забор, Крыша; total 4, 5",
    "НДС//600/": "Забор, Крыша, НДС",
    "Доставка/Ромашка/600/": "Доставка, Забор, Крыша",
    "Max//500/": "Max, Забор, Крыша",
    "НДС//600/\nПечь/Лютик/10/": "Забор, Крыша, НДС, Печь",
    "Итого//3000/\nПечь/Лютик/10/\nСкидка//5/\nДом/Ирис/1/": "Дом, Забор, Крыша, Печь, Скидка; total 4",
}

NOTES = {
    "* цены без НДС///": "Забор, Крыша; note 4",
    "Примечание: цены указаны без НДС///": "Забор, Крыша; note 4",
    "Отчёт сформирован 05.03.2026 14:00": "Забор, Крыша; note 4",
    "///\nСоставил: Иванова А. П.///": "Забор, Крыша; note 5",
    "///\nДиректор///Иванов И. И.\nГлавный бухгалтер///Лис В.": "Забор, Крыша; note 5, 6",
    "Итого//3000/\n\nРуководитель ____________ /Иванов/": "Забор, Крыша; total 4; note 6",
    "Итого//999/\nИсточник: 1С///": "Забор, Крыша; total 4; note 5",
    "\nSource: HubSpot, exported by Anna///": "Забор, Крыша; note 5",
    "Exported on 2026-03-05 from Pipedrive///": "Забор, Крыша; note 4",
    "///\nAlle Preise ohne Gewähr und zzgl. Versand.///": "Забор, Крыша; note 5",
    "///\nStan na 05.03.2026///\nUwaga: ceny netto///": "Забор, Крыша; note 5, 6",
    "Page 1 of 1": "Забор, Крыша; note 4",
    "///\nПечь///": "Забор, Крыша, Печь",
    "///\nООО «Рога, копыта, рога и ещё раз копыта»///": "Забор, Крыша, ООО «Рога, копыта, рога и ещё раз копыта»",
    "Источник///": "Забор, Источник, Крыша",
    "* срочно///\nПечь/Лютик/10/": "* срочно, Забор, Крыша, Печь",
    "///\nИванова Анна Петровна///": "Забор, Иванова Анна Петровна, Крыша",
}

NUMBERS = {
    "Название/Компания/Сумма\n1/2/3\nКрыша/Ромашка/1000": "Крыша; numbers 2",
    "Название/Компания/Сумма\n(1)/(2)/(3)\nКрыша/Ромашка/1000": "Крыша; numbers 2",
    "Название/Компания/Сумма/Валюта\nА/Б/1/2\nКрыша/Ромашка/1000/RUB": "Крыша; numbers 2",
    "№/Название/Компания/Сумма\n/1/2/3\n1/Крыша/Ромашка/1000": "Крыша; numbers 2",
    "Название/Компания/Сумма/Валюта\n1/2/2а/3\nКрыша/Ромашка/1000/RUB": "Крыша; numbers 2",
    "Название/Сумма/Бюджет\n1/2/3=2*1,2\nКрыша/1000/": "Крыша; numbers 2",
    "Deal name/Amount/Company\n1./2./3.\nRoof/5/Iris\n1./2./3.\nShed/6/Iris": "Roof, Shed; numbers 2, 4",
    "Название/Компания/Сумма\n1/2/5\nКрыша/Ромашка/1000": "1, Крыша",
    "Название/Компания/Сумма\nКрыша/Ромашка/1000\n1/2/3": "1, Крыша",
    "Название/Сумма\n1/2\nКрыша/1000": "1, Крыша",
}

CHAPTER = [
    Tried("Totals, taxes and averages below two deals (/ between cells)", TOTALS, below),
    Tried("Notes below two deals", NOTES, below),
    Tried("A row that numbers the columns", NUMBERS, whole),
]
