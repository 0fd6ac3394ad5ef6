"""What a document cannot say, whoever makes it say so: a command, an editor, a table of edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def offer(crm: Crm) -> str:
    return crm("offer", "draft", "--line", "Roof;2;100;pc;22;10").out.strip()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("date", "2025-06-01", "VAT of 22 %"),
        ("date", "2027-06-01", "valid only before its date"),
        ("valid_until", "2019-01-01", "valid only before its date"),
        ("lines", "Roof;1;10;pc;21", "VAT of 21 %"),
        ("currency", "EUR", "not mixed without a rate"),
    ],
)
def test_no_edit_makes_an_offer_say_it(
    crm: Crm, offer: str, field: str, value: str, told: str
) -> None:
    run = crm("offer", "edit", offer, "--set", f"{field}={value}")
    assert run.code != 0
    assert told in run.err
    assert crm("check").code == 0


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("quantity: '2'", "quantity: '-2'", "the quantity -2"),
        ("quantity: '2'", "quantity: '0'", "the quantity 0"),
        ("discount: '10'", "discount: '300%'", "more than the line comes to"),
        ("discount: '10'", "discount: '-5%'", "is negative"),
        ("vat: '22'", "vat: '21'", "VAT of 21 %"),
        ("name: КП-2026-0001", 'name: "a\\tb"', "not a number of a document"),
        ("currency: RUB", "currency: QQQ", "ISO 4217"),
        ("valid_until: '2026", "valid_until: '2016", "valid only before its date"),
    ],
)
def test_check_tells_what_an_editor_wrote(
    crm: Crm, folder: Path, offer: str, written: str, instead: str, told: str
) -> None:
    path = next(folder.rglob(f"{offer}.yaml"))
    text = path.read_text(encoding="utf-8")
    assert written in text
    path.write_text(text.replace(written, instead), encoding="utf-8")
    run = crm("check")
    assert run.code == 6
    assert told in run.out + run.err
    assert offer in run.out + run.err


def test_an_offer_in_another_currency_has_other_prices(crm: Crm, offer: str) -> None:
    crm("rate", "add", "EUR", "100")
    assert crm("offer", "edit", offer, "--set", "currency=EUR").code == 0
    row = crm("offer", "show", offer, "--json").out
    assert '"amount": 1.9' in row


def test_lines_below_zero_make_no_document(crm: Crm, offer: str) -> None:
    less = "Rebate;1;-500;pc;22"
    for run in (
        crm("offer", "draft", "--line", less),
        crm("offer", "edit", offer, "--set", f"lines={less}"),
    ):
        assert run.code == 2
        assert "less than nothing: -500" in run.err
        assert "crm invoice credit" in run.err
    assert crm("offer", "draft", "--line", "Roof;1;500", "--line", less).code == 0


@pytest.mark.parametrize("verb", ["send", "accept"])
def test_a_draft_whose_day_has_passed_is_over(crm: Crm, offer: str, verb: str) -> None:
    before = ("offer", "edit", offer, "--date", "2026-01-02", "--valid-until", "2026-01-03")
    assert crm(*before).code == 0
    run = crm("offer", verb, offer)
    assert run.code == 1
    assert "expired" in run.err
    assert f"hint: give it another day: crm offer edit {offer} --valid-until +14d" in run.err
    assert crm("offer", "edit", offer, "--valid-until", "+14d").code == 0
    assert crm("offer", "accept", offer).code == 0


@pytest.mark.parametrize("amount", ["-5", "-50", "-0.5", "-1 000,50"])
def test_a_payment_below_zero_is_refused_for_what_it_is(crm: Crm, amount: str) -> None:
    deal = crm("deal", "add", "--name", "D", "--amount", "100").out.strip()
    ref = crm("invoice", "add", "--deal", deal).out.strip()
    run = crm("invoice", "pay", ref, amount, "--reference", "PP 1")
    assert run.code == 2
    assert "is not a payment" in run.err
    assert "No such option '--refrence'" in crm("invoice", "pay", ref, "--refrence", "1").err
    assert "-5" in crm("rate", "add", "USD", "-5").err


def test_no_document_takes_the_number_of_another(crm: Crm, offer: str) -> None:
    other = crm("offer", "draft").out.strip()
    number = "КП-2026-0001"
    for spelling in (number, number.lower()):
        run = crm("offer", "edit", other, "--name", spelling)
        assert run.code == 1
        assert f"{offer} has the number" in run.err
    assert crm("check").code == 0


def test_the_number_of_an_accepted_offer_stays(crm: Crm, offer: str) -> None:
    crm("offer", "accept", offer)
    run = crm("offer", "edit", offer, "--name", "X-1")
    assert run.code == 1
    assert "'Number' stays" in run.err


@pytest.mark.parametrize("spelling", ["PP 1", "pp 1", "PP  1", " PP 1 "])
def test_a_payment_is_the_same_in_any_spelling_of_its_reference(crm: Crm, spelling: str) -> None:
    deal = crm("deal", "add", "--name", "D", "--amount", "100").out.strip()
    ref = crm("invoice", "add", "--deal", deal).out.strip()
    assert crm("invoice", "pay", ref, "10", "--reference", "PP 1").code == 0
    assert crm("invoice", "pay", ref, "10", "--reference", spelling).code == 1


@pytest.mark.parametrize("sku", [" A1", "A1 ", "A1\n", "\tA1"])
def test_a_product_is_the_same_with_space_about_its_number(crm: Crm, sku: str) -> None:
    assert crm("product", "add", "A1", "Roof", "--price", "1").code == 0
    assert crm("product", "add", sku, "Roof", "--price", "2").code == 1
    assert crm("check").code == 0


@pytest.mark.parametrize("name", ["a\nb", " a  b ", "a\tb"])
def test_a_stage_and_a_pipeline_have_their_names_on_one_line(
    crm: Crm, folder: Path, name: str
) -> None:
    assert crm("stage", "add", name).code == 0
    assert crm("pipeline", "add", name).code == 0
    text = (folder / "pipelines.yaml").read_text(encoding="utf-8")
    assert text.count("name: a b\n") == 2
