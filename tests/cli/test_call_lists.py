"""Lists of calls as CSV, each call counted once; and a call that a person logs as a web hook would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.sales.activities import Wanted, find
from crmcli.sales.intake.kept import listed
from tests import kit
from tests.kit import Run
from tests.web.hook_site import settings

Crm = Callable[..., Run]
ASTERISK = '''"","79161234567","74950000001","from-trunk","""A"" <79161234567>","PJSIP/trunk-01","PJSIP/101-02","Dial","x","2026-11-20 10:00:00","2026-11-20 10:00:05","2026-11-20 10:01:05",65,60,"ANSWERED","DOCUMENTATION","1.1",""
"","101","89161234567","from-internal","""A"" <101>","PJSIP/101-03","PJSIP/trunk-04","Dial","x","2026-11-20 11:00:00","","2026-11-20 11:00:20",20,0,"NO ANSWER","DOCUMENTATION","1.2",""
"","101","102","from-internal","""A"" <101>","PJSIP/101-05","PJSIP/102-06","Dial","x","2026-11-20 11:05:00","2026-11-20 11:05:01","2026-11-20 11:05:21",20,20,"ANSWERED","DOCUMENTATION","1.3",""
'''
FREEPBX = """calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did,recordingfile,linkedid
2026-11-20 10:00:00,x,79161234567,101,q,PJSIP/trunk-1,PJSIP/101-2,Dial,,5,0,NO ANSWER,3,,9.1,,74950000001,,9.0
2026-11-20 10:00:00,x,79161234567,102,q,PJSIP/trunk-1,PJSIP/102-2,Dial,,65,60,ANSWERED,3,,9.2,,74950000001,,9.0
2026-11-20 11:00:00,x,79161234567,101,q,PJSIP/trunk-1,PJSIP/101-2,Dial,,5,0,NO ANSWER,3,,9.3,,74950000001,,9.5
"""
ZADARMA = """Дата и время;Звонок с;Звонок на;Статус;Длительность (сек);Внутренний номер;pbx_call_id
20.11.2026 10:00:00;79161234567;74950000001;отвечен;60;102;in_1
20.11.2026 11:00:00;79161234567;74950000001;не отвечен;0;;in_2
"""
MANGO = """[R1];1763622000;1763622065;1763622005;;79161234567;102;sip:b@x;1110;74950000001;abonent;E1
[];1763625600;1763625620;0;;79161234567;101;;1121;74950000001;abonent;E2
"""
TYPED = """Тип;Дата;Время;Кто звонил;Кому звонили;Длительность разговора
входящий;20.11.2026;10:00:00;8 (916) 123-45-67;102;0:01:00
исходящий;20.11.2026;11:00:00;101;8 (916) 123-45-67;0:00:00
"""


@pytest.mark.parametrize(
    ("text", "kinds", "user"),
    [
        (ASTERISK, ["call.in", "call.out"], "anna"),
        (FREEPBX, ["call.in", "call.missed"], "boris"),
        (ZADARMA, ["call.in", "call.missed"], "boris"),
        (ZADARMA.encode("cp1251"), ["call.in", "call.missed"], "boris"),
        (MANGO, ["call.in", "call.missed"], "boris"),
        (TYPED, ["call.in", "call.out"], "boris"),
    ],
    ids=["asterisk", "freepbx", "zadarma", "cp1251", "mango", "typed"],
)
def test_a_list_counts_each_call_once(
    folder: Path, crm: Crm, text: Any, kinds: list[str], user: str
) -> None:
    kit.write(folder, "settings.yaml", settings("{run: say}"))
    path = folder / "calls.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for _ in range(2):
        done = crm("intake", "receive", "call", str(path))
        assert (done.code, done.err) == (0, "")
    ws = kit.opened(folder)
    found = find(ws, Wanted(kinds=("call",)))
    assert [event.kind for event in found] == kinds
    first = found[0].data
    assert (first["duration"], first["user"]) == (60, user)
    assert len({event.record for event in found}) == 1
    assert ws.get(found[0].record).get("owner") == user
    shown = crm("activity", "list", "--kind", "call")
    assert "1:00" in shown.out
    if text is not MANGO:
        assert first["at"] == "2026-11-20T07:00:00Z"


def test_a_call_of_a_web_hook_is_not_counted_again_by_a_list(folder: Path, crm: Crm) -> None:
    kit.write(folder, "settings.yaml", settings("{run: say}"))
    end = (
        "event=NOTIFY_END&caller_id=79161234567&called_did=74950000001&internal=102&duration=60"
        "&call_start=2026-11-20+10:00:00&pbx_call_id=in_1&disposition=answered"
    )
    told = crm("intake", "receive", "call", "--provider", "zadarma", stdin=end)
    assert (told.code, told.err) == (0, "")
    assert crm("intake", "receive", "call", stdin=ZADARMA).code == 0
    kinds = [event.kind for event in find(kit.opened(folder), Wanted(kinds=("call",)))]
    assert kinds == ["call.in", "call.missed"]


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "from,to\n", "\x00\x01", "from;to\n'\"';\"\n", '{"from": "12"'],
)
def test_what_is_no_list_is_one_line(folder: Path, crm: Crm, text: str) -> None:
    found = crm("intake", "receive", "call", stdin=text)
    assert "Traceback" not in found.err
    assert len((found.out + found.err).splitlines()) <= 2
    assert kit.opened(folder).select("lead") == ()


def test_many_calls_are_summed_up(folder: Path, crm: Crm) -> None:
    rows = [
        f"2026-11-20 10:{n:02}:00,7916123{n:04},74950000001,answered,5,id{n}" for n in range(30)
    ]
    rows.append("never,79161239999,74950000001,answered,5,id99")
    text = "\n".join(["start,from,to,status,seconds,id", *rows])
    done = crm("intake", "receive", "call", stdin=text)
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert len(kit.opened(folder).select("lead")) == 30
    again = crm("intake", "list", "--ids")
    assert len(again.out.split()) == 1  # what cannot be read waits for a person
    assert crm("intake", "drop", again.out.strip()).code == 0


def test_a_call_is_logged_as_a_web_hook_would_tell_it(folder: Path, crm: Crm) -> None:
    assert crm("log", "call", "8 916 123-45-67", "--missed", "--new").code == 0
    ws = kit.opened(folder)
    [lead] = ws.select("lead")
    assert lead.get("source") == "call"
    done = crm("log", "call", "+7 (916) 1234567", "поговорили", "--in", "--new")
    assert done.code == 0
    found = find(kit.opened(folder), Wanted(kinds=("call",)))
    assert [(event.kind, event.record) for event in found] == [
        ("call.missed", lead.id), ("call.in", lead.id)]  # fmt: skip
    known = kit.contact(ws, name="Мария", phones=["8 (495) 000-00-09"])
    deal = kit.deal(ws, name="Окна", contacts=[known.id])
    assert crm("log", "call", "+7 495 000-00-09", "--in", "--new").code == 0
    found = find(kit.opened(folder), Wanted(kinds=("call",)))
    assert found[-1].record == deal.id
    assert crm("log", "call", "+7 495 000-00-09", "--in", "--missed").code == 2


def test_a_hidden_number_is_told_a_blank_row_is_none_and_what_is_no_call_waits(
    folder: Path, crm: Crm
) -> None:
    rows = ["20.11.2026 10:00;скрыт;74950000001;;пропущен", ";;;;", "мусор"]
    list_of = kit.write(
        folder, "calls.csv", "\n".join(["Дата;Кто звонил;Куда;Длительность;Статус", *rows])
    )
    run = crm("intake", "receive", "call", str(list_of))
    assert (run.code, len(run.out.splitlines())) == (0, 2)
    ws = kit.opened(folder)
    assert [one.state for one in listed(ws, ("waiting", "unreadable", "taken"))] == [
        "taken",
        "unreadable",
    ]
    assert ws.select("lead") == []
