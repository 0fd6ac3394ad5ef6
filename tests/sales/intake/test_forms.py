"""Forms: what forms.yaml may say, and what becomes of what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest

from crmcli.channels.incoming import Unreadable
from crmcli.channels.incoming.form import posted
from crmcli.errors import InvalidData
from crmcli.model.contact import Contact
from crmcli.model.lead import Lead
from crmcli.sales import forms
from crmcli.sales.intake import kept
from crmcli.sales.intake.taking import Taken, take
from crmcli.workspace import Workspace
from tests.kit import Run, add, opened, write

FORMS = """
site: {per_address: 3}
forms:
  callback:
    title: Обратный звонок
    fields:
      - {name: name, label: Имя}
      - {name: phone, label: Телефон, required: true}
      - {name: email}
      - {name: comment, label: Вопрос}
    hidden: {source: web}
    consent: {text: Согласен, link: /privacy, required: true, channels: [mail]}
    thanks: Спасибо
"""
ANNA = {"name": "Анна", "phone": "8 916 123-45-67", "_consent": "yes"}


def opened_with(folder: Path, more: str = "") -> Workspace:
    write(folder, "forms.yaml", FORMS + more)
    return opened(folder)


def sent(ws: Workspace, **said: str) -> Taken:
    content = urlencode({**ANNA, **said}).encode()
    return forms.submit(ws, forms.form_named(ws, "callback"), content)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Анна", "Анна", ""),
        ("Анна Громова", "Анна", "Громова"),
        ("Громова Анна Петровна", "Анна", "Громова"),
        ("Peter Stone", "Peter", "Stone"),
        ("ООО «Ромашка»", "", ""),
        ("Кровля склада", "", ""),
        ("не скажу", "", ""),
    ],
)
def test_who_says_a_name_can_be_greeted_by_it(
    folder: Path, name: str, first: str, last: str
) -> None:
    lead = cast("Lead", sent(opened_with(folder), name=name).record)
    assert (lead.name, lead.first_name, lead.last_name) == (name, first, last)


def test_a_submission_is_a_lead_with_its_marks_and_consents(folder: Path) -> None:
    ws = opened_with(folder)
    page = "https://chai.example/?utm_source=yandex&utm_campaign=autumn&utm_id=1"
    done = sent(ws, comment="Когда?\r\nСрочно", _page=page, stage="won", owner="boris", id="x")
    lead = cast("Lead", done.record)
    assert done.is_new
    assert (lead.name, lead.phones[0].value, lead.source) == ("Анна", "+79161234567", "web")
    assert lead.comment == "Когда?\nСрочно"
    assert lead.utm == {"source": "yandex", "campaign": "autumn"}
    assert (lead.stage, lead.owner) == ("new", "anna")
    assert [(c.channel, c.text, c.at) for c in lead.consents] == [
        ("personal_data", "Согласен", ws.now),
        ("mail", "Согласен", ws.now),
    ]
    version = forms.form_named(ws, "callback").consent.version
    assert lead.consents[0].source == f"form callback, version {version}"
    [event] = ws.events(record=lead.id, kinds=("form.submitted",))
    assert (event.data["form"], event.data["page"]) == ("callback", page)
    assert "Телефон: 8 916 123-45-67" in event.data["text"]


def test_the_same_twice_counts_once(folder: Path) -> None:
    ws = opened_with(folder)
    first, second = sent(ws), sent(ws)
    assert second.record == first.record
    assert len(ws.events(kinds=("form.submitted",))) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"phone": ""}, "phone"),
        ({"phone": "позвоните"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "anna@"}, "email"),
        ({"_consent": ""}, "_consent"),
        ({"comment": "я" * 5_001}, "comment"),
        ({"name": "я" * 501}, "name"),
        *(({"_consent": word}, "_consent") for word in ("off", "No", "0", "false", "НЕТ", "может")),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_kept(
    folder: Path, said: dict[str, str], field: str
) -> None:
    ws = opened_with(folder)
    with pytest.raises(forms.FieldsWrong) as refused:
        sent(ws, **said)
    assert [*refused.value.wrong] == [field]
    assert kept.listed(ws, ["waiting", "taken"]) == []


@pytest.mark.parametrize("word", ["on", "Yes", "1", "true", "Да"])
def test_words_that_give_consent(folder: Path, word: str) -> None:
    assert sent(opened_with(folder), _consent=word).is_new


def test_one_of_the_ways_to_reach_the_client_is_filled_in(folder: Path) -> None:
    either = FORMS.replace(", required: true}\n      - {name: email}", "}\n      - {name: email}")
    write(folder, "forms.yaml", either)
    ws = opened(folder)
    with pytest.raises(forms.FieldsWrong) as refused:
        sent(ws, phone="")
    assert [*refused.value.wrong] == ["phone"]
    assert sent(ws, phone="", email="anna@chai.example").is_new


def test_marks_of_an_advertisement_come_as_fields_too(folder: Path) -> None:
    page = "https://chai.example/?utm_source=yandex&utm_term=чай"
    lead = cast("Lead", sent(opened_with(folder), _page=page, utm_source="vk").record)
    assert lead.utm == {"source": "vk", "term": "чай"}


def test_a_dry_run_tells_what_would_become_of_it(folder: Path, crm: Callable[..., Run]) -> None:
    write(folder, "forms.yaml", FORMS)
    run = crm(
        "form", "submit", "callback", "--dry-run", stdin=urlencode({**ANNA, "_consent": "on"})
    )
    assert (run.code, "cannot be read" in run.out + run.err, "lead-" in run.out) == (0, False, True)
    assert crm("lead", "list", "--ids").out == ""


def test_what_was_dropped_by_mistake_comes_back(folder: Path) -> None:
    ws = opened_with(folder)
    form = forms.form_named(ws, "callback")
    one = forms.held(forms.arrived(ws, form, urlencode(ANNA).encode()), "too many")
    [held] = kept.keep(ws, "form", [one])
    assert "Анна" in forms.said_in(ws, held)
    kept.drop(ws, held)
    assert take(ws, held).record is None
    assert take(ws, held, dropped=True).is_new
    assert kept.named(ws, held.id).state == "taken"


DUPLICATES = [("attach", 1, ""), ("merge", 1, "anna@chai.example"), ("skip", 1, ""), ("new", 2, "")]


@pytest.mark.parametrize(("way", "leads", "email"), DUPLICATES)
def test_who_is_known(folder: Path, way: str, leads: int, email: str) -> None:
    ws = opened_with(folder, f"    duplicates: {way}\n")
    lead = cast("Lead", add(ws, "lead", name="Анна Иванова", phones="+79161234567"))
    sent(ws, email="anna@chai.example", comment="Ещё")
    ws.look_again()
    after = cast("Lead", ws.get(lead.id))
    assert len(ws.select("lead")) == leads
    assert after.name == "Анна Иванова"
    assert [one.value for one in after.emails] == ([email] if email else [])
    told = ws.events(record=lead.id, kinds=("form.submitted",))
    assert len(told) == (1 if way in ("attach", "merge") else 0)
    assert bool(after.consents) == bool(told)


def test_the_consent_of_a_known_client_is_with_the_contact_and_ends_the_refusal(
    folder: Path,
) -> None:
    ws = opened_with(folder)
    anna = add(ws, "contact", name="Анна", phones="+79161234567", do_not=["mail", "call"])
    deal = add(ws, "deal", name="Балкон", contacts=[anna.id])
    assert sent(ws).record == ws.get(deal.id)
    after = cast("Contact", ws.get(anna.id))
    assert after.do_not == ("call",)
    assert {one.channel for one in after.consents} == {"personal_data", "mail"}
    sent(ws, comment="ещё раз")
    assert cast("Contact", ws.get(anna.id)).consents == after.consents


def test_quarantine_waits_for_a_person_and_stands_in_nobodys_way(folder: Path) -> None:
    ws = opened_with(folder)
    form = forms.form_named(ws, "callback")
    content = urlencode(ANNA).encode()
    doubtful = [
        forms.arrived(ws, form, content, f"t{n}", {kept.HELD: "filled in by a machine"})
        for n in range(3)
    ]
    kept.keep(ws, "form", doubtful)
    [new] = kept.keep(ws, "form", [forms.arrived(ws, form, content, "t9")])
    ws.look_again()
    assert kept.waiting(ws)[0].id == new.id
    held = forms.quarantined(ws)
    assert [one.why for one in held] == ["filled in by a machine"] * 3
    assert take(ws, held[0]).is_new
    kept.drop(ws, held[1])
    ws.look_again()
    assert [one.id for one in forms.quarantined(ws)] == [held[2].id]


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe=1", b"{", b'{"phone": {"a": 1}}', b"&".join(b"a=1" for _ in range(51)),
     b"a=" + b"x" * 70_000, b'{"a": ' + b"[" * 30_000],
)  # fmt: skip
def test_no_form(content: bytes) -> None:
    with pytest.raises(Unreadable):
        posted(content)


def test_a_form_without_a_phone_reads_what_it_was_when_it_came(folder: Path) -> None:
    """Its fields are kept with it: forms.yaml may have changed before the tick."""
    ws = opened_with(folder)
    one = forms.arrived(
        ws, forms.form_named(ws, "callback"), b'{"phone": "+79161234567", "_consent": true}'
    )
    [waits] = kept.keep(ws, "form", [one])
    (folder / "forms.yaml").unlink()
    assert take(opened(folder), waits).is_new


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: phone", "name: phon", "no field 'phon'"),
        ("name: email}", "name: stage}", "do not fill in 'stage'"),
        ("source: web", "stage: new", "do not fill in 'stage'"),
        ("source: web", "source: form", "'form' is not allowed"),
        ("name: email}", "name: consents}", "do not fill in 'consents'"),
        ("name: email}", "name: phone}", "is there twice"),
        ("thanks:", "thank:", "unknown key 'thank'"),
        ("title: Обратный звонок", "text: x", "'title' is missing"),
        ("channels: [mail]", "channels: [post]", "'post' is not allowed"),
        ("text: Согласен, ", "", "'text' is missing"),
        ("per_address: 3", "per_address: 0", "whole number"),
        ("thanks: Спасибо", "redirect: 'javascript:alert(1)'", "is not an address"),
        ("thanks: Спасибо", "stage: nowhere", "'nowhere' is not allowed"),
        ("thanks: Спасибо", "stage: converted", "'converted' is not allowed"),
    ],
)
def test_each_fault_of_forms_yaml_has_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    monkeypatch.setenv("CRM_LANG", "en")
    assert old in FORMS
    write(folder, "forms.yaml", FORMS.replace(old, new))
    with pytest.raises(InvalidData) as refused:
        _ = opened(folder).forms
    assert any(said in str(one) and one.line for one in refused.value.problems), (
        refused.value.problems
    )


def test_the_commands(crm: Callable[..., Run], folder: Path) -> None:
    assert crm("form", "list").code == 0
    write(folder, "forms.yaml", FORMS)
    assert "callback" in crm("form", "list").out
    assert "Телефон" in crm("form", "show", "callback").out
    assert crm("form", "check").code == 0
    done = crm("form", "submit", "callback", stdin=urlencode(ANNA))
    assert done.code == 0, done.err
    [lead] = json.loads(crm("lead", "list", "--json").out)
    assert done.out.strip() == lead["id"]
    wrong = crm("form", "submit", "callback", stdin="phone=1", CRM_LANG="en")
    assert (wrong.code, wrong.out) == (6, "")
    assert "phone" in wrong.err
    assert "_consent" in wrong.err
    assert crm("form", "submit", "callbak", stdin="").code == 3
    assert crm("form", "quarantine", "list").code == 0
    assert crm("form", "quarantine", "drop").code == 2
    assert crm("form", "quarantine", "accept", "--all").code == 0
    [came] = json.loads(crm("intake", "list", "--state", "all", "--json").out)
    assert crm("form", "quarantine", "drop", came["id"]).code == 1
    assert crm("check").code == 0
    write(folder, "forms.yaml", "forms: {a: {}}")
    assert crm("form", "check").code == 6
    assert "forms.yaml" in crm("check").err + crm("check").out


def test_what_is_renamed_is_renamed_in_forms_too(
    crm: Callable[..., Run], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_USER", "anna")
    assert crm("field", "add", "lead", "rooms", "--type", "number").code == 0
    assert crm("stage", "add", "Проверка", "--pipeline", "leads", "--id", "checking").code == 0
    write(
        folder,
        "forms.yaml",
        FORMS + "    stage: checking  # first\n"
        "  other:\n    title: Ещё\n    fields: [{name: rooms, label: Комнат}, {name: phone}]\n"
        "    hidden: {rooms: '2'}\n",
    )
    told = crm("field", "rename", "lead", "rooms", "chambers")
    assert (told.code, told.err) == (0, "forms.yaml was changed too\n")
    renamed = crm("stage", "rename", "checking", "Разбор", "--id", "sorting", "--pipeline", "leads")
    assert (renamed.code, "forms.yaml" in renamed.err) == (0, True)
    text = (folder / "forms.yaml").read_text("utf-8")
    assert "stage: sorting  # first" in text
    assert "{name: chambers, label: Комнат}" in text
    assert "hidden: {chambers: 2}" in text
    assert "checking" not in text
    assert [*opened(folder).forms.forms] == ["callback", "other"]
    refused = crm("field", "rm", "lead", "chambers")
    assert refused.code == 1
    assert "forms.yaml mentions it in line" in refused.err
    assert crm("stage", "rm", "sorting", "--pipeline", "leads").code == 1
    moved = crm("stage", "rm", "sorting", "--move-to", "new", "--pipeline", "leads")
    assert moved.code == 0, moved.err
    assert "stage: new  # first" in (folder / "forms.yaml").read_text("utf-8")
