"""Delivery by SMTP against running servers: every refusal, drop and silence has its right outcome."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from crmcli.channels import mail, smtp
from crmcli.channels.message import Message
from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown
from crmcli.channels.smtp import BadServer, Server
from crmcli.model.settings import MailChannel
from tests.channels.man_in_the_middle import AFAR, from_afar
from tests.listening import listening

CERTIFICATE = Path(__file__).parent / "data" / "localhost-test-only.pem"
LETTER = b"From: a@b.ru\r\nTo: anna@example.ru\r\nSubject: hello\r\n\r\n.dot\r\n..\r\ntext\r\n"


class Mailbox:
    """A server's handler that keeps letters, and answers each stage as it is told to."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.envelopes: list[Envelope] = []
        self.tls: list[bool] = []

    async def handle_MAIL(  # noqa: N802  # the names that aiosmtpd calls
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802  # likewise
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answer = self.answers.get(address, self.answers.get("rcpt", "250 OK"))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802  # likewise
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.tls.append(session.ssl is not None)
        answer = self.answers.get("data", "250 queued")
        if answer.startswith("250") or answer in ("drop", "hang"):
            self.envelopes.append(envelope)
        if answer == "drop":
            assert server.transport is not None
            server.transport.abort()
        if answer == "hang":
            await asyncio.sleep(5)
        return answer


def check_login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
) -> AuthResult:
    assert isinstance(given, LoginPassword)
    return AuthResult(success=given == LoginPassword(b"sales@skat.ru", b"secret"), handled=False)


Start = Callable[..., tuple[Mailbox, Server]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a mail server; `**answers` are its handler's."""
    running: list[Controller] = []

    def run(
        *, options: dict[str, Any] | None = None, user: str = "", **answers: str
    ) -> tuple[Mailbox, Server]:
        box = Mailbox(**answers)
        controller = Controller(box, hostname="127.0.0.1", port=free_port(), **(options or {}))
        controller.start()
        running.append(controller)
        return box, Server("127.0.0.1", controller.port, user, "ssl_context" in (options or {}))

    yield run
    for controller in running:
        with contextlib.suppress(RuntimeError):
            controller.stop()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def send(to: Server, *recipients: str, password: str = "", seconds: float = 2.0) -> Outcome:
    return smtp.send(
        LETTER, "sales@skat.ru", recipients or ("anna@example.ru",), to, password, seconds
    )


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_a_letter_arrives_whole(start: Start) -> None:
    box, server = start()
    assert isinstance(send(server, "anna@example.ru", "boris@example.ru"), Sent)
    (envelope,) = box.envelopes
    assert envelope.content == LETTER
    assert envelope.mail_from == "sales@skat.ru"
    assert envelope.rcpt_tos == ["anna@example.ru", "boris@example.ru"]


def test_the_envelope_tells_which_letter_came_back(start: Start, tmp_path: Path) -> None:
    box, server = start()
    letter = Message(
        "k", "Sales <a@skat.ru>", ("c@d.ru",), "Тема", "Текст\n", datetime(2026, 11, 23, tzinfo=UTC)
    )
    channel = MailChannel(f"smtp://127.0.0.1:{server.port}", bounces="crm+{key}@skat.ru")
    assert isinstance(mail.deliver(letter, channel, tmp_path), Sent)
    (envelope,) = box.envelopes
    assert envelope.mail_from is not None
    key = envelope.mail_from.removeprefix("crm+").removesuffix("@skat.ru")
    assert letter.id == f"<{key}@skat.ru>"


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "again"),
    [("451 later", True), ("421 closing", True), ("550 никогда", False), ("552 full", False)],
)
def test_a_refusal_at_each_stage(start: Start, stage: str, answer: str, again: bool) -> None:
    box, server = start(**{stage: answer}, options={"enable_SMTPUTF8": True})
    outcome = failed(send(server))
    assert outcome.again is again
    assert answer in outcome.reason
    assert str(server.port) in outcome.reason
    assert not box.envelopes


def test_one_refused_recipient_stops_the_letter_for_all(start: Start) -> None:
    box, server = start(**{"boris@example.ru": "550 no such user"})
    outcome = failed(send(server, "anna@example.ru", "boris@example.ru"))
    assert not outcome.again
    assert "boris@example.ru" in outcome.reason
    assert not box.envelopes


@pytest.mark.parametrize("answer", ["drop", "hang"])
def test_silence_after_the_whole_letter_is_unknown(start: Start, answer: str) -> None:
    box, server = start(data=answer)
    outcome = send(server, seconds=0.3)
    assert isinstance(outcome, Unknown)
    assert box.envelopes, "the server has the letter"
    assert "after the whole message" in outcome.reason


def test_nobody_listens() -> None:
    outcome = failed(send(Server("127.0.0.1", free_port())))
    assert outcome.again
    assert "refused" in outcome.reason


def test_no_such_host() -> None:
    assert failed(send(Server("mail.invalid", 25))).again


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_login(start: Start) -> None:
    options = {"authenticator": check_login, "auth_require_tls": False, "auth_required": True}
    box, server = start(options=options, user="sales@skat.ru")
    assert isinstance(send(server, password="secret"), Sent)
    outcome = failed(send(server, password="wrong"))
    assert outcome.again, "a password can be mended, the letter is not at fault"
    assert "535" in outcome.reason
    assert "wrong" not in outcome.reason
    assert not failed(send(server)).again  # 530: nobody may send here without a login
    assert len(box.envelopes) == 1


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATE)
    return made


@pytest.mark.parametrize("how", ["tls_context", "ssl_context"])
def test_encryption_where_it_is_offered(start: Start, how: str) -> None:
    options = {
        how: context(),
        "authenticator": check_login,
        "auth_require_tls": how == "tls_context",
    }
    box, server = start(options=options, user="sales@skat.ru")
    assert isinstance(send(server, password="secret"), Sent)
    assert box.tls == [True] or how == "ssl_context"


def elsewhere(monkeypatch: pytest.MonkeyPatch, server: Server) -> Server:
    """The same server, by a name that is not this machine's own."""
    from_afar(monkeypatch)
    return Server(AFAR, server.port, server.user, server.tls)


@pytest.mark.parametrize("how", ["tls_context", "ssl_context"])
def test_an_unknown_certificate_is_refused(
    start: Start, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    box, server = start(options={how: context()}, user="sales@skat.ru")
    outcome = failed(send(elsewhere(monkeypatch, server)))
    assert "certificate" in outcome.reason.lower()
    assert not box.envelopes


@pytest.mark.parametrize("how", ["tls_context", "ssl_context"])
def test_a_known_certificate_for_that_name_is_taken(
    start: Start, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    box, server = start(options={how: context()})
    assert isinstance(send(elsewhere(monkeypatch, server)), Sent)
    assert len(box.envelopes) == 1


def test_a_password_never_leaves_unencrypted(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"authenticator": check_login, "auth_require_tls": False}
    box, server = start(options=options, user="sales@skat.ru")
    outcome = failed(send(elsewhere(monkeypatch, server), password="secret"))
    assert "does not offer encryption" in outcome.reason
    assert not box.envelopes


Dialogue = list[tuple[bytes, bytes | None]]
POLITE: Dialogue = [
    (b"EHLO", b"250 hi\r\n"), (b"MAIL", b"250 ok\r\n"), (b"RCPT", b"250 ok\r\n"), (b"DATA", b"354 go\r\n"), (b"\r\n.\r\n", b"250 ok\r\n"),
]  # fmt: skip


@contextlib.contextmanager
def scripted(greeting: bytes | None, dialogue: Dialogue) -> Iterator[tuple[Server, list[bytes]]]:
    """A server that speaks by heart: waits for a text, answers, hangs up at None."""
    heard: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        if greeting is None:
            return
        sock.sendall(greeting)
        for wanted, answer in dialogue:
            data = b""
            while wanted.lower() not in data.lower():
                chunk = sock.recv(65536)
                if not chunk:
                    return
                data += chunk
            heard.append(data)
            if answer is None:
                return
            sock.sendall(answer)
        while sock.recv(65536):
            pass

    with listening(talk) as port:
        yield Server("127.0.0.1", port), heard


def until(stage: bytes, answer: bytes | None) -> Dialogue:
    """The polite dialogue up to a stage, where the answer is another one."""
    place = next(n for n, (wanted, _) in enumerate(POLITE) if wanted == stage)
    return [*POLITE[:place], (stage, answer)]


@pytest.mark.parametrize("stage", [b"EHLO", b"MAIL", b"RCPT", b"DATA"])
@pytest.mark.parametrize("answer", [None, b"", b"rubbish\r\n", b"250-unfinished\r\n", b"x" * 20000])
def test_trouble_before_the_final_dot_is_tried_again(stage: bytes, answer: bytes | None) -> None:
    with scripted(b"220 hi\r\n", until(stage, answer)) as (server, heard):
        assert failed(send(server, seconds=0.3)).again
    assert not any(b"text" in data for data in heard)


@pytest.mark.parametrize(
    "greeting", [None, b"", b"554 no service\r\n", b"421 busy\r\n", b"HTTP/1.1 400\r\n"]
)
def test_trouble_with_the_greeting_is_tried_again(greeting: bytes | None) -> None:
    with scripted(greeting, POLITE) as (server, _):
        assert failed(send(server, seconds=0.3)).again


@pytest.mark.parametrize(
    "answer", [None, b"", b"rubbish\r\n", b"250-unfinished\r\n", b"354 more\r\n", b"x" * 20000]
)
def test_trouble_after_the_final_dot_is_unknown(answer: bytes | None) -> None:
    with scripted(b"220 hi\r\n", until(b"\r\n.\r\n", answer)) as (server, heard):
        assert isinstance(send(server, seconds=0.3), Unknown)
    assert heard[-1] == LETTER.replace(b"\r\n.", b"\r\n..") + b".\r\n"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(b"250 ok\r\n", Sent), (b"451 no\r\n", Failed), (b"554 spam\r\n", Failed)],
)
def test_a_server_that_hangs_up_after_its_answer_has_answered(answer: bytes, outcome: type) -> None:
    with scripted(b"220 hi\r\n", [*until(b"\r\n.\r\n", answer), (b"QUIT", None)]) as (server, _):
        assert isinstance(send(server), outcome)


def test_an_answer_is_shown_without_control_characters() -> None:
    with scripted(b"220 hi\r\n", until(b"MAIL", b"550 \x1b[31mno\x07\r\n")) as (server, _):
        assert "\x1b" not in failed(send(server, seconds=0.3)).reason


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", Server("localhost", 25)),
        ("smtp://sales@mail.example.ru", Server("mail.example.ru", 587, "sales")),
        (
            "smtp://sales%40skat.ru@mail.example.ru:2525",
            Server("mail.example.ru", 2525, "sales@skat.ru"),
        ),
        ("smtp://sales@skat.ru@mail.example.ru", Server("mail.example.ru", 587, "sales@skat.ru")),
        ("smtps://sales@mail.example.ru/", Server("mail.example.ru", 465, "sales", tls=True)),
    ],
)
def test_servers(url: str, server: Server) -> None:
    assert smtp.server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "http://a",
        "smtp://u:hunter2@a",
        "smtp://a:x",
        "smtp://a:99999",
        "smtp://a/b",
        "smtp://a?b",
    ],
)
def test_what_names_no_server(url: str) -> None:
    with pytest.raises(BadServer) as caught:
        smtp.server(url)
    assert "hunter2" not in caught.value.message


def test_logins_that_cannot_work() -> None:
    with pytest.raises(BadServer, match="names no user"):
        send(Server("localhost", 25), password="x")
    with pytest.raises(BadServer, match="does not allow"):
        send(Server("localhost", 25, "u"), password="пароль")
