"""crm invoice, as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


def test_from_the_deal_to_the_money(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Roof", "--amount", "1220").out.strip()
    added = crm("invoice", "add", "--deal", deal)
    invoice = added.out.strip()
    assert (added.code, invoice[:8]) == (0, "invoice-")
    assert "made" in added.err
    assert crm("invoice", "pay", invoice, "220", "--reference", "PP 1").code == 0
    twice = crm("invoice", "pay", invoice, "1", "--reference", "PP 1")
    assert (twice.code, "has a payment 'PP 1'" in twice.err) == (1, True)
    (row,) = json.loads(crm("invoice", "list", "--json").out)
    assert (row["amount"], row["paid"], row["payments"][0]["amount"]) == (1220, 220, 220)
    assert crm("invoice", "list", "--overdue", "--ids").out == ""
    paid = crm("invoice", "pay", invoice)
    assert "in full" in paid.out
    assert crm("invoice", "pay", invoice, "1").code == 1
    assert crm("undo", "--yes").code == 0
    assert json.loads(crm("show", invoice, "--json").out)["paid"] == 220


def test_it_is_made_of_one_thing(crm: Crm) -> None:
    assert crm("invoice", "add").code == 2
    assert crm("invoice", "add", "--deal", "a", "--offer", "b").code == 2
    deal = crm("deal", "add", "--name", "Roof").out.strip()
    assert "neither lines nor an amount" in crm("invoice", "add", "--deal", deal).err


def test_the_verbs_that_would_break_its_sums_are_not_there(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Roof", "--amount", "1220").out.strip()
    invoice = crm("invoice", "add", "--deal", deal).out.strip()
    for field in ("status=paid", "amount=1", "paid=1220", "currency=USD"):
        assert crm("invoice", "edit", invoice, "--set", field).code == 2, field


def test_it_is_rendered_by_the_ending_of_the_file(crm: Crm, tmp_path: Path) -> None:
    company = crm(
        "company", "add", "--name", "Elka", "--address", "1 Rue Verte, Lyon, France"
    ).out.strip()
    deal = crm(
        "deal", "add", "--name", "Roof", "--amount", "1220", "--company", company
    ).out.strip()
    invoice = crm("invoice", "add", "--deal", deal).out.strip()
    page = crm("invoice", "render", invoice)
    assert (page.code, "INV-" in page.out or "СЧ-" in page.out) == (0, True)
    assert crm("invoice", "render", invoice, "-o", str(tmp_path / "a.html")).code == 0
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page.out
    assert crm("invoice", "render", invoice, "-o", str(tmp_path / "a.txt")).code == 0
    text = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert ("Elka" in text, "<" in text) == (True, False)
    assert crm("invoice", "render", invoice, "-o", str(tmp_path / "a.pdf")).code == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    for wrong, code in (("a.doc", 2), ("a.htm", 2), ("no/a.html", 3)):
        assert crm("invoice", "render", invoice, "-o", str(tmp_path / wrong)).code == code
        assert not (tmp_path / wrong).exists()
    lacking = crm("invoice", "render", invoice, "-o", str(tmp_path / "a.xml"))
    assert (lacking.code, (tmp_path / "a.xml").exists()) == (1, False)
    assert "lacks what an e-invoice must say" in lacking.err


@pytest.mark.slow
def test_a_hybrid_pdf_holds_the_e_invoice(crm: Crm, folder: Path, tmp_path: Path) -> None:
    import facturx  # type: ignore[import-untyped]  # it has no stubs

    us = "company:\n  legal_name: Elka GmbH\n  vat_id: DE136695976\n"
    kit.write(folder, "settings.yaml", us + "currency: EUR\nphone_country: DE\nlanguage: en\n")
    company = crm("company", "add", "--name", "Sapin", "--address", "Lyon, France").out.strip()
    deal = crm(
        "deal", "add", "--name", "Roof", "--amount", "1220", "--company", company
    ).out.strip()
    invoice = crm("invoice", "add", "--deal", deal, "--line", "Roof;2;610;m²;20").out.strip()
    out = tmp_path / "a.pdf"
    done = crm("invoice", "render", invoice, "-o", str(out), "--format", "cii")
    assert done.code == 0, done.err
    name, xml = facturx.get_facturx_xml_from_pdf(out.read_bytes(), check_schematron=False)
    assert (name, b"<ram:GrandTotalAmount>1220.00<" in xml) == ("factur-x.xml", True)


@pytest.mark.slow
def test_it_is_sent_as_pdf_and_kept(crm: Crm) -> None:
    contact = crm("contact", "add", "--name", "Anna", "--email", "anna@example.com").out.strip()
    deal = crm("deal", "add", "--name", "R", "--amount", "9", "--contact", contact).out.strip()
    invoice = crm("invoice", "add", "--deal", deal).out.strip()
    shown = crm("invoice", "send", invoice, "--dry-run")
    assert ("anna@example.com" in shown.out, ".pdf" in shown.out) == (True, True)
    assert json.loads(crm("show", invoice, "--json").out)["status"] == "draft"
    assert crm("invoice", "send", invoice).code == 0
    row = json.loads(crm("show", invoice, "--json").out)
    assert (row["status"], row["files"][0]["name"]) == ("sent", f"{row['name']}.pdf")
    kinds = [event["kind"] for event in json.loads(crm("timeline", deal, "--json").out)]
    assert kinds[-1] == "invoice.sent"
    crm("invoice", "cancel", invoice)
    assert crm("invoice", "send", invoice).code == 1
    other = crm("invoice", "add", "--deal", deal).out.strip()
    assert crm("invoice", "send", other, "--by-hand").out.startswith("Sent")
