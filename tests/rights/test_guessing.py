"""Numbers and addresses that are masked are not found out by asking: part by part, or many at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from crmcli.sales import activities
from tests import kit
from tests.rights.conftest import Base

Crm = Callable[..., kit.Run]
MINE = ("--where", "tags has мой")


def test_masked_numbers_are_found_by_what_is_shown_of_them(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    shown_now = crm("contact", "list", *MINE, "--json", **acts).out
    in_full = {row["id"] for row in json.loads(shown_now) if "*" not in row["phones"][0]["value"]}
    everybody = {small.records[f"c{n}"].id for n in range(5)}
    kit.deal(small.open("root"), name="Дело", owner="olga", contacts=min(everybody - in_full))

    def found(noun: str, where: str) -> tuple[set[str], str]:
        run = crm(noun, "list", "--ids", "--where", where, **acts)
        assert run.code == 0, run.err
        return {*run.out.split()}, run.err

    for where, wanted in (
        ("phones ~ 7916 and tags has мой", everybody), ("emails ~ romashka.example and tags has мой", everybody),
        ("phones ~ 5554", in_full), ("phones ~ 79165554430", in_full & {small.records["c0"].id}),
        ("emails ~ buyer", in_full), ("tags has мой and not phones ~ 5554", everybody - in_full),
    ):  # fmt: skip
        assert found("contact", where) == (
            wanted,
            "masked phones and e-mails are found whole, or by what is shown of them\n",
        )
    assert found("deal", "contacts.phones ~ 7916")[0]
    assert not found("deal", "contacts.phones ~ 5554")[0]
    assert len(found("contact", "phones = +79165554430")[0]) == 1
    assert (
        crm(
            "contact",
            "bulk",
            "--where",
            "phones ~ 5554 and comment is empty",
            "--set",
            "comment=x",
            "--yes",
            **acts,
        ).code
        == 0
    )
    changed = {i for i in everybody if small.open("root").get(i).get("comment")}
    assert changed == in_full
    rows = json.loads(crm("search", "9165554", "--json", **acts).out)
    assert {row["id"] for row in rows} == in_full


def test_beyond_the_number_many_whole_ones_are_not_asked_for(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    many = [f"+7916555{n:04}" for n in range(11)]
    asked = [
        f"phones in ({', '.join(many)})", " or ".join(f"phones = {one}" for one in many),
        f"emails in ({', '.join(f'b{n}@x.example' for n in range(5))}) or not phones in ({', '.join(many[:6])})",
    ]  # fmt: skip
    for where in asked:
        assert crm("contact", "list", "--where", where, **acts).code == 0
    crm("contact", "list", *MINE, "--json", **acts)
    for where in asked:
        assert crm("contact", "list", "--where", where, "--ids", **acts).code == 1
        clients = where.replace("phones", "contacts.phones").replace("emails", "contacts.emails")
        for args in (("deal", "list"), ("report", "won"), ("deal", "bulk", "--set", "source=web")):
            assert crm(*args, "--where", clients, **acts).code == 1, args
    few = f"phones in ({', '.join(many[:9])}, +79165554430)"
    assert crm("contact", "list", "--where", few, **acts).code == 0


@pytest.mark.parametrize("of_all", [True, False], ids=["of the report", "of a measure"])
def test_a_report_asks_for_no_parts_of_masked_numbers(
    crm: Crm, small: Base, *, of_all: bool
) -> None:
    """A condition in reports.yaml is one of whoever runs it."""
    where = 'where: "phones ~ 5554"'
    measure = "count" if of_all else f"{{name: count, how: count, {where}}}"
    own = f"of: contacts, by: owner, measures: [{measure}]" + (f", {where}" if of_all else "")
    kit.write(small.root, "reports.yaml", f"reports: {{t: {{{own}}}}}\n")
    acts = {"cwd": small.root, "CRM_USER": "olga"}

    def count(user: str) -> int:
        run = crm("report", "t", "--json", cwd=small.root, CRM_USER=user)
        assert run.code == 0, run
        return sum(row["count"] for row in json.loads(run.out) if row["owner"] == "olga")

    assert crm("report", "t", **acts).code == 1  # five, and two are left
    assert count("root") == 5
    crm("contact", "list", *MINE, "--json", **acts)
    assert count("olga") == 2
    behind = [crm("report", "t", "--drill", f"{row},2", "--json", **acts) for row in (1, 2)]
    told = "".join(run.out for run in behind)
    assert len({*re.findall(r"contact-\w+", told)}) == 2, behind


def test_nothing_is_suggested_for_parts_of_what_is_masked(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    one = kit.contact(ws, name="Тайна 61", owner="olga", phones="+7 926 384-31-19",
                      emails="secret61@hidden.example", comment="из Твери, дом 4711")  # fmt: skip
    named = kit.contact(ws, name="+7 926 770-88-15", owner="olga", phones="+7 926 770-88-15")
    kit.edit(ws, one.id, companies=kit.company(ws, "Ромашка", owner="olga").id)
    activities.log(ws, one.id, "note", "перезвонить на 8 (926) 384-31-19 в среду")

    def told(*words: str, user: str = "olga") -> str:
        by = {**acts, "CRM_USER": user}
        done = [crm(*args, *words, **by) for args in (("contact", "show"), ("search",))]
        return " ".join(text for run in done for text in (run.out, run.err))

    assert one.id in told("3843", user="root")
    crm("contact", "list", *MINE, "--json", **acts)  # today's two
    hidden = ("38", "384", "3847", "6384", "63843", "secr", "Тайна 3843", "926384", "9 2 6 3 8 4",
              "38431", "84-31", "тайна secret6", "7708", "770", "77088")  # fmt: skip
    for part in hidden:
        assert not {one.id, named.id} & {*re.findall(r"contact-\w+", told(part))}, part
    for part in ("Тайн", "61", "твери", "4711", "Ромаш", "79263843119", "8 926 384 31 19",
                 "secret61@hidden.example", "среду"):  # fmt: skip
        assert one.id in told(part), part


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_error_does_not_tell_which_of_many_numbers_is_somebodys(
    crm: Crm, small: Base, language: str
) -> None:
    acts = {"cwd": small.root, "CRM_USER": "olga", "CRM_LANG": language}
    crm("contact", "list", *MINE, "--json", **acts)
    many = ",".join(f"7916555443{n}" for n in range(10)) + ",buyer3@romashka.example"
    for args in (
        ("show", many),
        ("contact", "show", many, "--json"),
        ("contact", "edit", many, "--comment", "x"),
    ):
        done = crm(*args, **acts)
        assert done.code == 3
        assert many in done.err
        assert "*" not in done.err, done.err


@pytest.mark.parametrize(
    "asked",
    [
        ("contact", "list", "--ids", "--where", "phones ~ 55544{}"),
        ("contact", "list", "--columns", "id", "--where", "emails ~ yer{} and tags has мой"),
        ("report", "leads", "--where", "contact.phones ~ 55544{}"),
        ("contact", "bulk", "--where", "phones ~ 55544{}", "--set", "comment=x", "--yes"),
    ],
)
def test_who_is_found_by_parts_counts_as_shown(
    crm: Crm, small: Base, asked: tuple[str, ...]
) -> None:
    """Nobody learns numbers digit by digit without their being shown."""
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    ws = small.open("root")
    for n in range(5):
        kit.lead(ws, name=f"Заявка {n}", owner="olga", contact=small.records[f"c{n}"].id)
    by = "{}" if "yer{}" in asked[-1] else "3{}"

    def ask(end: str) -> kit.Run:
        return crm(*(word.replace("{}", by.format(end)) for word in asked), **acts)

    assert [ask("0").code, ask("7").code, ask("1").code] == [0, 0, 0]
    assert ask("2").out in ("", "[]\n")
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    shown = {row["name"] for row in rows if "*" not in row["phones"][0]["value"]}
    assert shown == {"Покупатель 0", "Покупатель 1"}


def test_who_may_export_asks_for_parts(crm: Crm, small: Base) -> None:
    acts = {"cwd": small.root, "CRM_USER": "root"}
    found = crm("contact", "list", "--where", "phones ~ 7916", "--ids", **acts)
    assert len(found.out.split()) >= 5


@pytest.fixture
def spent(crm: Crm, small: Base) -> Base:
    """The same, after two were shown; the others have numbers in texts too, two of the deals are theirs."""
    ws = small.open("root")
    crm("contact", "list", *MINE, "--limit", "2", "--json", cwd=small.root, CRM_USER="olga")
    rows = json.loads(crm("contact", "list", *MINE, "--json", cwd=small.root, CRM_USER="olga").out)
    small.records["own"] = next(
        small.records[f"c{n}"] for n in range(5) if _is_shown(rows, small.records[f"c{n}"].id)
    )
    small.records["theirs"] = kit.contact(
        ws, name="+7 926 770-88-15", owner="olga", phones="+7 926 770-88-15",
        emails="secret61@hidden.example", comment="дом 4711, писать secret61@hidden.example",
        handles="whatsapp:+79267708815",
    )  # fmt: skip
    kit.deal(ws, name="Дом 8 926 7708815", owner="olga", contacts=small.records["theirs"].id)
    return small


def _is_shown(rows: list[dict[str, list[dict[str, str]]]], record_id: str) -> bool:
    return any(str(row["id"]) == record_id and "*" not in row["phones"][0]["value"] for row in rows)


RIGHT, WRONG = "+79267708815", "+79267708816"
MAIL, NO_MAIL = "secret61@hidden.example", "secret62@hidden.example"


@pytest.mark.parametrize(
    "asked",
    [
        ("contact", "list", "--ids", "--where", "{}"),
        ("contact", "list", "--json", "--limit", "1", "--where", "not ({})"),
        ("deal", "list", "--ids", "--where", "contacts.{}"),
        ("report", "won", "--where", "contacts.{}"),
        ("search", "--json", "{}"),
    ],
)
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("name ~ 7708", "name ~ 7707"),
        ("name ~ 88-15", "name ~ 88-14"),
        ("comment ~ secret61", "comment ~ secret62"),
        ("handles ~ 92677", "handles ~ 92676"),
    ],
)
def test_parts_of_what_is_masked_in_texts_are_not_told(
    crm: Crm, spent: Base, asked: tuple[str, ...], right: str, wrong: str
) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    if asked[0] == "search":
        right, wrong = (text.split()[-1].strip('"') for text in (right, wrong))
    told = [crm(*(word.replace("{}", text) for word in asked), **acts) for text in (right, wrong)]
    theirs = spent.records["theirs"].id
    said = [
        re.sub(re.escape(text), "…", run.out + run.err)
        for text, run in zip((right, wrong), told, strict=True)
    ]
    assert told[0].code == told[1].code
    assert (theirs in said[0]) == (theirs in said[1])
    if "--json" not in asked or "search" in asked:
        assert said[0] == said[1]


def test_what_stands_in_texts_besides_is_found(crm: Crm, spent: Base) -> None:
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs = spent.records["theirs"].id
    for where in ("comment ~ 4711", "comment ~ дом", 'name ~ "+7 926"', "comment ~ hidden.example"):
        assert theirs in crm("contact", "list", "--ids", "--where", where, **acts).out, where


GUESSES = [f"+7926771{n:04}" for n in range(10)]
MAILS = [f"b{n}@hidden.example" for n in range(10)]


@pytest.mark.parametrize(
    "asked",
    [
        ("contact", "edit", "{theirs}", "--add", "phones={many}"),
        ("contact", "edit", "{theirs}", "--set", "phones={many}"),
        ("contact", "edit", "{theirs}", "--add", "emails={mails}"),
        ("contact", "edit", "{own}", "--add", "phones={many}", "--on-duplicate", "fail"),
        ("contact", "edit", "{own}", "--add", "emails={mails}", "--on-duplicate", "fail"),
        ("contact", "edit", "{theirs}", "--add", "handles={handles}"),
        ("contact", "edit", "{theirs}", "--remove", "handles={handles}"),
        ("contact", "bulk", *MINE, "--add", "phones={many}", "--yes"),
        ("contact", "add", "--name", "Новый", "--phone", "{many}", "--on-duplicate", "fail"),
        ("contact", "add", "--name", "Новый", "--email", "{mails}", "--dry-run"),
        ("lead", "add", "--name", "Новая", "--phone", "{many}"),
        ("contact", "list", "--ids", "--where", "name in ({many})"),
        ("deal", "list", "--ids", "--where", "contacts.handles in ({handles})"),
        ("deal", "add", "--name", "Дело", "--create", "{--contact}"),
    ],
)  # fmt: skip
def test_many_whole_numbers_are_not_asked_for_at_once(
    crm: Crm, spent: Base, asked: tuple[str, ...]
) -> None:
    """Of eleven guesses nothing tells whether one is right; ten may be asked for."""
    acts = {"cwd": spent.root, "CRM_USER": "olga"}

    def told(right: str, mail: str, count: int) -> kit.Run:
        numbers, mails = [*GUESSES[: count - 1], right], [*MAILS[: count - 1], mail]
        words: dict[str, list[str]] = {
            "{--contact}": [w for one in numbers for w in ("--contact", one)],
        }  # fmt: skip
        texts = {
            "theirs": spent.records["theirs"].id, "own": spent.records["own"].id,
            "many": ", ".join(numbers), "mails": ", ".join(mails),
            "handles": ", ".join(f"whatsapp:{one}" for one in numbers),
        }  # fmt: skip
        args = [one for word in asked for one in words.get(word, [word])]
        return crm(*(re.sub(r"\{(\w+)\}", lambda m: texts[m[1]], arg) for arg in args), **acts)

    hit, miss = told(RIGHT, MAIL, 11), told(WRONG, NO_MAIL, 11)
    assert hit.code == miss.code, (hit, miss)
    assert (hit.out, hit.err.replace(RIGHT, WRONG)) == (miss.out, miss.err)
    if "--where" in asked:  # what is masked in texts is not found
        assert not hit.out
    else:
        assert hit.code == 1
        assert "10" in hit.err
        assert "11" in hit.err
    few = told(WRONG, NO_MAIL, 10)
    assert "of them at most" not in few.err


@pytest.mark.parametrize("field", ["phones", "emails"])
def test_taking_away_tells_nothing(crm: Crm, spent: Base, field: str) -> None:
    """Whether a masked client has a number is not told by the refusal to remove it."""
    acts = {"cwd": spent.root, "CRM_USER": "olga"}
    theirs = spent.records["theirs"].id
    guesses = (RIGHT, WRONG, "7") if field == "phones" else (MAIL, NO_MAIL, "x")
    told = [crm("contact", "edit", theirs, "--remove", f"{field}={one}", **acts) for one in guesses]
    assert {run.code for run in told} == {1}
    assert len({run.err for run in told}) == 1
    crm("reveal", theirs, **acts)
    assert crm("contact", "edit", theirs, "--remove", f"{field}={guesses[0]}", **acts).code == 0


def test_typing_numbers_of_a_client_shows_it(crm: Crm, small: Base) -> None:
    """Else a mask of yesterday could be filled up today by trying, and nothing counted."""
    acts = {"cwd": small.root, "CRM_USER": "olga"}
    many = ", ".join(f"+7916555{k:02}{m:02}" for k in (44, 45) for m in range(30, 40))
    for name in ("c3", "c4"):
        whom = small.records[name].id
        crm("contact", "edit", whom, "--add", f"phones={many}", "--dry-run", "--quiet", **acts)
    rows = json.loads(crm("contact", "list", *MINE, "--json", **acts).out)
    shown = {row["name"] for row in rows if "*" not in row["phones"][0]["value"]}
    assert shown == {"Покупатель 3", "Покупатель 4"}
