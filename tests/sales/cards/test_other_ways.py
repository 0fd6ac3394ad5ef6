"""The command, the tick, another server, vCard 4, iCloud's groups, and which contacts go there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import vobject

from tests import kit
from tests.sales.cards.conftest import Office
from tests.sales.cards.servers import SECRET, Book, xandikos
from tests.sales.cards.test_sync import OLGA, linked, whats

Crm = Callable[..., kit.Run]


def test_the_command_and_the_tick_do_the_same(office: Office, book: Book, crm: Crm) -> None:
    book.put("olga.vcf", *OLGA)
    tried = crm("contact", "sync", "--dry-run", "--json")
    assert [one["name"] for one in json.loads(tried.out)] == ["Ольга Иванова"]
    assert crm("contact", "list", "--json").out.strip() == "[]"
    assert crm("tick") == (0, "", "")
    assert "Ольга Иванова" in crm("contact", "list").out
    assert (
        crm("contact", "edit", "Ольга Иванова", "--set", "position=Шеф", "--as", "anna").code == 0
    )
    assert crm("tick") == (0, "", "")
    assert "TITLE:Шеф" in book.get("olga.vcf")
    assert crm("contact", "sync", "--json").out.strip() == "[]"


def test_what_goes_wrong_is_told_by_the_tick_once(office: Office, book: Book, crm: Crm) -> None:
    first = crm("tick", CARDS_SECRET="wrong")
    assert (first.code, "401" in first.err, first.err.count("\n")) == (0, True, 1)
    assert "wrong" not in first.err + first.out
    assert crm("tick", CARDS_SECRET="wrong") == (0, "", "")
    failed = crm("contact", "sync", CARDS_SECRET="wrong")
    assert (failed.code, failed.err.count("\n")) == (7, 2)
    assert crm("tick") == (0, "", "")


def test_another_address_waits_for_trust(
    office: Office, book: Book, crm: Crm, tmp_path: Path
) -> None:
    """What git or somebody else wrote into the settings sends no contacts away."""
    assert crm("contact", "sync").code == 0
    assert crm("trust", "--revoke").code == 0
    refused = crm("contact", "sync")
    assert (refused.code, "trust" in refused.err) == (1, True)
    kit.contact(office.ws(), name="Иван Петров")
    crm("tick")
    assert book.names() == []


def test_xandikos_is_found_from_its_root(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_SECRET", SECRET)
    (tmp_path / "dav").mkdir()
    with xandikos(tmp_path / "dav") as book:
        book.url = f"http://127.0.0.1:{book.port}/"
        office = Office(folder, book)
        text = book.put("olga.vcf", *OLGA)
        ivan = kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
        assert whats(office.sync()) == ["new card", "new contact"]
        assert office.sync() == []
        assert book.get("olga.vcf") == text
        kit.edit(office.ws(), ivan.id, phones="+79031112244")
        book.edit("olga.vcf", "Закупщик", "Директор")
        assert whats(office.sync()) == ["from the card", "to the card"]
        assert office.contacts()["Ольга Иванова"]["position"] == "Директор"
        kit.edit(office.ws(), str(office.contacts()["Ольга Иванова"]["id"]), emails="o@new.example")
        office.sync()
        kept = text.replace("Закупщик", "Директор").split("\r\n")
        got = book.get("olga.vcf").split("\r\n")
        assert [line for line in kept if line not in got] == [
            "EMAIL;TYPE=INTERNET:olga@kafe.example"
        ]
        four = book.put("p.vcf", *FOUR, version="4.0")
        office.sync()
        kit.edit(office.ws(), str(office.contacts()["Пётр Котов"]["id"]), tags=["vip", "новое"])
        assert whats(office.sync()) == ["to the card"]
        assert book.get("p.vcf") == four.replace("vip,дача", "vip").replace(
            "END:VCARD", "CATEGORIES:новое\r\nEND:VCARD"
        )
        book.delete(f"{ivan.id}.vcf")
        assert whats(office.sync()) == ["the card is gone, the contact stays"]
        assert office.sync() == []


PICTURE = base64.b64encode(bytes(range(256))).decode()
FOUR = (
    "UID:urn:uuid:4fbe8971", "FN:Пётр Котов", "N:Котов;Пётр;;;", "KIND:individual",
    "TEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+7-926-000-00-01;ext=12", "item1.TEL:8 (903) 765-43-21",
    "item1.X-ABLabel:_$!<Dacha>!$_", "item2.ADR:;;ул. Ленина\\, 1;Москва;;101000;Россия", "item2.X-ABADR:ru",
    f"PHOTO:data:image/jpeg;base64,{PICTURE}", "BDAY:--0512", "ANNIVERSARY:20090808", "GENDER:M",
    "CATEGORIES:vip,дача", "X-PHONETIC-LAST-NAME:Котофф", "LANG;PREF=1:ru", "RELATED;TYPE=spouse:urn:uuid:x",
)  # fmt: skip


def test_vcard_4_keeps_all_that_crm_does_not_know(office: Office, book: Book) -> None:
    book.put("p.vcf", *FOUR, version="4.0")
    office.sync()
    petr = office.contacts()["Пётр Котов"]
    phones = {one["value"]: one.get("ext") for one in petr["phones"]}  # type: ignore[attr-defined]
    assert phones == {"+79260000001": "12", "+79037654321": None}
    assert (petr["birthday"], petr["address"]) == (
        "--05-12",
        "ул. Ленина, 1, Москва, 101000, Россия",
    )
    before = book.cards()["Пётр Котов"]
    kit.edit(office.ws(), str(petr["id"]), tags=["vip", "новое"], phones="8 903 765 43 21")
    assert whats(office.sync()) == ["to the card"]
    after = book.cards()["Пётр Котов"]
    gone = set(before.split("\r\n")) - set(after.split("\r\n"))
    assert all(line.startswith(("TEL", "CATEGORIES", "REV")) for line in gone), gone
    assert "новое" in after
    assert "дача" not in after.split("CATEGORIES")[1].split("\r\n")[0]
    assert "item1.TEL" in after
    [photo] = [line for line in before.split("\r\n") if line.startswith("PHOTO")]
    assert photo in after
    assert office.sync() == []


def test_the_label_goes_with_its_number_and_no_other(office: Office, book: Book) -> None:
    olga = linked(office, book)
    kit.edit(office.ws(), olga, phones="+7 495 000-11-22")
    office.sync()
    card = book.get("olga.vcf")
    assert "Личный" not in card
    assert "000-11-22" in card
    assert vobject.readOne(card).fn.value == "Ольга Иванова"


def test_only_those_that_are_wanted_go_there(office: Office, book: Book) -> None:
    kit.replace(
        office.folder / "settings.yaml", "password: env", "where: tags has vip, password: env"
    )
    kit.contact(office.ws(), name="Иван Петров", tags="vip")
    kit.contact(office.ws(), name="Пётр Котов")
    assert whats(office.sync()) == ["new card"]
    assert list(book.cards()) == ["Иван Петров"]


def test_groups_and_firms_are_no_contacts(office: Office, book: Book) -> None:
    book.put("g.vcf", "UID:g", "FN:Друзья", "KIND:group", "MEMBER:urn:uuid:x", version="4.0")
    book.put("o.vcf", "UID:o", "FN:ООО Весна", "ORG:ООО Весна", "X-ABShowAs:COMPANY")
    assert office.sync() == []
    assert office.contacts() == {}


@pytest.mark.parametrize(
    "spelled", ["8 916 123-45-67", "+7 (916) 1234567", "9161234567", "tel:+7-916-123-45-67", "007 916 123 45 67"]
)  # fmt: skip
def test_a_number_is_doubled_in_no_spelling(office: Office, book: Book, spelled: str) -> None:
    kit.contact(office.ws(), first_name="Ольга", last_name="Иванова", phones="+79161234567")
    book.put("x.vcf", "UID:x", "FN:Ольга Иванова", "N:Иванова;Ольга;;;", f"TEL:{spelled}")
    office.sync()
    [olga] = office.contacts().values()
    assert [one["value"] for one in olga["phones"]] == ["+79161234567"]  # type: ignore[attr-defined]
    assert book.names() == ["x.vcf"]
    assert book.get("x.vcf").count("TEL") == 1


def test_a_card_that_moves_keeps_its_contact(office: Office, book: Book) -> None:
    olga = linked(office, book)
    text = book.get("olga.vcf")
    book.delete("olga.vcf")
    book.ask("PUT", f"{book.path}moved.vcf", text.replace("Закупщик", "Директор"))
    assert whats(office.sync()) == ["from the card"]
    assert office.contacts()["Ольга Иванова"]["id"] == olga
    assert office.sync() == []


def test_what_does_not_fit_stays_on_the_card(office: Office, book: Book) -> None:
    book.put(
        "x.vcf",
        "UID:x",
        "FN:Ольга Иванова",
        "TEL:12",
        "EMAIL:нет адреса",
        "TEL:+79161234567",
        "BDAY:весной",
    )
    [told] = office.sync()
    assert told.what == "new contact"
    [olga] = office.contacts().values()
    assert [one["value"] for one in olga["phones"]] == ["+79161234567"]  # type: ignore[attr-defined]
    assert "TEL:12" in book.get("x.vcf")
    assert office.sync() == []
