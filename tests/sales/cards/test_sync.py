"""Contacts and an address book on a real server say the same, without doubles, whoever changed what."""

from __future__ import annotations

import base64

import pytest

from crmcli.errors import Refused
from crmcli.sales.cards.sync import sync
from crmcli.sales.cards.whose import Answers
from crmcli.sales.merging import merge as merging
from crmcli.sales.records import remove as removing
from tests import kit
from tests.sales.cards.conftest import Office
from tests.sales.cards.servers import Book

PHOTO = "PHOTO;ENCODING=b;TYPE=JPEG:" + base64.b64encode(bytes(range(200))).decode()
OLGA = (
    "UID:5e0b-olga", "FN:Ольга Иванова", "N:Иванова;Ольга;Петровна;;", "item1.TEL;type=pref:8 (916) 123-45-67",
    "item1.X-ABLabel:Личный", "TEL;TYPE=WORK,VOICE:+7 495 000-11-22", "EMAIL;TYPE=INTERNET:olga@kafe.example",
    "ORG:Кафе Весна;Отдел закупок", "TITLE:Закупщик", "NOTE:Любит чай\\, не кофе", PHOTO, "X-EVOLUTION-FILE-AS:Иванова",
)  # fmt: skip


def whats(told: object) -> list[str]:
    return sorted(one.what for one in told)  # type: ignore[attr-defined]


def test_both_sides_come_together_and_rest(office: Office, book: Book) -> None:
    book.put("olga.vcf", *OLGA)
    kit.contact(
        office.ws(), first_name="Иван", last_name="Петров", phones="+7 903 111-22-33", tags="vip"
    )
    assert whats(office.sync()) == ["new card", "new contact"]
    olga = office.contacts()["Ольга Иванова"]
    assert [one["value"] for one in olga["phones"]] == ["+79161234567", "+74950001122"]  # type: ignore[attr-defined]
    assert (olga["last_name"], olga["middle_name"], olga["position"]) == (
        "Иванова",
        "Петровна",
        "Закупщик",
    )
    assert kit.one(office.ws(), "company")["name"] == "Кафе Весна"
    ivan = book.cards()["Иван Петров"]
    assert "TEL" in ivan
    assert "+79031112233" in ivan
    assert "CATEGORIES:vip" in ivan
    before = kit.records_of(office.folder), book.cards(), office.ws().newest_id()
    assert office.sync() == []
    assert (kit.records_of(office.folder), book.cards(), office.ws().newest_id()) == before


def test_what_takes_too_long_goes_on_the_next_time(office: Office, book: Book) -> None:
    for number in range(3):
        kit.contact(office.ws(), name=f"Иван {number}")
    for number in range(1, 4):
        assert whats(sync(office.ws(), Answers(), seconds=-1)) == ["new card"]
        assert len(book.cards()) == number
    assert office.sync() == []
    names = office.contacts()
    for number in range(2):
        kit.edit(office.ws(), str(names[f"Иван {number}"]["id"]), position="Повар")
    book.put("olga.vcf", *OLGA)
    told = [one for _ in range(3) for one in whats(sync(office.ws(), Answers(), seconds=-1))]
    assert sorted(told) == ["new contact", "to the card", "to the card"]
    assert office.sync() == []


def linked(office: Office, book: Book) -> str:
    """Olga's card and the contact that it became."""
    book.put("olga.vcf", *OLGA)
    office.sync()
    return str(office.contacts()["Ольга Иванова"]["id"])


def test_what_changed_here_goes_there_and_the_rest_of_the_card_stays(
    office: Office, book: Book
) -> None:
    olga = linked(office, book)
    kit.edit(
        office.ws(),
        olga,
        last_name="Сидорова",
        phones=["+7 916 123-45-67", "mobile:+7 999 000-00-01"],
    )
    assert whats(office.sync()) == ["to the card"]
    card = book.cards()["Ольга Сидорова"]
    assert "N:Сидорова;Ольга;Петровна;;" in card
    assert "+79990000001" in card
    assert "000-11-22" not in card
    for kept in (
        "8 (916) 123-45-67",
        "X-ABLabel",
        "Личный",
        "Отдел закупок",
        "X-EVOLUTION-FILE-AS",
        "Любит чай",
        PHOTO[-60:],
        "5e0b-olga",
    ):
        assert kept in card or kept.lower() in card.lower()
    assert office.sync() == []


def test_what_changed_there_comes_here(office: Office, book: Book) -> None:
    olga = linked(office, book)
    book.edit("olga.vcf", "olga@kafe.example", "OLGA@new.example")
    book.edit("olga.vcf", "Закупщик", "Директор")
    book.edit("olga.vcf", "NOTE:Любит чай\\, не кофе", "NOTE:Не звонить\\nутром")
    assert whats(office.sync()) == ["from the card"]
    found = kit.raw(office.ws(), olga)
    assert [one["value"].lower() for one in found["emails"]] == ["olga@new.example"]
    assert (found["position"], found["comment"]) == ("Директор", "Не звонить\nутром")
    assert office.sync() == []


def test_both_changed_is_settled_field_by_field(office: Office, book: Book) -> None:
    olga = linked(office, book)
    kit.edit(
        office.ws(), olga, position="Владелица", emails=["olga@kafe.example", "o@home.example"]
    )
    book.edit("olga.vcf", "Закупщик", "Директор")
    book.edit("olga.vcf", "+7 495 000-11-22", "+7 812 555-66-77")
    [told] = office.sync()
    assert told.what == "both ways"
    assert any("Директор" in note for note in told.notes)
    found, card = kit.raw(office.ws(), olga), book.cards()["Ольга Иванова"]
    assert found["position"] == "Владелица"
    assert [one["value"] for one in found["phones"]] == ["+79161234567", "+78125556677"]
    assert "Владелица" in card
    assert "o@home.example" in card
    assert "555-66-77" in card
    assert office.sync() == []


def test_a_card_that_is_gone_deletes_no_contact(office: Office, book: Book) -> None:
    olga = linked(office, book)
    book.delete("olga.vcf")
    assert whats(office.sync()) == ["the card is gone, the contact stays"]
    assert office.ws().exists(olga)
    assert office.sync() == []
    assert book.names() == []


def test_a_contact_that_is_gone_takes_along_our_card_alone(office: Office, book: Book) -> None:
    olga = linked(office, book)
    ivan = kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
    office.sync()
    removing.remove(office.ws(), olga, ivan.id)
    assert len(office.sync()) == 2
    assert book.names() == ["olga.vcf"]
    assert office.sync() == []
    assert office.contacts() == {}


def test_a_known_contact_is_linked_in_any_spelling_of_the_number(
    office: Office, book: Book
) -> None:
    kit.contact(
        office.ws(),
        first_name="Ольга",
        last_name="Иванова",
        phones="8-916-123-45-67",
        emails="work:OLGA@kafe.example",
    )
    book.put("olga.vcf", *OLGA)
    assert whats(office.sync()) == ["both ways"]
    [olga] = office.contacts().values()
    assert [one["value"] for one in olga["phones"]] == ["+79161234567", "+74950001122"]  # type: ignore[attr-defined]
    assert len(olga["emails"]) == 1  # type: ignore[arg-type]
    assert book.names() == ["olga.vcf"]
    assert book.get("olga.vcf").count("916") == 1
    assert office.sync() == []


def test_who_is_in_doubt_is_asked_and_answered(office: Office, book: Book) -> None:
    """Two contacts are there that the card may be: neither is guessed, nor given a card beside it."""
    for _ in range(2):
        kit.contact(office.ws(), name="Ольга Иванова", phones="+79260000002", anyway=True)
    book.put("x.vcf", "UID:x", "FN:Ольга Иванова", "TEL:8 926 000 00 02", "EMAIL:o@kafe.example")
    [asked] = office.sync()
    assert (asked.record, "x.vcf" in asked.notes[0]) == ("", True)
    assert book.names() == ["x.vcf"]
    assert office.sync() == [asked]
    chosen = kit.all_of(office.ws(), "contact")[0]["id"]
    office.sync(link=(f"x.vcf={chosen}",))
    assert kit.raw(office.ws(), chosen)["emails"][0]["value"] == "o@kafe.example"
    assert len(kit.all_of(office.ws(), "contact")) == 2
    assert len(book.names()) == 2
    assert office.sync() == []


def test_a_second_card_of_a_contact_is_told_and_may_be_somebody_new(
    office: Office, book: Book
) -> None:
    linked(office, book)
    book.put("x.vcf", "UID:x", "FN:Ольга Иванова", "TEL:8 916 123 45 67")
    [asked] = office.sync()
    assert "second card" in asked.notes[0]
    assert len(office.contacts()) == 1
    office.sync(new=("x.vcf",))
    assert len(kit.all_of(office.ws(), "contact")) == 2
    assert office.sync() == []


def test_two_merged_contacts_keep_one_card_of_ours(office: Office, book: Book) -> None:
    one = kit.contact(office.ws(), name="Ольга Иванова", phones="+79161234567")
    other = kit.contact(office.ws(), name="Оля Иванова", phones="+79160000000", anyway=True)
    office.sync()
    assert len(book.names()) == 2
    ws = office.ws()
    merging.merge(ws, merging.plan(ws, one.id, [other.id]))
    office.sync()
    office.sync()
    assert book.names() == [f"{one.id}.vcf"]
    assert "+79160000000" in book.get(f"{one.id}.vcf")
    assert office.sync() == []


def test_a_book_that_is_empty_of_a_sudden_is_asked_about(office: Office, book: Book) -> None:
    for number in range(3):
        kit.contact(office.ws(), name=f"Клиент {number}", phones=f"+7903000000{number}")
    office.sync()
    for name in book.names():
        book.delete(name)
    with pytest.raises(Refused, match="all 3"):
        office.sync()
    assert len(office.sync(anyway=True)) == 3
    assert len(office.contacts()) == 3


def test_a_dry_run_changes_nothing(office: Office, book: Book) -> None:
    from crmcli.sales.cards.sync import sync
    from crmcli.sales.cards.whose import Answers

    book.put("olga.vcf", *OLGA)
    kit.contact(office.ws(), name="Иван Петров")
    before = kit.records_of(office.folder)
    assert whats(sync(office.ws(dry_run=True), Answers())) == ["new card", "new contact"]
    assert (kit.records_of(office.folder), book.names()) == (before, ["olga.vcf"])
