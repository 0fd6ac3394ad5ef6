"""Servers that refuse, break off, drip or point elsewhere: one line, nothing lost, and the next sync ends it."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crmcli.channels import carddav
from crmcli.channels.carddav import CardsFailed
from crmcli.errors import InvalidData
from crmcli.sales.records import remove as removing
from tests import kit
from tests.sales.cards.conftest import Office
from tests.sales.cards.servers import Book
from tests.sales.cards.test_sync import linked, whats

Rule = Callable[["Proxy"], bool]


class Proxy(BaseHTTPRequestHandler):
    """Hands on to the real server what `rule` does not answer itself."""

    rule: Rule
    to: int
    heard: list[str]

    def log_message(self, *_: object) -> None: ...

    def answer(self, status: int, body: bytes = b"", **headers: str) -> bool:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return True

    def handle_any(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.heard.append(self.command)
        if self.rule():
            return
        status, body, etag = self.handed_on()
        self.answer(status, body, **({"ETag": etag} if etag else {}))

    def handed_on(self) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.to, timeout=10)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        connection.request(self.command, self.path, self.body, headers)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read(), answer.getheader("ETag") or ""
        finally:
            connection.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)


@pytest.fixture(autouse=True)
def proxy(office: Office) -> Iterator[type[Proxy]]:
    """A server before the real one, which does what its rule says."""
    kind = type("Ruled", (Proxy,), {"rule": _passes, "to": office.book.port, "heard": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    ports = f":{office.book.port}/", f":{server.server_port}/"
    kit.replace(office.folder / "settings.yaml", *ports)
    yield kind
    server.shutdown()
    server.server_close()
    thread.join(10)


def _passes(_: Proxy) -> bool:
    return False


@contextmanager
def ruled(proxy: type[Proxy], rule: Rule) -> Iterator[None]:
    """While it lasts, the server does what the rule says."""
    proxy.rule = rule
    try:
        yield
    finally:
        proxy.rule = _passes


def on(method: str, does: Rule, text: bytes = b"") -> Rule:
    return lambda self: self.command == method and text in self.body and does(self)


def _cut(self: Proxy) -> bool:
    _, body, _ = self.handed_on()
    self.send_response(207)
    self.send_header("Content-Length", str(len(body)))
    self.end_headers()
    self.wfile.write(body[: len(body) // 2])
    return True


def _lost(self: Proxy) -> bool:
    """The server does it, and nobody hears that."""
    self.handed_on()
    self.close_connection = True
    return True


ODD = (
    b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>http://[x</d:href></d:response><d:response/>'
    b"<d:response><d:href>//other.example/a.vcf</d:href></d:response></d:multistatus>"
)
BAD = {
    "401": (on("PROPFIND", lambda p: p.answer(401)), "answered 401"),
    "403": (on("REPORT", lambda p: p.answer(403)), ""),
    "507": (on("PUT", lambda p: p.answer(507, b"<b>quota</b>")), "answered 507: quota"),
    "500": (on("PUT", lambda p: p.answer(500)), "answered 500"),
    "cut": (on("REPORT", _cut), "127.0.0.1"),
    "cut multiget": (on("REPORT", _cut, b"multiget"), "127.0.0.1"),
    "not xml": (on("REPORT", lambda p: p.answer(207, b"<a><b>")), "not understood"),
    "bomb": (on("REPORT", lambda p: p.answer(207, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')), "not understood"),
    "elsewhere": (on("PUT", lambda p: p.answer(302, Location="http://127.0.0.2:9/x")), "points to http://127.0.0.2:9/x"),
    "no address": (on("PUT", lambda p: p.answer(302, Location="http://[x")), "points to http://[x"),
    "odd paths": (on("REPORT", lambda p: p.answer(207, ODD)), ""),
    "lost put": (on("PUT", _lost), "127.0.0.1"),
    "hangs up": (on("REPORT", lambda p: bool(p.connection.close()) or True), "127.0.0.1"),
}  # fmt: skip


@pytest.mark.parametrize("case", kit.some(BAD, 2))
def test_what_a_server_does_wrong_is_one_line_and_costs_nothing(
    office: Office, book: Book, proxy: type[Proxy], case: str
) -> None:
    olga = linked(office, book)
    kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
    kit.edit(office.ws(), olga, position="Шеф")
    book.edit("olga.vcf", "olga@kafe.example", "new@kafe.example")
    book.put("pavel.vcf", "UID:p", "FN:Павел Сидоров", "TEL:+79265550001")
    rule, told = BAD[case]
    with ruled(proxy, rule):
        if told:
            with pytest.raises((CardsFailed, InvalidData)) as failed:
                office.sync()
            assert told in failed.value.message
            assert "\n" not in failed.value.message
            assert "пароль" not in failed.value.message
        else:
            office.sync()
    office.sync()
    assert office.sync() == []
    found = office.contacts()
    assert sorted(found) == ["Иван Петров", "Ольга Иванова", "Павел Сидоров"]
    assert found["Ольга Иванова"]["position"] == "Шеф"
    assert found["Ольга Иванова"]["emails"][0]["value"] == "new@kafe.example"  # type: ignore[index]
    cards = book.cards()
    assert sorted(cards) == sorted(found)
    assert "Шеф" in cards["Ольга Иванова"]
    assert len(book.names()) == 3


def test_a_server_without_reports_is_read_by_its_list(
    office: Office, book: Book, proxy: type[Proxy]
) -> None:
    olga = linked(office, book)
    with ruled(proxy, on("REPORT", lambda p: p.answer(501))):
        book.edit("olga.vcf", "olga@kafe.example", "new@kafe.example")
        kit.edit(office.ws(), olga, position="Шеф")
        assert whats(office.sync()) == ["both ways"]
        assert office.sync() == []
        assert "GET" in proxy.heard
    book.delete("olga.vcf")
    with ruled(proxy, on("REPORT", lambda p: p.answer(501))):
        assert whats(office.sync()) == ["the card is gone, the contact stays"]


def test_a_token_that_is_too_old_is_forgotten(
    office: Office, book: Book, proxy: type[Proxy]
) -> None:
    linked(office, book)
    office.sync()
    book.put("pavel.vcf", "UID:p", "FN:Павел Сидоров", "TEL:+79265550001")
    refused = on("REPORT", lambda p: b"<d:sync-token>http" in p.body and p.answer(403))
    with ruled(proxy, refused):
        assert whats(office.sync()) == ["new contact"]
        assert office.sync() == []


def test_a_server_that_drips_is_left_in_time(
    office: Office, proxy: type[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = threading.Event()

    def drip(self: Proxy) -> bool:
        self.send_response(207)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not ends.wait(0.05):
            self.wfile.write(b" ")
        return True

    monkeypatch.setattr(carddav, "SECONDS", 0.5)
    try:
        with ruled(proxy, on("REPORT", drip)), pytest.raises(CardsFailed, match="in time"):
            office.sync()
    finally:
        ends.set()


def test_the_card_that_changes_at_that_moment_is_not_overwritten(
    office: Office, book: Book, proxy: type[Proxy]
) -> None:
    olga = linked(office, book)
    kit.edit(office.ws(), olga, position="Шеф")

    def meanwhile(self: Proxy) -> bool:
        if "twice" not in book.get("olga.vcf"):
            book.edit("olga.vcf", "olga@kafe.example", "twice@kafe.example")
        return False

    with ruled(proxy, on("PUT", meanwhile)):
        office.sync()
    assert "Шеф" not in book.get("olga.vcf")
    assert whats(office.sync()) == ["both ways"]
    assert "twice@kafe.example" in book.get("olga.vcf")
    assert kit.raw(office.ws(), olga)["emails"][0]["value"] == "twice@kafe.example"


def test_no_password_goes_unencrypted_to_the_net(office: Office) -> None:
    settings = office.folder / "settings.yaml"
    url = re.search(r"http://127.0.0.1:\d+/[^']*", settings.read_text("utf-8"))
    assert url
    kit.replace(settings, url[0], "http://dav.example.com/x/")
    with pytest.raises(InvalidData, match="unencrypted"):
        office.sync()


@pytest.mark.parametrize("number", [3, 4, 5, 6])
def test_killed_when_the_server_has_done_it_loses_and_doubles_nothing(
    office: Office, book: Book, proxy: type[Proxy], number: int
) -> None:
    olga = linked(office, book)
    for name, phone in (("Иван Петров", "+79031112233"), ("Кира Новая", "+79031112277")):
        kit.contact(office.ws(), name=name, phones=phone)
    kit.edit(office.ws(), olga, position="Шеф")
    book.edit("olga.vcf", "olga@kafe.example", "new@kafe.example")
    book.put("pavel.vcf", "UID:p", "FN:Павел Сидоров", "TEL:+79265550001")
    running: list[subprocess.Popen[bytes]] = []
    proxy.heard.clear()

    def kill(self: Proxy) -> bool:
        if len(self.heard) != number:
            return False
        self.handed_on()
        running[0].kill()
        return True

    with ruled(proxy, kill):
        command = [sys.executable, "-m", "crmcli", "-C", str(office.folder), "contact", "sync"]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        assert running[0].wait(30) == -9
    office.sync()
    office.sync()
    assert office.sync() == []
    names = ["Иван Петров", "Кира Новая", "Ольга Иванова", "Павел Сидоров"]
    assert sorted(one["name"] for one in kit.all_of(office.ws(), "contact")) == names
    assert (sorted(book.cards()), len(book.names())) == (names, 4)
    assert "new@kafe.example" in str(office.contacts()["Ольга Иванова"]["emails"])
    assert "Шеф" in book.get("olga.vcf")


def test_a_server_that_tells_no_etag_is_asked_for_it(
    office: Office, book: Book, proxy: type[Proxy]
) -> None:
    def silent(self: Proxy) -> bool:
        status, body, _ = self.handed_on()
        return self.answer(status, body)

    ivan = kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
    with ruled(proxy, on("PUT", silent)):
        assert whats(office.sync()) == ["new card"]
        assert office.sync() == []
        before = office.ws().newest_id()
        assert office.sync() == []
        assert office.ws().newest_id() == before
        kit.edit(office.ws(), ivan.id, phones="+79031112244")
        assert whats(office.sync()) == ["to the card"]
    assert "+79031112244" in book.get(f"{ivan.id}.vcf")


def test_a_contact_that_is_gone_leaves_a_card_that_was_changed_there(
    office: Office, book: Book, proxy: type[Proxy]
) -> None:
    ivan = kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
    office.sync()
    removing.remove(office.ws(), ivan.id)
    book.edit(f"{ivan.id}.vcf", "+79031112233", "+79031112244")
    [told] = office.sync()
    assert "changed there" in told.what
    assert book.names() == [f"{ivan.id}.vcf"]
    assert office.sync() == []
    assert office.contacts() == {}


def test_two_at_once_make_no_doubles(office: Office, book: Book, proxy: type[Proxy]) -> None:
    book.put("pavel.vcf", "UID:p", "FN:Павел Сидоров", "TEL:+79265550001")
    kit.contact(office.ws(), name="Иван Петров", phones="+79031112233")
    others: list[object] = []

    def meanwhile(self: Proxy) -> bool:
        if not others:  # before the first writes anything, the second runs from end to end
            others.append(1)
            others.append(office.sync())
        return False

    with ruled(proxy, on("PUT", meanwhile)):
        office.sync()
    office.sync()
    assert office.sync() == []
    assert sorted(one["name"] for one in kit.all_of(office.ws(), "contact")) == [
        "Иван Петров",
        "Павел Сидоров",
    ]
    assert len(book.names()) == 2
