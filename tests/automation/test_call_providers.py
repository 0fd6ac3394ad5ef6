"""Calls that a person or a robot starts, at servers that play the providers' API by their documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import yaml

from crmcli.store.config.schemas import schema_files
from tests import kit
from tests.automation.conftest import House
from tests.kit import Run
from tests.web.hook_site import SECRET, settings

Crm = Callable[..., Run]


class Exchange(BaseHTTPRequestHandler):
    """An exchange: refuses whoever does not sign as it documents, and answers as it documents."""

    def _take(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        status, told = self.server.plays(self, data)  # type: ignore[attr-defined]
        said = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = _take  # noqa: N815  # the names that http.server calls

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def zadarma(asked: Exchange, data: str) -> tuple[int, Any]:
    path, query = urlsplit(asked.path).path, urlsplit(asked.path).query
    given = dict(parse_qsl(query))
    string = "&".join(sorted(query.split("&")))
    signed = path + string + hashlib.md5(string.encode()).hexdigest()
    digest = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha1).hexdigest()
    right = "k1:" + base64.b64encode(digest.encode()).decode()
    if asked.headers["Authorization"] != right or path != "/v1/request/callback/":
        return 401, {"status": "error", "message": "Not authorized"}
    asked.server.calls.append((given["from"], given["to"]))  # type: ignore[attr-defined]
    if given["to"].endswith("0000"):
        return 200, {"status": "error", "message": "Wrong parameters"}
    return 200, {"status": "success", "from": given["from"], "to": given["to"], "time": 1}


def mango(asked: Exchange, data: str) -> tuple[int, Any]:
    given = dict(parse_qsl(data))
    right = hashlib.sha256(f"k1{given['json']}{SECRET}".encode()).hexdigest()
    if (given["vpbx_api_key"], given["sign"]) != ("k1", right):
        return 401, {"result": 3103}
    told = json.loads(given["json"])
    assert asked.path == "/commands/callback"
    assert told["command_id"]
    asked.server.calls.append((told["from"]["extension"], "+" + told["to_number"]))  # type: ignore[attr-defined]
    return 200, {"result": 3310 if told["to_number"].endswith("0000") else 1000}


def twilio(asked: Exchange, data: str) -> tuple[int, Any]:
    login = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
    if login != f"AC1:{SECRET}" or asked.path != "/2010-04-01/Accounts/AC1/Calls.json":
        return 401, {"code": 20003, "message": "Authenticate"}
    given = dict(parse_qsl(data))
    if "0000</Number>" in given["Twiml"]:
        return 400, {"code": 21211, "message": "The 'To' number is not a valid phone number."}
    asked.server.calls.append((given["To"], given["Twiml"]))  # type: ignore[attr-defined]
    return 201, {"sid": "CA99", "status": "queued"}


PLAYED = {
    "zadarma": (zadarma, "{provider: zadarma, key: k1, secret: env:CALL_SECRET, api: 'API'}"),
    "mango": (mango, "{provider: mango, key: k1, secret: env:CALL_SECRET, api: 'API'}"),
    "twilio": (
        twilio,
        "{provider: twilio, account: AC1, secret: env:CALL_SECRET, from: '+12025550100', api: 'API'}",
    ),
}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    made.calls = []
    made.plays = PLAYED[request.param][0]
    made.settings = settings(
        PLAYED[request.param][1].replace("API", f"http://127.0.0.1:{made.server_port}"),
        made.server_port,
    )
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def ready(folder: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALL_SECRET", SECRET)
    kit.write(folder, "settings.yaml", server.settings)


@pytest.mark.parametrize(
    ("server", "user", "called"),
    [
        ("zadarma", "anna", ("101", "+79161234567")),
        ("mango", "boris", ("102", "+79161234567")),
        (
            "twilio",
            "boris",
            ("+79160000002", '<Response><Dial callerId="+12025550100"><Number>+79161234567</Number></Dial></Response>'),
        ),
    ],
    indirect=["server"],
)  # fmt: skip
def test_a_person_starts_a_call(
    folder: Path, server: Any, user: str, called: tuple[str, str], crm: Crm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ready(folder, server, monkeypatch)
    known = kit.contact(kit.opened(folder), name="Мария", phones=["8 (916) 123-45-67"])
    would = crm("call", known.id, "--as", user, "-n")
    assert (would.code, server.calls) == (0, [])
    done = crm("call", known.id, "--as", user)
    assert (done.code, done.err) == (0, "")
    assert "+79161234567 Мария" in done.out
    number = crm("call", "8 916 123 45 67", "--as", user)
    assert number.code == 0
    assert server.calls[0] == called
    assert len(server.calls) == 2
    refused = crm("call", known.id, "--number", "+79169990000", "--as", user)
    assert (refused.code, len(refused.err.splitlines())) == (7, 2)
    assert SECRET not in refused.err


@pytest.mark.parametrize("server", ["zadarma", "twilio"], indirect=True)
def test_who_cannot_be_called_and_who_cannot_call(
    folder: Path, server: Any, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(folder, server, monkeypatch)
    ws = kit.opened(folder)
    shy = kit.contact(ws, name="Олег", phones=["+79161234567"], do_not=["call"])
    mute = kit.contact(ws, name="Пётр")
    assert crm("call", shy.id, "--as", "anna").code == 1
    assert crm("call", mute.id, "--as", "anna").code == 1
    assert crm("call", "nobody").code == 3
    if "twilio" in server.settings:  # which calls no extension
        unreached = crm("call", "+79161234500", "--as", "anna")
        assert (unreached.code, len(unreached.err.splitlines())) == (1, 2)
    assert server.calls == []


@pytest.mark.parametrize(
    ("server", "said", "words"),
    [
        ("mango", b'{"result": -1}', "was not started"),
        ("mango", b'{"result": {"a": 1}}', "was not started"),
        ("mango", b'{"resu', "may or may not"),
        ("zadarma", b"<html>", "may or may not"),
        ("twilio", b"{}", "may or may not"),
    ],
    indirect=["server"],
)
def test_an_answer_that_tells_nothing_is_not_taken_for_no(
    folder: Path, server: Any, crm: Crm, monkeypatch: pytest.MonkeyPatch, said: bytes, words: str
) -> None:
    ready(folder, server, monkeypatch)
    server.plays = lambda *_: (200, said)
    by = "boris" if "twilio" in server.settings else "anna"
    done = crm("call", "+79161234567", "--as", by)
    assert (done.code, len(done.err.splitlines())) == (7, 2)
    assert words in done.err


def test_without_a_provider_it_says_how_to_name_one(folder: Path, crm: Crm) -> None:
    found = crm("call", "+79161234567")
    assert found.code == 1
    assert "provider" in found.err
    assert crm("call", "+79161234567", "-n") == found


@pytest.mark.parametrize("server", ["zadarma", "mango", "twilio"], indirect=True)
def test_a_dry_run_says_what_the_call_would_say(
    folder: Path, server: Any, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(folder, server, monkeypatch)
    monkeypatch.delenv("CALL_SECRET")
    nobody = "anna" if "twilio" in server.settings else "vera"  # has no extension, no telephone
    for user in (nobody, "boris"):
        real, dry = (crm("call", "+79161234567", "--as", user, *n) for n in ((), ("-n",)))
        assert real.code != 0
        assert dry == real
    assert server.calls == []


@pytest.mark.parametrize("server", ["twilio"], indirect=True)
def test_a_robot_says_a_text_by_twilio(
    house: House, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(house.root, server, monkeypatch)
    house.rules(kit.robots("{id: hello, do: call, with: {text: 'Заказ <{{ deal.name }}> & ждёт'}}"))
    client = house.add("contact", name="Ольга", phones=["8 916 123-45-67"])
    record = house.add("deal", name="Чай", contacts=client.id, owner="anna")
    assert house.tick().failures == []
    house.tick("1h")
    [(to, twiml)] = server.calls
    assert to == "+79161234567"
    assert twiml == (
        '<Response><Say language="ru-RU">Заказ &lt;Чай&gt; &amp; ждёт</Say></Response>'
    )
    [told] = house.events("call.out", record.id)
    assert told.data["number"] == "+79161234567"


@pytest.mark.parametrize("server", ["zadarma", "mango"], indirect=True)
def test_a_provider_that_says_no_texts_says_so(
    house: House, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(house.root, server, monkeypatch)
    house.rules(kit.robots("{id: hello, do: call, with: {text: 'Чай'}}"))
    client = house.add("contact", name="Ольга", phones=["8 916 123-45-67"])
    house.add("deal", name="Чай", contacts=client.id, owner="anna")
    [why] = house.tick().failures
    assert "channels: {call: {run: NAME}}" in why
    assert (house.state("hello"), server.calls) == ("queued", [])


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ("{provider: zadarna, secret: env:A}", "zadarma"),
        ("{provider: zadarma}", "secret"),
        ("{provider: zadarma, secret: hunter2}", "secret"),
        ("{provider: mango, secret: env:A}", "key"),
        ("{provider: twilio, account: AC1, secret: env:A, from: '+1', url: 'https://x'}", "url"),
        ("{key: k1}", "key"),
        ("{provider: json, fields: {from: 'a b'}}", "from"),
        ("{provider: json, signature: {hash: md5}}", "md5"),
    ],
)
def test_check_says_what_is_wrong_with_a_provider(
    folder: Path, crm: Crm, declared: str, complaint: str
) -> None:
    kit.write(folder, "settings.yaml", settings(declared))
    found = crm("check")
    assert found.code == 6
    assert complaint in found.out + found.err
    assert "hunter2" not in found.out + found.err
    assert not is_valid(declared)


def is_valid(declared: str) -> bool:
    """What an editor says of a provider's settings, by the JSON Schema."""
    schema = json.loads(schema_files()["schema/settings.schema.json"])
    document = yaml.load(settings(declared), Loader=yaml.CSafeLoader)
    return jsonschema.Draft7Validator(schema).is_valid(document)


@pytest.mark.parametrize(
    "declared",
    [
        *(text for _, text in (play for play in PLAYED.values())),
        "{provider: zadarma, secret: env:A, run: say}",
        "{provider: json, token: 'file:/etc/x', fields: {from: 'a.b[0]'}, values: {status: {NO: missed}}}",
        "{provider: json, secret: env:A, signature: {header: X-S, hash: sha512, as: base64, of: '{url}{body}'}}",
        "{run: say}",
        "{url: 'https://pbx.example/say', secret: env:A}",
    ],
)  # fmt: skip
def test_what_is_right_is_right_to_editors_too(folder: Path, declared: str) -> None:
    declared = declared.replace("API", "https://pbx.example")
    kit.write(folder, "settings.yaml", settings(declared))
    assert kit.opened(folder).settings.channels["call"]
    assert is_valid(declared)
