"""The web door: a page is sent, kept before it is answered, and becomes a lead; what is doubtful waits."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app

from crmcli.errors import InvalidData
from crmcli.sales import forms
from crmcli.store.safety import locks
from crmcli.web import app as web
from crmcli.web import writer as writing
from crmcli.web.limits import ALL, ONE_ADDRESS, Limits
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace
from tests.kit import NOW, Run, opened, write

FORMS = """
site: {origins: ['https://shop.example'], per_address: 5, per_minute: 7, color: '#0b6e4f'}
forms:
  callback:
    title: Обратный звонок
    fields:
      - {name: name, label: Имя}
      - {name: phone, label: Телефон, required: true, hint: С любым кодом}
    consent: {text: Согласен, link: /privacy, required: true}
    thanks: Перезвоним
  ask:
    title: Ask us
    language: en
    redirect: https://shop.example/thanks
    fields: [{name: email, required: true}]
"""


class Site:
    """The application with a clock that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 1_800_000_000.0
        self.opened = Opening(folder, "", NOW)
        self.writer = Writer(self.opened)
        self.client: FlaskClient = web.create_app(
            self.opened, self.writer, lambda: self.now
        ).test_client()

    def page(self, name: str = "callback") -> dict[str, str]:
        """The hidden values of a page, looked at for a while."""
        text = self.client.get(f"/f/{name}?utm_source=ya&x=%22%3E%3Cscript%3E").text
        assert '<script>"' not in text
        self.now += 5
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))

    def send(self, said: dict[str, str], name: str = "callback", **more: Any) -> Any:
        return self.client.post(f"/f/{name}", data={"_consent": "yes", **said}, **more)

    def ws(self) -> Workspace:
        return opened(self.folder)

    def leads(self) -> int:
        self.writer.stop()  # what it has kept is taken up by now, or by the tick
        from crmcli.automation.receive import take_up

        take_up(self.ws())
        return len(self.ws().select("lead"))


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    write(folder, "forms.yaml", FORMS)
    site = Site(folder)
    site.writer.start()
    yield site
    site.writer.stop()


def test_a_page_is_sent_and_becomes_a_lead(site: Site) -> None:
    page = site.client.get("/f/callback")
    assert 'lang="ru"' in page.text
    assert "Отправить" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self' https://shop.example" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in page.headers
    sent = site.send({"phone": "8 916 123-45-67", **site.page()})
    assert (sent.status_code, "Перезвоним" in sent.text) == (200, True)
    assert site.leads() == 1
    [lead] = site.ws().select("lead")
    assert lead.get("utm") == {"source": "ya"}


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(site: Site) -> None:
    hidden = site.page()
    wrong = site.client.post("/f/callback", data={"name": '"Анна"', "phone": "12", **hidden})
    assert wrong.status_code == 422
    assert 'id="phone-wrong">Проверьте номер телефона' in wrong.text
    assert "Нужно ваше согласие" in wrong.text
    assert 'aria-describedby="phone-wrong phone-hint"' in wrong.text
    assert 'value="&#34;Анна&#34;"' in wrong.text
    assert hidden["_token"] in wrong.text
    assert site.send({"phone": "+79161234567", **hidden}).status_code == 200


def test_a_token_is_used_once(site: Site) -> None:
    hidden = site.page()
    first = {"phone": "+79161234567", **hidden}
    assert site.send(first).status_code == 200
    assert site.send(first).status_code == 200  # a second click is no second lead
    other = site.send({"phone": "+79160000000", **hidden})
    assert (other.status_code, "+79160000000" in other.text) == (409, True)
    assert site.send({"phone": "+79160000000", "_token": "1.x.y"}).status_code == 409
    elsewhere = site.page("ask")["_token"]
    assert site.send({"phone": "+79160000000", "_token": elsewhere}).status_code == 409
    stale = site.page()
    site.now += 25 * 3600
    assert site.send({"phone": "+79160000000", **stale}).status_code == 409
    assert site.leads() == 1


def test_machines_go_to_quarantine_and_are_told_nothing(site: Site) -> None:
    assert (
        site.send({"phone": "+79161234567", "your_website": "x", **site.page()}).status_code == 200
    )
    hidden = site.page()
    site.now -= 4
    assert site.send({"phone": "+79161234568", **hidden}).status_code == 200
    null = site.send({"phone": "+79161234569", **site.page()}, headers={"Origin": "null"})
    assert null.status_code == 200
    assert site.leads() == 0
    assert len(forms.quarantined(site.ws())) == 3


def test_a_flood_ends_in_quarantine_and_then_outside(site: Site) -> None:
    tokens = [site.page() for _ in range(8)]
    for number, hidden in enumerate(tokens):
        sent = site.send({"phone": f"+7916123456{number}", **hidden})
        assert sent.status_code == 200
    assert site.leads() == 5
    assert {one.why for one in forms.quarantined(site.ws())} == {ONE_ADDRESS}


def test_limits_count_addresses_all_and_what_is_held() -> None:
    limits = Limits()
    told = [limits.count(f"2001:db8::{n}", 60.0, per_address=2, per_minute=9) for n in range(3)]
    assert told == ["", "", ONE_ADDRESS]
    many = [limits.count(f"10.0.0.{n}", 61.0, per_address=2, per_minute=5) for n in range(3)]
    assert many == ["", "", ALL]
    assert [limits.may_hold(61.0, 1) for _ in range(11)] == [True] * 10 + [False]
    assert limits.count("10.0.0.1", 120.0, per_address=1, per_minute=1) == ""


def test_origins(site: Site) -> None:
    foreign = site.send({"phone": "1", **site.page()}, headers={"Origin": "https://bad.example"})
    assert foreign.status_code == 403
    told = site.client.get("/api/forms/callback", headers={"Origin": "https://shop.example"})
    assert told.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    bad = site.client.get("/api/forms/callback", headers={"Origin": "https://bad.example"})
    assert "Access-Control-Allow-Origin" not in bad.headers
    assert site.client.options("/api/forms/callback").status_code == 204
    token = told.json["token"] if told.json else ""
    site.now += 5
    given = {"phone": "+79161234567", "_consent": True, "_token": token}
    sent = site.client.post(
        "/api/forms/callback", json=given, headers={"Origin": "https://shop.example"}
    )
    assert (sent.status_code, sent.json) == (201, {"thanks": "Перезвоним", "redirect": ""})
    wrong = site.client.post("/api/forms/callback", json={"_token": token}).json or {}
    assert {*wrong["errors"]} == {"phone", "_consent"}
    assert "iframe" in site.client.get("/f/callback.js").text


def test_the_language_and_the_redirect_of_a_form(site: Site) -> None:
    hidden = site.page("ask")
    assert ">Send<" in site.client.get("/f/ask").text
    sent = site.send({"email": "anna@chai.example", **hidden}, "ask")
    assert (sent.status_code, sent.headers["Location"]) == (303, "https://shop.example/thanks")


def test_whoever_errs_is_told_in_the_language_of_the_workspace_not_of_the_guest_before(
    site: Site,
) -> None:
    assert 'lang="en"' in site.client.get("/f/ask").text
    for path in ("/f/nothing", "/nothing", "/u/x"):
        assert "Такой страницы нет" in site.client.get(path).text
    english = site.client.post("/f/ask", data=b"x", headers={"Origin": "https://bad.example"})
    assert "not shown on that site" in english.text
    assert "--accent: #0b6e4f" in english.text


def test_a_form_that_leads_elsewhere_may_do_so(site: Site) -> None:
    for name, may in (("ask", "form-action 'self' https:;"), ("callback", "form-action 'self';")):
        assert may in site.client.get(f"/f/{name}").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "color", ["#0b6e4f", "#ffd400", "#e8590c", "#777777", "#000000", "#ffffff"]
)
def test_letters_on_a_button_are_read_well(color: str) -> None:
    def light(of: str) -> float:
        parts = [int(of[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p < 0.04 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05

    one, other = light(color), light(web.ink_on(color))
    assert max(one, other) / min(one, other) >= 4.5


def test_what_is_no_form(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    post = site.client.post
    assert site.client.get("/f/nothing").status_code == 404
    assert site.client.get("/..%2fsettings.yaml").status_code == 404
    assert post("/f/callback", data=b"a=" + b"x" * 70_000).status_code == 413
    assert post("/f/callback", data={"a": (b"", "x.png")}).status_code == 400
    assert post("/api/forms/callback", data=b"{").status_code == 400
    assert post("/f/callback", data={f"f{n}": "x" for n in range(10_000)}).status_code in (400, 413)
    assert post("/healthz").status_code == 405
    of_no_host = {**create_environ("/f/callback"), "HTTP_HOST": "xn--"}
    assert run_wsgi_app(site.client.application, of_no_host)[1].startswith("400")
    assert "Traceback" not in capfd.readouterr().err


def test_who_sends_waits_for_nobody_who_writes(site: Site, folder: Path) -> None:
    with locks.exclusive(folder, "import"):
        for phone in ("+79161234567", "+79161234568"):
            assert site.send({"phone": phone, **site.page()}).status_code == 200
    assert site.leads() == 2


def test_where_too_much_waits_it_says_so_and_takes_the_page_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = site.page()
    monkeypatch.setattr(writing, "MOST_WAITING", 0)
    later = site.send({"phone": "+79161234567", **hidden})
    assert (later.status_code, hidden["_token"] in later.text) == (503, True)
    monkeypatch.setattr(writing, "MOST_WAITING", 10)
    assert site.send({"phone": "+79161234567", **hidden}).status_code == 200
    assert site.leads() == 1


def test_a_form_that_is_edited_is_shown_so_and_a_broken_one_as_before(
    site: Site, folder: Path
) -> None:
    write(folder, "forms.yaml", FORMS.replace("Обратный звонок", "Позвоните мне"))
    assert "Позвоните мне" in site.client.get("/f/callback").text
    write(folder, "forms.yaml", "forms: [")
    assert "Позвоните мне" in site.client.get("/f/callback").text


def test_a_form_whose_file_is_being_written_is_shown_as_before(site: Site, folder: Path) -> None:
    assert site.client.get("/f/callback").status_code == 200
    forms = write(folder, "forms.yaml", "")
    assert site.client.get("/f/callback").status_code == 200
    with ThreadPoolExecutor(1) as others:
        assert others.submit(lambda: len(site.opened().forms.forms)).result() > 0
    os.utime(forms, (1, 1))
    assert site.client.get("/f/callback").status_code == 404


def test_a_form_whose_file_is_emptied_while_it_is_read_is_shown_as_before(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.client.get("/f/callback").status_code == 200
    site.writer.stop()
    really = Workspace.open

    def while_it_is_written(*args: Any, **more: Any) -> Workspace:
        write(folder, "forms.yaml", "")
        read = really(*args, **more)
        assert not read.forms.forms
        write(folder, "forms.yaml", "forms: [")
        return read

    write(folder, "forms.yaml", FORMS + "\n")
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "open", while_it_is_written)
        assert site.client.get("/f/callback").status_code == 200
    assert site.client.get("/f/callback").status_code == 200
    write(folder, "forms.yaml", FORMS.replace("Обратный звонок", "Позвоните мне"))
    assert "Позвоните мне" in site.client.get("/f/callback").text


def test_who_writes_goes_on_while_the_configuration_is_written_in_its_place(folder: Path) -> None:
    write(folder, "forms.yaml", FORMS)
    said = (folder / "pipelines.yaml").read_text("utf-8")
    write(folder, "pipelines.yaml", "")
    with pytest.raises(InvalidData, match="pipelines"):
        Writer(Opening(folder, "", NOW)).start()
    write(folder, "pipelines.yaml", said)
    site = Site(folder)
    site.writer.start()
    page = site.page()
    write(folder, "pipelines.yaml", "")
    assert site.send(page | {"name": "Олег", "phone": "8 916 123-45-67"}).status_code == 200
    assert site.writer.is_alive
    write(folder, "pipelines.yaml", said)
    assert site.leads() == 1


def test_a_real_server_says_where_it_is_and_stops_when_told(
    folder: Path, crm: Callable[..., Run]
) -> None:
    assert crm("serve", CRM_LANG="en").code == 1
    write(folder, "forms.yaml", FORMS)
    server = subprocess.Popen(
        [sys.executable, "-m", "crmcli", "serve", "--port", "0"],
        cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "CRM_LANG": "en"},
    )  # fmt: skip
    assert server.stderr is not None
    try:
        port = int(re.search(r":(\d+)/f/callback", server.stderr.readline())[1])
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        link.request("GET", "/healthz")
        assert json.loads(link.getresponse().read()) == {"ok": True}
        link.request("GET", "/api/forms/callback")
        token = json.loads(link.getresponse().read())["token"]
        body = json.dumps({"phone": "+79161234567", "_consent": "yes", "_token": token})
        link.request("POST", "/api/forms/callback", body)
        assert link.getresponse().status == 201
        link.close()
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=30)[1]
        assert server.returncode == 0, said
    assert "79161234567" not in said
    assert "127.0.0.1" not in said
    [held] = json.loads(
        crm("form", "quarantine", "list", "--json").out
    )  # quicker than anybody types
    assert crm("form", "quarantine", "accept", held["id"]).code == 0
    assert len(json.loads(crm("lead", "list", "--json").out)) == 1


def test_what_was_there_before_is_served_while_forms_are_broken(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(folder, "forms.yaml", "forms: {a: {title: Чай, fields: [{name: phone}]}}\n")
    opening = Opening(folder, "anna")
    assert [*opening().forms.forms] == ["a"]
    write(folder, "forms.yaml", "forms: [\n")
    with ThreadPoolExecutor(2) as others:
        found = [*others.map(lambda _: [*opening().forms.forms], range(4))]
    assert (found, [*opening().forms.forms]) == ([["a"]] * 4, ["a"])
    assert capfd.readouterr().err.count("forms.yaml:1") == 1
    write(folder, "forms.yaml", "forms: {b: {title: Чай, fields: [{name: phone}]}}\n")
    assert [*opening().forms.forms] == ["b"]
