"""Activities at the command line: when they were, with whom; listed, corrected, removed; what follows of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import pytest

from tests.kit import Run

Crm = Callable[..., Run]
NOON = {"CRM_NOW": "2026-11-23T09:00:00+00:00"}  # a Monday, noon in Moscow


def rows(crm: Crm, *words: str) -> list[dict[str, object]]:
    """The activities of a list, as programs get them."""
    run = crm("activity", "list", *words, "--json", **NOON)
    assert run.code == 0, run.err
    found: list[dict[str, object]] = json.loads(run.out)
    return found


def made(crm: Crm, entity: str, *words: str) -> str:
    run = crm(entity, "add", *words, **NOON)
    assert run.code == 0, run.err
    return run.out.strip()


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        ("10:30", "2026-11-23T07:30:00Z"),
        ("yesterday 15:00", "2026-11-22T12:00:00Z"),
        ("вчера 15:00", "2026-11-22T12:00:00Z"),
        ("fri 9:05", "2026-11-20T06:05:00Z"),
        ("20.11.2026 18:00", "2026-11-20T15:00:00Z"),
        ("2026-11-20T18:00:00+01:00", "2026-11-20T17:00:00Z"),
        ("-2h", "2026-11-23T07:00:00Z"),
        ("yesterday", "2026-11-21T21:00:00Z"),
    ],
)
def test_what_was_earlier_stands_at_its_time(crm: Crm, at: str, instant: str) -> None:
    lead = made(crm, "lead", "--name", "Лид")
    assert crm("log", "call", lead, "Говорили", "--at", at, **NOON).code == 0
    assert [row["at"] for row in rows(crm)] == [instant]
    listed = json.loads(crm("lead", "list", "--columns", "id,last_activity", "--json", **NOON).out)
    assert [row["last_activity"] for row in listed] == [instant]
    assert (
        crm("lead", "list", "--where", f"last_activity = {instant}", "--ids", **NOON).out
        == f"{lead}\n"
    )


def test_what_is_still_to_come_is_a_task(crm: Crm) -> None:
    lead = made(crm, "lead", "--name", "Лид")
    run = crm("log", "meeting", lead, "Показ", "--at", "tomorrow 10:00", **NOON)
    assert (run.code, rows(crm)) == (2, [])
    assert "2026-11-24 10:00" in run.err
    assert "crm task add" in run.err


def test_a_meeting_of_several_is_one_and_is_changed_as_one(crm: Crm) -> None:
    anna = made(crm, "contact", "--first-name", "Анна", "--email", "anna@example.com")
    boris = made(crm, "contact", "--first-name", "Борис", "--phone", "+7 912 345-67-89")
    deal = made(crm, "deal", "--name", "Кровля")
    people = ("--with", "anna@example.com", "--with", "8 912 345 67 89")
    assert crm("log", "meeting", deal, "Показ", *people, "--duration", "1h", **NOON).code == 0
    [row] = rows(crm)
    assert (row["record"], row["with"], row["name"]) == (deal, [anna, boris], "Кровля, Анна, Борис")
    assert [r["text"] for ref in (deal, anna, boris) for r in rows(crm, ref)] == ["Показ"] * 3
    of_boris = str(rows(crm, boris)[0]["id"])
    assert crm("activity", "edit", of_boris, "--text", "Замер", "--at", "9:00", **NOON).code == 0
    assert [r["text"] for ref in (deal, anna, boris) for r in rows(crm, ref)] == ["Замер"] * 3
    assert "Показ" not in crm("timeline", anna).out
    assert "Замер" in crm("show", deal).out
    assert crm("search", "Показ", "--ids").out == ""
    assert set(crm("search", "Замер", "--ids").out.split()) == {deal, anna, boris}
    assert crm("activity", "rm", str(row["id"]), **NOON).code == 0
    assert rows(crm) == []
    assert crm("search", "Замер", "--ids").out == ""
    assert crm("undo", "--yes").code == 0
    assert [r["at"] for r in rows(crm)] == ["2026-11-23T06:00:00Z"]
    assert crm("undo", "--yes").code == 0
    assert [r["text"] for r in rows(crm)] == ["Показ"]
    assert crm("undo", "--yes").code == 0
    assert rows(crm) == []
    assert crm("undo", "--redo", "--yes").code == 0
    assert [r["text"] for r in rows(crm)] == ["Показ"]
    assert crm("check").code == 0


def test_a_list_is_narrowed_by_kind_person_time_and_client(crm: Crm) -> None:
    firm = made(crm, "company", "--name", "Ромашка")
    anna = made(crm, "contact", "--first-name", "Анна", "--company", firm)
    deal = made(crm, "deal", "--name", "Кровля", "--company", firm)
    for who, kind, ref, more in (
        ("anna", "call", deal, ("--at", "last month")), ("anna", "call", anna, ("--in", "--at", "fri 9:00")),
        ("boris", "mail", deal, ()), ("anna", "note", anna, ("--at", "10:00")),
    ):  # fmt: skip
        run = crm("log", kind, ref, f"{kind} {ref}", *more, CRM_USER=who, **NOON)
        assert (run.code == 0) == ("last month" not in more), run.err

    def kinds(*words: str) -> list[object]:
        return [row["kind"] for row in rows(crm, *words)]

    assert kinds() == ["call.in", "note", "mail.out"]
    assert kinds("--kind", "call,mail") == ["call.in", "mail.out"]
    assert kinds("--kind", "call.out") == []
    assert kinds("--owner", "boris") == ["mail.out"]
    assert kinds("--since", "today") == ["note", "mail.out"]
    assert kinds("--since", "-3d", "--until", "yesterday") == ["call.in"]
    assert kinds("--where", "company.name ~ ромашка") == ["call.in", "note", "mail.out"]
    assert kinds("--where", "name = Кровля") == ["mail.out"]
    assert kinds("--limit", "1") == ["mail.out"]
    assert crm("activity", "list", "--kind", "cal").code == 2
    assert crm("activity", "list", "--where", "nothing = 1").code != 0


def test_who_is_new_is_added_as_a_lead(crm: Crm) -> None:
    refused = crm("log", "call", "8 916 123-45-67", "Хочет крышу", "--in", **NOON)
    assert refused.code == 3
    for whom, word in (("8 916 123-45-67", "call"), ("olga@example.com", "mail")):
        tried = crm("log", word, whom, "Хочет крышу", "--in", "--new", "--dry-run", **NOON)
        assert (tried.code, "new lead" in tried.err) == (0, True), tried
    assert crm("lead", "list", "--ids").out == ""
    for text in ("Хочет крышу", "Ещё раз"):
        assert crm("log", "call", "8 916 123-45-67", text, "--in", "--new", **NOON).code == 0
    assert crm("log", "mail", "olga@example.com", "Письмо", "--in", "--new", **NOON).code == 0
    leads = json.loads(crm("lead", "list", "--json").out)
    leads.sort(key=lambda lead: "emails" in lead)
    assert [(lead.get("phones"), lead.get("emails")) for lead in leads] == [
        ([{"value": "+79161234567", "type": "work"}], None),
        (None, [{"value": "olga@example.com", "type": "work"}]),
    ]
    assert len(rows(crm, leads[0]["id"])) == 2


@pytest.mark.parametrize("verb", [("move", "lost", "--reason"), ("lose", "--reason")])
def test_a_note_goes_with_a_move_and_back_with_it(crm: Crm, verb: tuple[str, ...]) -> None:
    deal = made(crm, "deal", "--name", "Кровля")
    name, *more = verb
    run = crm("deal", name, deal, *more, "price", "--note", "Дорого", **NOON)
    assert run.code == 0, run.err
    assert [row["text"] for row in rows(crm, deal)] == ["Дорого"]
    assert crm("undo", "--yes").code == 0
    assert rows(crm, deal) == []


def test_what_was_said_of_a_deal_counts_for_its_people_and_firm(crm: Crm) -> None:
    firm = made(crm, "company", "--name", "Ромашка")
    anna = made(crm, "contact", "--first-name", "Анна")
    made(crm, "contact", "--first-name", "Борис")
    deal = made(crm, "deal", "--name", "Кровля", "--company", firm, "--contact", anna)
    crm("log", "call", deal, "Говорили", "--at", "01.10.2026 12:00", **NOON)

    def ids(entity: str, where: str) -> list[str]:
        return crm(entity, "list", "--where", where, "--ids", **NOON).out.split()

    asked = "last_activity < today-30d and next_task is empty"
    assert [ids(e, asked) for e in ("company", "contact", "deal")] == [[firm], [anna], [deal]]
    assert ids("deal", "contacts.last_activity = 2026-10-01") == [deal]
    assert "nobody has spoken" in crm("today", **NOON).out
    assert "nobody has spoken" not in crm("today", "--silence", "3mo", **NOON).out
    made(crm, "task", "Позвонить", "--about", deal, "--due", "tomorrow 10:00")
    assert [ids(e, asked) for e in ("company", "contact", "deal")] == [[], [], []]
    assert ids("company", "next_task < today+2d") == [firm]
    assert "nobody has spoken" not in crm("today", **NOON).out
    order = crm(
        "contact", "list", "--sort", "-last_activity", "--columns", "name,next_task", **NOON
    )
    assert order.out.split("\n")[1].split() == ["Анна", "2026-11-24", "10:00"]


def test_kinds_are_shown_and_asked_for_in_words(crm: Crm) -> None:
    lead = made(crm, "lead", "--name", "Лид")
    crm("log", "call", lead, "Говорили", "--in", **NOON)
    crm("log", "meeting", lead, "Смотрели", **NOON)
    shown = crm("activity", "list", CRM_LANG="ru", **NOON).out
    assert "вх. звонок" in shown
    assert "встреча" in shown
    assert "call.in" not in shown
    asked = crm("activity", "list", "--kind", "звонок,Встреча", "--json", CRM_LANG="ru", **NOON)
    assert [row["kind"] for row in json.loads(asked.out)] == ["call.in", "meeting"]


def test_what_is_still_to_come_is_a_task_as_the_hint_says(crm: Crm) -> None:
    lead = made(crm, "lead", "--name", "Лид")
    run = crm("log", "meeting", lead, "Замер дома", "--at", "завтра 11:00", **NOON)
    assert run.code == 2
    command = run.err.split("crm ", 1)[1].strip()
    assert crm(*shlex.split(command), **NOON).code == 0
    (task,) = json.loads(crm("task", "list", "--json", **NOON).out)
    assert (task["name"], task["due"]) == ("Замер дома", "2026-11-24T08:00:00Z")


def test_a_caller_who_is_not_known_may_be_added_as_the_hint_says(crm: Crm) -> None:
    for caller in ("8 950 111-22-33", "ira@example.com"):
        unknown = crm("log", "call", caller, "Спросила", "--in", **NOON)
        assert (unknown.code, "--new" in unknown.err) == (3, True)
        assert crm("log", "call", caller, "Спросила", "--in", "--new", **NOON).code == 0
    assert "--new" not in crm("log", "call", "Ирина", "Спросила", "--in", **NOON).err
