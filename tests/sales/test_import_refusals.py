"""Refusals at import: a file may add them, and takes one away only where that was asked for."""

from __future__ import annotations

import pytest

from crmcli.present.cells import Locale
from crmcli.present.imports import losses, summary
from crmcli.sales.consent.refusal_words import MAY, column_part, speaks_of_refusing
from crmcli.workspace import Workspace
from tests import kit
from tests.tried.refusals import HEADERS

ANNA = "Имя;E-mail;Не звонить;Email Opt Out\nАнна;anna@example.ru;{};{}\n"


def _refused(ws: Workspace) -> list[str]:
    found = kit.one(ws, "contact").get("do_not", [])
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("policy", ["skip", "merge", "replace"])
def test_a_known_person_who_refuses_now_refuses(ws: Workspace, policy: str) -> None:
    kit.contact(ws, name="Анна", emails="anna@example.ru", do_not="sms")
    found = kit.bring(ws, "contact", ANNA.format("да", ""), on_duplicate=policy)
    assert _refused(ws) == ["call", "sms"]
    assert (found.refusals["Не звонить"], found.refusals_added) == (1, policy == "skip")


@pytest.mark.parametrize("policy", ["merge", "replace"])
@pytest.mark.parametrize("header", ["Email Opt Out", "Согласие на рассылку"])
def test_a_refusal_goes_only_where_that_is_asked_for(
    ws: Workspace, policy: str, header: str
) -> None:
    kit.contact(ws, name="Анна", emails="anna@example.ru", do_not=["mail", "call"])
    no_refusal = "нет" if header == "Email Opt Out" else "да"
    text = f"Имя;E-mail;{header}\nАнна;anna@example.ru;{no_refusal}\n"
    found = kit.bring(ws, "contact", text, on_duplicate=policy)
    assert (_refused(ws), found.refusals_kept, found.refusals_lifted) == (["call", "mail"], 1, 0)
    said = "\n".join(summary(found, Locale.of(ws)))
    assert "refusals kept in 1 record: " in said
    found = kit.bring(
        ws, "contact", text, on_duplicate=policy, again=True, allow_consent_changes=True
    )
    assert (_refused(ws), found.refusals_kept, found.refusals_lifted) == (["call"], 0, 1)


def test_a_list_of_all_that_is_refused_adds_to_what_was_refused(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна", emails="anna@example.ru", do_not=["mail", "call"])
    text = f"id;name;emails;do_not\n{anna.id};Анна;anna@example.ru;sms\n"
    kit.bring(ws, "contact", text, on_duplicate="replace")
    assert _refused(ws) == ["call", "mail", "sms"]
    kit.bring(ws, "contact", text, on_duplicate="replace", again=True, allow_consent_changes=True)
    assert _refused(ws) == ["sms"]


def test_columns_that_may_be_about_consent_are_told_before_all_others(ws: Workspace) -> None:
    text = "Имя;Возраст;Рассылка;Do not fax\nАнна;30;еженедельная;yes\n"
    found = kit.bring(ws, "contact", text)
    assert list(found.unmapped) == ["Рассылка", "Do not fax", "Возраст"]
    said = list(summary(found, Locale.of(ws)))
    places = [n for n, line in enumerate(said) if "Рассылка (1)" in line or "Возраст (1)" in line]
    assert len(places) == 2
    assert said[places[0]].startswith(
        "NOT IMPORTED, may be about consent: Рассылка (1), Do not fax"
    )
    assert any("NOT IMPORTED" in line for line in losses(found))


def test_what_a_consent_says_besides_is_kept(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;GDPR consent\nАнна;Legitimate interest\n")
    anna = kit.one(ws, "contact")
    assert (anna["comment"], "do_not" in anna) == ("GDPR consent: Legitimate interest", False)


def test_cells_that_read_like_refusals_elsewhere_are_told(ws: Workspace) -> None:
    rows = "Вера;VIP, отписалась от рассылки;\nЯна;не звонить;Unsubscribed\nИя;без скидки;active\n"
    found = kit.bring(ws, "contact", f"Имя;Теги;Letters\n{rows}")
    assert found.unheard == {"Теги": 2, "Letters": 1}
    assert any(line.startswith("NOT TAKEN AS REFUSALS") for line in losses(found))


def test_what_refuses_as_a_column_is_heard_in_a_cell() -> None:
    parts = {header: column_part(header) for header in HEADERS}
    refusing = [header for header, part in parts.items() if part and not part.startswith(MAY)]
    assert [header for header in refusing if not speaks_of_refusing(header)] == []
