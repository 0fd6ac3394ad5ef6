from __future__ import annotations

from datetime import timedelta

import pytest

from crmcli.errors import BadUsage
from crmcli.model.values import Consent
from crmcli.sales.consent import block_list, permission
from crmcli.sales.records import edit as editing
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def test_a_consent_is_kept_with_its_text_and_time(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна Ковалёва", do_not="mail")
    assert anna.do_not == ("mail",)
    _, after = permission.decide(ws, anna.id, {"mail": True, "sms": True}, "v2", "форма")
    given = Consent("mail", "v2", NOW, "форма")
    assert (after.get("do_not"), after.get("consents")) == (
        (),
        (given, Consent("sms", "v2", NOW, "форма")),
    )
    assert ws.get(anna.id) == after
    assert ws.count("contact", ws.condition("consents has mail", "contact")) == 1
    _, again = permission.decide(ws, anna.id, {"mail": True}, "v2", "звонок")
    assert again == after


def test_a_refusal_ends_the_consent_and_keeps_its_line(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна")
    permission.decide(ws, anna.id, {"mail": True}, "v1")
    ws.now = NOW + timedelta(days=1)
    _, after = permission.decide(ws, anna.id, {"mail": False, "call": False})
    assert after.get("do_not") == ("call", "mail")
    assert after.get("consents") == (Consent("mail", "v1", NOW, "", ws.now),)
    ws.look_again()
    assert ws.count("contact", ws.condition("consents has mail", "contact")) == 0
    assert ws.count("contact", ws.condition("do_not has mail", "contact")) == 1
    _, back = permission.decide(ws, anna.id, {"mail": True}, "v2")
    assert [c.is_given for c in back.consents] == [False, True]  # type: ignore[attr-defined]  # a contact
    with pytest.raises(BadUsage, match=r"consent to what\?"):
        permission.decide(ws, anna.id, {})


def test_a_new_text_is_a_new_consent(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна")
    permission.decide(ws, anna.id, {"mail": True}, "v1")
    _, after = permission.decide(ws, anna.id, {"mail": True}, "v2")
    assert [(c.text, c.is_given) for c in after.consents] == [("v1", False), ("v2", True)]  # type: ignore[attr-defined]  # a contact


def test_whoever_refuses_is_not_mailed(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна", emails="anna@example.ru")
    deal = kit.deal(ws, name="Кровля", contacts=anna.id)
    assert permission.why_not_mail(ws, deal, ["Анна <anna@example.ru>"]) == ""
    permission.decide(ws, anna.id, {"mail": False})
    ws.look_again()
    why = f"Анна ({anna.id}) must not be mailed: do_not has mail"
    assert permission.why_not_mail(ws, deal, ["Анна <Anna@Example.ru>"]) == why
    assert permission.why_not_mail(ws, None, ["anna@example.ru"]) == why
    assert permission.why_not_mail(ws, deal, ["boris@example.ru"]) == ""
    block_list.add(ws, ["example.ru"])
    assert (
        permission.why_not_mail(ws, deal, ["boris@example.ru"]) == "example.ru is on the block list"
    )


def test_a_mailing_leaves_out_and_counts(ws: Workspace) -> None:
    kit.contact(ws, name="Анна", emails="anna@example.ru")
    kit.contact(ws, name="Анна снова", emails="work@example.ru")
    kit.contact(ws, name="Борис", emails="boris@example.ru", do_not="mail")
    kit.contact(ws, name="Борис же", emails="Boris@Example.ru")
    kit.contact(ws, name="Вера", phones="+79161234567")
    kit.contact(ws, name="Глеб", emails="gleb@spam.ru")
    again = ws.select("contact", ws.condition('name = "Анна снова"', "contact"))[0]
    edit = editing.Edit(
        {"emails": ["work@example.ru"]}, {"emails": ["mailing:ANNA@example.ru"]}, {}
    )
    editing.edit(ws, again.id, edit)
    block_list.add(ws, ["spam.ru"])
    ws.look_again()
    kept, left = permission.mailable(ws, ws.select("contact"))
    assert len(kept) == 1
    assert left == {
        "must not be mailed": 2,
        "no e-mail": 1,
        "on the block list": 1,
        "repeats an address": 1,
    }


def test_a_lead_takes_its_refusal_to_the_contact(ws: Workspace) -> None:
    from crmcli.sales import leads

    lead = kit.lead(ws, name="Анна", emails="a@b.ru", company_name="Ромашка", do_not="mail")
    permission.decide(ws, lead.id, {"call": True}, "v1")
    done = leads.convert(ws, lead.id, leads.ConvertOptions())
    made = done.made
    assert made["contact"].get("do_not") == ("mail",)
    assert [str(c) for c in made["contact"].consents] == ["call"]  # type: ignore[attr-defined]  # a contact
    assert made["company"].get("do_not") == ()
