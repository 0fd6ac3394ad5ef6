from __future__ import annotations

import pytest

from crmcli.model.legal_details import (
    BankAccount,
    is_key_right,
    read_account,
    read_inn,
    read_kpp,
    read_ogrn,
    read_vat_id,
)

SBER = "30101810400000000225"
OURS = "40702810938000012345"


def test_good_numbers_are_read_however_they_are_spaced() -> None:
    assert read_inn("7707 083893") == "7707083893"
    assert read_inn("500100732259") == "500100732259"
    assert read_kpp("7736 01 001") == "773601001"
    assert read_kpp("7736ab001") == "7736AB001"
    assert read_ogrn("1027700132195") == "1027700132195"
    assert read_ogrn("304500116000157") == "304500116000157"
    assert read_vat_id("de 136 695 976") == "DE136695976"
    assert read_vat_id("KZ123456789012") == "KZ123456789012"


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (read_inn, "7707083894", "INN 7707083894: the check digits are wrong"),
        (read_inn, "500100732258", "the check digits are wrong"),
        (read_inn, "77070838", "is not an INN: 10 digits, of a sole trader 12"),
        (read_kpp, "77360100", "is not a KPP: 9 digits"),
        (read_ogrn, "1027700132196", "OGRN 1027700132196: the check digit is wrong"),
        (read_ogrn, "304500116000158", "OGRNIP 304500116000158: the check digit is wrong"),
        (read_ogrn, "102770013219", "is not an OGRN: 13 digits"),
        (read_vat_id, "DE136695977", "VAT number DE136695977: the check digits are wrong"),
        (read_vat_id, "DE1234", "not in the form of DE"),
        (read_vat_id, "136695976", "the country's two letters"),
    ],
)
def test_a_wrong_number_is_refused_with_its_fault(read: object, text: str, why: str) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match=why):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{OURS} 044525225 {SBER} ПАО Сбербанк, г. Москва",
        f"р/с {OURS}, БИК 044525225, к/с {SBER}, ПАО Сбербанк, г. Москва",
        f"ПАО Сбербанк, г. Москва, корр. счёт {SBER} БИК: 044525225 расчётный счёт №{OURS}",
    ],
)
def test_an_account_is_read_in_any_order(text: str) -> None:
    wanted = BankAccount(OURS, "044525225", SBER, "ПАО Сбербанк, г. Москва")
    assert read_account(text) == wanted


def test_accounts_of_other_countries_are_ibans() -> None:
    assert read_account("DE89 3704 0044 0532 0130 00 COBADEFFXXX Commerzbank AG") == BankAccount(
        "DE89370400440532013000", "COBADEFFXXX", "", "Commerzbank AG"
    )
    with pytest.raises(ValueError, match="IBAN DE88370400440532013000: the check digits are wrong"):
        read_account("DE88370400440532013000")


def test_accounts_of_the_treasury_and_of_clearing_pass() -> None:
    found = read_account("40102810445370000059 017003983 03100643000000018500 УФК")
    assert (found.account, found.corr) == ("03100643000000018500", "40102810445370000059")
    assert is_key_right("025", SBER)
    right = [d for d in range(10) if is_key_right("225", f"40702A10{d}38000012345"[:20])]
    assert len(right) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            f"{OURS[:8]}8{OURS[9:]} 044525225",
            "does not fit BIC 044525225: the check digit is wrong",
        ),
        (f"{OURS} 044525974", f"account {OURS} does not fit BIC 044525974"),
        (f"{OURS} 044525225 30101810400000000226", "correspondent account 30101810400000000226"),
        (OURS[:-1], "is neither an account of 20 digits nor a BIC of 9"),
        ("Сбербанк", "holds no account number"),
        (f"{OURS} {OURS[:-1]}6 044525225", "put a semicolon between them"),
        (f"{OURS} {SBER}", "has a correspondent account but no BIC"),
    ],
)
def test_a_wrong_account_is_refused_with_its_fault(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_account(text)
