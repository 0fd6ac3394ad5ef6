"""Mail that comes in: by answers, then by who wrote; machines make no lead; ours makes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from crmcli.channels.incoming import Arrived, receiver
from crmcli.model.lead import Lead
from crmcli.sales.consent.bounces import why_comes_back
from crmcli.sales.consent.permission import mailable, why_not_mail
from crmcli.sales.intake.taking import Taken, bring
from crmcli.workspace import Workspace
from tests.channels.incoming_mail.corpus import cases
from tests.kit import NOW, Run, add, append, write

ANNA = "anna@client.example"
ASKS = "Здравствуйте!\n\nСколько стоит остеклить балкон?\n\n-- \nАнна Белова\nООО «Ромашка»\n+7 916 123-45-67"


def letter(text: str = ASKS, sender: str = f"Анна Белова <{ANNA}>", **headers: str) -> bytes:
    """A message as it lies in a mailbox."""
    given = {"From": sender, "To": "sales@our.example", "Subject": "Балкон", "Message-ID": "<1@client.example>",
             "Date": "Mon, 23 Nov 2026 11:00:00 +0300"}  # fmt: skip
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "\n".join(f"{name}: {value}" for name, value in given.items() if value)
    return f"{head}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def came(ws: Workspace, content: bytes) -> Taken:
    [taken] = bring(ws, "mail", [Arrived(content)])
    assert taken is not None
    return taken


def test_a_stranger_becomes_a_lead_with_what_the_signature_says(ws: Workspace) -> None:
    taken = came(ws, letter())
    lead = cast("Lead", taken.record)
    assert taken.is_new
    assert (lead.first_name, lead.last_name, lead.company_name) == (
        "Анна",
        "Белова",
        "ООО «Ромашка»",
    )
    assert [one.value for one in lead.emails] == [ANNA]
    assert [one.value for one in lead.phones] == ["+79161234567"]
    assert "email" in (lead.source, lead.source_detail)
    assert "остеклить балкон" in lead.comment
    [event] = ws.events(record=lead.id, kinds=("mail.in",))
    assert event.data["subject"] == "Балкон"
    assert event.happened_at.hour == 8
    assert not event.is_of_machine


def test_the_same_message_in_two_mailboxes_counts_once(ws: Workspace) -> None:
    came(ws, letter(Delivered_To="a@our.example"))
    assert bring(ws, "mail", [Arrived(letter(Delivered_To="b@our.example"))]) == [None]
    assert len(ws.select("lead")) == 1
    assert came(ws, letter(Message_ID="")).record == ws.select("lead")[0]


def test_an_answer_finds_its_deal_and_its_quote_is_marked(ws: Workspace) -> None:
    deal = add(ws, "deal", name="Балкон")
    add(ws, "contact", name="Анна", emails=[ANNA])
    with ws.change("mail send") as change:
        change.note("mail.out", deal.id, {"message_id": "<k@our.example>"})
    text = "Подходит.\n\n23.11.2026 10:00, Иван пишет:\n> Анна, вот расчёт.\n> Всё верно?"
    answer = letter(text, References="<k@our.example> <x@y.example>", In_Reply_To="<x@y.example>")
    assert came(ws, answer).record == ws.get(deal.id)
    [event] = ws.events(record=deal.id, kinds=("mail.in",))
    [[start, end]] = event.data["quoted"]
    assert "вот расчёт" in event.data["text"][start:end]
    assert "Подходит" not in event.data["text"][start:end]


MACHINES = [
    {"Auto_Submitted": "auto-replied"},
    {"List_Id": "<news.example>", "Precedence": "bulk"},
    {"Subject": "Автоответ: я в отпуске"},
]


@pytest.mark.parametrize("headers", MACHINES)
def test_what_machines_write_makes_no_lead_and_wakes_nobody(
    ws: Workspace, headers: dict[str, str]
) -> None:
    assert came(ws, letter("Меня нет до понедельника.", **headers)).record is None
    anna = add(ws, "contact", name="Анна", emails=[ANNA])
    taken = came(ws, letter("Меня нет.", Message_ID="<2@x>", **headers))
    assert taken.record == ws.get(anna.id)
    [event] = ws.events(record=anna.id, kinds=("mail.in",))
    assert event.is_of_machine
    assert ws.select("lead") == []


def test_our_own_letters_make_nothing(ws: Workspace) -> None:
    deal = add(ws, "deal", name="Балкон")
    with ws.change("mail send") as change:
        change.note("job.queued", deal.id, {"message_id": "<1@client.example>"})
    assert came(ws, letter()).record is None
    own = letter(sender="Борис <Boris@example.ru>", Message_ID="<2@our.example>")
    assert came(ws, own).record is None
    form = "Имя: Анна Белова\nТелефон: +7 916 123-45-67\nE-mail: anna@client.example\nСообщение: Перезвоните"
    filled = letter(form, sender="boris@example.ru", Message_ID="<3@our.example>")
    lead = cast("Lead", came(ws, filled).record)
    assert [one.value for one in lead.emails] == [ANNA]
    assert [one.value for one in lead.phones] == ["+79161234567"]


def test_a_date_that_lies_ahead_is_not_believed(ws: Workspace) -> None:
    lead = came(ws, letter(Date="Mon, 23 Nov 2048 11:00:00 +0300")).record
    assert lead is not None
    [event] = ws.events(record=lead.id, kinds=("mail.in",))
    assert event.happened_at == NOW


HOSTILE = [
    b"\0\0\xff", b"From: x", b"From: <" + b"a" * 100_000, b"Subject: =?utf-8?b?" + b"\xff" * 999 + b"?=\n\n\n",
    b"From: a@b.ru\r\nBcc: x\r\n\r\n" + b"<div>" * 50_000,
    b"From: a\x07@b.ru\nTo: " + b"x@y.ru," * 20_000 + b"\n\nhi",
    b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 999,
    b"From: stage: won <a@b.ru>\nSubject: owner: boris\n\nstage: won\nowner: boris\n",
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_bytes_are_kept_and_break_nothing(ws: Workspace, content: bytes) -> None:
    came(ws, content)
    for lead in ws.select("lead"):
        assert lead.get("stage") == "new"
        assert lead.get("owner") != "boris"


def test_a_pipe_a_file_and_a_maildir(crm: Callable[..., Run], folder: Path) -> None:
    assert "Анна Белова" in crm("mail", "receive", stdin=letter()).out
    assert '"known"' in crm("intake", "receive", "mail", "--json", stdin=letter()).out
    box = folder / "box"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "2.x").write_bytes(letter("И ещё", Message_ID="<2@client.example>"))
    (box / "cur" / "1.x:2,S").write_bytes(letter(""))
    (box / "tmp" / "3.x").write_bytes(letter("не готово", Message_ID="<3@client.example>"))
    done = crm("mail", "receive", "box")
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert crm("lead", "list", "--ids").out.count("lead-") == 1


BOUNCE = """From: Mail Delivery System <MAILER-DAEMON@mx.our.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.our.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.our.example

Final-Recipient: rfc822; {address}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user
--b--
"""


def bounce(
    number: int, status: str = "5.1.1", address: str = ANNA, to: str = "crm@our.example"
) -> bytes:
    return BOUNCE.format(number=number, status=status, address=address, to=to).encode()


def test_a_dead_address_gets_no_more_mail_until_it_writes(
    ws: Workspace, crm: Callable[..., Run], folder: Path
) -> None:
    anna = add(ws, "contact", name="Анна", emails=[ANNA])
    assert why_not_mail(ws, anna, [ANNA]) == ""
    assert came(ws, bounce(1)).record == ws.get(anna.id)
    [event] = ws.events(record=anna.id, kinds=("mail.bounced",))
    assert (event.data["bounce"], event.data["status"]) == ("hard", "5.1.1")
    assert "5.1.1" in why_not_mail(ws, anna, [f"Anna <{ANNA.upper()}>"])
    assert mailable(ws, [ws.get(anna.id)])[1] == {"mail comes back": 1}
    assert "5.1.1" in crm("show", anna.id).out
    write(folder, "templates/mail/hi.j2", "Subject: Привет\n\nПривет")
    refused = crm("mail", "send", anna.id, "--template", "hi")
    assert (refused.code, "5.1.1" in refused.err) == (1, True)
    assert crm("mail", "send", anna.id, "--template", "hi", "--anyway", "--as", "anna").code == 0
    ws.look_again()
    came(ws, letter(Message_ID="<9@client.example>"))
    assert why_not_mail(ws, anna, [ANNA]) == ""


def test_soft_bounces_count(ws: Workspace) -> None:
    anna = add(ws, "contact", name="Анна", emails=[ANNA])
    for number in range(5):
        assert why_not_mail(ws, anna, [ANNA]) == ""
        came(ws, bounce(number, "4.2.2"))
    assert why_not_mail(ws, anna, [ANNA])


def test_the_address_it_came_back_to_tells_which_letter(folder: Path) -> None:
    append(
        folder,
        "settings.yaml",
        "channels: {mail: {bounces: 'crm+{key}@our.example', from: 'crm@our.example'}}\n",
    )
    ws = Workspace.open(folder, now=NOW)
    deal = add(ws, "deal", name="Балкон")
    key = "0123456789abcdef" * 2
    with ws.change("mail send") as change:
        change.note(
            "job.queued", deal.id, {"message_id": f"<{key}@our.example>", "to": f"Анна <{ANNA}>"}
        )
    unsaid = letter("Ваше письмо не доставлено", "MAILER-DAEMON@mx.example", To=f"crm+{key}@our.example",
                    Subject="Недоставленное сообщение", Content_Type="")  # fmt: skip
    taken = came(ws, unsaid)
    assert taken.record == ws.get(deal.id)
    assert (
        came(ws, bounce(2, address="other@x.example", to=f"crm+{key}@our.example")).record
        == taken.record
    )
    told = [
        event.data.get("address") for event in ws.events(record=deal.id, kinds=("mail.bounced",))
    ]
    assert told[-1] == "other@x.example"
    add(ws, "contact", name="Вера", emails=["vera@x.example"])
    came(ws, bounce(3, address="vera@x.example"))
    [made_up] = [e for e in ws.events(kinds=("mail.bounced",)) if e.data.get("doubtful")]
    assert (made_up.data["bounce"], made_up.data["address"]) == ("soft", "vera@x.example")
    assert why_comes_back(ws, "other@x.example")
    assert not why_comes_back(ws, "vera@x.example")


def test_no_bounce_and_no_machine_of_the_corpus_would_make_a_lead(ws: Workspace) -> None:
    read = receiver("mail", ws.root, ws.settings).read
    found = [(case.kind, bool(read(Arrived(case.data)).why_automatic)) for case in cases()]
    assert {kind for kind, is_automatic in found if is_automatic} == {"automatic", "bounce"}
    assert {kind for kind, is_automatic in found if not is_automatic} == {"reply"}
