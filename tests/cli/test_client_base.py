from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ACCOUNT = "р/с 40702810938000012345 БИК 044525225 к/с 30101810400000000225 ПАО Сбербанк"
BANK = {
    "account": "40702810938000012345",
    "bic": "044525225",
    "corr": "30101810400000000225",
    "bank": "ПАО Сбербанк",
}


@pytest.fixture
def company(crm: Callable[..., Any]) -> str:
    return str(
        crm(
            "company", "add", "--name", "Ромашка", "--legal-name", "ООО «Ромашка»",
            "--inn", "7707083893", "--kpp", "7736 01 001", "--ogrn", "1027700132195",
            "--account", ACCOUNT, "--director", "Иванов И. И.", "--turnover", "12 500 000,50 USD",
            "--postal-address", "101000, Москва, а/я 5",
        ).out.strip()
    )  # fmt: skip


def test_requisites_are_kept_shown_and_found(crm: Callable[..., Any], company: str) -> None:
    card = json.loads(crm("company", "show", company, "--json").out)
    assert card["accounts"] == [BANK]
    assert (card["kpp"], card["turnover"], card["currency"]) == ("773601001", 12500000.5, "USD")
    shown = crm("company", "show", company).out
    assert "40702810938000012345 (ПАО Сбербанк, BIC 044525225, corr. 30101810400000000225)" in shown
    assert crm("company", "show", "7707083893", "--json").code == 0
    for where in ("accounts has 40702810938000012345", "ogrn = 1027700132195", "kpp = 773601001"):
        assert crm("company", "list", "--where", where, "--ids").out.strip() == company
    assert company in crm("search", "1027700132195", "--ids").out
    edited = crm("company", "edit", company, "--remove", "accounts=40702810938000012345")
    assert edited.code == 0
    assert "accounts" not in json.loads(crm("company", "show", company, "--json").out)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--inn", "7707083894"], "inn: INN 7707083894: the check digits are wrong"),
        (["--ogrn", "1027700132196"], "ogrn: OGRN 1027700132196: the check digit is wrong"),
        (["--kpp", "77360100"], "kpp: '77360100' is not a KPP: 9 digits"),
        (["--account", "40702810838000012345 044525225"], "the check digit is wrong"),
        (["--vat-id", "DE136695977"], "vat_id: VAT number DE136695977: the check digits are wrong"),
        (["--set", "do_not=почта"], "allowed: mail, sms, call"),
    ],
)
def test_a_wrong_requisite_is_refused(
    crm: Callable[..., Any], options: list[str], why: str
) -> None:
    refused = crm("company", "add", "--name", "Ромашка", *options)
    assert (refused.code, refused.out) == (2, "")
    assert why in refused.err


def test_elsewhere_other_rules_hold(crm: Callable[..., Any], folder: Path) -> None:
    settings = folder / "settings.yaml"
    text = settings.read_text("utf-8").replace("phone_country: RU", "phone_country: KZ")
    settings.write_text(text, "utf-8")
    added = crm(
        "company", "add", "--name", "Гүл", "--inn", "190 190-190", "--kpp", "12",
        "--account", "KZ86125KZT5004100100 HSBKKZKX Народный банк",
    )  # fmt: skip
    assert added.code == 0
    card = json.loads(crm("company", "show", added.out.strip(), "--json").out)
    assert (card["inn"], card["kpp"]) == ("190190190", "12")
    assert card["accounts"][0]["bic"] == "HSBKKZKX"


def test_a_contact_has_a_role_in_each_company(crm: Callable[..., Any], company: str) -> None:
    other = crm("company", "add", "--name", "Лютик").out.strip()
    anna = crm(
        "contact", "add", "--name", "Анна", "--company", "Ромашка: директор",
        "--company", "Лютик: бухгалтер",
    ).out.strip()  # fmt: skip
    assert "Ромашка (директор), Лютик (бухгалтер)" in crm("contact", "show", anna).out
    assert "Анна" in crm("company", "show", company).out
    assert "Анна" in crm("company", "show", other).out
    first = crm("deal", "add", "--name", "Сделка", "--contact", anna)
    assert json.loads(crm("deal", "show", first.out.strip(), "--json").out)["company"] == company
    assert "the deal is with Ромашка, the first of Анна's 2 companies" in first.err
    second = crm("deal", "add", "--name", "Сделка", "--contact", anna, "--company", "Лютик")
    assert json.loads(crm("deal", "show", second.out.strip(), "--json").out)["company"] == other
    assert second.err == ""
    assert "Сделка" in crm("company", "show", other).out


def test_every_link_is_seen_from_the_other_side(crm: Callable[..., Any], company: str) -> None:
    crm("field", "add", "deal", "agent", "--type", "link", "--to", "contact")
    anna = crm("contact", "add", "--name", "Анна").out.strip()
    crm("lead", "add", "--name", "Повторная заявка", "--contact", anna, "--company", company)
    crm("deal", "add", "--name", "Через агента", "--set", f"agent={anna}")
    card = crm("contact", "show", anna).out
    assert "Повторная заявка" in card
    assert "Через агента" in card
    assert "Повторная заявка" in crm("company", "show", company).out


def test_consent_and_a_list_for_mailing(crm: Callable[..., Any]) -> None:
    anna = crm("contact", "add", "--name", "Анна", "--email", "anna@example.ru").out.strip()
    crm("contact", "add", "--name", "Борис", "--email", "boris@example.ru", "--do-not", "mail")
    crm("contact", "add", "--name", "Вера", "--phone", "+79161234567")
    said = crm("contact", "consent", anna, "--mail", "yes", "--text", "v2", "--source", "форма")
    assert "consents (empty) → e-mail v2 of 2026-11-23" in said.out
    card = json.loads(crm("contact", "show", anna, "--json").out)
    assert card["consents"] == [
        {"channel": "mail", "text": "v2", "at": "2026-11-23T09:00:00Z", "source": "форма"}
    ]
    listed = crm("export", "contacts", "--for-mailing", "--columns", "name,emails")
    assert listed.out == "name,emails\nАнна,work:anna@example.ru\n"
    assert "for mailing: 1; left out: 1 must not be mailed, 1 no e-mail" in listed.err
    assert crm("export", "deals", "--for-mailing").code == 2
    assert crm("contact", "consent", anna).code == 2
    crm("contact", "consent", anna, "--mail", "no")
    found = crm("contact", "list", "--where", "do_not has mail", "--ids").out.split()
    assert anna in found
    assert len(found) == 2
    assert crm("export", "contacts", "--for-mailing", "--columns", "name").out == "name\n"


def test_a_preview_says_that_a_robot_would_not_send_it(crm: Callable[..., Any]) -> None:
    lead = crm("lead", "add", "--name", "Заявка", "--email", "anna@example.ru").out.strip()
    assert "robot" not in crm("template", "preview", "mail/hello.j2", "--for", lead).err
    crm("lead", "consent", lead, "--mail", "no")
    said = crm("template", "preview", "mail/hello.j2", "--for", lead)
    assert "To: " in said.out
    assert f"a robot would not send it: Заявка ({lead}) must not be mailed" in said.err


def test_an_offer_prints_what_our_company_has(crm: Callable[..., Any], folder: Path) -> None:
    settings = folder / "settings.yaml"
    text = settings.read_text("utf-8")
    start = text.index("\ncompany:")
    end = text.index("\nlanguage:")
    ours = (
        "\ncompany:\n  name: Скат\n  inn: 7707083893\n  ogrn: 1027700132195\n  accounts:\n"
        "    - {account: 40702810938000012345, bic: 044525225, corr: 30101810400000000225}\n"
    )
    settings.write_text(text[:start] + ours + text[end:], "utf-8")
    company = crm(
        "company", "add", "--name", "Ромашка", "--inn", "7736050003",
        "--ogrn", "1027700070518",
    ).out.strip()  # fmt: skip
    deal = crm("deal", "add", "--name", "Кровля", "--company", company, "--amount", "1000")
    offer = crm("offer", "draft", "--deal", deal.out.strip())
    page = crm("offer", "render", offer.out.strip()).out
    files = "".join(p.read_text("utf-8") for p in folder.rglob("*.html"))
    assert "ОГРН 1027700132195" in page + files
    assert "ОГРН 1027700070518" in page + files
    assert "БИК 044525225<br><span>К/с 30101810400000000225</span>" in page + files


def test_a_choice_with_a_label_needs_a_directory(crm: Callable[..., Any]) -> None:
    run = crm("field", "add", "contact", "hobby", "--type", "choice", "--choice", "ski=Лыжи")
    assert (run.code, "--directory" in run.err) == (2, True)
