"""Search finds records by parts of words in any order, by any way of writing, and shows the place."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcli.model.fields import Field
from crmcli.model.kinds import kind_of
from crmcli.model.schema import Schema
from crmcli.store.index import Hit
from crmcli.store.index.search import excerpt
from tests.store.index_folder import Folder

SCHEMA = Schema({"contact": (Field("прозвище", kind_of("text"), custom=True),)})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path, SCHEMA)
    made.write(
        {
            "id": "contact-00000001",
            "name": "Иванова Анна Петровна",
            "first_name": "Анна",
            "last_name": "Иванова",
            "phones": [{"value": "+74950000000"}, {"value": "+79161234567"}],
            "emails": [{"value": "Anna.Ivanova@romashka.ru"}],
            "address": "Москва, ул. Пушкина, д. 5",
            "comment": "Познакомились на выставке в Сокольниках, где она\nпредставляла кровельные материалы и просила "
            "прислать ей каталог, а потом ещё раз позвонить в пятницу.",
            "прозвище": "Снежинка",
        }
    )
    made.write({"id": "company-00000001", "name": "ООО «Ромашка»", "inn": "7701234567"})
    made.write(
        {"id": "lead-00000001", "name": "Заявка", "company_name": "Ёлки-палки", "tags": ["горячий"]}
    )
    made.write({"id": "deal-00000001", "name": "Поставка для Ромашки", "comment": "кровля"})
    yield made
    made.index.close()


def found(folder: Folder, text: str, *entities: str) -> list[str]:
    return [hit.id.split("-")[0] for hit in folder.fresh().search(text, entities)]


@pytest.mark.parametrize(
    "text",
    ["Иванова", "анна иванова", "ИВАНОВА   анна", "ванов", "петровна +7 916 иванова", "+79161234567",
     "8 (916) 123-45-67", "89161234567", "8916", "8 916 12", "891612345", "9161234567", "1234567", "123-45-67", "916 1234567", "007 916 123-45-67",
     "anna.ivanova@ROMASHKA.ru", "пушкина москва", "сокольниках", "снежинка", "д. 5", "анна ул"],
)  # fmt: skip
def test_a_contact_is_found_by(folder: Folder, text: str) -> None:
    assert "contact" in found(folder, text, "contact")


@pytest.mark.parametrize(
    ("text", "entities"),
    [("елки", ["lead"]), ("ЁЛКИ", ["lead"]), ("палки ёл", ["lead"]), ("горячий", ["lead"]), ("7701234567", ["company"]),
     ("кров", ["deal", "contact"]), ("анна вектор", []), ("нету", []), ("", []), ("   ", []), ("\udcff", []),
     ("+79160000000", []), ('"', []), ("' OR x1 --", []), ("«ром", ["company", "deal"]), ("* AND (", []), ("эю", []), ("NEAR", [])],
)  # fmt: skip
def test_what_is_found(folder: Folder, text: str, entities: list[str]) -> None:
    assert sorted(found(folder, text)) == sorted(entities)


def test_the_beginning_of_a_phone_is_shown(folder: Folder) -> None:
    [hit] = folder.fresh().search("8916", ["contact"])
    assert (hit.field, hit.excerpt) == ("phones", "+79161234567")


def test_names_rank_before_comments_and_entities_narrow(folder: Folder) -> None:
    folder.write(
        {"id": "contact-00000002", "name": "Пётр", "comment": "работал в компании Ромашка " * 3}
    )

    assert found(folder, "ромашк")[:2] == ["company", "deal"]
    assert sorted(found(folder, "ромашк")) == ["company", "contact", "deal"]
    assert found(folder, "ромашк", "deal") == ["deal"]
    assert len(folder.fresh().search("ромашк", (), 1)) == 1


def test_short_words_are_looked_for_in_the_text_itself(folder: Folder) -> None:
    assert found(folder, "ан", "contact") == ["contact"]
    assert found(folder, "ул. 5", "contact") == ["contact"]
    assert found(folder, "ан щу") == []


def test_the_hit_shows_field_and_place(folder: Folder) -> None:
    index = folder.fresh()

    assert index.search("Ромашка") == [Hit("company-00000001", "name", "ООО «Ромашка»")]
    assert index.search("8 916 123-45-67")[0] == Hit("contact-00000001", "phones", "+79161234567")
    assert index.search("romashka")[0].field == "emails"
    hit = index.search("каталог")[0]
    assert hit.field == "comment"
    assert (
        hit.excerpt
        == "…материалы и просила прислать ей каталог, а потом ещё раз позвонить в пятницу."
    )


def test_what_was_said_is_found_too(folder: Folder) -> None:
    folder.log(
        "aaaaaaaa",
        ("note", "deal-00000001", {"text": "Просит скидку"}),
        ("mail.in", "contact-00000001", {"subject": "Скидки?", "text": "Добрый день!"}),
        ("call.in", "lead-zzzzzzzz", {"text": "скидка для того, кого нет"}),
        ("field.changed", "company-00000001", {"text": "скидка"}),
    )
    index = folder.fresh()

    assert index.search("скидк") == [
        Hit("contact-00000001", "mail.in", "Скидки?"),
        Hit("deal-00000001", "note", "Просит скидку"),
    ]
    assert index.search("скидк", ("deal",)) == [Hit("deal-00000001", "note", "Просит скидку")]
    folder.log("aaaaaaaa", ("note", "deal-00000001", {"text": "И ещё кровлю"}))
    assert [hit.field for hit in folder.fresh().search("кровл", ("deal",))] == ["comment"]  # once


def test_what_was_changed_or_removed_is_found_no_more(folder: Folder) -> None:
    folder.write({"id": "company-00000001", "name": "ООО «Лютик»", "inn": "7701234567"})
    assert found(folder, "ромашка", "company") == []
    assert found(folder, "лютик", "company") == ["company"]

    folder.path("company-00000001").unlink()

    assert found(folder, "лютик", "company") == []


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("короткий\n текст", "текст", "короткий текст"),
        ("а" * 300, "бб", "а" * 40 + "…"),
        ("начало " + "слово " * 40 + "ЁЛКА конец", "елка", "…" + "слово " * 11 + "ЁЛКА конец"),
        ("Straße " * 30 + "цель " + "слово " * 30, "цель", None),
        ("ﬁ" * 100 + " цель", "цель", None),
    ],
)
def test_an_excerpt_is_a_line_round_the_word(text: str, word: str, shown: str | None) -> None:
    line = excerpt(text, [word])

    assert len(line) <= 82
    assert line == shown if shown else word in line.lower()


@pytest.mark.parametrize("text", ["со", "сос", "сосно"])
@pytest.mark.parametrize(
    "name", ["Посёлок «Сосновый бор»", 'ООО "Сосновка"', "ООО (Сосновка)", "Торг-Сосновка"]
)
def test_a_name_in_which_a_word_begins_so_comes_first(tmp_path: Path, name: str, text: str) -> None:
    folder = Folder(tmp_path, SCHEMA)
    folder.write({"id": "contact-00000001", "name": "Подсосновый Илья", "comment": "сосны, сосны"})
    folder.write({"id": "contact-00000002", "name": "Пётр", "comment": "сосновый сосновый брус"})
    folder.write({"id": "contact-00000003", "name": name})
    hits = folder.fresh().search(text, ("contact",))
    folder.index.close()
    assert [hit.id[-1] for hit in hits] == ["3", "1", "2"]


def test_a_very_long_question_is_answered(folder: Folder) -> None:
    assert found(folder, "анна иванова " * 2000, "contact") == ["contact"]


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Folder]:
    """A company with a person, a deal of its own, one of the person, and a task."""
    made = Folder(tmp_path, SCHEMA)
    made.write({"id": "company-00000002", "name": "Ромашка", "legal_name": "ООО «Цветы»"})
    link = {"company": "company-00000002", "role": "директор"}
    made.write({"id": "contact-00000003", "name": "Анна Ким", "companies": [link]})
    made.write({"id": "deal-00000004", "name": "Кровля", "company": "company-00000002"})
    made.write({"id": "deal-00000005", "name": "Фасад", "contacts": ["contact-00000003"]})
    made.write({"id": "task-00000006", "name": "Позвонить", "about": "company-00000002"})
    made.write({"id": "deal-00000007", "name": "Забор", "comment": "как у всех"})
    yield made
    made.index.close()


@pytest.mark.parametrize(
    ("text", "ids"),
    [("ромашка", "2346"), ("Ромашка", "2346"), ("цветы", "2346"), ("ромашка кровля", "4"), ("Анна из Ромашки", ""),
     ("Анна из Ромашка", "3"), ("ким", "35"), ("ООО Ромашка", "2346"), ("GmbH ромашка", "2346"), ("ооо", "2346"), ("ким фасад", "5"), ("ромашка забор", ""), ("ро", "2346"), ("директор", "")],
)  # fmt: skip
def test_people_and_deals_are_found_by_the_name_of_their_client(
    firm: Folder, text: str, ids: str
) -> None:
    assert "".join(sorted(hit.id[-1] for hit in firm.fresh().search(text))) == ids


def test_the_link_and_the_name_of_the_client_are_shown(firm: Folder) -> None:
    hits = {hit.id[-1]: (hit.field, hit.excerpt) for hit in firm.fresh().search("ромашк")}
    assert hits["3"] == ("companies", "Ромашка")
    assert hits["4"] == ("company", "Ромашка")
    assert next(iter(hits)) == "2"


def test_a_client_that_was_merged_is_found_by_the_name_that_it_has_now(firm: Folder) -> None:
    firm.write({"id": "company-00000008", "name": "Лютик"})
    firm.write({"id": "company-00000002", "merged_into": "company-00000008"})
    assert sorted(hit.id[-1] for hit in firm.fresh().search("лютик")) == ["3", "4", "6", "8"]
    assert firm.index.search("лютик кровля") == [Hit("deal-00000004", "company", "Лютик")]


def test_search_and_order_leave_equality_as_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path, SCHEMA)
    folder.write({"id": "contact-00000001", "name": "Müller"})
    folder.write({"id": "contact-00000002", "name": "Muller"})
    folder.index.refresh()
    assert [hit.id[-1] for hit in folder.index.search("muller")] == ["2", "1"]
    assert folder.ids_of("contact", 'name = "Müller"') == ["contact-00000001"]
    assert folder.ids_of("contact", "name = muller") == ["contact-00000002"]
    assert folder.ids_of("contact", "name ~ mull") == ["contact-00000001", "contact-00000002"]
    assert folder.ids_of("contact", "", ["-name"]) == ["contact-00000001", "contact-00000002"]
    folder.index.close()


def test_nothing_asked_for_each_hit_looks_through_a_table(folder: Folder) -> None:
    """Else a search of all would take time by the square: what is asked again and again is found by an index."""
    for number in range(8):
        folder.write({"id": f"deal-1000000{number}", "name": "Окна", "company": "company-00000001"})
    index = folder.fresh()
    asked: list[str] = []
    index.read(lambda connection: connection.set_trace_callback(asked.append))
    hits = index.search("ромашка", limit=100)
    assert sum(hit.field == "company" for hit in hits) == 8
    counts = Counter(plain(one) for one in asked if one.lstrip().startswith("SELECT"))
    again = [sql for sql, times in counts.items() if times >= 8]
    assert len(again) >= 2

    def plans(connection: sqlite3.Connection) -> list[str]:
        connection.set_trace_callback(None)
        examples = [next(one for one in asked if plain(one) == sql) for sql in again]
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in examples]
        return [step for plan in plans for *_, step in plan]

    assert not [step for step in index.read(plans) if step.startswith("SCAN")]


def plain(sql: str) -> str:
    """A statement without what differs from one time to the next."""
    return re.sub(r"'[^']*'|\b\d+\b", "?", sql)
