"""Beyond a number of clients a day, who may not export is shown phones and e-mails masked, by every door."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.model.masking import CONTACTS, Contacts, contact_keys
from crmcli.model.phones import at_home
from crmcli.model.unmasking import Unclear, unmasked
from crmcli.sales import activities, deal_lines
from crmcli.store.audit import shown
from tests import kit
from tests.rights.conftest import ACCESS, Base
from tests.tui.screen import running

Crm = Callable[..., kit.Run]
RAW = {
    "phones": [{"type": "work", "value": "+79161234567"}, {"value": "112"}],
    "emails": [{"type": "work", "value": "Vera@romashka.example"}],
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("+7 916 123-45-67", "+7 916 ***-**-67"),
        ("8 (916) 123-45-67", "8 (916) ***-**-67"),
        ("work:+79161234567; work:Vera@romashka.example", "work:+7916*****67; work:V…@romashka.example"),
        ("79161234567; 79161234568 79", "7916*****67; 79161234568 79"),
        ('"раз\\nvera@romashka.example"', '"раз\\nv…@romashka.example"'),
        ("позвоните 112, это +7 916 123-45-68", "позвоните 112, это +7 916 123-45-68"),
        ("адрес 'vera@romashka.example'", "адрес 'v…@romashka.example'"),
        ("-vera@romashka.example'9161234567", "-v…@romashka.example'916*****67"),
        ('"раз\\n-vera@romashka.example"', '"раз\\n-v…@romashka.example"'),
        ("x-vera@romashka.example", "x-vera@romashka.example"),
        ("+7\u202f916\u2009123 45 67", "+7\u202f916\u2009*** ** 67"),
        ("8/916/123_45_67", "8/916/***_**_67"),
        ("8\t[916]\t123|45|67", "8\t[916]\t***|**|67"),
        ("+7·916·123\u2212\u00ad45~67", "+7·916·***\u2212\u00ad**~67"),
        ("тел.８９１６１２３４５６７", "тел.８９１６*****６７"),
        ("٨ ٩١٦ ١٢٣-٤٥-٦٧", "٨ ٩١٦ ***-**-٦٧"),
    ],
)  # fmt: skip
def test_what_is_masked_can_be_given_back(text: str, wanted: str) -> None:
    found = Contacts(text).masked(contact_keys(RAW, CONTACTS), bool)
    assert found == wanted
    assert unmasked(found, text) == text
    [back] = unmasked([f"да {found}"], ["+79161234567", "Vera@romashka.example"])
    assert "…" not in back
    assert "***" not in back


BROKEN = [
    ("тел. 8 916\n123-45-67!", "тел. 8 916\n***-**-67!"),
    ("> +7 (916)\r\n> 123-45-\r\n> 67", "> +7 (916)\r\n> ***-**-\r\n> 67"),
    ("8 916 123-\n45\n67\n\n", "8 916 ***-\n**\n67\n\n"),
    ("٨ ٩١٦ ١٢٣-\n٤٥-٦٧", "٨ ٩١٦ ***-\n**-٦٧"),
    ("8 916 123-45-\n67 (офис)", "8 916 ***-**-\n67 (офис)"),
    ("+7 916 123-45-6\n7", "+7 916 ***-**-6\n7"),
    ("> 8 916 123 > 45-\n> > 67", "> 8 916 *** > **-\n> > 67"),
    ("24.11.2026 8 916 123\n45 67", "24.11.2026 8 916 ***\n** 67"),
    ("8 926 000-00-00 / 8 916\n123 45 67 24.11.2026", "8 926 000-00-00 / 8 916\n*** ** 67 24.11.2026"),
    ("8 916 123\n\n45 67", "8 916 ***\n\n** 67"),
    ("> 8 916 123\n>\n> 45 67", "> 8 916 ***\n>\n> ** 67"),
    ("» 8 916 123=\n» : 45 67", "» 8 916 ***=\n» : ** 67"),
    ("Итого 1 200\n8 (916) 123-45-\n67\n300", "Итого 1 200\n8 (916) ***-**-\n67\n300"),
    ("8 916\n1234567, 9161234567 и +7916\n1234567", "8 916\n*****67, 916*****67 и +7916\n*****67"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), BROKEN)
def test_a_number_that_goes_on_in_the_next_line_is_masked_and_given_back(
    text: str, wanted: str
) -> None:
    found = Contacts(text).masked(contact_keys(RAW, CONTACTS), bool)
    assert found == wanted
    assert unmasked(found, text) == text
    for more in (
        "{}\n1 500 rub",
        "{}\n12",
        "01.12.2026\n{}",
        "* {}",
        "***\n{}",
        "{}\n- 3 pcs",
        "{}\n+",
    ):
        assert unmasked(more.format(found), text) == more.format(text)
    with suppress(Unclear):  # which of the fields it is of
        assert "*" not in unmasked(f"да {found}", "+79161234567")
    at = found.index("*")
    assert unmasked(f"{found[:at]} {found[at:]}", text) == f"{text[:at]} {text[at:]}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Оплатил 500 8 916\n123-45-67", ["8 916\n123-45-67"]),
        ("24.11 8 916\n123 45 67", ["8 916\n123 45 67"]), ("+7 916 123\n45 67", ["7 916 123\n45 67"]),
        ("Счёт 45612\n9161234567", ["9161234567"]), ("916\n123 45 67 8", ["916\n123 45 67"]),
    ],
)  # fmt: skip
def test_an_erasure_takes_a_number_and_no_figures_beside_it(text: str, wanted: list[str]) -> None:
    found = [text[a:b] for a, b in Contacts(text).places({"9161234567"})]
    assert max(found, key=len) == max(wanted, key=len)


@pytest.mark.parametrize(
    "text",
    [
        "boxes:\n1\n622\n5", "1 000\n162\n25\n300", "+\n7 916\n", "8916\n123456", "8 916 123 45\n678",
        "9161234560\n9161234", "8 916, 123\n45 67", "8 916 123\n+45 67", "8 916 123\n\n\n45 67",
    ],
)  # fmt: skip
def test_figures_below_one_another_are_no_number(text: str) -> None:
    known = contact_keys({"phones": ["16225", "+79161234567"]}, CONTACTS)
    assert Contacts(text).masked(known, bool) == text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Итог\n***\n12 мая, {}", "45612"),
        ("{}\n***\n12 мая", "45612"),
        ("* * *\n{}\n12", "9161234567"),
        ("{}\n12 мая в 10", "9161234567"),
        ("12\n{}", "9161234567"),
    ],
)
def test_stars_and_numbers_of_other_lines_are_no_part_of_a_mask(text: str, known: str) -> None:
    """A line of stars is a rule, and a day below a number no part of it, also where something is changed."""
    text = text.format(known)
    found = Contacts(text).masked({known}, bool)
    assert found == text.replace(known, known[:-7] + "*" * len(known[-7:-2]) + known[-2:])
    assert unmasked(found, text) == text
    assert unmasked(f"да {found}!", text) == f"да {text}!"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("vera@romashka.example.Потом", "v…@romashka.example.Потом"),
        ("_vera@romashka.example_", "_v…@romashka.example_"),
        ("vera@romashka.example-рабочая", "v…@romashka.example-рабочая"),
        (f"{'a' * 70}@x.example", "a…@x.example"),
        ("b@x.example.vera@romashka.example", "b@x.example.v…@romashka.example"),
        ("vera@romashka.example_Vera@romashka.example", "v…@romashka.example_V…@romashka.example"),
        ("b@x.example++vera@romashka.example", "b@x.example++v…@romashka.example"),
    ],
)
def test_an_address_is_masked_whatever_is_written_up_to_it(text: str, wanted: str) -> None:
    raw = {"emails": [*RAW["emails"], {"value": f"{'a' * 70}@x.example"}]}
    found = Contacts(text).masked(contact_keys(raw, CONTACTS), bool)
    assert found == wanted
    assert unmasked(found, text) == text
    assert unmasked(f"да, {found}!", text) == f"да, {text}!"


@pytest.mark.parametrize(
    "hostile", ["b.", "b-", "v@b.c", "v…@b.c", "a@b.c-d_", "1 ", "+", "@", "\\n@b.c"]
)
def test_no_text_takes_a_hundred_times_its_length(hostile: str) -> None:
    text = f"vera@romashka.example a@b.{hostile * 10_000}"
    tracemalloc.start()
    found = Contacts(text)
    assert found.unknown(())["email"]
    assert "v…@romashka.example" in found.masked(contact_keys(RAW, CONTACTS), bool)
    assert unmasked(text, text) == text
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 200 * len(text)


MINE = ("--where", "tags has мой")
FULL, HIDDEN = ("+7916555443", "buyer"), ("+7916*****", "b…@romashka.example")


def numbers(out: str) -> tuple[int, int]:
    """How many phones stand there in full, and how many masked."""
    plain = "".join(letter for letter in out if letter.isdecimal() or letter == "*")
    return plain.count("91655544"), plain.count("916*****")


def test_phones_beyond_the_number_are_masked_everywhere(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    first = crm("contact", "list", *MINE, "--json", **acts)
    assert numbers(first.out) == (2, 3)
    assert first.out.count("b…@romashka.example") == 3
    assert "2" in first.err
    assert first.err.count("crm reveal") == 1
    again = crm("contact", "list", *MINE, "--columns", "name,phones,emails", **acts)
    assert numbers(again.out) == (2, 3)
    others = [c for c in map(str, range(5)) if f"buyer{c}@" not in again.out]
    hidden = small.records[f"c{others[0]}"].id
    for args in (
        ("contact", "show", hidden), ("show", hidden, "--json"), ("show", hidden, "--at", "today"),
        ("contact", "list", "--where", f"phones = +7916555443{others[0]}", "--csv"),
        ("contact", "edit", hidden, "--comment", f"звонил +7916555443{others[0]}", "--json"),
        ("search", f"7916555443{others[0]}"), ("timeline", hidden),
        ("search", f"buyer{others[0]}@romashka.example", "--json"),
        ("contact", "bulk", *MINE, "--set", "comment=да", "--json", "--yes"),
    ):  # fmt: skip
        done = crm(*args, **acts)
        assert done.code == 0, (args, done.err)
        said = "".join(letter for letter in done.out + done.err if letter not in " ()-")
        assert f"6555443{others[0]}" not in said, args
        assert f"buyer{others[0]}@" not in said, args
    assert json.loads(crm("contact", "list", *MINE, "--json", "--as", "root",
                          cwd=small.root, CRM_USER="root").out)[0]["phones"]  # fmt: skip
    kept = crm("audit", "list", "--user", "olga", "--kind", "command", "--json",
               cwd=small.root, CRM_USER="root")  # fmt: skip
    assert json.loads(kept.out)[0]["data"]["masked"] == 3


def test_one_is_revealed_for_the_day(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    hidden = next(row["id"] for row in rows if "*" in row["phones"][0]["value"])
    done = crm("reveal", hidden, **acts)
    assert numbers(done.out) == (1, 0), done
    assert numbers(crm("contact", "list", *MINE, "--json", **acts).out) == (3, 2)
    [row] = json.loads(crm("audit", "list", "--kind", "reveal", "--json", cwd=small.root,
                           CRM_USER="root").out)  # fmt: skip
    assert (row["record"], row["user"]) == (hidden, "Ольга Чайкина")
    tomorrow = kit.NOW.replace(day=24).isoformat()
    assert numbers(crm("show", hidden, **acts, CRM_NOW=tomorrow).out) == (1, 0)


@pytest.mark.parametrize(
    ("phones", "told"),
    [
        ("8 916 222-33-44 доб. 12", "8 (916) 222-33-44 ext. 12"),
        ("work:+49 30 1234567 x5", "ext. 5"),
    ],
)
def test_an_extension_is_revealed_with_its_number(
    crm: Crm, small: Base, phones: str, told: str
) -> None:
    at = {"cwd": small.root, "CRM_USER": "root"}
    added = crm("contact", "add", "--name", "Т", "--phone", phones, "--email", "t@x.example", **at)
    assert added.code == 0, added
    done = crm("reveal", added.out.strip(), **at)
    assert told in done.out
    assert "t@x.example" in done.out


def test_what_was_masked_comes_back_as_it_stands(crm: Crm, small: Base, tmp_path: Path) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    hidden = next(row for row in rows if "*" in row["phones"][0]["value"])
    ws = small.open("root")
    before = kit.raw(ws, hidden["id"])
    editor = kit.write(
        tmp_path, "ed", 'sed -i "s/^comment:.*//; \\$a comment: правка" "$1"; cp "$1" "$0.seen"\n'
    )
    done = crm("contact", "edit", hidden["id"], EDITOR=f"sh {editor}", **acts)
    assert done.code == 0, done
    seen = (tmp_path / "ed.seen").read_text()
    assert "+7916*****" in seen
    assert "b…@romashka.example" in seen
    phone, email = hidden["phones"][0]["value"], hidden["emails"][0]["value"]
    done = crm("contact", "edit", hidden["id"], "--phone", phone, "--email", email, **acts)
    assert done.code == 0, done
    after = kit.raw(small.open("root"), hidden["id"])
    assert after == {**before, "comment": "правка"}
    assert crm("contact", "edit", hidden["id"], "--phone", "+7 917 ***-**-00", **acts).code == 2


def test_that_two_numbers_look_alike_is_said_however_they_are_spaced(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    crm("contact", "list", *MINE, "--json", **acts)
    phones = "+7 926 123-45-33, +7 926 999-99-33"
    whom = kit.contact(small.open("root"), name="Двое", owner="olga", phones=phones).id
    for form in ("+7926*****33", "8 (926) ***-**-33"):
        told = crm("contact", "edit", whom, "--phone", form, **acts)
        assert (told.code, "two numbers look like" in told.err) == (2, True), told


def test_the_number_is_for_all_commands_at_once(tmp_path: Path) -> None:
    ones = [shown.Shown(tmp_path / "x", "2026-11-23", 5) for _ in range(3)]
    entered = [ones[n % 3].enter(f"lead-{n}") for n in range(9)]
    assert entered.count(True) == 5
    assert ones[0].is_full
    assert not ones[1].enter("lead-x")
    ones[2].reveal("lead-x")
    assert shown.Shown(tmp_path / "x", "2026-11-23", 5).enter("lead-x")
    assert shown.Shown(tmp_path / "x", "2026-11-24", 5).enter("lead-x")
    assert len((tmp_path / "x").read_text().split()) == 2


def test_that_some_are_too_many_is_told_once_for_each(tmp_path: Path) -> None:
    """A refusal is an answer too: who asks again and again has fewer and fewer left."""
    mine = shown.Shown(tmp_path / "x", "2026-11-24", 3)
    many = [f"contact-{n}" for n in range(4)]
    asked = [mine.enter_all(many), mine.left, mine.enter_all([*many, "contact-9"]), mine.left]
    assert asked == [False, 2, False, 1]
    assert (mine.enter_all(many[:3]), mine.left) == (True, 0)


def test_who_may_export_has_no_number(crm: Crm, small: Base) -> None:
    ws = small.open("boris")
    kit.edit(small.open("root"), small.records["c0"].id, owner="boris")
    assert ws.rights is not None
    rows = crm("contact", "list", "--json", cwd=small.root, CRM_USER="root").out
    assert numbers(rows)[1] == 0


def test_numbers_of_clients_in_texts_are_masked_and_counted(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    said = "; ".join(f"8 (916) 555-44-3{n} или buyer{n}@romashka.example" for n in range(5))
    deal = kit.deal(ws, name="Заказ с +79165554431, +79165554432 и buyer3@romashka.example, дом 7701234567",
                    owner="olga")  # fmt: skip
    activities.log(ws, deal.id, "note", f"Звонить: {said}; ИНН 7701234567")
    letter = f"From: vera@x.example\nSubject: {said}\nMessage-ID: <1@x>\n\n{deal.id}: {said}\n"
    assert crm("mail", "receive", stdin=letter, cwd=small.root, CRM_USER="root").code == 0
    first = crm("timeline", deal.id, **acts)
    assert numbers(first.out) == (2, 3), first.out
    assert first.out.count("b…@romashka.example") == 3
    assert "7701234567" in first.out  # what is nobody's is nobody's secret
    for args in (
        ("timeline", deal.id, "--json"), ("show", deal.id), ("deal", "show", deal.id, "--format", "yaml"),
        ("search", "Звонить", "--json"), ("board", "--print"), ("board", "--print", "--json"), ("deal", "list", "--csv"),
        ("mail", "list", "--json"), ("today", "--json"), ("deal", "edit", deal.id, "--comment", said, "--json"),
    ):  # fmt: skip
        done = crm(*args, **acts)
        assert done.code == 0, (args, done.err)
        masked_here = {n for n in range(5) if f"916555443{n}" in re.sub(r"[ ()-]", "", done.out)}
        assert len(masked_here) <= 2, (args, done.out)
    kept = crm("audit", "list", "--user", "olga", "--kind", "command", "--json", cwd=small.root,
               CRM_USER="root")  # fmt: skip
    assert json.loads(kept.out)[0]["data"]["masked"] == 3


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("RU", "8 (916) 123-45-67", "79161234567"), ("RU", "916 1234567", "79161234567"),
        ("RU", "79161234567 89161234568", "79161234568"), ("GB", "020 7946 0958", "442079460958"),
        ("US", "(212) 555-0100", "12125550100"), ("", "+49 30 901820-0", "49309018200"),
    ],
)  # fmt: skip
def test_a_number_in_a_text_is_looked_for_as_it_is_kept(
    country: str, written: str, kept: str
) -> None:
    found = Contacts(f"тел. {written}, дом 5").unknown(())["phone"]
    assert kept in found | at_home(found, country)


def test_the_board_masks_what_it_shows_and_tells(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    crm("contact", "list", *MINE, "--json", **acts)
    out = crm("contact", "list", *MINE, "--columns", "emails", "--csv", **acts).out
    hidden = next(n for n in range(5) if f"buyer{n}@" not in out)
    kit.deal(small.open("root"), name=f"+7916555443{hidden} зовут", owner="olga")
    board = ("board", "--where", "name ~ зовут")
    with running(small.root, *board, environ={"CRM_USER": "olga"}, wide=160) as screen:
        screen.until("зовут", "+7916*****")
        screen.type("n").until("Note on +7916*****")
        screen.type("\x1b").pump(0.2)
        assert f"916555443{hidden}" not in screen.written.decode("utf-8", "replace")


BLIND = """
roles:
  blind:
    like: manager
    contact: {hidden: [phones, emails]}
    deal: {hidden: [amount, lines, comment]}
"""


@pytest.fixture
def blind(base: Base) -> Base:
    """Olga sees neither phones of contacts nor amounts of deals."""
    kit.write(base.root, "access.yaml", ACCESS.replace("olga: [manager]", "olga: [blind]") + BLIND)
    ws = base.open("root")
    base.records["secret"] = kit.deal(
        ws, name="Заказ от +79165557788", owner="olga", amount="734567.00", comment="наценка", anyway=True,
        contacts=kit.contact(
            ws, name="Покупатель", owner="olga", phones="+79165557788", emails="x@secret.example"
        ).id,
    )  # fmt: skip
    deal_lines.add(
        ws, base.records["secret"].id, deal_lines.LineTerms(name="Тайная", price="734567")
    )
    said = "звонить 8 (916) 555-77-88, писать x@secret.example, а 8 916 000-00-00 ничей"
    activities.log(ws, base.records["secret"].id, "note", said)
    kit.deal(ws, name="Покупатель просит", owner="olga", comment="тел. 8 (916) 555-77-88")
    return base


def test_what_a_role_hides_is_in_no_answer(crm: Crm, blind: Base) -> None:
    acts = {"cwd": blind.root, "CRM_USER": "olga"}
    deal = blind.records["secret"].id
    whole = kit.raw(blind.open("root"), deal)
    for args in (
        ("deal", "edit", deal, "--close-by", "tomorrow", "--json"), ("deal", "move", deal, "talks", "--json"),
        ("tag", "add", "новый", deal, "--json"), ("deal", "bulk", "--where", f"id = {deal}", "--set", "source=web", "--yes", "--json"),
        ("undo", "--yes", "--json"), ("deal", "copy", deal, "--json"), ("deal", "line", "list", deal, "--json"),
        ("timeline", deal, "--json"), ("show", deal), ("activity", "list", "--json"), ("search", "звонить"),
        ("board", "--print"), ("board", "--json"), ("deal", "list", "--json"), ("log", "call", deal, "да", "--json"),
        ("search", "Покупатель"), ("search", "Покупатель", "--json"),
    ):  # fmt: skip
        done = crm(*args, **acts)
        assert done.code == 0, (args, done.err)
        plain = re.sub(r"[ ()\u00a0-]", "", done.out + done.err)
        assert not re.search("734567|наценка|Тайная|9165557788|x@secret", plain), (args, done.out)
        assert "89160000000" in plain or "ничей" not in plain
    for args in (("deal", "line", "rm", deal, "1"), ("deal", "line", "add", deal, "x", "--price", "1"),
                 ("contact", "merge", "Покупатель", "Один olga", "--yes")):  # fmt: skip
        refused = crm(*args, **acts)
        assert refused.code == 4, (args, refused)
        assert "Тайная" not in refused.out + refused.err
    after = kit.raw(blind.open("root"), deal)
    assert Decimal(after["amount"]) == Decimal(whole["amount"])
    assert (after["lines"], after["comment"]) == (whole["lines"], whole["comment"])


def test_a_mask_in_a_text_comes_back_as_it_stands(crm: Crm, small: Base, tmp_path: Path) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    numbers_of = "; ".join(f"8 (916) 555-44-3{n}, buyer{n}@romashka.example" for n in range(5))
    deal = kit.deal(small.open("root"), name="Заказ", owner="olga", comment=numbers_of)
    editor = kit.write(
        tmp_path, "ed", 'cp "$1" "$0.seen"; sed -i "s/^name: .*/name: Другое/" "$1"\n'
    )
    done = crm("deal", "edit", deal.id, EDITOR=f"sh {editor}", **acts)
    assert done.code == 0, done
    assert "(916) ***-**-3" in (tmp_path / "ed.seen").read_text()
    after = kit.raw(small.open("root"), deal.id)
    assert (after["name"], after["comment"]) == ("Другое", numbers_of)


def test_a_number_that_goes_on_in_the_next_line_is_masked(
    crm: Crm, small: Base, tmp_path: Path
) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    said = "Звонить:\n> 8 (916) 555-\n> 44-34 ещё\n12"
    deal = kit.deal(small.open("root"), name="Заказ", owner="olga", comment=said)
    two = 'name in ("Покупатель 0", "Покупатель 1")'
    crm("contact", "list", "--where", two, "--json", **acts)  # these are shown
    activities.log(small.open("root"), deal.id, "note", said)
    for args in (
        *(("deal", "list", "--columns", "comment", "--format", form) for form in ("csv", "tsv", "json", "jsonl", "yaml")),
        ("show", deal.id), ("show", deal.id, "--json"), ("timeline", deal.id), ("timeline", deal.id, "--json"),
        ("search", "Звонить", "--json"), ("search", "Звонить"),
    ):  # fmt: skip
        out = crm(*args, **acts).out
        assert re.search(r"555-(\n|\\n)?[> ]*44", out) is None, (args, out)
        assert re.search(r"\*\*\*-[\\n\s>]*\*\*-34 ещё", out), (args, out)
    for part in ("555 44", "555-"):
        assert crm("deal", "list", "--where", f'comment ~ "{part}"', "--ids", **acts).out == ""
    editor = kit.write(
        tmp_path, "ed", 'cp "$1" "$0.seen"; sed -i "s/^name: .*/name: Другое/" "$1"\n'
    )
    done = crm("deal", "edit", deal.id, EDITOR=f"sh {editor}", **acts)
    assert (done.code, "44-34" in (tmp_path / "ed.seen").read_text()) == (0, False), done
    after = kit.raw(small.open("root"), deal.id)
    assert (after["name"], after["comment"]) == ("Другое", said)


@pytest.mark.parametrize(
    ("field", "value", "shown", "guess"),
    [
        ("mobile", "8 (926) 770-88-15", "+7926*****15", "70881"),
        ("home", "vera61@dom.example", "v…@dom.example", "era61"),
        ("handles", "whatsapp:+79267708815", "whatsapp:7926*****15", "70881"),
        ("handles", "whatsapp:9267708815", "whatsapp:926*****15", "70881"),
        ("handles", "viber:+79267708815", "viber:+7926*****15", "70881"),
        ("handles", "viber:8-926-770-88-15", "viber:8-926-***-**-15", "770-8"),
        ("handles", "telegram:+79267708815", "telegram:@+7926*****15", "70881"),
    ],
)
def test_fields_of_ones_own_and_handles_are_masked_too(
    crm: Crm, small: Base, field: str, value: str, shown: str, guess: str
) -> None:
    said = (small.root / "settings.yaml").read_text("utf-8")
    own = "\nfields: {contact: {mobile: {type: phone}, home: {type: email}}}\n"
    kit.write(small.root, "settings.yaml", said + own)
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    whom = kit.contact(ws, name="Вера", owner="olga", **{field: value})
    deal = kit.deal(ws, name="Дом", owner="olga", comment=f"тел. 8 (926) 770-88-15, {value}")
    full, part = "7088" if "@" not in value else "vera61", ("--json", "--columns", f"name,{field}")
    crm("contact", "list", *MINE, "--json", **acts)
    for args in (
        ("contact", "list", *part), ("show", whom.id), ("show", deal.id, "--json"), ("search", "Вера"),
        ("timeline", whom.id, "--json"), ("contact", "list", "--where", f'{field} ~ "{guess}"'),
    ):  # fmt: skip
        out = re.sub(r"[ ()-]", "", (done := crm(*args, **acts)).out)
        assert done.code == 0, done
        assert full not in out, (args, out)
    assert shown in crm("contact", "list", *part, **acts).out
    assert crm("search", guess, **acts).out == ""
    word = value.partition("+")[2] or value
    assert whom.id in crm("search", word, "--ids", **acts).out
    many = " or ".join(f'{field} = "{value[:-2]}{n}"' for n in range(10, 21))
    asked = crm("contact", "list", "--where", many, **acts)
    assert (asked.code, "10 of them at most" in asked.err) == (1, True), asked
    edit = ("contact", "edit", whom.id, "--set")
    assert crm(*edit, f"{field}={shown}", "--set", "comment=x", **acts).code == 0
    assert kit.raw(small.open("root"), whom.id)[field] == kit.raw(ws, whom.id)[field]
    gone = crm("contact", "edit", whom.id, "--unset", field, **acts)
    assert (gone.code, f"crm reveal {whom.id}" in gone.err) == (1, True), gone
    told = crm("reveal", whom.id, **acts).out
    assert full in re.sub(r"[ ()-]", "", told)
    assert crm("contact", "list", "--where", f'{field} ~ "{guess}"', "--ids", **acts).out


@pytest.mark.parametrize("field", ["phones", "mobile"])
@pytest.mark.parametrize(("number", "guess"), [("26337", "633"), ("+376312345", "76312")])
def test_short_numbers_are_not_guessed_either(
    crm: Crm, small: Base, field: str, number: str, guess: str
) -> None:
    said = (small.root / "settings.yaml").read_text("utf-8")
    kit.write(small.root, "settings.yaml", said + "\nfields: {contact: {mobile: {type: phone}}}\n")
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    whom = kit.contact(small.open("root"), name="Вера", owner="olga", **{field: number})
    crm("contact", "list", *MINE, "--json", **acts)
    for asked in (
        ("contact", "list", "--ids", "--where", f'{field} ~ "{guess}"'),
        ("search", guess, "--ids"),
    ):
        assert crm(*asked, **acts).out == "", asked
    assert whom.id in crm("search", number.strip("+"), "--ids", **acts).out
    assert number not in crm("show", whom.id, **acts).out


def test_names_at_messengers_are_no_numbers(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    names = [f"telegram:@vera{n}" for n in range(11)]
    said = {
        n: kit.contact(ws, name=f"Вера {n}", owner="olga", handles=one)
        for n, one in enumerate(names)
    }
    for n in range(3):
        more = ("--add", f"handles=telegram:@more{n},vk:id12345{n}")
        assert crm("contact", "edit", said[n].id, *more, **acts).code == 0
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    assert (
        sum("*" not in row["phones"][0]["value"] for row in rows) == 2
    )  # the day's number, all of it
    asked = " or ".join(f'handles = "{one}"' for one in names)
    found = crm("contact", "list", "--where", asked, "--ids", **acts)
    assert len(found.out.split()) == 11, found
    found = crm("contact", "list", "--where", "handles ~ vera1", "--json", **acts)
    assert {"telegram:@vera1"} <= {one for row in json.loads(found.out) for one in row["handles"]}
    assert "masked" not in found.err
    gone = crm("contact", "edit", said[5].id, "--remove", "handles=telegram:@vera5", **acts)
    assert gone.code == 0, gone


def test_what_is_no_clients_is_no_clients_number(crm: Crm, small: Base) -> None:
    own = (small.root / "settings.yaml").read_text(
        "utf-8"
    ) + "\nfields: {deal: {tel: {type: phone}}}\n"
    kit.write(small.root, "settings.yaml", own)
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    crm("contact", "list", *MINE, "--json", **acts)
    deal = kit.deal(small.open("root"), name="Дом", owner="olga", tel="+7 926 770-88-15")
    assert crm("deal", "edit", deal.id, "--unset", "tel", **acts).code == 0


def test_a_number_that_is_a_name_is_masked_above_a_table_too(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    for line in range(2):
        kit.contact(ws, name="+79165557788", owner="olga", phones="+7 916 555-77-88", tags="один",
                    anyway=True, emails=f"one{line}@romashka.example")  # fmt: skip
    crm("contact", "list", *MINE, **acts)  # today's two
    ids = crm("contact", "list", "--where", "tags has один", "--ids", **acts).out.split()
    shown = crm("contact", "merge", *ids, "--dry-run", **acts)
    assert shown.code == 1, shown
    assert "916*****88" in shown.out
    assert "9165557788" not in shown.out
