"""Advertising audiences: who gets in and out, and what the platforms are given."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.errors import BadUsage, NotFound
from crmcli.model.audience import PLATFORMS, hashed
from crmcli.sales import leads, stages
from crmcli.sales.consent import audiences, block_list, permission
from crmcli.sales.history import undo
from crmcli.sales.merging import merge
from crmcli.sales.records import remove
from tests import kit
from tests.automation.conftest import House

RULES = """
    stages:
      - id: new
        name: Новая
        robots: [{id: into, do: audience, with: {add: buyers, days: 30}}]
      - id: lost_them
        name: Другая
        robots: [{id: out, do: audience, with: {take: buyers}}]
"""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def olga(house: House) -> Any:
    house.rules(RULES)
    return house.add(
        "contact", name="Ольга", emails="Olga.Kafe+crm@GMail.com", phones="8 916 123-45-67"
    )


def lines(house: House, name: str = "buyers") -> list[str]:
    path = house.root / f"data/audiences/{name}.csv"
    return path.read_text("utf-8").splitlines() if path.exists() else []


def sale(house: House, client: Any, name: str = "Чай") -> Any:
    return house.add("deal", name=name, contacts=client.id, owner="anna")


@pytest.mark.parametrize(
    ("of", "kind", "value", "text"),
    [
        ("yandex", "email", " Olga@Kafe.RU ", "olga@kafe.ru"),
        ("yandex", "phone", "+79161234567", "79161234567"),
        ("meta", "email", "Olga.K+1@gmail.com", "olga.k+1@gmail.com"),
        ("meta", "phone", "+442079460999", "442079460999"),
        ("google", "email", "Olga.K+1@Gmail.com", "olgak@gmail.com"),
        ("google", "email", "o.l.g.a@googlemail.com", "olga@googlemail.com"),
        ("google", "email", "Olga.K+1@Kafe.ru", "olga.k+1@kafe.ru"),
        ("google", "phone", "+79161234567", "+79161234567"),
    ],
)
def test_what_is_hashed(of: str, kind: str, value: str, text: str) -> None:
    assert hashed(PLATFORMS[of], kind, value) == sha(text)


def test_the_file_has_hashes_alone(house: House, olga: Any) -> None:
    sale(house, olga)
    assert house.tick().failures == []
    head, *rows = lines(house)
    assert head == "client,kind,sha256,google,until"
    assert rows == [
        f"{olga.id},email,{sha('olga.kafe+crm@gmail.com')},{sha('olgakafe@gmail.com')},2026-12-23",
        f"{olga.id},phone,{sha('79161234567')},{sha('+79161234567')},2026-12-23",
    ]
    before = house.events()
    house.tick("1h")
    assert house.events() == before
    assert lines(house) == [head, *rows]


@pytest.mark.parametrize(
    ("of", "only", "rows"),
    [
        ("yandex", "", [("phone", "email"), (sha("79161234567"), sha("olga.kafe+crm@gmail.com"))]),
        ("meta", "", [("email", "phone"), (sha("olga.kafe+crm@gmail.com"), sha("79161234567"))]),
        ("google", "", [("Email", "Phone"), (sha("olgakafe@gmail.com"), sha("+79161234567"))]),
        ("google", "phone", [("Phone",), (sha("+79161234567"),)]),
        ("vk", "phone", [("id",), (md5("79161234567"),)]),
        ("vk", "email", [("id",), (md5("olga.kafe+crm@gmail.com"),)]),
    ],
)
def test_what_a_platform_is_given(
    house: House, olga: Any, of: str, only: str, rows: list[tuple[str, ...]]
) -> None:
    sale(house, olga)
    house.tick()
    assert audiences.exported(house.ws, "buyers", of, only) == rows


def test_what_cannot_be_given(house: House, olga: Any) -> None:
    sale(house, olga)
    house.tick()
    with pytest.raises(BadUsage, match="vk takes lists of one kind"):
        audiences.exported(house.ws, "buyers", "vk")
    with pytest.raises(NotFound, match="no audience 'bayers'"):
        audiences.exported(house.ws, "bayers", "meta")


def test_several_addresses_of_one_client(house: House, olga: Any) -> None:
    other = house.add("contact", name="Пётр", emails=["p@kafe.example", "petr@home.example"])
    sale(house, other)
    house.tick()
    assert audiences.exported(house.ws, "buyers", "google") == [
        ("Email", "Phone"),
        (sha("p@kafe.example"), ""),
        (sha("petr@home.example"), ""),
    ]


@pytest.mark.parametrize("channel", ["mail", "sms", "call"])
def test_who_refuses_is_not_added_and_leaves(house: House, olga: Any, channel: str) -> None:
    sale(house, olga)
    house.tick()
    permission.decide(house.ws, olga.id, {channel: False})
    assert audiences.exported(house.ws, "buyers", "meta") == [("email", "phone")]
    [told] = audiences.listed(house.ws)
    assert (told.name, told.clients, told.left_out) == ("buyers", 0, 1)
    house.tick("1m")
    assert len(lines(house)) == 1
    sale(house, olga, "Кофе")
    house.tick("1m")
    [job] = [job for job in house.jobs() if job.state == "skipped"]
    assert job.reason == "the client refuses messages or is on the block list"


def test_nor_an_address_that_somebody_else_refuses(house: House, olga: Any) -> None:
    other = house.add("contact", name="Сестра", phones="+79161234567")
    permission.decide(house.ws, other.id, {"sms": False})
    sale(house, olga)
    house.tick()
    assert [line.split(",")[1] for line in lines(house)] == ["kind", "email"]


def test_a_lead_that_was_converted_is_its_contact(house: House) -> None:
    house.rules("", kit.robots("{id: into, do: audience, with: {add: all}}"))
    lead = house.add("lead", name="Ольга", emails="olga@kafe.example")
    house.tick()
    assert audiences.members(house.ws) == {"all": {lead.id: ""}}
    done = leads.convert(house.ws, lead.id, leads.ConvertOptions(make=("contact",)))
    assert audiences.members(house.ws) == {"all": {done.ids["contact"]: ""}}


def test_a_number_of_two_clients_stands_there_once(house: House, olga: Any) -> None:
    other = house.add("contact", name="Сестра", phones="+79161234567", emails="s@kafe.example")
    sale(house, olga)
    sale(house, other)
    house.tick()
    kinds = [line.split(",")[1] for line in lines(house)]
    assert sorted(kinds) == ["email", "email", "kind", "phone"]


def test_who_is_blocked_or_removed_leaves(house: House, olga: Any) -> None:
    other = house.add("contact", name="Пётр", emails="p@kafe.example")
    deal = sale(house, olga)
    sale(house, other)
    house.tick()
    assert len(lines(house)) == 4
    block_list.add(house.ws, ["kafe.example"])
    house.tick("1m")
    assert len(lines(house)) == 3
    remove.remove(house.ws, deal.id)
    remove.remove(house.ws, olga.id)
    house.tick("1m")
    assert lines(house) == ["client,kind,sha256,google,until"]


def test_an_entry_ages_out(house: House, olga: Any) -> None:
    sale(house, olga)
    house.tick()
    house.tick("30d")
    assert len(lines(house)) == 3
    house.tick("1d")
    assert len(lines(house)) == 1


@pytest.mark.parametrize("refuses", [False, True])
def test_taken_out(house: House, olga: Any, refuses: bool) -> None:
    deal = sale(house, olga)
    house.tick()
    if refuses:
        permission.decide(house.ws, olga.id, {"mail": False})
    stages.move(house.ws, deal.id, "lost_them")
    house.tick("1m")
    assert len(lines(house)) == 1
    assert audiences.members(house.ws) == {"buyers": {}}


def test_an_undo_takes_it_back(house: House, olga: Any) -> None:
    sale(house, olga)
    house.tick()
    house.wait("1h")
    [added] = house.events("audience.added")
    undo.undo_at(house.ws, added.id)
    assert audiences.members(house.ws) == {"buyers": {}}


def test_a_merged_client_is_one(house: House, olga: Any) -> None:
    other = house.add("contact", name="Ольга Чайкина", emails="olga@kafe.example")
    sale(house, olga)
    sale(house, other)
    house.tick()
    merge.merge(house.ws, merge.plan(house.ws, olga.id, [other.id]))
    house.tick("1m")
    assert len(lines(house)) == 4
    [told] = audiences.listed(house.ws)
    assert (told.clients, told.emails, told.phones) == (1, 2, 1)


def test_two_clones_add_and_are_merged(house: House, olga: Any, clone: Any) -> None:
    house.write(
        ".gitattributes", "data/timeline/** merge=union\ndata/audiences/*.csv merge=union\n"
    )
    there = clone()
    petr = there.add("contact", name="Пётр", emails="p@kafe.example")
    sale(house, olga)
    house.tick()
    audiences_of_both(house, there, petr)
    assert len(lines(house)) == 4
    assert {line.split(",")[0] for line in lines(house)[1:]} == {olga.id, petr.id}


def audiences_of_both(house: House, there: House, petr: Any) -> None:
    """The clone adds one by itself; both are made one."""
    deal = sale(there, petr)
    with there.ws.change("tick") as change:
        audiences.change(change, there.ws, deal.id, audiences.ADDED, "buyers", [petr.id], 0)
    audiences.renew(there.ws)
    assert len(lines(there)) == 2
    for one in (house, there):
        kit.git(one.root, "add", "-A")
        kit.git(one.root, "commit", "-qm", "work")
    kit.git(house.root, "pull", "-q", "--no-rebase", "--no-edit", str(there.root))
    house.tick("1m")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{}", "it says nothing"),
        ("{add: a, take: b}", "both say the same thing"),
        ("{add: ../x}", "the name of an audience"),
        ("{add: buyers, days: скоро}", "'скоро'"),
    ],
)
def test_what_is_wrong_is_told(house: House, given: str, told: str) -> None:
    house.rules(kit.robots(f"{{id: into, do: audience, with: {given}}}"))
    faults = " ".join(one.message for one in look_through(house.root, house.now).faults)
    assert told in faults


@pytest.mark.parametrize(
    "data",
    [
        {"audience": "../../settings", "clients": ["contact-aaaaaaaa"]},
        {"audience": "buyers", "clients": "contact-aaaaaaaa"},
        {"audience": "buyers", "clients": [1, None, "../x", "contact-aaaaaaaa"], "until": 7},
        {"clients": []},
        {},
    ],
)
def test_a_line_that_a_hand_or_git_brought_breaks_no_tick(
    house: House, olga: Any, data: dict[str, Any]
) -> None:
    sale(house, olga)
    house.tick()
    with house.ws.change("tick") as change:
        change.note("audience.added", olga.id, data)
    assert house.tick("1m").failures == []
    assert len(lines(house)) == 3
    assert [one.name for one in audiences.listed(house.ws)] == ["buyers"]


def test_a_damaged_block_list_is_told(house: House, olga: Any) -> None:
    sale(house, olga)
    house.tick()
    house.write("data/blocklist.csv", "what,reason,on,by\n<<<<<<< HEAD\n")
    [told] = house.tick("2d").failures
    assert "data/blocklist.csv" in told
