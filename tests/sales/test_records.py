"""add, edit, remove and bulk on records of every kind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.errors import BadUsage, Conflict, NotFound, Refused
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.lead import Lead
from crmcli.model.values import Phone
from crmcli.sales.records import edit as editing
from crmcli.sales.records import remove as removing
from crmcli.sales.records.defaults import TooLittle
from crmcli.sales.records.edit import Edit
from crmcli.sales.records.remove import StillLinked
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def test_add_writes_one_readable_file_and_one_event(ws: Workspace, folder: Path) -> None:
    made = kit.lead(
        ws, name="Кровля", phones="8 (912) 345-67-89 доб. 12", amount="1 234,56", source="Сайт"
    )
    text = (folder / layout.record_path(made.id)).read_text(encoding="utf-8")
    assert text.splitlines() == [
        f"id: {made.id}",
        "name: Кровля",
        "stage: new",
        "phones:",
        "  - value: '+79123456789'",
        "    ext: '12'",
        "    type: work",
        "amount: '1234.56'",
        "currency: RUB",
        "source: web",
        "owner: anna",
        "created_at: '2026-11-23T09:00:00Z'",
    ]
    [event] = ws.events(record=made.id)
    assert (event.kind, event.actor, event.data) == (
        "lead.created",
        "anna",
        {"stage": "new", "robots": [], "sum": files.digest(text.encode())[:8]},
    )
    assert ws.get(made.id) == made


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"first_name": "Пётр", "last_name": "Иванов"}, "Пётр Иванов"),
        ({"company_name": "ООО «Ромашка»"}, "ООО «Ромашка»"),
        ({"phones": "89123456789"}, "+79123456789"),
        ({"emails": "Ivan@Example.RU"}, "Ivan@example.ru"),
        ({"comment": "Спросил про крышу\nи забор"}, "Спросил про крышу"),
    ],
)
def test_any_trace_is_enough_for_a_lead(ws: Workspace, given: dict[str, str], name: str) -> None:
    assert kit.add(ws, "lead", **given).get("name") == name


def test_nothing_is_not_enough(ws: Workspace, folder: Path) -> None:
    with pytest.raises(TooLittle, match="a lead needs a name"):
        kit.add(ws, "lead")
    assert not (folder / "data/leads").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"phones": "нет"}, "phones: "),
        ({"emails": "нет почты"}, "emails: "),
        ({"amount": "много"}, "amount: "),
        ({"birthday": "31.02.2026"}, "birthday: "),
        ({"source": "weeb"}, "source: "),
        ({"roof": "round"}, "roof: "),
        ({"ammount": "1"}, "no field 'ammount'"),
        ({"converted_at": "2026-11-23"}, "is set by crm"),
    ],
)
def test_a_bad_value_is_refused_by_name(
    ws: Workspace, folder: Path, given: dict[str, str], says: str
) -> None:
    with pytest.raises(BadUsage) as caught:
        kit.lead(ws, name="х", **given)
    assert says in caught.value.message
    assert not (folder / "data/leads").exists()


def test_custom_fields_are_typed(ws: Workspace) -> None:
    made = kit.lead(ws, name="Крыша", area="120,5", roof="flat")
    again = ws.get(made.id)
    assert (again.get("area"), again.get("roof")) == (Decimal("120.5"), "flat")


def test_any_spelling_of_a_phone_finds_the_record(ws: Workspace) -> None:
    made = kit.lead(ws, name="Пётр", phones="8 (912) 345-67-89 доб. 12")
    for spelling in ("+79123456789", "8 912 345 67 89", "9123456789", "8(912)345-67-89"):
        assert ws.resolve(spelling, "lead") == made.id


def test_references(ws: Workspace) -> None:
    made = kit.lead(ws, name="Пётр Ёлкин", emails="Petr@Example.ru")
    for ref in (made.id, made.id[5:], made.id[:9], "petr@example.ru", "петр елкин"):
        assert ws.resolve(ref, "lead") == made.id
    with pytest.raises(NotFound, match="no lead matches"):
        ws.resolve("nobody@example.ru", "lead")
    kit.lead(ws, name="Пётр Ёлкин")
    with pytest.raises(NotFound.__mro__[1]) as caught:
        ws.resolve("Пётр Ёлкин", "lead")
    assert caught.value.exit_code == 3
    assert "matches 2 records" in caught.value.message


def test_edit_writes_what_changed_and_nothing_twice(ws: Workspace) -> None:
    made = kit.lead(ws, name="Кровля", amount="100")
    kit.edit(ws, made.id, amount="200", comment="Звонить после 15")
    kit.edit(ws, made.id, amount="200")
    events = [e for e in ws.events(record=made.id) if e.kind == "field.changed"]
    assert [e.data["changes"] for e in events] == [
        {"amount": ["100", "200"], "comment": ["", "Звонить после 15"]}
    ]


def test_lists_are_added_to_and_taken_from(ws: Workspace) -> None:
    made = kit.lead(ws, name="К", tags=["vip"], phones=["+79123456789"])
    editing.edit(
        ws, made.id, Edit({}, {"tags": ["a"], "phones": ["mobile:89161112233"]}, {"tags": ["VIP"]})
    )
    now = ws.get(made.id)
    assert isinstance(now, Lead)
    assert now.tags == ("a",)
    assert now.phones == (Phone("+79123456789"), Phone("+79161112233", type="mobile"))
    editing.edit(ws, made.id, Edit({}, {}, {"phones": ["8 912 345-67-89"]}, unset=("tags",)))
    now = ws.get(made.id)
    assert isinstance(now, Lead)
    assert (now.tags, [p.value for p in now.phones]) == ((), ["+79161112233"])


def test_a_made_name_follows_its_parts(ws: Workspace) -> None:
    contact = kit.contact(ws, first_name="Анна", last_name="Белова")
    kit.edit(ws, contact.id, last_name="Котова")
    assert ws.get(contact.id).get("name") == "Анна Котова"
    kit.edit(ws, contact.id, name="Аня")
    kit.edit(ws, contact.id, last_name="Белова")
    assert ws.get(contact.id).get("name") == "Аня"


def test_the_stage_is_not_edited(ws: Workspace) -> None:
    made = kit.lead(ws, name="К")
    with pytest.raises(Refused, match="stage cannot be edited"):
        kit.edit(ws, made.id, stage="junk")


def test_a_deal_for_a_contact_belongs_to_its_company(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка")
    contact = kit.contact(ws, name="Анна", companies="ромашка: директор")
    assert isinstance(contact, Contact)
    assert [(c.company, c.role) for c in contact.companies] == [(company.id, "директор")]
    deal = kit.deal(ws, name="Сделка", contacts="Анна")
    assert isinstance(deal, Deal)
    assert (deal.company, deal.pipeline, deal.stage, deal.probability) == (
        company.id,
        "sales",
        "request",
        10,
    )


def test_what_others_link_to_is_not_removed(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка")
    contact = kit.contact(ws, name="Анна", companies="Ромашка")
    deal = kit.deal(ws, name="Сделка", company="Ромашка")
    with pytest.raises(StillLinked, match="linked from 2 records"):
        removing.remove(ws, company.id)
    assert ws.exists(company.id)
    removing.remove(ws, company.id, unlink=True)
    assert not ws.exists(company.id)
    assert ws.get(contact.id).get("companies") == ()
    assert ws.get(deal.id).get("company") == ""
    [event] = [e for e in ws.events(record=company.id) if e.kind == "company.removed"]
    assert event.data["record"]["name"] == "Ромашка"


def test_bulk_changes_what_fits_in_one_transaction(ws: Workspace) -> None:
    for n in range(5):
        kit.lead(ws, name=f"Лид {n}", amount=str(100 * n))
    condition = ws.condition("amount >= 300", "lead")
    changed = editing.bulk(ws, "lead", condition, Edit({"owner": ["boris"]}, {"tags": ["big"]}, {}))
    assert sorted(str(after.get("name")) for _, after in changed) == ["Лид 3", "Лид 4"]
    assert ws.count("lead", ws.condition("owner = boris and tags has big", "lead")) == 2
    assert ws.count("lead", ws.condition("owner = anna", "lead")) == 3


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    dry = Workspace.open(folder, user="anna", now=NOW, dry_run=True)
    kit.lead(dry, name="Кровля")
    assert not (folder / "data/leads").exists()
    assert not (folder / "data/timeline").exists()


def test_a_text_edit_loses_against_a_faster_change(ws: Workspace) -> None:
    made = kit.lead(ws, name="Кровля")
    stored = ws.stored(made.id)
    kit.edit(ws, made.id, amount="500")
    from dataclasses import replace

    with pytest.raises(Conflict):
        editing.take_text(ws, made.id, stored.digest, replace(made, name="Забор"))
    assert (ws.get(made.id).get("name"), ws.get(made.id).get("amount")) == ("Кровля", Decimal(500))


def test_a_hand_edit_is_seen_and_unknown_keys_are_kept(ws: Workspace, folder: Path) -> None:
    made = kit.lead(ws, name="Кровля")
    path = folder / layout.record_path(made.id)
    path.write_text(path.read_text() + "shoe_size: 43\nphones:\n  - 8 912 345-67-89\n")
    ws.look_again()
    assert ws.resolve("+7 912 345 67 89", "lead") == made.id
    kit.edit(ws, made.id, name="Крыша")
    text = path.read_text()
    assert "shoe_size:" in text
    assert "43" in text
    assert "name: Крыша" in text


def test_an_amount_may_name_its_currency(ws: Workspace) -> None:
    assert kit.lead(ws, name="К", amount="$1,234.50").currency == "USD"
    assert kit.lead(ws, name="К", amount="100 €").currency == "EUR"
    assert kit.lead(ws, name="К", amount="100").currency == "RUB"
    assert kit.lead(ws, name="К", amount="100", currency="KZT").currency == "KZT"


def test_a_name_that_is_emptied_is_made_anew_or_refused(ws: Workspace) -> None:
    person = kit.lead(ws, name="Кровля", first_name="Анна", last_name="Ковалёва")
    kit.edit(ws, person.id, name="")
    assert ws.get(person.id).get("name") == "Анна Ковалёва"
    bare = kit.lead(ws, name="Кровля")
    with pytest.raises(TooLittle):
        kit.edit(ws, bare.id, name="")
    assert ws.get(bare.id).get("name") == "Кровля"


def test_an_amount_that_comes_later_has_its_currency_too(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Д")
    kit.edit(ws, deal.id, amount="100")
    assert ws.get(deal.id).get("currency") == "RUB"


def test_a_company_named_twice_stands_once_with_the_last_role(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка")
    contact = kit.contact(ws, name="Анна", companies=["Ромашка: директор", company.id])
    editing.edit(ws, contact.id, Edit({}, {"companies": ["Ромашка: бухгалтер"]}, {}))
    saved = ws.get(contact.id)
    assert isinstance(saved, Contact)
    assert [(c.company, c.role) for c in saved.companies] == [(company.id, "бухгалтер")]
    deal = kit.deal(ws, name="Д", contacts=["Анна", contact.id])
    assert deal.get("contacts") == (contact.id,)


def test_what_is_broken_or_gone_can_be_removed_from_a_list(ws: Workspace, folder: Path) -> None:
    contact = kit.contact(ws, name="Анна", phones="89123456789")
    file = folder / layout.record_path(contact.id)
    text = file.read_text(encoding="utf-8").replace("'+79123456789'", "нет его")
    file.write_text(text + "companies:\n  - company: company-00000000\n", encoding="utf-8")
    gone = {"phones": ["Нет его"], "companies": ["company-00000000"]}
    editing.edit(ws, contact.id, Edit({}, {}, gone))
    assert (ws.get(contact.id).get("phones"), ws.get(contact.id).get("companies")) == ((), ())


def test_several_are_removed_together_or_not_at_all(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка")
    other = kit.company(ws, name="Лютик")
    contact = kit.contact(ws, name="Анна", companies="Ромашка")
    with pytest.raises(StillLinked, match="linked from 1 record"):
        removing.remove(ws, other.id, company.id)
    assert ws.exists(other.id)
    removing.remove(ws, company.id, contact.id, company.id)
    assert not ws.exists(company.id)
    assert not ws.exists(contact.id)


@pytest.mark.parametrize(
    "ref",
    ["8 912 345-67-89 внутр 12", "тел. 8 912 345 67 89", "8 912 345–67–89", "tel:+79123456789",
     "８９１２３４５６７８９", "Анна <anna@Example.ru>", "mailto:anna@example.ru"],
)  # fmt: skip
def test_a_reference_may_be_pasted_as_it_stands_in_a_letter(ws: Workspace, ref: str) -> None:
    made = kit.add(ws, "lead", phones="8 (912) 345-67-89", emails="anna@example.ru")
    assert ws.resolve(ref, "lead") == made.id


def test_a_deal_has_lines_and_their_sum(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Кровля", lines=["Лист;10;612,50;м²", "Доставка;1;1 500"])
    assert isinstance(deal, Deal)
    assert [(line.name, line.quantity, line.unit) for line in deal.lines] == [
        ("Лист", Decimal(10), "м²"), ("Доставка", Decimal(1), ""),
    ]  # fmt: skip
    assert (deal.amount, deal.currency) == (Decimal("7625.00"), "RUB")
    assert ws.get(deal.id) == deal
    with pytest.raises(BadUsage, match="is not a line"):
        kit.edit(ws, deal.id, lines="Лист")


@pytest.mark.parametrize(
    ("given", "edit", "name"),
    [
        ({"first_name": "Анна", "last_name": "Орлова"}, {"last_name": "Котова"}, "Анна Котова"),
        ({"first_name": "Анна", "last_name": "Орлова", "name": "Орлова Анна"}, {"last_name": "Котова"}, "Котова Анна"),
        ({"first_name": "Анна", "last_name": "Орлова", "name": "Анюта из бухгалтерии"}, {"last_name": "Котова"}, "Анюта из бухгалтерии"),
        ({"emails": "a@example.ru"}, {"first_name": "Анна"}, "Анна"),
        ({"emails": "a@example.ru"}, {"emails": "b@example.ru"}, "b@example.ru"),
        ({"first_name": "Anna", "last_name": "Hill", "name": "Hill Anna"}, {"middle_name": "Kim"}, "Hill Anna Kim"),
    ],
)  # fmt: skip
def test_a_name_made_of_others_follows_them(
    ws: Workspace, given: dict[str, str], edit: dict[str, str], name: str
) -> None:
    contact = kit.add(ws, "contact", **given)
    kit.edit(ws, contact.id, **edit)
    assert kit.raw(ws, contact.id)["name"] == name
