"""Web hooks: what arrives, which outcome each answer has, and that no inner address is called."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from crmcli.channels import webhook
from crmcli.channels.address import UnsafeHeader
from crmcli.channels.http_exchange import BadHook, is_inner
from crmcli.channels.outcome import Failed, Outcome, Sent
from crmcli.channels.webhook import Hook
from tests.listening import listening

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BODY = {"lead": "lead-7k3qf2m9", "name": "Кровля"}


class Endpoint(BaseHTTPRequestHandler):
    """Answers as its server was told to, and keeps what came."""

    protocol_version = "HTTP/1.1"
    got: ClassVar[list[tuple[str, dict[str, str], bytes]]]
    act: ClassVar[Callable[[BaseHTTPRequestHandler], None]]

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, data))
        type(self).act(self)

    do_GET = do_POST  # noqa: N815  # the name that http.server calls

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def answering(
    status: int, body: bytes = b"", **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


@pytest.fixture
def endpoint() -> Iterator[tuple[str, type[Endpoint]]]:
    """A running web server: its host:port and its handler."""
    handler = type("Here", (Endpoint,), {"got": [], "act": staticmethod(answering(200))})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()
    thread.join()


def call(place: str, *, allow: bool = True, seconds: float = 3.0, **more: Any) -> Outcome:
    hook = Hook(**{"url": f"http://{place}/hook?a=1", "body": BODY, "key": "job-1", **more})
    return webhook.post(hook, AT, [place] if allow else [], seconds)


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_what_arrives(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint
    assert isinstance(call(place, headers={"X-Token": "t"}), Sent)
    ((path, headers, data),) = handler.got
    assert path == "/hook?a=1"
    assert json.loads(data) == BODY
    assert "Кровля".encode() in data
    assert headers["host"] == place
    assert headers["webhook-id"] == headers["idempotency-key"] == "job-1"
    assert headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert headers["content-type"].startswith("application/json")
    assert headers["x-token"] == "t"
    assert "webhook-signature" not in headers


@pytest.mark.parametrize("secret", ["тайна", "whsec_" + base64.b64encode(b"0123456789").decode()])
def test_the_signature_can_be_checked(endpoint: tuple[str, type[Endpoint]], secret: str) -> None:
    place, handler = endpoint
    call(place, secret=secret)
    _, headers, data = handler.got[0]
    raw = b"0123456789" if secret.startswith("whsec_") else secret.encode()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + data
    wanted = base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


def test_a_repetition_is_the_same_to_the_byte(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint
    call(place, body={"b": 1, "a": [2]})
    call(place, body={"a": [2], "b": 1})
    assert handler.got[0] == handler.got[1]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_done(endpoint: tuple[str, type[Endpoint]], status: int) -> None:
    place, handler = endpoint
    handler.act = staticmethod(answering(status))
    assert isinstance(call(place), Sent)


@pytest.mark.parametrize(("status", "again"), [(400, False), (401, False), (404, False), (410, False), (422, False),
                                               (408, True), (429, True), (500, True), (502, True), (503, True)])  # fmt: skip
def test_refusals(endpoint: tuple[str, type[Endpoint]], status: int, again: bool) -> None:
    place, handler = endpoint
    handler.act = staticmethod(answering(status, "нет \x1b[31mполя".encode()))
    outcome = failed(call(place))
    assert outcome.again is again
    assert str(status) in outcome.reason
    assert "нет" in outcome.reason
    assert "\x1b" not in outcome.reason


def test_redirects_are_not_followed(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint
    handler.act = staticmethod(answering(307, Location=f"http://{place}/other"))
    outcome = failed(call(place))
    assert not outcome.again
    assert "/other" in outcome.reason
    assert len(handler.got) == 1


def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{sock.getsockname()[1]}"
    assert failed(call(place)).again


def test_an_endless_answer_is_not_read(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            handler.close_connection = True

    handler.act = staticmethod(pour)
    started = time.monotonic()
    assert failed(call(place)).again
    assert time.monotonic() - started < 2


DRIPS = {
    b"": Failed,
    b"HTTP/1.1 2": Failed,
    b"HTTP/1.1 500 no\r\nX: ": Failed,
    b"HTTP/1.1 200 OK\r\nX: ": Sent,
}


def test_a_slow_answer_is_cut_off() -> None:

    def asked(drip: bytes) -> tuple[bytes, Outcome, float]:
        def talk(sock: socket.socket) -> None:
            sock.sendall(drip)
            for _ in range(100 if drip else 0):  # longer than anybody should wait
                time.sleep(0.1)
                sock.sendall(b"x")
            while sock.recv(65536):
                pass

        with listening(talk) as port:
            started = time.monotonic()
            # Long enough for the status line on a busy machine.
            return drip, call(f"127.0.0.1:{port}", seconds=2), time.monotonic() - started

    with ThreadPoolExecutor(len(DRIPS)) as pool:
        for drip, got, took in pool.map(asked, DRIPS):
            assert took < 8, drip
            assert isinstance(got, DRIPS[drip]), drip
            assert isinstance(got, Sent) or (isinstance(got, Failed) and got.again), drip


INNER = [
    "127.0.0.1", "localhost", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
    "[::127.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]",
    "[2002:7f00:1::]", "[2001:0:7f00:1:0:0:80ff:fffe]", "[2001:db8::1]", "[fec0::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_inner_addresses_are_not_called(host: str) -> None:
    outcome = failed(webhook.post(Hook(f"http://{host}/", {}, "k"), AT))
    assert not outcome.again
    assert "private network address" in outcome.reason
    assert "channels" in outcome.reason


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "77.88.8.8", "2a02:6b8::feed:ff", "64:ff9b::808:808", "1.1.1.1"]
)
def test_outer_addresses_may_be_called(address: str) -> None:
    assert not is_inner(address)


def test_a_name_is_looked_up_once_and_every_answer_counts(
    endpoint: tuple[str, type[Endpoint]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def both(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in ("8.8.8.8", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert (
        "private network address"
        in failed(webhook.post(Hook("http://rebind.example/", {}, "k"), AT)).reason
    )
    assert asked == ["rebind.example"]


def test_other_ports_need_leave(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint
    outcome = failed(call(place, allow=False))
    assert not outcome.again
    assert "on a port other than" in outcome.reason
    assert place in outcome.reason
    assert not handler.got


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/", "file:///etc/passwd", "//a/b", "http://", "http:///x", "gopher://a", "http://u:p@a/", "http://u@a/",
     "http://a b/", "http://a/\r\nX: y", "http://a/\n", "http://a:99999/", "http://a:x/", "http://[::1", "javascript:alert(1)",
     "http://a\t.ru/", "http://exa\u2028mple.ru/"],
)  # fmt: skip
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(BadHook):
        webhook.post(Hook(url, {}, "k"), AT)


def test_cyrillic_addresses_become_what_the_wire_has(endpoint: tuple[str, type[Endpoint]]) -> None:
    place, handler = endpoint
    call(place, url=f"http://{place}/заявка?имя=Анна&x=%20")
    assert handler.got[0][0] == (
        "/%D0%B7%D0%B0%D1%8F%D0%B2%D0%BA%D0%B0?%D0%B8%D0%BC%D1%8F=%D0%90%D0%BD%D0%BD%D0%B0&x=%20"
    )


@pytest.mark.parametrize(
    "headers",
    [{"Host": "x"}, {"Content-Length": "1"}, {"Transfer-Encoding": "chunked"}, {"webhook-id": "x"}, {"X\r\nY": "z"},
     {"X Y": "z"}, {"": "x"}, {"X": "тест"}],
)  # fmt: skip
def test_such_headers_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadHook):
        webhook.post(Hook("http://example.com/", {}, "k", headers=headers), AT)
    with pytest.raises(UnsafeHeader):
        webhook.post(Hook("http://example.com/", {}, "k", headers={"X": "a\r\nY: b"}), AT)


@pytest.mark.parametrize("body", [{"a": object()}, {"a": float("nan")}, "x" * 300_000])
def test_such_bodies_are_refused(body: object) -> None:
    with pytest.raises(BadHook):
        webhook.post(Hook("http://example.com/", body, "k"), AT)


def test_a_broken_secret_is_refused() -> None:
    with pytest.raises(BadHook, match="base64"):
        webhook.post(Hook("http://example.com/", {}, "k", secret="whsec_тайна"), AT)
