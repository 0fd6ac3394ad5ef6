"""How the timeline reads: which field went from what to what, in the words of people."""

from __future__ import annotations

from collections.abc import Callable

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
