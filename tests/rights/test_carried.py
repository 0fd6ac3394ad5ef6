"""Numbers and addresses that are masked stay so wherever they are carried, and what is given back tells nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.sales import activities
from tests import kit
from tests.rights.conftest import Base

Crm = Callable[..., kit.Run]
MINE = ("--where", "tags has мой")
NUMBER, MAIL = "+79267708815", "secret61@hidden.example"


@pytest.fixture
def spent(crm: Crm, small: Base) -> Base:
    """Two were shown today; `theirs` and `lead` are masked, `own` is one of the two."""
    ws = small.open("root")
    rows = json.loads(
        crm("contact", "list", *MINE, "--limit", "2", "--json", cwd=small.root, CRM_USER="olga").out
    )
    small.records["own"] = ws.get(rows[0]["id"])
    small.records["theirs"] = kit.contact(
        ws, name="Клиент", owner="olga", phones="+7 926 770-88-15", emails=MAIL,
        comment=f"дом 4711, писать {MAIL}", handles=f"whatsapp:{NUMBER}",
    )  # fmt: skip
    small.records["lead"] = kit.lead(ws, name="Заявка", owner="olga", phones="+7 903 111-22-33")
    small.records["deal"] = kit.deal(
        ws, name="Дом 8 926 7708815", owner="olga", contacts=small.records["theirs"].id
    )
    return small


def told(run: kit.Run) -> str:
    """The letters and digits of all that was said."""
    return re.sub(r"[^\w@*…]", "", run.out + run.err)


def test_a_merge_carries_nothing_to_whom_is_shown(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    own, theirs = spent.records["own"].id, spent.records["theirs"].id
    for more in (("--dry-run", "--json"), ("--dry-run",), ("--yes",)):
        done = crm("contact", "merge", own, theirs, *more, **acts)
        assert done.code == 1, done
        assert f"crm reveal {theirs}" in done.err
        assert "770881" not in told(done)
    crm("contact", "merge", theirs, own, "--yes", **acts)  # that one stays masked, with all
    assert "770881" not in told(crm("contact", "show", theirs, "--json", **acts))
    assert crm("undo", "--yes", **acts).code == 0
    assert crm("reveal", theirs, **acts).code == 0
    assert crm("contact", "merge", own, theirs, "--yes", **acts).code == 0


def test_a_conversion_carries_nothing_to_whom_is_shown(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    own, lead = spent.records["own"].id, spent.records["lead"].id
    for words in (("--use-contact", own, "--dry-run", "--json"), ("--use-contact", own)):
        done = crm("lead", "convert", lead, *words, **acts)
        assert done.code == 1, done
        assert "11122" not in told(done)
    assert crm("lead", "edit", lead, "--contact", own, **acts).code == 0
    assert crm("lead", "convert", lead, **acts).code == 1
    crm("reveal", lead, **acts)
    assert crm("lead", "convert", lead, **acts).code == 0


def test_below_the_number_what_is_carried_counts(crm: Crm, small: Base) -> None:
    """Else all clients could be looked at in the one into which they were merged."""
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ids = [small.records[f"c{n}"].id for n in range(5)]
    assert crm("contact", "merge", *ids, "--yes", **acts).code == 1
    assert crm("contact", "merge", *ids[:2], "--yes", **acts).code == 0
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    shown = {row["id"] for row in rows if "*" not in row["phones"][0]["value"]}
    assert shown == {ids[0]}


def test_a_number_that_somebody_types_is_no_secret_of_others(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    own = spent.records["own"].id
    assert crm("contact", "edit", own, "--add", f"phones={NUMBER}", **acts).code == 0


@pytest.mark.parametrize(
    ("noun", "field", "whole", "parts"),
    [
        ("theirs", "phone", "8 (926) ***-**-15", ["8 (926) 7**-**-15", "8 (926) 6**-**-15", "***-*8-15", "***-*7-15"]),
        ("theirs", "email", "s…@hidden.example", ["se…@hidden.example", "sa…@hidden.example"]),
        ("theirs", "handle", "whatsapp:+7926*****15", ["whatsapp:+79267****15", "whatsapp:+79266****15"]),
        ("theirs", "comment", "дом 4711, писать s…@hidden.example",
         ["дом 4711, писать s…@", "дом 4711, писать s…@hid", "дом 4711, писать sec…@hidden.example", "дом 4711, писать sed…@hidden.example"]),
        ("deal", "name", "Дом 8 926 *****15",
         ["Дом 8 926 7****15", "Дом 8 926 6****15", "*****15", "6 *****15", "Дом *****15", "Дом 8 926 77***15", "Дом 8 926 78***15"]),
    ],
)  # fmt: skip
def test_a_mask_given_back_tells_nothing(
    crm: Crm, spent: Base, noun: str, field: str, whole: str, parts: list[str]
) -> None:
    """What hides less than was shown is refused, whether its digits are right or not."""
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    record = spent.records[noun]
    for more in (("--dry-run",), ()):
        said = set()
        for part in parts:
            done = crm(record.entity, "edit", record.id, f"--{field}", part, *more, **acts)
            assert done.code in (1, 2), (part, done)
            assert not re.search("708815|secret61@", told(done).replace(part, "")), (part, done)
            if "look like" not in done.err:  # as it is shown, but for what stands before it
                said.add(done.err.replace(part, "…"))
        assert len(said) == 1, said
        done = crm(record.entity, "edit", record.id, f"--{field}", whole, *more, **acts)
        assert done.code == 0, done
    now = spent.open("root").get(record.id)
    assert now == record


def test_an_activity_keeps_what_was_masked_in_it(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws, theirs = spent.open("root"), spent.records["theirs"].id
    activities.log(ws, theirs, "note", "звонить на 8 (926) 770-88-15 в среду")
    event = ws.events(record=theirs)[-1].id
    for text, code in (
        ("звонить на 8 (926) ***-**-15 в пятницу", 0), ("звонить на 8 (926) 7**-**-15", 2),
        ("звонить на 8 (926) 6**-**-15", 2),
    ):  # fmt: skip
        done = crm("activity", "edit", event, "--text", text, **acts)
        assert done.code == code, (text, done)
    assert (
        "8 (926) 770-88-15 в пятницу"
        in crm("timeline", theirs, cwd=spent.root, CRM_USER="root").out
    )


@pytest.mark.parametrize("is_said", [False, True])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("708 клиент 9990001122", "709 клиент 9990001122"),
        ("secret 9990001122", "secrat 9990001122"),
        ("70881 заказ 1234567890", "70882 заказ 1234567890"),
        ("7708", "7709"),
    ],
)
def test_a_known_number_beside_a_part_tells_nothing_of_it(
    crm: Crm, spent: Base, right: str, wrong: str, *, is_said: bool
) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws, theirs = spent.open("root"), spent.records["theirs"].id
    kit.edit(ws, theirs, phones="+7 926 770-88-15, +7 999 000-11-22")
    activities.log(ws, theirs, "note", "заказ 1234567890" + f", звонить на {NUMBER}" * is_said)
    kit.lead(ws, name="Ловушка", owner="olga", comment="7708 7709")
    for limit in ("1", "20"):
        runs = [crm("search", text, "--limit", limit, "--ids", **acts) for text in (right, wrong)]
        assert runs[0] == runs[1], (right, runs)
    assert crm("search", "7708", "--limit", "1", "--json", **acts).out.count('"id"') == 1


def test_what_hangs_on_several_tells_nothing_of_one(crm: Crm, spent: Base) -> None:
    """A client of one's own that has all guesses, beside one that is masked, is no way round."""
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws = spent.open("root")
    named = kit.contact(ws, name="+7 926 770-88-15", owner="olga", phones="+7 926 770-88-15")
    both = kit.contact(ws, name="770-87 770-88 770-89", owner="olga")
    deal = kit.deal(ws, name="Вместе", owner="olga", contacts=named.id)
    kit.edit(ws, deal.id, contacts=[named.id, both.id])
    for part in ("770-87", "770-88", "770-89"):
        for where, wanted in (
            (f"contacts.name ~ {part}", deal.id),
            (f"not contacts.name ~ {part}", ""),
        ):
            found = crm("deal", "list", "--ids", "--where", f"id = {deal.id} and {where}", **acts)
            assert found.out.strip() == wanted, where


def test_jobs_are_found_by_what_is_shown_of_them(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    for where in ("state in (waiting, queued)", f"to ~ {MAIL[:6]}", "reason ~ 7708"):
        assert crm("jobs", "list", "--where", where, **acts).code == 0


@pytest.mark.parametrize("field", ["code_no", "tags", "urls"])
def test_fields_of_ones_own_tell_nothing_either(crm: Crm, small: Base, field: str) -> None:
    """Of twenty guesses, or by what is greater."""
    settings = (small.root / "settings.yaml").read_text("utf-8")
    more = "  contact:\n    code_no: {type: number}\n"
    kit.write(small.root, "settings.yaml", f"{settings}fields:\n{more}")
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    form = "https://wa.me/{}" if field == "urls" else "{}"
    number = "79267708815"
    theirs = kit.contact(
        small.open("root"),
        name="Клиент",
        owner="olga",
        phones=f"+{number}",
        **{field: form.format(number)},
    )
    crm("contact", "list", *MINE, "--json", **acts)
    many = [form.format(79267708800 + n) for n in range(20)]

    def found(where: str) -> kit.Run:
        run = crm("contact", "list", "--ids", "--where", where, **acts)
        assert run.code == 0, run
        return run

    def among(guesses: list[str]) -> str:
        return found(f"{field} in ({', '.join(f'{chr(34)}{one}{chr(34)}' for one in guesses)})").out

    assert theirs.id not in among(many)
    assert theirs.id in among(many[10:])
    assert theirs.id in found(" and ".join(f'{field} != "{one}"' for one in many)).out
    for words in (("show", theirs.id), ("list", "--where", f"id = {theirs.id}")):
        shown = crm("contact", *words, "--json", **acts).out
        assert "70881" not in shown
        assert json.loads(shown)
    if field == "code_no":
        assert [found(f"code_no > {n}").out for n in (79267708814, 79267708815)] == ["", ""]
    else:
        assert found(f"{field} ~ 70881").out == found(f"{field} ~ 70882").out == ""


@pytest.mark.parametrize("column", ["handles", "contact", "phones"])
def test_an_import_tells_of_ten_at_most(crm: Crm, small: Base, tmp_path: Path, column: str) -> None:
    kit.write(
        small.root, "access.yaml",
        (small.root / "access.yaml").read_text("utf-8").replace("olga: [manager]", "olga: [manager, importer]")
        + "roles: {importer: {contact: {import: all, add: all}, deal: {import: all, add: all}}}\n",
    )  # fmt: skip
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    kit.contact(
        small.open("root"), name="Клиент", owner="olga", phones=NUMBER, handles=f"whatsapp:{NUMBER}"
    )
    crm("contact", "list", *MINE, "--json", **acts)
    noun = "deals" if column == "contact" else "contacts"

    def run(right: str, count: int) -> kit.Run:
        numbers = [f"+7926771{n:04}" for n in range(count - 1)] + [right]
        rows = [
            f"Номер {n},{'whatsapp:' * (column == 'handles')}{one}" for n, one in enumerate(numbers)
        ]
        (tmp_path / "rows.csv").write_text("\n".join([f"name,{column}", *rows]) + "\n", "utf-8")
        return crm("import", noun, str(tmp_path / "rows.csv"), "--dry-run", **acts)

    hit, miss = run(NUMBER, 11), run("+79267708816", 11)
    assert hit.code == miss.code == 1, hit
    assert hit.err == miss.err
    assert run("+79267708816", 10).code == 0


def test_who_may_not_import_is_told_nothing_of_his_rows(
    crm: Crm, spent: Base, tmp_path: Path
) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    told_of = set()
    for row in (f"Клиент,{NUMBER}", "Клиент,+79990001122", "Клиент,не номер"):
        path = kit.write(tmp_path, "rows.csv", f"name,phones\n{row}\n")
        for more in ((), ("--dry-run",)):
            run = crm("import", "contacts", str(path), *more, **acts)
            assert run.code == 4, run
            told_of.add(run.out + run.err)
    assert len(told_of) == 1, told_of


@pytest.mark.parametrize("form", ["+79267708{:03},", "+7 926 770-\n8{:03},"])
def test_who_writes_a_thousand_numbers_is_told_on(crm: Crm, spent: Base, form: str) -> None:
    """They come back, and one of them is masked: whose it was stands on the audit."""
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    own, theirs = spent.records["own"].id, spent.records["theirs"].id
    numbers = " ".join(form.format(n) for n in range(700, 1000))
    crm("contact", "edit", own, "--comment", numbers, **acts)
    few = " ".join(f"+79267708{n:03}," for n in range(800, 850))
    crm("lead", "add", "--name", f"Мало {few}", "--dry-run", **acts)
    kept = json.loads(crm("audit", "list", "--json", cwd=spent.root, CRM_USER="root").out)
    told = [row for row in kept if "clients" in row["data"]]
    assert [(row["command"], row["data"]["clients"]) for row in told] == [
        ("contact edit", [theirs])
    ]
    assert "300" in told[0]["text"]
    assert "Клиент" in told[0]["text"]


def test_a_column_of_figures_is_no_list_of_numbers(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    figures = "\n".join(str(10_000 + 37 * n) for n in range(300))
    crm("contact", "edit", spent.records["own"].id, "--comment", f"{NUMBER}\n{figures}", **acts)
    kept = json.loads(crm("audit", "list", "--json", cwd=spent.root, CRM_USER="root").out)
    assert not [row for row in kept if "clients" in row["data"]]


def test_a_list_of_those_named_by_their_numbers_is_no_guess(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws = spent.open("root")
    for n in range(101):
        kit.contact(ws, name=f"+7926600{n:04}", owner="olga", phones=f"+7926600{n:04}", anyway=True)
    assert (
        crm("contact", "list", "--where", "name ~ 7926", "--json", **acts).out.count('"id"') == 101
    )
    kept = json.loads(crm("audit", "list", "--json", cwd=spent.root, CRM_USER="root").out)
    assert not [row for row in kept if "clients" in row["data"]]


@pytest.mark.parametrize("how", ["contact bulk", "deal bulk", "deal move", "mail send"])
def test_what_is_chosen_to_be_changed_is_chosen_by_what_is_shown(
    crm: Crm, spent: Base, how: str
) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs, deal = spent.records["theirs"].id, spent.records["deal"].id
    kit.write(spent.root, "templates/mail/hello.j2", "Subject: Привет\n\nПривет\n")
    words = {
        "contact bulk": ("contact", "bulk", "--set", "comment=да"),
        "deal bulk": ("deal", "bulk", "--set", "comment=да"),
        "deal move": ("deal", "move", "--to", "talks"),
        "mail send": ("mail", "send", "--of", "contact", "--template", "hello"),
    }[how]
    link = "contacts." if words[0] == "deal" else ""
    for asked in (f"not {link}phones ~ {{}}", f"{link}phones ~ {{}}", f"not {link}name ~ {{}}"):
        where = f"id = {deal if link else theirs} and {asked}"
        told = [
            crm(*words, "--where", where.format(part), "--yes", "-n", **acts)
            for part in (7088, 7089)
        ]
        assert told[0] == told[1], told


def test_an_order_tells_nothing_of_what_is_masked(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws = spent.open("root")
    named = kit.contact(
        ws, name="+7 926 770-88-15", owner="olga", phones="+7 926 770-88-15", anyway=True
    )
    orders = []
    for probe in ("+7 926 770-88-14", "+7 926 770-88-16", "Абв", "Яя"):
        mine = kit.contact(ws, name=probe, owner="olga")
        found = crm(
            "contact",
            "list",
            "--where",
            f"id in ({mine.id}, {named.id})",
            "--sort",
            "name",
            "--ids",
            **acts,
        )
        assert found.code == 0, found
        orders.append(found.out.split().index(named.id))
    assert orders == [1, 1, 1, 1]
    everybody = crm("contact", "list", "--sort", "-name", "--ids", **acts).out.split()
    pages = [
        crm(
            "contact",
            "list",
            "--sort",
            "-name",
            "--ids",
            "--limit",
            "3",
            "--offset",
            str(3 * page),
            **acts,
        ).out.split()
        for page in range(6)
    ]
    assert [one for page in pages for one in page] == everybody
    assert everybody[-1] == named.id


def test_jobs_are_not_asked_for_parts_of_what_their_records_have(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs = spent.records["theirs"].id
    kit.write(spent.root, "templates/mail/hello.j2", "Subject: Привет\n\nПривет\n")
    sent = crm("mail", "send", theirs, "--template", "hello", "--yes", **acts)
    assert sent.code in (0, 4), sent
    for part in ("record.phones ~ {}", "record.emails ~ {}", "to ~ {}"):
        told = [
            crm("jobs", "list", "--state", "all", "--where", part.format(text), **acts)
            for text in (("secret", "sacret") if "phones" not in part else ("7088", "7089"))
        ]
        assert told[0].out == told[1].out
        assert told[0].code == told[1].code == 0


@pytest.mark.parametrize("after", [" (2 окна)", " 12.30", " - 3 этаж", "\t1234", ", 5", " 7 8 9"])
def test_a_number_with_more_digits_behind_is_masked(crm: Crm, spent: Base, after: str) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    ws, deal = spent.open("root"), spent.records["deal"].id
    other = kit.deal(ws, name="Другое", owner="olga")
    activities.log(ws, other.id, "note", f"8 926 770-88-15{after}")
    kit.edit(ws, deal, name=f"Дом 8 926 7708815{after}", comment=f"8\t926\t7708815{after}")
    for words in (
        ("timeline", other.id), ("activity", "list"), ("deal", "list", "--columns", "name,amount", "--format", "tsv"),
        ("deal", "show", deal, "--json"), ("deal", "edit", deal, "--print"), ("deal", "list", "--columns", "name,comment"),
    ):  # fmt: skip
        done = crm(*words, **acts)
        assert done.code == 0, done
        digits = re.sub(r"\\t|[^\d*]", "", done.out)
        assert "7708815" not in digits, (words, done.out)
    name = f"Дом 8 926 *****15{after}"
    if after.strip() == after.strip("\t"):
        for more in (" срочно", ""):
            edited = crm("deal", "edit", deal, "--name", name + more, "-n", **acts)
            assert edited.code == 0, edited


def test_masks_of_a_list_are_given_back_as_they_are_shown(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs = spent.records["theirs"].id
    kit.edit(spent.open("root"), theirs, phones="+7 926 770-88-15, +7 999 123-45-67")
    shown = "8 (926) ***-**-15, 8 (999) ***-**-67"
    for given, count in ((shown, 2), (f"{shown}, +7 916 000-00-01", 3)):
        done = crm("contact", "edit", theirs, "--set", f"phones={given}", **acts)
        assert done.code == 0, done
        assert len(spent.open("root").get(theirs).get("phones")) == count


def test_one_reveal_shows_one_client(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs = spent.records["theirs"].id
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    others = [row["id"] for row in rows if "*" in row["phones"][0]["value"]]
    assert crm("contact", "merge", theirs, *others, "--yes", **acts).code == 1
    assert crm("contact", "merge", others[0], theirs, "--yes", **acts).code == 1


@pytest.fixture
def hiding(small: Base) -> Base:
    """Olga's role hides phones and e-mails of contacts; one is named by the number, and in a deal's name."""
    ws = small.open("root")
    small.records["theirs"] = kit.contact(
        ws, name="+7 926 770-88-15", owner="olga", phones="+7 926 770-88-15", emails=MAIL
    )
    small.records["deal"] = kit.deal(
        ws, name="Дом 8 926 7708815", owner="olga", contacts=small.records["theirs"].id
    )
    text = (small.root / "access.yaml").read_text("utf-8").replace("budget: 2", "budget: 500")
    grants = "read: own, edit: own, hidden: [phones, emails]"
    role = f"roles: {{blind: {{contact: {{{grants}}}, deal: {{read: own, edit: own}}}}}}\n"
    kit.write(small.root, "access.yaml", text.replace("olga: [manager]", "olga: [blind]") + role)
    return small


def test_what_a_role_hides_is_not_guessed_either(crm: Crm, hiding: Base) -> None:
    acts = {"cwd": hiding.root, "CRM_USER": "olga"}
    theirs, deal = hiding.records["theirs"].id, hiding.records["deal"].id
    for words, right, wrong in (
        (("contact", "list", "--ids", "--where", "name ~ {}"), "770-88", "770-89"),
        (("contact", "list", "--ids", "--where", "not name ~ {}"), "770-88", "770-89"),
        (("deal", "list", "--ids", "--where", "name ~ {}"), "77088", "77089"),
        (("deal", "list", "--ids", "--where", "contacts.name ~ {}"), "770-88", "770-89"),
        (("search", "{}"), "77088", "77089"),
        (("contact", "edit", theirs, "--phone", "{}", "-n"), NUMBER, "+79267708816"),
        (("contact", "edit", theirs, "--add", "emails={}", "-n"), MAIL, "secret62@hidden.example"),
        (("deal", "edit", deal, "--name", "Дом 8 926 {}****15", "-n"), "7", "6"),
        (("contact", "bulk", "--where", f"id = {theirs} and not name ~ {{}}", "--set", "comment=x", "-n", "--yes"), "770-88", "770-89"),
    ):  # fmt: skip
        told = [
            crm(*(word.replace("{}", text) for word in words), **acts) for text in (right, wrong)
        ]
        forms = [form for form in words if "{}" in form]
        said = []
        for text, run in zip((right, wrong), told, strict=True):
            typed = [form.replace("{}", text) for form in forms]
            said.append((run.out + run.err).replace(typed[0], "…"))
        assert (told[0].code, said[0]) == (told[1].code, said[1]), words
    done = crm("reveal", theirs, **acts)
    assert done.code == 4, done
    assert "7708" not in re.sub(r"\D", "", done.out + done.err)


def test_jobs_are_found_alike_by_all_where_nothing_is_masked(crm: Crm, small: Base) -> None:
    ws = small.open("root")
    kit.write(small.root, "templates/mail/hello.j2", "Subject: Привет\n\nПривет\n")
    ids = [
        small.records["c0"].id,
        kit.contact(ws, name="Без номера", owner="olga", emails="b@x.example").id,
    ]
    for one in ids:
        crm("mail", "send", one, "--template", "hello", "--yes", cwd=small.root, CRM_USER="olga")
    for where in (
        "record.phones = +79165554430", "record.phones != +79165554430", "not record.phones = +79165554430",
        "record.phones is empty", "record.phones is not empty", "record.amount > 5", "record.amount is empty",
        "record.name ~ номера", "not record.name ~ номера",
    ):  # fmt: skip
        told = [
            json.loads(
                crm(
                    "jobs",
                    "list",
                    "--state",
                    "all",
                    "--where",
                    where,
                    "--json",
                    cwd=small.root,
                    CRM_USER=user,
                ).out
            )
            for user in ("olga", "root")
        ]
        mine = [[job["record"] for job in of if job["record"] in ids] for of in told]
        assert sorted(mine[0]) == sorted(mine[1]), where


def test_who_was_kept_back_is_not_on_the_audit_as_shown(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    for words in (
        ("contact", "list", "--where", "emails ~ secret"), ("contact", "list", "--where", "phones ~ 7088"),
        ("deal", "list", "--where", "name ~ 77088"), ("search", "77088"),
    ):  # fmt: skip
        assert crm(*words, "--ids", **acts).out == "", words
    kept = json.loads(crm("audit", "list", "--json", cwd=spent.root, CRM_USER="root").out)
    assert [row["shown"] for row in kept if row["kind"] == "command"][-4:] == [{}] * 4


def test_a_task_of_a_colleague_goes_with_a_lead_that_is_converted(crm: Crm, base: Base) -> None:
    ws, acts = base.open("root"), {"cwd": base.root, "CRM_USER": "olga"}
    lead = kit.lead(ws, name="Крыша", owner="olga", phones=NUMBER)
    task = kit.task(ws, name="Позвонить", owner="anna", about=lead.id)
    assert crm("task", "edit", task.id, "--name", "Другое", **acts).code in (3, 4)
    done = crm("lead", "convert", lead.id, **acts)
    assert done.code == 0, done
    about = str(base.open("root").get(task.id).get("about"))
    assert about.startswith("deal-")
