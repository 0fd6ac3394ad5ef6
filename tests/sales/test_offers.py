"""Offers: numbers that nobody else has, lines, VAT and sums, the page, yes and no."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.errors import BadUsage
from crmcli.model.line_text import read_line
from crmcli.model.offer import Offer
from crmcli.model.sums import line_sum, totals
from crmcli.model.values import Line
from crmcli.sales.documents import offers
from crmcli.sales.documents.offers import NothingToOffer, OfferDecided, OfferTerms
from crmcli.sales.records.numbers import next_number
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture.copies import copied

NB = "\u00a0"
D = Decimal


@pytest.fixture
def folder(_fresh: Path, tmp_path: Path) -> Path:
    """A workspace as crm init makes it."""
    return copied(_fresh, tmp_path / "ws")


@pytest.fixture
def ws(folder: Path) -> Workspace:
    return Workspace.open(folder, now=NOW)


def with_settings(folder: Path, text: str) -> Workspace:
    (folder / "settings.yaml").write_text(text, encoding="utf-8")
    return Workspace.open(folder, now=NOW)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mask", "taken", "number"),
    [
        ("КП-{year}-{seq:04}", [], "КП-2026-0001"),
        ("КП-{year}-{seq:04}", ["КП-2026-0001", "КП-2026-0009", "КП-2025-0400"], "КП-2026-0010"),
        (
            "КП-{year}-{seq:04}",
            ["КП-2026-12345", "КП-2026-0001 (копия)", "2026-7", ""],
            "КП-2026-12346",
        ),
        ("{seq}/{year}", ["3/2026", "8/2025"], "4/2026"),
        ("Q{seq:05}", ["Q00041"], "Q00042"),
        ("{year}.{month:02}.{seq}", ["2026.01.5", "2026.11.7"], "2026.11.8"),
        ("{seq} ({year}) {seq:03}", ["1 (2026) 001"], "2 (2026) 002"),
        ("[{year}]+{seq}", ["[2026]+1"], "[2026]+2"),
    ],
)
def test_the_next_number(mask: str, taken: list[str], number: str) -> None:
    assert next_number(mask, taken, date(2026, 11, 23)) == number


def test_each_offer_has_its_own_number(ws: Workspace) -> None:
    one = kit.deal(ws, amount="1000")
    numbers = [offers.draft(ws, one.id).name for _ in range(3)]
    assert numbers == ["КП-2026-0001", "КП-2026-0002", "КП-2026-0003"]


def test_two_offers_in_one_change_differ(ws: Workspace) -> None:
    one = kit.deal(ws, amount="1000")
    with ws.change("test") as change:
        made = [offers.draft_in(change, ws, one.id, OfferTerms()).name for _ in range(2)]
    assert made == ["КП-2026-0001", "КП-2026-0002"]


def test_a_new_year_begins_at_one(ws: Workspace, folder: Path) -> None:
    one = kit.deal(ws, amount="1000")
    offers.draft(ws, one.id)
    later = Workspace.open(folder, now=NOW.replace(year=2027))
    assert offers.draft(later, one.id).name == "КП-2027-0001"


@pytest.mark.slow
def test_processes_at_once_never_share_a_number(ws: Workspace, folder: Path) -> None:
    one = kit.deal(ws, amount="1000")
    script = (
        "import sys; from crmcli.workspace import Workspace; from crmcli.sales.documents import offers; from pathlib import Path\n"
        "for _ in range(5): offers.draft(Workspace.open(Path(sys.argv[1])), sys.argv[2])"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(folder), one.id]) for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    numbers = [offer.get("name") for offer in Workspace.open(folder, now=NOW).select("offer")]
    assert len(numbers) == len(set(numbers)) == 15


# --- lines ----------------------------------------------------------------------------------------


def test_without_lines_the_deal_itself_is_the_line(ws: Workspace) -> None:
    made = offers.draft(ws, kit.deal(ws, amount="150 000,50").id)
    assert made.lines == (Line("Кровля", D(1), "", D("150000.50"), D(22)),)
    assert (made.date, made.valid_until) == (date(2026, 11, 23), date(2026, 12, 7))
    assert (made.currency, made.status, made.vat_included) == ("RUB", "draft", True)
    assert ws.get(made.id) == made


def test_the_deals_lines_are_copied_for_good(ws: Workspace, folder: Path) -> None:
    from dataclasses import replace

    from crmcli.model.deal import Deal

    one = kit.deal(ws, amount="1")
    with ws.change("test") as change:
        record = change.get(one.id)
        assert isinstance(record, Deal)
        change.save(
            replace(record, lines=(Line("Монтаж", D(2), "шт", D(10)), Line("Без налога", vat=D(0))))
        )
    made = offers.draft(ws, one.id)
    assert [line.vat for line in made.lines] == [None, D(0)]
    with ws.change("test") as change:
        record = change.get(one.id)
        assert isinstance(record, Deal)
        change.save(replace(record, lines=()))
    stored = ws.get(made.id)
    assert isinstance(stored, Offer)
    assert len(stored.lines) == 2


def test_people_come_from_the_deal(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка")
    contact = kit.contact(ws, name="Анна", emails="anna@example.ru")
    made = offers.draft(ws, kit.deal(ws, amount="1", company=company.id, contacts=contact.id).id)
    assert (made.company, made.contact) == (company.id, contact.id)


def test_a_deal_with_nothing_to_offer(ws: Workspace) -> None:
    with pytest.raises(NothingToOffer, match="neither lines nor an amount"):
        offers.draft(ws, kit.deal(ws).id)
    assert ws.select("offer") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Монтаж;2;15 000,50;шт", Line("Монтаж", D(2), "шт", D("15000.50"), D(22))),
        (
            "Кровля «М»; 186,4 ; 890 ₽ ; м² ; 10",
            Line("Кровля «М»", D("186.4"), "м²", D(890), D(10)),
        ),
        ("Консультация;1;1500;;нет", Line("Консультация", D(1), "", D(1500), None)),
        ("Экспорт;1;1500;;0", Line("Экспорт", D(1), "", D(1500), D(0))),
        ("Скидка;1;-500", Line("Скидка", D(1), "", D(-500), D(22))),
    ],
)
def test_lines_as_people_write_them(text: str, line: Line) -> None:
    assert read_line(text, D(22), "RUB") == line


@pytest.mark.parametrize("text", ["", "Монтаж", "Монтаж;2", ";1;1", "М;два;1", "М;1;много", "М;0;1", "М;-1;1", "М;1;1;шт;много",
                                  "М;1;1;шт;200", "М;1;1;шт;10;лишнее"])  # fmt: skip
def test_lines_that_cannot_be_read(ws: Workspace, text: str) -> None:
    with pytest.raises(BadUsage):
        offers.draft(ws, kit.deal(ws, amount="1").id, OfferTerms(lines=[text]))
    assert ws.select("offer") == []


# --- sums -----------------------------------------------------------------------------------------


def test_vat_is_taken_out_of_prices_that_include_it() -> None:
    got = totals(
        [
            Line("a", D(1), "", D("122.00"), D(22)),
            Line("b", D(3), "", D("33.33"), D(10)),
            Line("c", D(1), "", D(50)),
        ],
        vat_included=True,
    )
    assert (got.gross, got.vat, got.net) == (D("271.99"), D("31.09"), D("240.90"))
    by_rate = [(one.rate, one.vat) for one in got.by_rate]
    assert by_rate == [(None, D(0)), (D(10), D("9.09")), (D(22), D("22.00"))]


def test_vat_is_put_on_prices_without_it() -> None:
    got = totals([Line("a", D(1), "", D(100), D(22))], vat_included=False)
    assert (got.net, got.vat, got.gross) == (D(100), D(22), D(122))


def test_half_a_kopeck_is_rounded_up_once_per_line() -> None:
    assert line_sum(Line("a", D("0.5"), "", D("0.01"))) == D("0.01")
    assert totals([Line("a", D("0.5"), "", D("0.01"))] * 3, vat_included=True).gross == D("0.03")


AMOUNTS = st.decimals(0, 10**6, places=2)
LINES = st.lists(
    st.builds(Line, st.just("x"), st.decimals("0.001", 1000, places=3), st.just(""), AMOUNTS, st.sampled_from([None, D(0), D(10), D(22)])),
    max_size=8,
)  # fmt: skip


@given(LINES, st.booleans())
def test_sums_agree_with_one_another(lines: list[Line], included: bool) -> None:
    got = totals(lines, vat_included=included)
    assert got.net + got.vat == got.gross
    assert sum((one.vat for one in got.by_rate), D(0)) == got.vat
    paid = got.gross if included else got.net
    assert paid == sum((line_sum(line) for line in lines), D(0))
    assert all(amount == amount.quantize(D("0.01")) for amount in (got.net, got.vat, got.gross))


# --- the page -------------------------------------------------------------------------------------

COMPANY = """
company: {name: Скатная линия, legal_name: ООО «Скатная линия», inn: "0077004569", kpp: "007701001", phone: +7 495 000-00-10}
vat: {rate: 22, included: yes}
numbering: {offer: "КП-{year}-{seq:04}"}
"""


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_says_everything(folder: Path, language: str, tmp_path: Path) -> None:
    from crmcli.sales.init import create

    if language == "en":
        folder = tmp_path / "english"
        create.create_workspace(folder, language="en", use_git=False)
    ws = with_settings(folder, COMPANY + f"language: {language}\n")
    client = kit.company(
        ws, name="Ромашка & Ко", inn="7707083893", legal_address="Москва, Лесная, 1"
    )
    contact = kit.contact(ws, name="Анна <b>", phones="8 912 345-67-89 доб. 12")
    one = kit.deal(ws, amount="1", company=client.id, contacts=contact.id)
    made = offers.draft(
        ws,
        one.id,
        OfferTerms(lines=["Монтаж;2;15 000,50;шт", "Совет;1;1500;;нет"], comment="Срок <10> дней"),
    )
    page = offers.render(ws, made.id).decode()
    for text in (
        "КП-2026-0001", "ООО «Скатная линия»", "0077004569", "Ромашка &amp; Ко", "7707083893", "Москва, Лесная, 1",
        "Анна &lt;b&gt;", "Монтаж", "Срок &lt;10&gt; дней", *{
            "ru": (f"30{NB}001,00{NB}₽", f"31{NB}501,00{NB}₽", f"5{NB}410,02{NB}₽", "В том числе НДС 22 %", "без НДС",
                   "Тридцать одна тысяча пятьсот один рубль 00 копеек", "7 декабря 2026", "доб. 12", "23 ноября 2026"),
            "en": (f"RUB{NB}30,001.00", f"RUB{NB}31,501.00", "Including VAT 22%", "exempt", "7 December 2026", "ext. 12",
                   "thirty-one thousand five hundred and one roubles and 00 kopecks"),
        }[language],
    ):  # fmt: skip
        assert text in page, text
    assert "<b>&" not in page
    assert "None" not in page


def test_a_page_for_prices_without_vat_and_for_none(folder: Path) -> None:
    ws = with_settings(folder, COMPANY.replace("included: yes", "included: no"))
    page = offers.render(ws, offers.draft(ws, kit.deal(ws, amount="100").id).id).decode()
    assert "Сумма без НДС" in page
    assert f"122,00{NB}₽" in page
    ws = with_settings(folder, "company: {name: ИП Орлова}\n")
    page = offers.render(ws, offers.draft(ws, kit.deal(ws, amount="100").id).id).decode()
    assert "НДС не облагается" in page
    assert "ИП Орлова" in page


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("design", ["offer", "letter"])
@pytest.mark.parametrize("discount", ["", "5%"])
def test_each_design_has_the_same_sums(
    tmp_path: Path, language: str, design: str, discount: str
) -> None:
    from crmcli.sales.init import create

    create.create_workspace(tmp_path / "new", language=language, use_git=False)
    pictures = "logo: a.png, signature: a.png, stamp: a.png"
    ws = with_settings(
        tmp_path / "new", f"company: {{name: A & B, {pictures}}}\nlanguage: {language}\n"
    )
    (ws.root / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    lines = [f"Roof;264.5;612.35;m2;22;{discount}", "Visit;1;100;;22"]
    terms = OfferTerms(lines=lines, template=f"offers/{design}.html.j2")
    made = offers.draft(ws, kit.deal(ws, name="<Roof>", amount="1").id, terms)
    page = offers.render(ws, made.id).decode()
    assert page.startswith("<!doctype html>")
    assert page.count("data:image/png") == 3
    assert "&lt;Roof&gt;" in page
    assert "A &amp; B" in page
    gross = f"{made.totals.gross:,.2f}"
    assert (gross if language == "en" else gross.replace(",", NB).replace(".", ",")) in page
    head = page.split("</thead>")[0]
    assert head.count("<col ") + head.count("<col>") == head.count("<th>") + head.count("<th ")
    assert ("<th>" + {"ru": "Скидка", "en": "Discount"}[language] in page) is bool(discount)
    assert made.name in offers.render(ws, made.id, ".txt").decode()


def test_templates_of_the_starter_are_sound(ws: Workspace) -> None:
    from crmcli.sales.documents import templates
    from crmcli.sales.documents.messages import renderer

    texts = renderer(ws)
    assert list(templates.faults(texts, ws.schema, texts.paths())) == []


# --- yes and no -----------------------------------------------------------------------------------


def test_yes_is_told_on_the_deal(ws: Workspace) -> None:
    one = kit.deal(ws, amount="100")
    made = offers.draft(ws, one.id)
    assert offers.accept(ws, made.id).status == "accepted"
    offers.accept(ws, made.id)
    (event,) = ws.events(record=one.id, kinds=["offer.accepted"])
    assert event.data == {
        "offer": made.id,
        "name": made.name,
        "amount": "100.00",
        "currency": "RUB",
    }
    with pytest.raises(OfferDecided, match="was accepted"):
        offers.decline(ws, made.id)


def test_on_its_last_day_it_can_be_accepted(ws: Workspace) -> None:
    one = kit.deal(ws, amount="100")
    first, second = (offers.draft(ws, one.id, OfferTerms(valid_days=3)).id for _ in range(2))
    assert offers.accept(kit.opened(ws.root, now=NOW + timedelta(days=3)), first)
    with pytest.raises(OfferDecided, match="was expired"):
        offers.accept(kit.opened(ws.root, now=NOW + timedelta(days=4)), second)


def test_the_next_version_replaces_the_older_one_when_it_is_accepted(ws: Workspace) -> None:
    older = offers.draft(ws, kit.deal(ws, amount="100").id, OfferTerms(comment="Срок две недели"))
    with ws.change("offer send") as change:
        older = offers.note_sent_in(change, ws, older.id, ())
    after = offers.draft(ws, older.id)
    assert (after.comment, after.deal, after.replaces) == (older.comment, older.deal, "")
    newer = offers.revise(ws, older.id)
    assert ws.get(older.id).get("status") == "sent"
    offers.accept(ws, newer.id)
    assert ws.get(older.id).get("status") == "replaced"


def test_no_is_told_with_its_reason(ws: Workspace) -> None:
    one = kit.deal(ws, amount="100")
    made = offers.draft(ws, one.id)
    assert offers.decline(ws, made.id, "дорого").status == "declined"
    (event,) = ws.events(record=one.id, kinds=["offer.declined"])
    assert event.data["reason"] == "дорого"
    assert ws.get(made.id).get("status") == "declined"
