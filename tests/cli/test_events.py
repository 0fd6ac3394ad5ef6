"""How the timeline reads: which field went from what to what, in the words of people."""

from __future__ import annotations

import json
from collections.abc import Callable

from crmcli.model.event import KINDS
from crmcli.model.words import in_words
from tests.kit import Run

Crm = Callable[..., Run]


def last(crm: Crm, ref: str) -> str:
    return crm("timeline", ref, COLUMNS="400").out.rstrip().splitlines()[-1]


def test_contact(crm: Crm) -> None:
    company = crm("company", "add", "--name", "Ромашка").out.strip()
    anna = crm("contact", "add", "--name", "Анна", "--phone", "mobile:8 912 345 67 12").out.strip()
    crm("contact", "edit", anna, "--company", f"{company}: директор", "--source", "web",
        "--phone", "8 912 345 67 13 доб. 5", "--add", "phones=home:8 912 345 67 14")  # fmt: skip
    line = last(crm, anna)
    assert "companies (empty) → Ромашка (директор)" in line
    assert "phones 8 (912) 345-67-12 → 8 (912) 345-67-13" in line
    assert "source (empty) → Веб-сайт" in line
    assert company not in line


def test_deal(crm: Crm) -> None:
    anna = crm("contact", "add", "--name", "Анна").out.strip()
    deal = crm("deal", "add", "--name", "Кровля", "--amount", "100").out.strip()
    crm("deal", "edit", deal, "--set", "utm_source=google", "--contact", anna, "--amount", "250,5")
    line = last(crm, deal)
    assert "utm (empty) → source=google" in line
    assert "contacts (empty) → Анна" in line
    assert "amount 100 → 250,5" in line
    crm("deal", "lose", deal, "--reason", "price")
    assert "→ Сделка провалена; lost_reason (empty) → Дорого" in last(crm, deal)
    crm("contact", "rm", anna, "--unlink", "--yes")
    assert f"contacts {anna} (missing) → (empty)" in last(
        crm, deal
    )  # of what is gone the id is left


def test_what_happened_stands_in_words_and_can_be_asked_for_with_them(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Кровля", "--amount", "100").out.strip()
    crm("deal", "edit", deal, "--amount", "200")
    for language, words in (("en", "field changed"), ("ru", "изменение")):
        assert words in crm("timeline", deal, CRM_LANG=language).out
        for asked in (words, "field.changed"):
            run = crm("timeline", deal, "--kind", asked, "--json", CRM_LANG=language)
            assert [event["kind"] for event in json.loads(run.out)] == ["field.changed"], run.err


def test_no_kind_of_event_stands_raw_in_a_table() -> None:
    assert not [kind for kind in KINDS if "." in in_words(kind) or "_" in in_words(kind)]
