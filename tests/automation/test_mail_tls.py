"""Mail is fetched over TLS, by passwords and tokens that a real Dovecot checks, and that nobody overhears."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from crmcli.automation import mail_fetch
from crmcli.channels import imap
from crmcli.channels.mail_login import spellings
from crmcli.workspace import Workspace
from tests.automation.dovecot import PEM, dovecot, token
from tests.automation.test_mail_fetch import Post, fetching, numbered
from tests.channels.man_in_the_middle import AFAR, LIE, TRICKS, from_afar, middle

SECRET = "CRM_TEST_IMAP"


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    with dovecot(tls=True) as both:
        yield both


@pytest.fixture
def post(ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Post:
    from_afar(monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    monkeypatch.setenv(SECRET, "secret")
    return Post(ports[0])


def good(user: str = "anna") -> str:
    return token(user, time.time() + 600)


def trouble(ws: Workspace) -> str:
    """Why nothing was fetched."""
    [one] = mail_fetch.fetch_all(ws)
    assert one.count == 0
    return str(one.trouble)


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_letters_come_over_tls(
    folder: Path, post: Post, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch,
    scheme: str, by_token: bool,
) -> None:  # fmt: skip
    user = "anna;AUTH=XOAUTH2" if by_token else "anna"
    monkeypatch.setenv(SECRET, good() if by_token else "secret")
    with middle(ports[scheme == "imaps"]) as between:
        ws = fetching(folder, f"'{scheme}://{user}@{AFAR}:{between.port}/INBOX'")
        post.put(numbered(1))
        assert [(one.count, one.trouble) for one in mail_fetch.fetch_all(ws)] == [(1, None)]
        assert post.unseen() == 0
        assert (b"STARTTLS" in between.heard) is (scheme == "imap")
        assert not between.heard_a("anna", good() if by_token else "secret")


def test_a_token_that_is_over_or_another_s_is_told_and_not_shown(
    folder: Path, post: Post, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = fetching(folder, f"'imaps://anna;AUTH=XOAUTH2@{AFAR}:{ports[1]}'")
    post.put(numbered(1))
    for bad in (token("anna", time.time() - 600), good()[:-3] + "AAA", good("boris")):
        monkeypatch.setenv(SECRET, bad)
        told = trouble(ws)
        assert "AUTHENTICATE" in told
        assert not any(word in told for word in spellings("anna", bad))
    monkeypatch.setenv(SECRET, good())
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize("trick", TRICKS)
def test_who_takes_encryption_away_hears_no_secret(
    folder: Path, post: Post, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch,
    trick: str, by_token: bool,
) -> None:  # fmt: skip
    secret = good() if by_token else "secret"
    monkeypatch.setenv(SECRET, secret)
    post.put(numbered(1))
    with middle(ports[0], trick, imap=True) as between:
        user = "anna;AUTH=XOAUTH2" if by_token else "anna"
        told = trouble(fetching(folder, f"'imap://{user}@{AFAR}:{between.port}'"))
        assert b"CAPABILITY" in between.heard
        assert not between.heard_a("anna", secret)
    assert "\n" not in told
    assert post.unseen() == 1


@pytest.mark.parametrize("name", ["", "other.example.test"])
@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_who_shows_another_certificate_hears_no_secret(
    folder: Path, post: Post, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch,
    scheme: str, name: str,
) -> None:  # fmt: skip
    if not name:  # nobody vouches for it
        monkeypatch.delenv("SSL_CERT_FILE")
    ws = fetching(folder, f"{scheme}://anna@{name or AFAR}:{ports[scheme == 'imaps']}")
    assert "certificate" in trouble(ws).lower()


def test_what_was_said_before_encryption_counts_no_more(
    folder: Path, post: Post, ports: tuple[int, int]
) -> None:
    with middle(ports[0]) as between:
        between.lie = LIE
        session = imap.Session(imap.sent_box(f"imap://anna@{AFAR}:{between.port}"), "secret")
        assert session._folder == "Gone", "so Dovecot calls it"
        session.close()


def test_a_server_that_repeats_the_token_does_not_get_it_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Parrot(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK hi\r\n")
            for line in self.rfile:
                tag, word, *_ = line.split()
                said = b""
                if word == b"AUTHENTICATE":
                    self.wfile.write(b"+ \r\n")
                    said = self.rfile.readline().strip()
                    self.wfile.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
                    heard.append(self.rfile.readline())
                    self.wfile.write(tag + b" NO not " + said + b"\r\n")
                    continue
                self.wfile.write(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n" + tag + b" OK done\r\n")

    heard: list[bytes] = []
    monkeypatch.setenv(SECRET, "an-old-token" * 100)  # longer than what is told of an answer
    with ThreadingTCPServer(("127.0.0.1", 0), Parrot) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"'imap://anna;AUTH=XOAUTH2@127.0.0.1:{server.server_address[1]}'"
        told = trouble(fetching(folder, url))
        server.shutdown()
    assert told.endswith("AUTHENTICATE: not ***"), told
    assert heard == [b"\r\n"]


@pytest.mark.parametrize("user", ["a;AUTH=PLAIN", "a;AUTH=*", "a;auth=xoauth2;AUTH=XOAUTH2"])
def test_other_ways_to_log_in_are_not_taken_for_a_name(user: str) -> None:
    with pytest.raises(imap.NoMailbox, match="way to log in"):
        imap.box(f"imaps://{user}@b.ru")
