"""SMS by providers' HTTP: servers that play smsc.ru, Twilio and Kannel by their documents, and what they call."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from crmcli.automation.job_failures import jobs_here
from tests import kit
from tests.kit import Run
from tests.web.hook_site import SECRET, Site, settings

Crm = Callable[..., Run]
ANNA = "+79161234567"
HOOK = "https://crm.example.com/hooks/sms"


class Provider(BaseHTTPRequestHandler):
    """A provider that notes what it is asked, and answers what it is to."""

    def _take(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        query = urlsplit(self.path).query
        given = dict(parse_qsl(data or query))
        server: Any = self.server
        server.calls.append((urlsplit(self.path).path, given, self.headers["Authorization"]))
        status, said = server.answer
        if server.echoes:
            login = str(self.headers["Authorization"]).replace(" ", "=")
            asked = [*(data or query).split("&"), login]
            status, said = 400, " ".join(one for one in asked if one.startswith(server.echoes))
        said = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = _take  # noqa: N815  # the names that http.server calls

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


PLAYED = {
    "smsc": "{provider: smsc, login: me, password: env:PW, from: Chai, token: env:TOKEN, api: 'API'}",
    "twilio": "{provider: twilio, account: AC1, secret: env:PW, from: '+12025550100', api: 'API',"
    " hook: 'HOOK'}",
    "kannel": "{provider: kannel, login: me, password: env:PW, from: '3434', token: env:TOKEN,"
    " api: 'API/cgi-bin/sendsms', hook: 'HOOK'}",
}
HEARD = PLAYED | {
    "json": "{provider: json, token: env:TOKEN,"
    " fields: {id: sms_id, from: phone, text: body, status: state, event: event},"
    " values: {event: {ping: skip, more: adds}, status: {OK: delivered, LOST: failed}}}",
}
TAKEN = {
    "smsc": (200, {"id": 31, "cnt": 1, "cost": "3.20", "balance": "10"}),
    "twilio": (201, {"sid": "SM1", "status": "queued", "price": None}),
    "kannel": (202, "0: Accepted for delivery"),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("PW", SECRET)
    monkeypatch.setenv("TOKEN", "tok-1")
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    made.calls, made.echoes = [], ()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def ready(folder: Path, server: Any, name: str) -> str:
    text = (
        PLAYED[name].replace("API", f"http://127.0.0.1:{server.server_port}").replace("HOOK", HOOK)
    )
    kit.write(folder, "settings.yaml", settings(text, server.server_port, "sms"))
    server.answer = TAKEN[name]
    return kit.contact(kit.opened(folder), name="Мария", phones=[ANNA]).id


def last(crm: Crm) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(crm("sms", "list", "--limit", "1", "--json").out)[0]
    return row


def test_smsc_takes_one_and_says_what_it_costs(folder: Path, server: Any, crm: Crm) -> None:
    who = ready(folder, server, "smsc")
    done = crm("sms", "send", who, "Привет")
    assert (done.code, done.err) == (0, "")
    [(path, given, _)] = server.calls
    assert path == "/sys/send.php"
    assert given == {
        "login": "me", "psw": SECRET, "phones": ANNA, "mes": "Привет", "charset": "utf-8", "fmt": "3",
        "cost": "3", "sender": "Chai",
    }  # fmt: skip
    row = last(crm)
    assert (row["kind"], row["message_id"], row["price"]) == ("sms.out", "sms:smsc:31", "3.20")


def test_twilio_takes_one_and_is_told_where_to_report(folder: Path, server: Any, crm: Crm) -> None:
    who = ready(folder, server, "twilio")
    assert crm("sms", "send", who, "Привет").code == 0
    [(path, given, login)] = server.calls
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert base64.b64decode(login.removeprefix("Basic ")).decode() == f"AC1:{SECRET}"
    assert given == {
        "To": ANNA, "From": "+12025550100", "Body": "Привет", "StatusCallback": HOOK,
    }  # fmt: skip
    assert last(crm)["message_id"] == "sms:twilio:SM1"


@pytest.mark.parametrize(("text", "coding"), [("Hello €", "0"), ("Привет", "2")])
def test_kannel_is_told_the_alphabet(
    folder: Path, server: Any, crm: Crm, text: str, coding: str
) -> None:
    who = ready(folder, server, "kannel")
    assert crm("sms", "send", who, text).code == 0
    [(path, given, _)] = server.calls
    assert path == "/cgi-bin/sendsms"
    assert (given["text"], given["coding"], given["charset"]) == (text, coding, "UTF-8")
    assert given["dlr-url"].startswith(f"{HOOK}?token=tok-1&dlr=")


REFUSED = [
    ("smsc", 200, {"error": "duplicate request", "error_code": 9}, "failed"),
    ("smsc", 200, {"error": "invalid number", "error_code": 7}, "dead"),
    ("smsc", 200, {"error": "no money", "error_code": 3}, "failed"),
    ("smsc", 200, "OK - 1 SMS", "unknown"),
    ("smsc", 200, '{"id": ', "unknown"),
    ("smsc", 503, "later", "failed"),
    ("smsc", 502, "", "unknown"),
    ("twilio", 400, {"code": 21211, "message": "Invalid 'To' Phone Number"}, "dead"),
    ("twilio", 401, {"code": 20003, "message": "Authenticate"}, "dead"),
    ("twilio", 429, {"code": 20429, "message": "Too Many Requests"}, "failed"),
    ("twilio", 201, {}, "unknown"),
    ("kannel", 202, "4: Rejected", "dead"),
    ("kannel", 202, "", "unknown"),
    ("kannel", 403, "Authorization failed for sendsms", "dead"),
    ("kannel", 503, "Temporal failure, try again later.", "failed"),
]


@pytest.mark.parametrize(("name", "status", "said", "state"), kit.some(REFUSED, 2))
def test_what_is_refused_is_said_and_never_sent_twice(
    folder: Path, server: Any, crm: Crm, name: str, status: int, said: Any, state: str
) -> None:
    who = ready(folder, server, name)
    server.answer = (status, said)
    done = crm("sms", "send", who, "Привет")
    assert SECRET not in done.out + done.err
    [job] = jobs_here(kit.opened(folder), record=who).values()
    assert job.state == state, job
    told = json.loads(crm("sms", "list", "--json").out)
    assert [one["kind"] for one in told] == [f"job.{state}"]
    server.answer = TAKEN[name]
    crm("tick")
    assert len(server.calls) == 1  # it is not its time yet, if it has one


@pytest.mark.parametrize("name", PLAYED)
def test_an_answer_that_repeats_what_was_asked_tells_no_secret(
    folder: Path, server: Any, crm: Crm, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PW", "pass/word+1")
    monkeypatch.setenv("TOKEN", "tok en%2")
    who = ready(folder, server, name)
    server.echoes = ("psw=", "password=", "dlr-url=", "Basic=")
    done = crm("sms", "send", who, "a")
    assert "was not sent" in done.err
    [job] = jobs_here(kit.opened(folder), record=who).values()
    assert "***" in job.reason
    login = base64.b64encode(b"AC1:pass/word+1").decode()
    for part in ("word%", "word+", "word/", "tok+", "tok ", "tok%", login):
        assert part not in job.reason + done.err


def test_nobody_without_a_mobile_number_is_written_to(folder: Path, server: Any, crm: Crm) -> None:
    ready(folder, server, "smsc")
    fixed = kit.contact(kit.opened(folder), name="Пётр", phones=["+7 495 123-45-67"])
    done = crm("sms", "send", fixed.id, "Привет")
    assert (done.code, len(done.err.splitlines())) == (1, 2)
    assert crm("sms", "send", fixed.id, "Привет", "--to", "8 916 123 45 67").code == 0
    assert [given["phones"] for _, given, _ in server.calls] == [ANNA]


@pytest.fixture
def site(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setenv("PW", SECRET)
    monkeypatch.setenv("TOKEN", "tok-1")
    text = HEARD[request.param].replace("API", "https://api.example.com").replace("HOOK", HOOK)
    made = Site(folder, text, "sms")
    yield made
    made.writer.stop()


def called(site: Site, name: str, token: str = "tok-1", **said: str) -> int:
    """Call as a provider does; the status that it gets."""
    client: Any = site.client
    if name == "twilio":
        key = SECRET if token == "tok-1" else token
        signature = RequestValidator(key).compute_signature(HOOK, said)
        headers = {"X-Twilio-Signature": signature}
        return int(client.post("/hooks/sms", data=said, headers=headers).status_code)
    query = urlencode({"token": token, **said})
    if name == "smsc":
        return int(client.post(f"/hooks/sms?token={token}", data=said).status_code)
    return int(client.get(f"/hooks/sms?{query}").status_code)


CAME = {
    "smsc": {"id": "900", "phone": "79161234567", "mes": "Хочу балкон", "to": "79990000000"},
    "twilio": {"MessageSid": "SM9", "SmsSid": "SM9", "SmsStatus": "received", "From": ANNA,
               "To": "+12025550100", "Body": "Хочу балкон", "NumMedia": "0"},
    "kannel": {"id": "k9", "from": ANNA, "to": "3434", "text": "Хочу балкон", "at": "1763800000"},
}  # fmt: skip
REPORTS = {
    "smsc": [({"id": "31", "phone": "79161234567", "status": "1", "cost": "3.20"}, "sms.delivered"),
             ({"id": "31", "phone": "79161234567", "status": "20", "err": "6"}, "sms.failed"),
             ({"id": "31", "phone": "79161234567", "status": "0"}, "")],
    "twilio": [({"MessageSid": "SM1", "MessageStatus": "delivered"}, "sms.delivered"),
               ({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}, "sms.failed"),
               ({"MessageSid": "SM1", "MessageStatus": "sent"}, "")],
    "kannel": [({"dlr": "m1", "status": "1", "answer": "DELIVRD"}, "sms.delivered"),
               ({"dlr": "m1", "status": "2", "answer": "ABSENT"}, "sms.failed"),
               ({"dlr": "m1", "status": "16", "answer": "NACK"}, "sms.failed"),
               ({"dlr": "m1", "status": "8"}, "")],
}  # fmt: skip
IDS = {"smsc": "31", "twilio": "SM1", "kannel": "m1"}


@pytest.mark.parametrize(("site", "name"), [(n, n) for n in PLAYED], indirect=["site"])
def test_a_message_comes_in_once_from_who_signs(site: Site, name: str) -> None:
    assert called(site, name, token="wrong", **CAME[name]) == 403
    assert called(site, name, **CAME[name]) == 200
    assert called(site, name, **CAME[name]) == 200
    [(kind, record, told)] = site.timeline()
    assert (kind, record.partition("-")[0], told["text"]) == ("sms.in", "lead", "Хочу балкон")
    assert site.ws().lookup("phone", ANNA, ["lead"])
    [one] = site.kept()
    assert b"tok-1" not in site.ws().attached(one.file)


@pytest.mark.parametrize(
    ("site", "name", "said", "kind"),
    [(name, name, *one) for name, told in REPORTS.items() for one in told],
    indirect=["site"],
)
def test_a_report_is_told_once(site: Site, name: str, said: dict[str, str], kind: str) -> None:
    ws = site.ws()
    deal = kit.deal(ws)
    with ws.change("note") as change:
        facts = {"number": ANNA, "text": "Привет", "message_id": f"sms:{name}:{IDS[name]}"}
        change.note("sms.out", deal.id, facts)
    assert [called(site, name, **said) for _ in range(2)] == [200, 200]
    site.timeline()
    told = site.ws().events(record=deal.id, kinds=("sms.delivered", "sms.failed"))
    assert [event.kind for event in told] == ([kind] if kind else [])


def posted(site: Site, **said: str) -> int:
    client: Any = site.client
    return int(client.post("/hooks/sms?token=tok-1", data=said).status_code)


@pytest.mark.parametrize("site", ["json"], indirect=True)
def test_a_token_in_the_address_is_not_kept(site: Site) -> None:
    query = urlencode(
        {"Token": "tok-1", "token": "tok-1", "sms_id": "9", "phone": ANNA, "body": "a"}
    )
    assert site.client.get(f"/hooks/sms?{query}").status_code == 200
    [one] = site.kept()
    assert b"tok-1" not in site.ws().attached(one.file)
    assert [told["text"] for _, _, told in site.timeline()] == ["a"]


@pytest.mark.parametrize("site", ["json"], indirect=True)
@pytest.mark.parametrize("text", ["skip", "adds"])
def test_a_client_may_write_the_words_of_the_settings(site: Site, text: str) -> None:
    assert posted(site, sms_id="8", phone=ANNA, body=text, event="ping") == 200
    assert posted(site, sms_id="8", phone=ANNA, body=text, event="new") == 200
    assert [told["text"] for _, _, told in site.timeline()] == [text]


@pytest.mark.parametrize("site", ["json"], indirect=True)
def test_each_state_of_one_of_ours_counts_by_a_mapping_too(site: Site) -> None:
    ws = site.ws()
    deal = kit.deal(ws)
    with ws.change("note") as change:
        change.note("sms.out", deal.id, {"number": ANNA, "text": "a", "message_id": "sms:77"})
    for state in ("OK", "LOST", "OK"):
        assert posted(site, sms_id="77", state=state) == 200
    site.timeline()
    told = site.ws().events(record=deal.id, kinds=("sms.delivered", "sms.failed"))
    assert [event.kind for event in told] == ["sms.delivered", "sms.failed"]


@pytest.mark.parametrize(
    ("site", "name", "said"),
    [
        ("smsc", "smsc", {"phone": "79161234567"}),
        ("smsc", "smsc", {}),
        ("twilio", "twilio", {"AccountSid": "AC1"}),
        ("kannel", "kannel", {"from": ANNA}),
        ("kannel", "kannel", {"from": ANNA, "text": "a", "at": "soon"}),
    ],
    indirect=["site"],
)
def test_what_is_no_sms_makes_no_lead(site: Site, name: str, said: dict[str, str]) -> None:
    assert called(site, name, **said) in (200, 400)
    assert site.timeline() == []
    assert site.ws().count("lead") == 0
