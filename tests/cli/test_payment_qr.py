"""The payment QR of a printed invoice, read back from its picture by a program that knows nothing of ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
READERS = ("pdftoppm", "zbarimg")
ROUBLES = """company:
  legal_name: ООО «Скат»
  inn: "7707083893"
  kpp: "770701001"
  accounts: [{account: "40702810438000060473", bic: "044525225", corr: "30101810400000000225", bank: ПАО Сбербанк}]
"""
EUROS = """currency: EUR
phone_country: DE
language: en
company:
  legal_name: Skat GmbH
  accounts: [{account: DE89370400440532013000, bic: COBADEFFXXX}]
"""


def read_back(pdf: Path) -> list[str]:
    """What the QR codes on the pages of a PDF say, as a phone would see them."""
    subprocess.run(["pdftoppm", "-r", "150", "-png", pdf, pdf.with_suffix("")], check=True)
    words = ["zbarimg", "--quiet", "--raw", "-Sbinary", *sorted(pdf.parent.glob("*.png"))]
    done = subprocess.run(words, capture_output=True, check=False)
    return done.stdout.decode().split("\0") if done.returncode == 0 else []


ST00012 = (
    "ST00012|Name=ООО «Скат»|PersonalAcc=40702810438000060473|BankName=ПАО Сбербанк|BIC=044525225"
    "|CorrespAcc=30101810400000000225|Sum=100050|Purpose=Оплата по счёту № 2026-0001 от 2026-11-23"
    "|PayeeINN=7707083893|KPP=770701001"
)
EPC = (
    "BCD\n002\n1\nSCT\nCOBADEFFXXX\nSkat GmbH\nDE89370400440532013000\nEUR1000.50\n\n\n"
    "Invoice 2026-0001 of 2026-11-23"
)


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "payload"), [(ROUBLES, ST00012), (EUROS, EPC)])
def test_a_program_reads_the_payment_off_the_page(
    crm: Crm, folder: Path, tmp_path: Path, settings: str, payload: str
) -> None:
    missing = [program for program in READERS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    kit.write(folder, "settings.yaml", settings)
    deal = crm("deal", "add", "--name", "R", "--amount", "1220").out.strip()
    invoice = crm("invoice", "add", "--deal", deal).out.strip()
    assert crm("invoice", "pay", invoice, "219.50").code == 0  # the code asks for the rest
    (tmp_path / "print").mkdir()
    pdf = tmp_path / "print/invoice.pdf"
    done = crm(
        "invoice", "render", invoice, "-o", str(pdf), CRM_LANG="ru" if "Скат" in settings else "en"
    )
    assert done.code == 0, done.err
    assert read_back(pdf) == [payload]
    crm("invoice", "pay", invoice)
    assert crm("invoice", "render", invoice, "-o", str(pdf)).code == 0
    assert read_back(pdf) == []
