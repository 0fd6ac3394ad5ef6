"""do: create and do: convert."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.automation.simulate import rehearse
from crmcli.sales.consent import block_list

LEADS = """
    stages:
      - {id: new, name: Новый, ROBOT}
      - {id: good, name: Годен, kind: won}
      - {id: junk, name: Брак, kind: lost}
    """
DEALS = """
    stages:
      - {id: first, name: Первая, ROBOT}
      - {id: second, name: Вторая}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
    """


def rules(house: Any, *, deal: str = "", lead: str = "") -> None:
    def stage(text: str, robot: str) -> str:
        return text.replace(
            "ROBOT", f"robots: [{{id: make, {robot}}}]" if robot else "max_days: 90"
        )

    house.rules(stage(DEALS, deal), stage(LEADS, lead))


def made(house: Any, entity: str) -> list[Any]:
    return list(house.ws.select(entity, order=["created_at", "id"]))


def ticked(house: Any) -> None:
    """A tick in which nothing fails, and a second one that does nothing."""
    house.tick()
    assert {job.state for job in house.jobs()} <= {"done", "skipped"}, house.jobs()
    events = len(house.events())
    house.tick("1d")
    assert len(house.events()) == events


@pytest.fixture
def client(house: Any) -> Any:
    return house.add("contact", name="Ольга Чайкина", emails="olga@kafe.example")


@pytest.mark.parametrize("entity", ["deal", "lead", "task"])
def test_what_is_made_is_linked_and_has_the_same_owner(
    house: Any, client: Any, entity: str
) -> None:
    company = house.add("company", name="Кафе")
    given = 'name: "{{ deal.name }}, год спустя"'
    more = (
        ", stage: second, amount: '{{ deal.amount * 2 }}', close_by: +1y"
        if entity == "deal"
        else ""
    )
    rules(
        house,
        deal=f"do: create, with: {{entity: {entity}, set: {{{given}{more}}}}}, when: 'stage = first'",
    )
    deal = house.add(
        "deal", name="Чай", amount="100", owner="boris", contacts=client.id, company=company.id
    )
    assert "create: «Чай, год спустя»" in [line.what for line in rehearse(house.ws, house.now)]
    ticked(house)
    [new] = [one for one in made(house, entity) if one.id != deal.id]
    assert (new.name, new.owner) == ("Чай, год спустя", "boris")
    if entity == "task":
        assert new.about == deal.id
    elif entity == "lead":
        assert (new.contact, new.company, new.repeat) == (client.id, company.id, True)
    else:
        assert (new.contacts, new.company, new.stage, str(new.amount)) == (
            (client.id,), company.id, "second", "200",
        )  # fmt: skip
        assert new.close_by.isoformat() == "2027-11-23"
    [event] = house.events(f"{entity}.created", record=new.id)
    assert (event.actor, event.data["from"], event.depth) == ("robot:make", deal.id, 1)


def test_a_new_contact_and_company_are_linked_back(house: Any) -> None:
    lead = "do: create, with: {entity: contact, set: {name: '{{ lead.full_name }}', emails: '{{ lead.email }}'}}"
    rules(house, lead=lead.replace("lead.full_name", "lead.name"))
    first = house.add(
        "lead", name="Олег Рыбаков", emails="oleg@sudno.example", company_name="Судно"
    )
    ticked(house)
    [contact] = made(house, "contact")
    assert house.get(first.id).contact == contact.id
    assert (contact.name, contact.lead) == ("Олег Рыбаков", first.id)
    rules(house, deal="do: create, with: {entity: company, set: {name: 'ООО «Судно»'}}")
    deal = house.add("deal", name="Сеть", contacts=contact.id)
    ticked(house)
    [company] = made(house, "company")
    assert house.get(deal.id).company == company.id


def test_who_surely_is_known_is_used(house: Any, client: Any) -> None:
    given = "{name: Ольга Чайкина, emails: OLGA@kafe.example}"
    rules(house, deal=f"do: create, with: {{entity: contact, set: {given}}}")
    deal = house.add("deal", name="Чай")
    ticked(house)
    assert [one.id for one in made(house, "contact")] == [client.id]
    assert house.get(deal.id).contacts == (client.id,)


def test_who_is_blocked_is_not_made(house: Any) -> None:
    block_list.add(house.ws, ["spam.example"])
    rules(house, deal="do: create, with: {entity: lead, set: {emails: a@spam.example}}")
    house.add("deal", name="Чай")
    house.tick()
    [job] = house.jobs()
    assert job.state == "skipped"
    assert "spam.example" in job.reason
    assert made(house, "lead") == []


def test_deals_that_make_deals_come_to_an_end(house: Any) -> None:
    rules(house, deal="do: create, with: {entity: deal}")
    house.add("deal", name="Чай")
    house.tick()
    assert len(made(house, "deal")) == 11
    assert "automation.stopped" in house.kinds()


def test_two_clones_make_the_same(house: Any, clone: Any, client: Any) -> None:
    task = "do: create, with: {entity: task, set: {name: Позвонить}}, when: name = Чай"
    rules(house, deal=task, lead="do: convert")
    house.add("deal", name="Чай", contacts=client.id)
    house.add(
        "lead", name="Сеть", first_name="Олег", last_name="Рыбаков", emails="oleg@sudno.example"
    )
    other = clone()
    house.tick()
    other.tick()
    for entity in ("task", "contact", "deal"):
        assert {one.id for one in made(house, entity)} == {one.id for one in made(other, entity)}


def lead(house: Any) -> Any:
    return house.add(
        "lead", name="Сеть", first_name="Олег", last_name="Рыбаков", company_name="Судно",
        emails="oleg@sudno.example", amount="500", owner="boris",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("", {"contact", "company", "deal"}),
        ("make: [contact]", {"contact"}),
        ("make: 'contact, deal'", {"contact", "deal"}),
    ],
)
def test_a_lead_is_converted(house: Any, given: str, becomes: set[str]) -> None:
    rules(house, lead=f"do: convert, with: {{{given}}}")
    one = lead(house)
    ticked(house)
    found = house.get(one.id)
    assert (set(found.converted), found.stage) == (becomes, "good")
    assert {e for e in ("contact", "company", "deal") if made(house, e)} == becomes
    assert house.state("make") == "done"


def test_a_conversion_says_more_of_the_deal(house: Any) -> None:
    given = "{deal.close_by: today+7d, deal.name: '{{ lead.name }} для {{ lead.company_name }}', deal.stage: second}"
    rules(house, lead=f"do: convert, with: {{pipeline: sales, set: {given}}}")
    lead(house)
    ticked(house)
    [deal] = made(house, "deal")
    assert (deal.name, deal.stage, deal.close_by.isoformat()) == (
        "Сеть для Судно", "second", "2026-11-30",
    )  # fmt: skip


@pytest.mark.parametrize(("way", "contacts"), [("", 1), ("link", 1), ("create", 2), ("warn", 2)])
def test_who_is_known_is_used_unless_said_otherwise(house: Any, way: str, contacts: int) -> None:
    house.add("contact", name="Олег Рыбаков", emails="oleg@sudno.example")
    rules(house, lead=f"do: convert, with: {{{f'on_duplicate: {way}' if way else ''}}}")
    lead(house)
    ticked(house)
    assert len(made(house, "contact")) == contacts


def test_a_refused_conversion_is_tried_again_and_writes_nothing(house: Any) -> None:
    house.add("contact", name="Олег Рыбаков", emails="oleg@sudno.example")
    rules(house, lead="do: convert, with: {on_duplicate: fail}")
    one = lead(house)
    [failure] = house.tick().said
    assert "oleg@sudno.example" in failure or "Рыбаков" in failure
    assert (house.state("make"), house.get(one.id).stage) == ("failed", "new")
    assert made(house, "deal") == []


@pytest.mark.parametrize(
    ("entity", "robot", "told"),
    [
        ("deal", "do: create, with: {set: {name: а}}", "'entity' is missing"),
        ("deal", "do: create, with: {entity: offer}", "'offer' is not allowed"),
        ("deal", "do: create, with: {entity: contact, set: {amount: 5}}", "no field 'amount'"),
        ("deal", "do: create, with: {entity: task, set: {done_at: today}}", "'done_at' cannot be set"),
        ("deal", 'do: create, with: {entity: task, set: {name: "{{ deal.nam }}"}}', "no field 'deal.nam'"),
        ("deal", "do: create, with: {entity: task, set: [name]}", "'set' must have keys"),
        ("deal", "do: convert", "'convert' acts on a lead"),
        ("lead", "do: convert, with: {make: [offer]}", "'offer' is not allowed"),
        ("lead", "do: convert, with: {pipeline: servise}", "no pipeline 'servise' here"),
        ("lead", "do: convert, with: {on_duplicate: ask}", "'ask' is not allowed"),
        ("lead", "do: convert, with: {set: {deal.amont: 5}}", "no field 'amont'"),
        ("lead", "do: convert, with: {set: {offer.due: 5}}", "no field 'due'"),
        ("lead", "do: convert, with: {set: {thing.due: 5}}", "names no entity"),
        ("lead", "do: move, with: {stage: junk, pipeline: sales}", "no pipeline 'sales' here"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(house: Any, entity: str, robot: str, told: str) -> None:
    rules(house, **{entity: robot})
    faults = look_through(house.root, house.now).faults
    assert [told in str(fault) for fault in faults] == [True], faults
