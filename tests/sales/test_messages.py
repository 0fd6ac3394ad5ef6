"""Letters for records: what templates see, whom letters go to, and what refuses to be one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any, cast

import pytest

from crmcli.channels.message import to_bytes
from crmcli.errors import InvalidData
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.render import TemplateFailed
from crmcli.sales import template_names
from crmcli.sales.documents import messages
from crmcli.sales.documents.messages import NoAddress
from crmcli.sales.records import remove
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture.copies import copied

SETTINGS = """
company: {name: Скатная линия, email: sales@skat.example.ru, phone: +7 495 000-00-10}
users: {anna: {name: Анна Орлова, email: anna@skat.example.ru, phone: +79000000002}}
fields: {lead: {area: {type: number}}, contact: {area: {type: number}}}
channels: {mail: {deliver: "smtp://mail.example.ru"}}
"""


@pytest.fixture
def folder(_fresh: Path, tmp_path: Path) -> Path:
    """A workspace as crm init makes it."""
    return copied(_fresh, tmp_path / "ws")


@pytest.fixture
def ws(folder: Path) -> Workspace:
    return opened(folder, SETTINGS)


def opened(folder: Path, settings: str) -> Workspace:
    (folder / "settings.yaml").write_text(settings, encoding="utf-8")
    return Workspace.open(folder, now=NOW)


def seen(ws: Workspace, record: Record) -> dict[str, Any]:
    return cast("dict[str, Any]", messages.names_for(ws, record))


def unknown(value: Any, shape: Any) -> Iterator[str]:
    """What a template sees and a check of its fields does not know of, and the other way round."""
    if isinstance(value, dict) and isinstance(shape, dict):
        yield from value.keys() ^ shape.keys()
        for key in value.keys() & shape.keys():
            yield from unknown(value[key], shape[key])
    elif isinstance(value, list) and isinstance(shape, list):
        for item in value:
            yield from unknown(item, shape[0])
    elif isinstance(value, dict | list) and shape is not None:
        yield f"{value} is not {shape}"


def plain_only(value: object) -> bool:
    if isinstance(value, Mapping):
        return type(value) is dict and all(
            type(k) is str and plain_only(v) for k, v in value.items()
        )
    if isinstance(value, list | tuple):
        return type(value) is list and all(map(plain_only, value))
    return value is None or isinstance(value, str | bool | Decimal | date)


# --- names ----------------------------------------------------------------------------------------


def test_a_lead_is_its_own_contact(ws: Workspace) -> None:
    lead = kit.add(
        ws, "lead", name="Кровля", first_name="Анна", middle_name="Ивановна", phones=["8 912 345-67-89 доб. 12"],
        emails="anna@example.ru", area="120,5", position="директор",
    )  # fmt: skip
    got = seen(ws, lead)
    assert got["lead"]["name"] == "Кровля"
    assert got["lead"]["phones"] == [{"value": "+79123456789", "ext": "12", "type": "work"}]
    assert got["lead"]["phone"] == "+79123456789 x12"
    assert got["contact"]["name"] == "Анна Ивановна"
    assert got["contact"]["email"] == "anna@example.ru"
    assert (got["contact"]["position"], got["contact"]["area"]) == ("директор", Decimal("120.5"))
    assert got["contact"]["companies"] == []
    assert got["company"] is None
    assert got["owner"]["name"] == "Анна Орлова"
    assert got["us"]["name"] == "Скатная линия"
    assert got["today"] == date(2026, 11, 23)
    assert got["now"].hour == 12


def test_a_leads_contact_has_every_field_that_a_contact_has(ws: Workspace) -> None:
    lead, contact = kit.add(ws, "lead", name="Кровля"), kit.add(ws, "contact", name="Анна")
    assert set(seen(ws, lead)["contact"]) == set(seen(ws, contact)["contact"])


def test_a_deal_brings_its_people(ws: Workspace) -> None:
    company = kit.add(ws, "company", name="Ромашка", inn="7707083893")
    anna = kit.add(ws, "contact", first_name="Анна", companies=f"{company.id}:директор")
    boris = kit.add(ws, "contact", first_name="Борис")
    deal = kit.add(ws, "deal", name="Склад", contacts=[anna.id, boris.id], amount="150000")
    got = seen(ws, deal)
    assert got["contact"]["first_name"] == "Анна"
    assert got["contact"]["companies"] == [{"company": company.id, "role": "директор"}]
    assert got["company"]["inn"] == "7707083893"
    assert got["deal"]["amount"] == Decimal(150000)
    task = kit.add(ws, "task", name="Позвонить", about=deal.id)
    about = seen(ws, task)
    assert about["deal"]["name"] == "Склад"
    assert about["contact"]["first_name"] == "Анна"
    assert about["task"]["name"] == "Позвонить"


def test_everything_is_plain_and_known(ws: Workspace) -> None:
    company = kit.add(ws, "company", name="Ромашка")
    contact = kit.add(
        ws, "contact", name="Анна", emails="anna@example.ru", utm_source="ya", tags=["vip"]
    )
    lead = kit.add(ws, "lead", name="Кровля", utm_source="ya", emails="a@b.ru")
    deal = kit.add(ws, "deal", name="Склад", contacts=contact.id, close_by="2026-12-01")
    task = kit.add(ws, "task", name="Звонок", about=deal.id, due="2026-11-24 10:00")
    every = template_names.every_shape(ws.schema)
    for record in (company, contact, lead, deal, task):
        got = messages.names_for(ws, record)
        assert plain_only(got)
        assert set(got) <= set(template_names.known_names(entity_of(record.id)))
        known = template_names.shapes_for(entity_of(record.id), every)
        assert not [name for name in got if list(unknown(got[name], known[name]))]


def test_a_link_to_nothing_is_no_contact(ws: Workspace) -> None:
    contact = kit.add(ws, "contact", name="Анна")
    deal = kit.add(ws, "deal", name="Склад", contacts=contact.id)
    remove.remove(ws, contact.id, unlink=True)
    assert seen(ws, ws.get(deal.id))["contact"] is None


# --- whom it goes to ------------------------------------------------------------------------------


def test_the_first_address_or_the_one_for_mailings(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", first_name="Анна", emails=["a@b.ru", "b@b.ru"])
    assert messages.recipient(ws, lead) == "Анна <a@b.ru>"
    lead = kit.add(ws, "lead", name="Кровля", emails=["a@b.ru", "mailing:c@b.ru"])
    assert messages.recipient(ws, lead) == "c@b.ru"


def test_a_deals_letter_goes_to_its_contact_else_its_company(ws: Workspace) -> None:
    company = kit.add(ws, "company", name="Ромашка", emails="info@romashka.ru")
    contact = kit.add(ws, "contact", name="Анна", emails="anna@romashka.ru", companies=company.id)
    mute = kit.add(ws, "contact", name="Борис", companies=company.id)
    assert (
        messages.recipient(ws, kit.add(ws, "deal", name="A", contacts=contact.id))
        == "Анна <anna@romashka.ru>"
    )
    assert (
        messages.recipient(ws, kit.add(ws, "deal", name="B", contacts=mute.id))
        == "Ромашка <info@romashka.ru>"
    )
    assert (
        messages.recipient(ws, kit.add(ws, "deal", name="C", company=company.id))
        == "Ромашка <info@romashka.ru>"
    )
    assert messages.recipient(ws, mute) == "Ромашка <info@romashka.ru>"


def test_nobody_to_write_to(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", phones="+79123456789")
    with pytest.raises(NoAddress, match=f"{lead.id} Кровля has no e-mail") as caught:
        messages.recipient(ws, lead)
    assert caught.value.exit_code == 1
    assert "crm lead edit" in caught.value.hint


def test_a_name_cannot_break_the_header(ws: Workspace) -> None:
    contact = kit.add(ws, "contact", name='Анна "Босс" <boss@evil.ru>,', emails="anna@example.ru")
    to = messages.recipient(ws, contact)
    assert to == "Анна Босс boss@evil.ru , <anna@example.ru>"
    message = messages.message_for(template(ws, "Subject: a\n\nb"), "mail/t.j2", contact)
    read = BytesParser(policy=policy.default).parsebytes(to_bytes(message, wire=True))
    assert [a.addr_spec for a in read["To"].addresses] == ["anna@example.ru"]


# --- the message ----------------------------------------------------------------------------------


def template(ws: Workspace, text: str, path: str = "mail/t.j2") -> Workspace:
    place = ws.root / "templates" / path
    place.write_text(text, encoding="utf-8")
    return ws


def test_a_letter_ready_to_leave(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", first_name="Анна", emails="anna@example.ru")
    template(ws, "<p>{{ lead.first_name }}</p>", "mail/t.html.j2")
    (ws.root / "price.pdf").write_bytes(b"%PDF")
    template(
        ws,
        "Subject: Привет, {{ lead.first_name }}\nAttach: price.pdf\nReply-To: {{ owner.email }}\n\nТекст",
    )
    message = messages.message_for(ws, "mail/t.j2", lead, key="job-1", automatic=True)
    assert message.subject == "Привет, Анна"
    assert message.sender == "Скатная линия <sales@skat.example.ru>"
    assert message.to == ("Анна <anna@example.ru>",)
    assert message.reply_to == "anna@skat.example.ru"
    assert message.html == "<p>Анна</p>"
    assert message.attachments[0].content == b"%PDF"
    assert message.automatic
    again = messages.message_for(ws, "mail/t.j2", lead, key="job-1", automatic=True)
    assert to_bytes(message, wire=True) == to_bytes(again, wire=True)


def test_without_a_key_each_letter_is_a_new_one(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", emails="anna@example.ru")
    template(ws, "Subject: a\n\nb")
    assert (
        messages.message_for(ws, "mail/t.j2", lead).id
        != messages.message_for(ws, "mail/t.j2", lead).id
    )


def test_the_template_or_the_robot_may_name_others(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", emails="anna@example.ru")
    template(ws, "Subject: a\nTo: a@skat.ru, b@skat.ru\nFrom: Босс <boss@skat.ru>\n\nb")
    message = messages.message_for(ws, "mail/t.j2", lead)
    assert message.to == ("a@skat.ru", "b@skat.ru")
    assert message.sender == "Босс <boss@skat.ru>"
    assert messages.message_for(ws, "mail/t.j2", lead, to=["c@skat.ru"]).to == ("c@skat.ru",)


@pytest.mark.parametrize(
    "text",
    [
        "Subject: {{ lead.nmae }}\n\nb",
        "Subject: a\n\n{{ deal.name }}",
        "Subject: a\n\n{{ company.name }}",
    ],
)
def test_what_is_not_there_refuses_to_be_a_letter(ws: Workspace, text: str) -> None:
    lead = kit.add(ws, "lead", name="Кровля", emails="anna@example.ru")
    with pytest.raises(TemplateFailed):
        messages.message_for(template(ws, text), "mail/t.j2", lead)


@pytest.mark.parametrize(
    "text",
    [
        "Subject: a\nTo: nobody\n\nb",
        "Subject: a\nAttach: ../x\n\nb",
        "Subject: a\nAttach: no.pdf\n\nb",
    ],
)
def test_wrong_headers_refuse_to_be_a_letter(ws: Workspace, text: str) -> None:
    lead = kit.add(ws, "lead", name="Кровля", emails="anna@example.ru")
    with pytest.raises(InvalidData):
        messages.message_for(template(ws, text), "mail/t.j2", lead)


def test_who_a_letter_is_from(folder: Path) -> None:
    ws = opened(
        folder, "channels: {mail: {from: 'Отдел <o@skat.ru>'}}\ncompany: {email: c@skat.ru}"
    )
    assert messages.sender(ws) == "Отдел <o@skat.ru>"
    assert (
        messages.sender(opened(folder, "company: {name: Скат, email: c@skat.ru}"))
        == "Скат <c@skat.ru>"
    )
    assert messages.sender(opened(folder, "company: {name: Скат}")) == "Скат <crm@localhost>"


def test_a_preview_needs_nobody_to_write_to(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", phones="+79123456789")
    shown = messages.preview(template(ws, "Subject: Тема\n\nТекст"), "mail/t.j2", lead)
    assert dict(shown.headers) == {
        "From": "Скатная линия <sales@skat.example.ru>",
        "Subject": "Тема",
    }
    assert "has no e-mail" in shown.missing


def test_an_edited_template_is_seen_at_once(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Кровля", emails="a@b.ru")
    template(ws, "первая", "mail/part.j2")
    template(ws, "Subject: a\n\n{% include 'mail/part.j2' %}")
    assert messages.message_for(ws, "mail/t.j2", lead).text == "первая\n"
    template(ws, "вторая", "mail/part.j2")
    assert messages.message_for(ws, "mail/t.j2", lead).text == "вторая\n"
