"""Offers from draft to yes: sent as PDF by mail, frozen then, revised, expired by the tick, carried to the deal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def offer(crm: Crm) -> str:
    """The id of an offer for somebody with an address."""
    anna = crm("contact", "add", "--name", "Анна Орлова", "--email", "anna@example.ru").out.strip()
    deal = crm("deal", "add", "--name", "Склад", "--amount", "150000", "--contact", anna)
    drafted = crm("offer", "draft", "--deal", deal.out.strip(), "--line", "Монтаж;2;15000;шт;22")
    assert drafted.code == 0, drafted.err
    return drafted.out.strip()


def shown(crm: Crm, ref: str) -> dict[str, object]:
    found = crm("show", ref, "--json")
    assert found.code == 0, found.err
    record: dict[str, object] = json.loads(found.out)
    return record


def test_an_offer_is_sent_frozen_revised_and_accepted(crm: Crm, offer: str) -> None:
    assert crm("offer", "revise", offer).out.strip() == offer  # what is a draft is edited itself
    sent = crm("offer", "send", offer, "--yes")
    assert sent.code == 0, sent.err
    first = shown(crm, offer)
    assert first["status"] == "sent"
    assert [file["name"] for file in first["files"]] == ["КП-2026-0001.pdf"]  # type: ignore[attr-defined]
    events = json.loads(crm("timeline", str(first["deal"]), "--json").out)
    assert [one["kind"] for one in events].count("offer.sent") == 1
    (mail,) = [
        one for one in json.loads(crm("timeline", offer, "--json").out) if one["kind"] == "mail.out"
    ]
    assert "КП-2026-0001" in str(mail)

    edited = crm("offer", "edit", offer, "--set", "lines=Монтаж;3;15000;шт;22")
    assert edited.code == 0, edited.err
    assert edited.err.count("КП-2026-0001.2") == 1
    assert shown(crm, offer) == first
    second = crm("offer", "revise", offer).out.strip()  # the draft that is there
    next_one = shown(crm, second)
    assert (next_one["name"], next_one["amount"]) == ("КП-2026-0001.2", 45000)
    assert next_one["replaces"] == offer
    assert crm("offer", "send", second, "--yes").code == 0
    assert shown(crm, offer)["status"] == "replaced"
    for verb in ("send", "accept"):
        refused = crm("offer", verb, offer, "--yes")
        assert refused.code == 1, refused.err
        assert "its next version counts" in refused.err

    late = crm("offer", "edit", offer, "--comment", "иначе")
    assert late.code == 1
    assert "КП-2026-0001.2" in late.err

    assert crm("offer", "accept", second).code == 0
    deal = shown(crm, str(first["deal"]))
    assert deal["amount"] == 45000
    assert [line["quantity"] for line in deal["lines"]] == [3]  # type: ignore[attr-defined]


def test_a_tick_lets_a_sent_offer_expire(crm: Crm, offer: str) -> None:
    assert crm("offer", "send", offer, "--yes").code == 0
    later = "2026-12-08T09:00:00+03:00"
    accepted = crm("offer", "accept", offer, CRM_NOW=later)
    assert accepted.code == 1  # before a tick has seen it, too
    assert crm("tick", CRM_NOW=later).code == 0
    assert shown(crm, offer)["status"] == "expired"
    assert crm("offer", "send", offer, "--yes", CRM_NOW=later).code == 1


def test_a_declined_offer_is_not_sent(crm: Crm, offer: str) -> None:
    assert crm("offer", "decline", offer, "--reason", "дорого").code == 0
    assert crm("offer", "send", offer, "--yes").code == 1


def test_empty_ones_and_those_after_an_older_one(crm: Crm, offer: str) -> None:
    empty = crm("offer", "draft").out.strip()
    assert crm("offer", "send", empty, "--yes", "--to", "a@example.ru").code == 1
    again = crm("offer", "draft", "--from", offer).out.strip()
    assert shown(crm, again)["lines"] == shown(crm, offer)["lines"]
    assert shown(crm, again)["name"] == "КП-2026-0003"


EDITS = {
    "comment": "иначе",
    "valid_until": "2026-12-24",
    "currency": "EUR",
    "lines": "Другое;1;5;шт;no",
    "vat_included": "no",
    "template": "offers/letter.html.j2",
}


@pytest.mark.parametrize(
    ("way", "name"), [*(("option", name) for name in kit.some([*EDITS], 4)), ("editor", "lines")]
)
def test_each_edit_of_what_is_on_the_paper_goes_to_one_next_version(
    crm: Crm, offer: str, way: str, name: str
) -> None:
    assert crm("offer", "send", offer, "--yes").code == 0
    sent = shown(crm, offer)
    assert crm("rate", "add", "EUR", "95").code == 0
    if way == "option":
        done = crm("offer", "edit", offer, "--set", f"{name}={EDITS[name]}")
    else:
        done = crm("offer", "edit", offer, EDITOR="sed -i -e '1,$s/Монтаж/Другое/'")
    assert done.code == 0, done.err
    assert crm("offer", "edit", offer, "--set", "comment=и ещё").code == 0
    assert shown(crm, offer) == sent
    versions = json.loads(crm("offer", "list", "--where", f"replaces = {offer}", "--json").out)
    assert [one["name"] for one in versions] == ["КП-2026-0001.2"]
    draft = shown(crm, versions[0]["id"])
    assert draft.get(name) != sent.get(name)
    assert draft["comment"] == "и ещё"
    assert crm("undo").code == crm("undo").code == 0
    assert json.loads(crm("offer", "list", "--where", f"replaces = {offer}", "--json").out) == []


def test_an_edit_of_what_is_not_on_the_paper_makes_no_version(crm: Crm, offer: str) -> None:
    assert crm("offer", "send", offer, "--yes").code == 0
    assert crm("offer", "edit", offer, "--owner", "").code in (0, 2)
    assert json.loads(crm("offer", "list", "--where", f"replaces = {offer}", "--json").out) == []
    dry = crm("offer", "edit", offer, "--comment", "иначе", "--dry-run")
    assert dry.code == 0, dry.err
    assert json.loads(crm("offer", "list", "--where", f"replaces = {offer}", "--json").out) == []
