"""What people type to find a record, and the order in which lists stand."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.conditions.holds import holds
from crmcli.model.schema import Schema
from crmcli.store.index import Index
from tests.store.index_folder import Folder
from tests.tried import Tried

PEOPLE = (
    "François Lefèvre", "Jürgen Müller", "Anna Mueller", "Łukasz Żółć", "Søren Ærø", "Weiß & Söhne GmbH",
    "Siobhán O’Neill", "Đức Nguyễn", "João Conceição", "Ёлкин Семён", "ООО «Ромашка и Ко»",
    "Санкт-Петербургский филиал", "Ли Анна", "Лидия Ангелина", "Ａｎａｄｏｌｕ Şirketi", "Νίκος Παπαδόπουλος",
)  # fmt: skip
PHONES = {
    "RU": "+74951234567", "GB": "+442079460123", "DE": "+493012345678", "FR": "+33612345678", "CH": "+41446681800",
    "BY": "+375291234567", "IN": "+919812345678", "BR": "+5511961234567", "HU": "+3612345678", "US": "+14155552671",
    "IT": "+390612345678", "PL": "+48221234567",
}  # fmt: skip


def found(form: str, folder: Path) -> str:
    """The names of the records that a search finds, the best first."""
    made = Folder(folder)
    for number, name in enumerate(PEOPLE):
        made.write({"id": f"contact-{number:08}", "name": name})
    return _names(made, form)


def contained(form: str, folder: Path) -> str:
    """The names of the records that fit a condition, by the index and by the rules alike."""
    made = Folder(folder)
    for number, name in enumerate(PEOPLE):
        made.write({"id": f"contact-{number:08}", "name": name})
    made.fresh()
    ids = made.ids_of("contact", form, order=["name"])
    condition = made.condition("contact", form)
    records = [made.record(f"contact-{number:08}") for number in range(len(PEOPLE))]
    fitting = [one.id for one in records if one and holds(condition, one, made.env)]
    made.index.close()
    assert sorted(ids) == fitting
    return ", ".join(PEOPLE[int(one[-8:])] for one in ids) or "nothing"


def dialled(form: str, folder: Path) -> str:
    """The phones that are found in a workspace of the country that stands in front."""
    country, _, text = form.partition(": ")
    made = Folder(folder)
    for number, phone in enumerate(PHONES.values()):
        made.write({"id": f"contact-{number:08}", "name": phone, "phones": [{"value": phone}]})
    made.index = Index(folder, Schema(), country)
    return _names(made, text)


def _names(made: Folder, text: str) -> str:
    records = [made.record(hit.id) for hit in made.fresh().search(text)]
    made.index.close()
    return ", ".join(str(record.get("name")) for record in records if record) or "nothing"


def in_order(form: str, folder: Path) -> str:
    """The names as a list has them in a workspace of the country that stands in front."""
    country, _, names = form.partition(": ")
    made = Folder(folder)
    for number, name in enumerate(names.split(", ")):
        made.write({"id": f"contact-{number:08}", "name": name})
    made.index = Index(folder, Schema(), country)
    made.index.refresh()
    records = [made.record(one) for one in made.ids_of("contact", order=["name"])]
    made.index.close()
    return ", ".join(str(record.get("name")) for record in records if record)


SEARCHED = {
    "francois": "François Lefèvre",
    "LEFÈVRE": "François Lefèvre",
    "lefevre francois": "François Lefèvre",
    "muller": "Jürgen Müller",
    "mueller": "Anna Mueller, Jürgen Müller",
    "Müller": "Jürgen Müller, Anna Mueller",
    "lukasz": "Łukasz Żółć",
    "zolc": "Łukasz Żółć",
    "soren": "Søren Ærø",
    "soeren": "Søren Ærø",
    "aeroe": "Søren Ærø",
    "weiss sohne": "Weiß & Söhne GmbH",
    "soehne": "Weiß & Söhne GmbH",
    "siobhan o'neill": "Siobhán O’Neill",
    "oneill": "Siobhán O’Neill",
    "duc nguyen": "Đức Nguyễn",
    "joao conceicao": "João Conceição",
    "елкин": "Ёлкин Семён",
    "СЕМЁН": "Ёлкин Семён",
    "ромашка": "ООО «Ромашка и Ко»",
    '"Ромашка"': "ООО «Ромашка и Ко»",
    "Ёлкин, Семён": "Ёлкин Семён",
    "петербургский": "Санкт-Петербургский филиал",
    "филиал в Санкт-Петербургский": "Санкт-Петербургский филиал",
    "санкт–петербург": "Санкт-Петербургский филиал",
    "ли": "Ли Анна, Лидия Ангелина, Санкт-Петербургский филиал",
    "ан": "Ли Анна, Лидия Ангелина, Санкт-Петербургский филиал",
    "гелин": "Лидия Ангелина",
    "anadolu sirketi": "Ａｎａｄｏｌｕ Şirketi",
    "νικοσ": "Νίκος Παπαδόπουλος",
    "the muller": "Jürgen Müller",
    "и": "ООО «Ромашка и Ко», Ёлкин Семён, Санкт-Петербургский филиал, Ли Анна, Лидия Ангелина",
}
DIALLED = {
    "RU: 8 (495) 123-45-67": "+74951234567",
    "RU: 8495": "+74951234567",
    "RU: 495 123-45": "+74951234567",
    "RU: тел. 8 495 123 45 67 доб. 12": "+74951234567",
    "RU: 8 10 44 20 7946 0123": "+442079460123",
    "GB: 020 7946 0123": "+442079460123",
    "GB: 020 7946": "+442079460123",
    "GB: +44 (0)20 7946 0123": "+442079460123",
    "GB: 00 49 30 12345678": "+493012345678",
    "DE: 030/12345678": "+493012345678",
    "DE: 030 1234-5678": "+493012345678",
    "FR: 06 12 34 56 78": "+33612345678",
    "FR: 06.12.34": "+33612345678, +390612345678",
    "CH: 044 668 18 00": "+41446681800",
    "BY: 8 029 123-45-67": "+375291234567",
    "IN: 098123 45678": "+919812345678",
    "BR: (011) 96123-4567": "+5511961234567",
    "HU: 06 1 234 5678": "+3612345678, +33612345678",
    "US: 1 (415) 555-2671": "+14155552671",
    "US: 011 44 20 7946 0123": "+442079460123",
    "IT: 06 1234 5678": "+390612345678",
    "PL: 22 123 45 67": "+48221234567",
}
ORDERED = {
    "RU: Яковлев, Еремин, Жуков, Ёлкин": "Ёлкин, Еремин, Жуков, Яковлев",
    "RU: Zebra, Ямал, Äpfel, Apfel, Банк": "Apfel, Äpfel, Zebra, Банк, Ямал",
    "RU: Їжак, Йод, Ива, Ївга, Іван, Ёж": "Ёж, Ива, Іван, Ївга, Їжак, Йод",
    "DE: Zoo, Ärzte, Arzt, Bär, Übel, Ute": "Arzt, Ärzte, Bär, Übel, Ute, Zoo",
    "DE: Straßer, Strasse, Straus": "Strasse, Straßer, Straus",
    "FR: Zola, Éluard, Eluard, École, ebène": "ebène, École, Eluard, Éluard, Zola",
    "PL: Żak, Zawada, Łódź, Lublin, Ćma, Cyna, Źdźbło": "Cyna, Ćma, Lublin, Łódź, Zawada, Źdźbło, Żak",
    "GB: Łódź, Lublin, Zebra, Évora": "Évora, Łódź, Lublin, Zebra",
    "SE: Öberg, Zorn, Ärlig, Åberg, Adam": "Adam, Zorn, Åberg, Ärlig, Öberg",
    "DK: Århus, Østerbro, Zoo, Ærø": "Zoo, Ærø, Østerbro, Århus",
    "ES: Ñandú, Nube, Ocaña, Álava": "Álava, Nube, Ñandú, Ocaña",
    "CZ: Čapek, Cuba, Dvořák, Šíp, Sýr": "Cuba, Čapek, Dvořák, Sýr, Šíp",
    "TR: Çelik, Cuma, Dal, Iğdır, İzmir": "Cuma, Çelik, Dal, Iğdır, İzmir",
    "GB: O’Neill, O'Brien, Oak": "O'Brien, O’Neill, Oak",
}

CONTAINED = {
    "name ~ francois": "François Lefèvre",
    "name ~ 'ois lef'": "François Lefèvre",
    "name ~ lefÈvre": "François Lefèvre",
    "name ~ mueller": "Anna Mueller, Jürgen Müller",
    "name ~ müller": "Anna Mueller, Jürgen Müller",
    "name ~ muller": "Jürgen Müller",
    "name ~ 'zolc'": "Łukasz Żółć",
    "name ~ aeroe": "Søren Ærø",
    "name ~ 'soehne gmbh'": "Weiß & Söhne GmbH",
    "name ~ strasse or name ~ weiss": "Weiß & Söhne GmbH",
    "name ~ oneill": "Siobhán O’Neill",
    """name ~ "o'neill\"""": "Siobhán O’Neill",
    "name ~ conceicao": "João Conceição",
    "name ~ Елкин": "Ёлкин Семён",
    "name ~ семЁн": "Ёлкин Семён",
    "name ~ 'санкт-петербург'": "Санкт-Петербургский филиал",
    "name ~ sirketi": "Ａｎａｄｏｌｕ Şirketi",
    "name ~ παπαδοπουλος": "Νίκος Παπαδόπουλος",
    "name ~ й": "Санкт-Петербургский филиал",
    "name = 'Francois Lefevre'": "nothing",
    "name = 'семен елкин' or name = 'елкин семен'": "Ёлкин Семён",
    "not name ~ n and not name ~ и": "Łukasz Żółć, Νίκος Παπαδόπουλος",
}

CHAPTER = [
    Tried("What a condition finds with ~, = being exact", CONTAINED, contained),
    Tried("Searching in the spelling of one's keyboard", SEARCHED, found),
    Tried("Phones as they are dialled in a country", DIALLED, dialled),
    Tried("The order of lists in a country", ORDERED, in_order),
]
