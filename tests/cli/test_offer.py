"""crm offer, run as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def deal(crm: Crm) -> str:
    """The id of a deal with an amount."""
    return crm("deal", "add", "--name", "Склад", "--amount", "150000").out.strip()


def test_the_life_of_an_offer(crm: Crm, deal: str, tmp_path: Path) -> None:
    run = crm("offer", "draft", "--deal", deal, "--line", "Монтаж;2;15 000,50;шт")
    assert run.code == 0
    ref = run.out.strip()
    assert ref.startswith("offer-")
    assert "КП-2026-0001" in run.err
    page = crm("offer", "render", ref).out
    assert page.lstrip().startswith("<!doctype html>")
    file = tmp_path / "offer.html"
    assert crm("offer", "render", "КП-2026-0001", "-o", str(file)).out == ""
    assert file.read_text(encoding="utf-8") == page
    assert "КП-2026-0001" in crm("offer", "accept", ref).out
    assert crm("offer", "decline", ref).code == 1
    assert json.loads(crm("offer", "list", "--json").out)[0]["status"] == "accepted"


def test_a_dry_run_writes_nothing(crm: Crm, deal: str) -> None:
    run = crm("offer", "draft", "--deal", deal, "--dry-run")
    assert run.code == 0
    assert "would draft" in run.err
    assert json.loads(crm("offer", "list", "--json").out) == []


def test_a_line_that_cannot_be_read(crm: Crm, deal: str) -> None:
    run = crm("offer", "draft", "--deal", deal, "--line", "Монтаж;два;1")
    assert (run.code, run.out) == (2, "")
    assert "Монтаж" in run.err
    assert "hint" in run.err


def test_no_number_is_spent_on_an_offer_that_could_not_be_rendered(crm: Crm, deal: str) -> None:
    run = crm("offer", "draft", "--deal", deal, "--template", "offers/ofer.html.j2")
    assert run.code == 6
    assert "offers/offer.html.j2" in run.err
    assert crm("offer", "draft", "--deal", deal, "--template", "../settings.yaml").code == 6
    assert json.loads(crm("offer", "list", "--json").out) == []


def test_a_price_in_another_currency_is_not_taken_for_the_deals(crm: Crm, deal: str) -> None:
    run = crm("offer", "draft", "--deal", deal, "--line", "Монтаж;2;100 $")
    assert run.code == 2
    assert "RUB" in run.err
    assert crm("offer", "draft", "--deal", deal, "--line", "Монтаж;2;100 ₽").code == 0


def test_a_deal_without_an_amount(crm: Crm) -> None:
    ref = crm("deal", "add", "--name", "Склад").out.strip()
    run = crm("offer", "draft", "--deal", ref)
    assert run.code == 1
    assert "--line" in run.err


def test_a_file_that_cannot_be_written(crm: Crm, deal: str) -> None:
    ref = crm("offer", "draft", "--deal", deal).out.strip()
    run = crm("offer", "render", ref, "-o", "/proc/offer.html")
    assert run.code in (3, 4)
    assert "offer.html" in run.err
