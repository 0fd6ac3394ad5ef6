"""Logins by SMTP over TLS: by a token, and never where somebody on the way could read along."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from crmcli.channels import mail, smtp
from crmcli.channels.mail_login import spellings, xoauth2
from crmcli.channels.message import Message
from crmcli.channels.outcome import Sent
from crmcli.channels.smtp import BadServer, Server
from crmcli.model.settings import MailChannel
from tests.channels.man_in_the_middle import AFAR, TRICKS, from_afar, middle
from tests.channels.test_smtp import (
    CERTIFICATE,
    Mailbox,
    check_login,
    context,
    failed,
    free_port,
    send,
)

OLD = "an-old-token" * 100  # longer than what is told of an answer
LONG = "eyJ0eXAiOiJKV1Qi" * 150  # as those of Microsoft are
USER, TOKEN = "sales@skat.ru", "ya29.a0AfH6SMBx-token_of~ours"
HOW = pytest.mark.parametrize("how", ["tls_context", "ssl_context"])


class Tokens(Mailbox):
    """A mailbox of whoever has the token."""

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  # aiosmtpd's
        said = await server.challenge_auth("") if len(args) < 2 else b64decode(args[1])
        assert isinstance(said, bytes)
        if said in (xoauth2(USER, TOKEN).encode(), xoauth2(USER, LONG).encode()):
            return AuthResult(success=True, auth_data=USER)
        told = await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        assert told == b"", "to that nothing is answered"
        await server.push(f"535 5.7.8 no such token: {b64encode(said).decode()}")
        return AuthResult(success=False, handled=True)


class Running(Controller):
    """A server that hangs up by itself: aiosmtpd leaves a connection open whose handshake failed."""

    def factory(self) -> SMTP:
        self.made = [*getattr(self, "made", ()), super().factory()]
        return self.made[-1]

    async def hang_up(self) -> None:
        for one in self.made:
            for transport in (one.transport, one._original_transport):
                if transport is not None:
                    transport.abort()  # type: ignore[attr-defined]  # each of them has that
        for _ in range(3):
            await asyncio.sleep(0)


@contextlib.contextmanager
def serving(box: Mailbox, how: str = "tls_context", *, strict: bool = True) -> Iterator[int]:
    """A mail server with TLS that takes logins, `strict`: in clear none; its port."""
    port = free_port()
    strict &= how == "tls_context"
    told = {how: context(), "hostname": "127.0.0.1", "port": port, "authenticator": check_login}
    controller = Running(box, **told, auth_require_tls=strict, auth_required=strict)
    controller.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(controller.hang_up(), controller.loop).result(5)
        with contextlib.suppress(RuntimeError):
            controller.stop()


@pytest.fixture(autouse=True)
def _afar(monkeypatch: pytest.MonkeyPatch) -> None:
    from_afar(monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    monkeypatch.setattr(SMTP, "line_length_limit", 12288)  # as RFC 4954 has it for logins


@HOW
@pytest.mark.parametrize("secret", [TOKEN, LONG], ids=["short", "long"])
def test_a_letter_leaves_by_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str, secret: str
) -> None:
    monkeypatch.setenv("CRM_TEST_SMTP", secret)
    scheme = "smtps" if how == "ssl_context" else "smtp"
    letter = Message(
        "k", "Sales <a@skat.ru>", ("c@d.ru",), "Тема", "Текст\n", datetime(2026, 11, 23, tzinfo=UTC)
    )
    with serving(box := Tokens(), how) as port:
        url = f"{scheme}://{USER};AUTH=XOAUTH2@{AFAR}:{port}"
        sent = mail.deliver(letter, MailChannel(url, password="env:CRM_TEST_SMTP"), tmp_path)
    assert isinstance(sent, Sent), sent
    assert len(box.envelopes) == 1


@HOW
def test_a_token_that_is_over_is_told_and_not_shown(how: str) -> None:
    with serving(box := Tokens(), how) as port:
        outcome = failed(send(Server(AFAR, port, USER, how == "ssl_context", True), password=OLD))
    assert outcome.again, "a token can be renewed, the letter is not at fault"
    assert "535" in outcome.reason
    assert "***" in outcome.reason
    assert not any(word[:12] in outcome.reason for word in spellings(USER, OLD))
    assert not box.envelopes


def test_a_server_without_tokens_is_not_told_one() -> None:
    with serving(box := Mailbox()) as port:
        outcome = failed(send(Server(AFAR, port, USER, by_token=True), password=TOKEN))
    assert "does not offer XOAUTH2" in outcome.reason
    assert not box.envelopes


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize("trick", TRICKS)
def test_who_takes_encryption_away_hears_no_secret(trick: str, by_token: bool) -> None:
    secret = TOKEN if by_token else "secret"
    with serving(box := Tokens(), strict=False) as port, middle(port, trick) as between:
        outcome = failed(send(Server(AFAR, between.port, USER, by_token=by_token), password=secret))
        assert b"EHLO" in between.heard.upper()
        assert not between.heard_a(USER, secret), outcome
    assert outcome.again
    assert not box.envelopes


def test_who_only_listens_hears_no_secret_either() -> None:
    with serving(box := Tokens()) as port, middle(port) as between:
        assert isinstance(
            send(Server(AFAR, between.port, USER, by_token=True), password=TOKEN), Sent
        )
        assert b"STARTTLS" in between.heard.upper()
        assert not between.heard_a(USER, TOKEN)
    assert len(box.envelopes) == 1


@pytest.mark.parametrize("name", ["", "other.example.test"])
def test_who_shows_another_certificate_hears_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if not name:  # nobody vouches for it
        monkeypatch.delenv("SSL_CERT_FILE")
    with serving(box := Tokens()) as port:
        outcome = failed(send(Server(name or AFAR, port, USER, by_token=True), password=TOKEN))
    assert "certificate" in outcome.reason.lower()
    assert not box.envelopes


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://a;AUTH=XOAUTH2@b.ru", Server("b.ru", 587, "a", by_token=True)),
        (
            "smtps://a%40b.ru;auth=xoauth2@b.ru",
            Server("b.ru", 465, "a@b.ru", tls=True, by_token=True),
        ),
        ("smtp://a;b@b.ru", Server("b.ru", 587, "a;b")),
    ],
)
def test_who_logs_in_by_a_token(url: str, server: Server) -> None:
    assert smtp.server(url) == server


@pytest.mark.parametrize("url", ["smtp://a;AUTH=PLAIN@b.ru", "smtp://a;AUTH=XOAUTH2;AUTH=*@b.ru"])
def test_other_ways_to_log_in_are_not_taken_for_a_name(url: str) -> None:
    with pytest.raises(BadServer, match="way to log in"):
        smtp.server(url)


def test_a_token_that_is_not_there() -> None:
    with pytest.raises(BadServer, match="by a token"):
        send(Server("localhost", 25, "u", by_token=True))


def test_what_is_said() -> None:
    assert xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        "user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\1\1"
    )
