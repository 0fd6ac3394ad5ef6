"""Letters are fetched from a real Dovecot, once; a server that hangs, drips or lies holds up nothing."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from crmcli.automation import mail_fetch, receive
from crmcli.automation.approval.gate import Gate
from crmcli.automation.tick import tick
from crmcli.channels import imap
from crmcli.sales.intake import kept
from crmcli.workspace import Workspace
from tests import kit
from tests.automation.dovecot import dovecot
from tests.kit import NOW, Run, replace
from tests.sales.intake.test_mail import letter


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A real Dovecot; its port."""
    with dovecot() as (port, _):
        yield port


class Post:
    """Mailboxes of that server, empty at first."""

    def __init__(self, port: int) -> None:
        self.port = port
        for user in ("anna", "boris"):
            with self.at(user) as box:
                box.select("INBOX")
                box.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
                box.expunge()

    def at(self, user: str) -> imaplib.IMAP4:
        box = imaplib.IMAP4("127.0.0.1", self.port)
        box.login(user, "secret")
        return box

    def put(
        self, content: bytes, user: str = "anna", flags: str = "", folder: str = "INBOX"
    ) -> None:
        with self.at(user) as box:
            box.append(folder, flags, "", content.replace(b"\n", b"\r\n"))

    def unseen(self, user: str = "anna") -> int:
        with self.at(user) as box:
            box.select("INBOX", readonly=True)
            return len(box.search(None, "UNSEEN")[1][0].split())

    def url(self, user: str = "anna", folder: str = "INBOX") -> str:
        return f"imap://{user}@127.0.0.1:{self.port}/{folder}"


@pytest.fixture
def post(server: int, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setenv("CRM_TEST_IMAP", "secret")
    return Post(server)


def set_up(folder: Path, urls: str) -> None:
    told = f"  mail:\n    fetch: [{urls}]\n    fetch_password: env:CRM_TEST_IMAP\n"
    replace(folder / "settings.yaml", "  mail:\n", told)


def fetching(folder: Path, *urls: str) -> Workspace:
    """The workspace, set up to fetch from there."""
    set_up(folder, ", ".join(urls))
    return Workspace.open(folder, now=NOW)


def numbered(number: int, **headers: str) -> bytes:
    return letter(
        f"Письмо {number}",
        f"Анна <a{number}@client.example>",
        Message_ID=f"<{number}@x>",
        **headers,
    )


def test_each_letter_comes_once_through_however_many_mailboxes(folder: Path, post: Post) -> None:
    ws = fetching(folder, post.url(), post.url("boris"))
    post.put(numbered(0), flags=r"(\Seen)")  # read before crm came: not ours
    for user in ("anna", "boris"):
        post.put(numbered(1), user)
    post.put(numbered(2), "boris")
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1, 1]
    assert (post.unseen(), post.unseen("boris")) == (0, 0)
    post.put(numbered(3), flags=r"(\Seen)")  # read by somebody first: it came after, so it is
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1, 0]
    assert not tick(ws).failures
    assert len(ws.select("lead")) == 3


def test_without_its_notes_and_with_a_mailbox_made_anew_nothing_is_lost_or_doubled(
    folder: Path, post: Post
) -> None:
    with post.at("anna") as box:
        box.delete("New")
        box.create("New")
    ws = fetching(folder, post.url(folder="New"))
    post.put(numbered(1), folder="New")
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]
    (folder / ".crm" / "mail-places").unlink()
    post.put(numbered(2), folder="New", flags=r"(\Seen)")
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]
    with post.at("anna") as box:
        box.delete("New")
        time.sleep(1.1)  # UIDVALIDITY is a time in seconds
        box.create("New")
    for number in (1, 2, 3):
        post.put(numbered(number), folder="New", flags=r"(\Seen)")
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]
    assert len(kept.waiting(ws)) == 3


def test_it_is_marked_as_read_only_once_it_is_kept(
    folder: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = fetching(folder, post.url())
    post.put(numbered(1))
    [box] = ws.settings.mail.fetch
    mailbox = mail_fetch.MailboxReceiver(ws, imap.box(box), {})
    [arrived] = mailbox.fetch()
    assert post.unseen() == 1
    mailbox.session.close()  # it is killed before it is kept
    assert kept.waiting(ws) == []
    again = mail_fetch.MailboxReceiver(ws, imap.box(box), {})
    assert receive.fetch(ws, [again]) == 1
    again.session.close()
    assert (post.unseen(), len(kept.waiting(ws))) == (0, 1)
    assert kept.keep(ws, "mail", [arrived]) == []


def test_a_folder_with_a_russian_name_and_a_wrong_password(
    folder: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "&BBcEMARPBDIEOgQ4-"
    with post.at("anna") as box:
        box.create(name)
    ws = fetching(folder, post.url(folder="Заявки"))
    post.put(numbered(1), folder=name)
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]
    monkeypatch.setenv("CRM_TEST_IMAP", "wrong")
    [failed] = mail_fetch.fetch_all(ws)
    assert "LOGIN" in str(failed.trouble)
    assert "wrong" not in str(failed.trouble)
    assert len(tick(ws).failures) == 0  # it was said just now
    monkeypatch.setenv("CRM_TEST_IMAP", "secret")
    assert mail_fetch.fetch_all(ws)[0].is_news


def test_the_command_fetches_and_takes_up(folder: Path, post: Post, crm: object) -> None:
    fetching(folder, post.url())
    post.put(letter())
    run = crm("mail", "fetch", CRM_TEST_IMAP="secret")  # type: ignore[operator]  # the fixture
    assert isinstance(run, Run)
    assert (run.code, "Анна Белова" in run.out) == (0, True), run.err
    assert crm("mail", "fetch", CRM_TEST_IMAP="no").code == 7  # type: ignore[operator]  # the fixture


LIES = {
    "silence": b"",
    "hangs up": b"* OK hi\r\n!close",
    "no IMAP": b"220 smtp.example ESMTP\r\n",
    "a line without end": b"* OK " + b"x" * 5_000_000,
    "a literal without end": b"* OK hi\r\n{t} OK\r\n* 1 FETCH (BODY[] {99999999999}\r\n",
    "drips": b"!drip",
    "odd numbers": b"!odd",
}


@pytest.mark.parametrize("lie", kit.some(LIES, 2))
def test_a_server_that_hangs_or_lies_is_one_line_and_the_tick_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    class Liar(StreamRequestHandler):
        def talk(self) -> None:
            """Agree to everything, with answers that are none."""
            odd = (
                b"* OK [UIDVALIDITY x] \r\n* SEARCH "
                + b"9" * 5000
                + b" -1 7 \xff\r\n* 7 FETCH (UID x\r\n"
            )
            self.wfile.write(b"* OK hi\r\n")
            for line in self.rfile:
                said = b"* CAPABILITY IMAP4rev1\r\n" if b"CAPA" in line else odd
                end = b" NO enough\r\n" if b"FETCH" in line else b" OK done\r\n"
                self.wfile.write(said + line.split()[0] + end)

        def handle(self) -> None:
            said = LIES[lie]
            if said == b"!odd":
                self.talk()
                return
            while said == b"!drip":
                try:
                    self.wfile.write(b"*")
                except OSError:
                    return
                time.sleep(0.05)
            with_end = said.removesuffix(b"!close").split(b"{t}")
            try:
                self.wfile.write(with_end[0])
                if len(with_end) > 1:
                    tag = self.rfile.readline().split()[0]
                    self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + with_end[1])
                if not said.endswith(b"!close"):
                    time.sleep(1.5)
            except OSError:
                return

    monkeypatch.setenv("CRM_TEST_IMAP", "secret")
    monkeypatch.setattr(imap, "SECONDS", 0.6)
    server = ThreadingTCPServer(("127.0.0.1", 0), Liar)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        ws = fetching(folder, f"imap://anna@127.0.0.1:{server.server_address[1]}")
        start = time.monotonic()
        [line] = tick(ws).failures
        assert time.monotonic() - start < 5
        assert "\n" not in line
        assert "secret" not in line
        assert tick(ws).failures == []  # said once
    finally:
        server.shutdown()
        server.server_close()


BAD = [
    "pop3://a@b.ru",
    "imaps://host/INBOX",
    "imaps://a:b@host/",
    "imaps://a@host:x/",
    'imaps://a@host/"x',
]


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_mailbox_is_refused_where_it_stands(folder: Path, url: str, crm: object) -> None:
    set_up(folder, f"'{url}'")
    run = crm("mail", "fetch")  # type: ignore[operator]  # the fixture
    assert (run.code, "settings.yaml" in run.err) == (6, True)
    with pytest.raises(imap.NoMailbox):
        imap.box(url)


def test_what_came_from_elsewhere_fetches_nothing_until_it_is_approved(ws: Workspace) -> None:
    from crmcli.automation.approval.acts import Act, acts_of
    from crmcli.channels.mail import Mail

    assert Gate(ws).why_not_channel("mail") == ""
    told = Mail.to_approve({"fetch": ["imaps://a@b.ru/INBOX"], "fetch_password": "cmd:steal"})
    assert "imaps://a@b.ru/INBOX" in told
    assert "steal" in told
    settings = b"channels: {mail: {fetch: [imaps://a@b.ru]}}"
    [act] = acts_of(lambda path: settings if path == "settings.yaml" else None)
    assert isinstance(act, Act)
    assert act.place == "channels/mail"
