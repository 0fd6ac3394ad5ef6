"""Who is who: a record that is there, and one that comes: added, imported and searched for alike."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales import add as adding
from crmcli.sales.duplicates.searching import search
from tests import kit
from tests.tried import Tried

SETTINGS = "language: en\ncurrency: EUR\ntime_zone: Europe/Berlin\nphone_country: DE\n"


def comes_out(form: str, folder: Path) -> str:
    """What is said of `one | other`, each `name, sign`: that they are one, may be, or are two."""
    ws = kit.opened(kit.workspace(folder / "w", kit.pipelines(), SETTINGS))
    entity = "company" if form.startswith("firm ") else "contact"
    one, other = (_given(text) for text in form.removeprefix("firm ").split(" | "))
    adding.add(ws, entity, one)
    ws.look_again()
    known = adding.add(ws, entity, other).known
    ws.look_again()
    found = "; shown by dupes" if search(ws, entity).clusters else ""
    if not known:
        return f"two{found}"
    return f"{'one' if known[0].surely else 'perhaps one'}: {', '.join(known[0].reasons)}{found}"


def _given(text: str) -> dict[str, list[str]]:
    name, _, sign = text.partition(", ")
    if not sign:
        return {"name": [name]}
    is_phone = sign[0] in "+0"
    fields = {"/": "urls", "@": "emails", ":": "handles"}
    by = next((field for mark, field in fields.items() if mark in sign), "urls")
    by = "handles" if sign.startswith("telegram:") else "phones" if is_phone else by
    return {"name": [name], by: [sign]}


PEOPLE = {
    "Anna Hill, +49 30 901820 | Boris Kent, +49 30 901820": "two",
    "Anna Hill, +49 30 901820 | Anna Hill, 030 901820": "one: same phone +49 30 901820, same name; shown by dupes",
    "Bill Hill, b@hill.com | William Hill, b@hill.com": "one: same e-mail b@hill.com, short for one name: William = Bill, same domain hill.com; shown by dupes",
    "Hans Müller, h@mueller.de | Johannes Mueller, h@mueller.de": "one: same e-mail h@mueller.de, transliteration: Mueller = Müller, short for one name: Johannes = Hans; shown by dupes",
    "Анна Орлова, a@orlova.ru | Орлова Аня, a@orlova.ru": "one: same e-mail a@orlova.ru, words in another order, short for one name: Аня = Анна; shown by dupes",
    "Анна Орлова, a@orlova.ru | Борис Котов, a@orlova.ru": "two",
    "Anna, telegram:@anna | Anna Hill, https://t.me/Anna": "one: same handle telegram:anna, part of the name is the same: Anna; shown by dupes",
    "Anna Hill, linkedin:anna-hill | Boris Kent, https://de.linkedin.com/in/anna-hill/": "two",
}
FIRMS = {
    "firm Hill Corp, https://www.hill.com/en/?utm=1 | Hill Company, hill.com": "one: legal form aside: Hill Company = Hill Corp, same domain hill.com; shown by dupes",
    "firm Hill S.A. de C.V., hill.mx | Hill, www.hill.mx": "one: legal form aside: Hill = Hill S.A. de C.V., same domain hill.mx; shown by dupes",
    "firm Müller GmbH & Co. KG, +49 30 901820 | Mueller KG, 030 901820": "one: same phone +49 30 901820, transliteration: Mueller KG = Müller GmbH & Co. KG; shown by dupes",
    "firm ООО «Ромашка» | Ромашка": "perhaps one: legal form aside: Ромашка = ООО «Ромашка»; shown by dupes",
    "firm Bosch | HSBC": "two",
    "firm Ромашка, buh@uchet.ru | Лютик, buh@uchet.ru": "two",
    "firm Ромашка, vk.com/romashka | Лютик, vk.com/lutik": "two",
    "firm Hill, ozon.ru/seller/7 | Hill Plus, www.ozon.ru/seller/7/": "one: same page ozon.ru/seller/7, part of the name is the same: Hill Plus, Hill; shown by dupes",
}

CHAPTER = [
    Tried("People who may be one: who is there, who comes", PEOPLE, comes_out),
    Tried("Firms that may be one: which is there, which comes", FIRMS, comes_out),
]
