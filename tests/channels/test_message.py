"""A message becomes bytes: the same each time, with exactly the headers that were meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email import charset, message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.channels.address import UnsafeHeader, mailbox
from crmcli.channels.message import (
    AttachedFile,
    Message,
    NoAttachment,
    attachment,
    from_bytes,
    to_bytes,
)

LETTER = Message(
    key="robot hello lead-7k3qf2m9",
    sender="Скатная линия <sales@skat.example.ru>",
    to=("Анна Ковалёва <anna@example.ru>",),
    subject="Мы получили вашу заявку",
    text="Здравствуйте, Анна!\n\n.\nС точкой в строке.\n",
    date=datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Europe/Moscow")),
)


def read(message: Message, *, wire: bool = True) -> EmailMessage:
    parsed = BytesParser(policy=policy.default).parsebytes(to_bytes(message, wire=wire))
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("wire", [True, False])
def test_a_letter_arrives_as_it_was_written(wire: bool) -> None:
    got = read(LETTER, wire=wire)
    assert got["Subject"] == LETTER.subject
    assert got["From"].addresses[0].display_name == "Скатная линия"
    assert got["To"].addresses[0].addr_spec == "anna@example.ru"
    assert got["To"].addresses[0].display_name == "Анна Ковалёва"
    assert got.get_content().replace("\r\n", "\n") == LETTER.text
    assert str(got["Date"]) == "Mon, 23 Nov 2026 12:00:00 +0300"


def test_what_other_packages_set_for_the_whole_process_changes_no_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charset, "CHARSETS", dict(charset.CHARSETS))
    before = to_bytes(LETTER, wire=True)
    charset.add_charset("utf-8", charset.QP, charset.QP, "utf-8")  # as apprise does
    assert to_bytes(LETTER, wire=True) == before


WORDS = st.text("АБВабвёЁйщъэюяŁéabz-.'", min_size=1, max_size=40)
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@pytest.mark.parametrize("wire", [True, False])
@settings(deadline=None)
@given(name=NAMES, ours=NAMES)
def test_names_and_subjects_of_any_length_arrive_whole(wire: bool, name: str, ours: str) -> None:
    people = {"sender": f"{ours} <s@skat.example.ru>", "reply_to": f"{ours} <r@skat.example.ru>"}
    message = replace(LETTER, **people, to=(f"{name} <o@example.ru>",), subject=f"{ours} {name}")
    data = to_bytes(message, wire=wire)
    assert max(map(len, data.partition(b"Date")[0].splitlines())) <= 78
    got = from_bytes(data, message.key)
    assert got.subject.split() == message.subject.split()
    for text, said in ((got.to[0], name), (got.sender, ours), (got.reply_to, ours)):
        assert mailbox("To", text).name.split() == said.split()


def test_the_wire_has_seven_bits_and_crlf_a_file_is_readable() -> None:
    wire, file = to_bytes(LETTER, wire=True), to_bytes(LETTER, wire=False)
    assert wire.isascii()
    assert wire.count(b"\n") == wire.count(b"\r\n")
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert "Здравствуйте, Анна!".encode() in file
    assert b"\r" not in file


def test_the_same_key_gives_the_same_message() -> None:
    message = replace(
        LETTER, html="<p>Анна</p>", attachments=(AttachedFile("a.pdf", "application/pdf", b"x"),)
    )
    assert to_bytes(message, wire=True) == to_bytes(message, wire=True)
    assert read(LETTER)["Message-ID"] == LETTER.id
    assert LETTER.id.endswith("@skat.example.ru>")
    assert replace(LETTER, subject="x").id == LETTER.id != replace(LETTER, key="other").id


def test_parts_and_attachments() -> None:
    files = (
        AttachedFile("прайс-лист.pdf", "application/pdf", b"%PDF\x00\xff"),
        AttachedFile("a.bin", "application/octet-stream", b"\r\n.\r\n"),
    )
    got = read(replace(LETTER, html="<p>Анна & Ко</p>", attachments=files))
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().startswith("Здравствуйте")
    assert html.get_content().strip() == "<p>Анна & Ко</p>"
    assert [(p.get_filename(), p.get_content()) for p in got.iter_attachments()] == [
        ("прайс-лист.pdf", b"%PDF\x00\xff"),
        ("a.bin", b"\r\n.\r\n"),
    ]


def test_a_robots_letter_says_so() -> None:
    got = read(replace(LETTER, automatic=True))
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert read(LETTER)["Auto-Submitted"] is None


INJECTIONS = [
    "A =?UTF-8?Q?=0A?=Bcc: x@y",  # CVE-2024-6923
    "A =?UTF-8?Q?=0ABcc:_x@y?=",
    "=?utf-8?b?QQ0KQmNjOiB4QHk=?=",
    "A=?UTF-8?Q?=0A?=Bcc:x@y",
    "=?utf-7?Q?+AAo-Bcc:_x@y?=",
    "=?utf-8?q?=E2=80=A8?=Bcc: x@y",
    "A\nBcc: x@y",
    "A\r\nBcc: x@y",
    "A\rBcc: x@y",
    "A\n\nтело",
    "A\u2028Bcc: x@y",
    "A\x85Bcc: x@y",
    "A\x0bB",
    "A\x00B",
    "\ud800",
    "=?bogus?Q?=0A?=Bcc: x@y",
]


@pytest.mark.parametrize("evil", INJECTIONS)
@pytest.mark.parametrize("place", ["subject", "sender", "to", "reply_to", "attachment"])
def test_no_header_can_be_injected(evil: str, place: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "subject": {"subject": evil},
        "sender": {"sender": f"{evil} <a@b.ru>"},
        "to": {"to": (f'"{evil}" <a@b.ru>',)},
        "reply_to": {"reply_to": f"{evil} <a@b.ru>"},
        "attachment": {"attachments": (AttachedFile(evil, "text/plain", b""),)},
    }
    with pytest.raises(UnsafeHeader):
        to_bytes(replace(LETTER, **changes[place]), wire=True)


@given(
    st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("=?UTF-8?QB=0A?=\n\r: ")), max_size=80
    )
)
def test_any_subject_leaves_as_one_header_or_not_at_all(subject: str) -> None:
    try:
        data = to_bytes(replace(LETTER, subject=subject), wire=True)
    except UnsafeHeader:
        return
    names = [
        line.split(b":")[0]
        for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")
        if line[:1] not in b" \t"
    ]
    assert names == [
        b"From",
        b"To",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"Content-Type",
        b"Content-Transfer-Encoding",
        b"MIME-Version",
    ]


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("anna@example.ru", "", "anna@example.ru"),
        ("<a@b.ru>", "", "a@b.ru"),
        ('"Ковалёва, Анна" <a@B.RU>', "Ковалёва, Анна", "a@b.ru"),
        ("a.b+c@почта.рф", "", "a.b+c@xn--80a1acny.xn--p1ai"),
        (r'"Анна \"К\" И." <a@b.ru>', 'Анна "К" И.', "a@b.ru"),
        ("sales@localhost", "", "sales@localhost"),
    ],
)
def test_addresses(text: str, name: str, address: str) -> None:
    assert (mailbox("To", text).name, mailbox("To", text).address) == (name, address)


@pytest.mark.parametrize(
    "text",
    ["", "anna", "a@", "@b.ru", "a@b@c.ru", "a b@c.ru", "a@b.ru, c@d.ru", "почта@b.ru", "a@-b.ru", "a@b..ru", "a..b@c.ru",
     "<a@b.ru> <c@d.ru>", "a@b.ru\nBcc: c@d.ru", "a@b.ru>", "-oQ/tmp a@b.ru", "a" * 250 + "@b.ru"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UnsafeHeader):
        mailbox("To", text)


def test_a_message_needs_somebody() -> None:
    with pytest.raises(UnsafeHeader, match="no recipient"):
        to_bytes(replace(LETTER, to=()), wire=True)


def test_files_of_the_workspace_are_attached(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "прайс.pdf").write_bytes(b"%PDF")
    assert attachment(tmp_path, "files/прайс.pdf") == AttachedFile(
        "прайс.pdf", "application/pdf", b"%PDF"
    )
    (tmp_path / "files" / "a.csv.gz").write_bytes(b"x")
    assert attachment(tmp_path, "files/a.csv.gz").type == "application/octet-stream"


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", ".crm/lock", ".git/config", "link", "", "no.pdf", "a/../b"]
)
def test_other_files_are_not_attached(tmp_path: Path, path: str) -> None:
    root = tmp_path / "ws"
    (root / ".crm").mkdir(parents=True)
    (root / ".crm" / "lock").write_text("x")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    from crmcli.errors import InvalidData

    with pytest.raises(InvalidData):
        attachment(root, path)


def test_attachments_have_a_limit() -> None:
    big = AttachedFile("a.bin", "application/octet-stream", bytes(21 * 1024 * 1024))
    with pytest.raises(NoAttachment, match="20 MB"):
        to_bytes(replace(LETTER, attachments=(big,)), wire=True)


ENCODED = [
    "=?x?Q?a?=", "=?utf-8?Q?a?=", "=?utf-8?B?0JDQvdC90LA=?=", "a =?koi8-r?b?8A==?= b", "=?utf-8?Q?=3D=3Fx=3FQ=3Fa=3F=3D?=",
    "=?utf-8?Q?a", "=?utf-8?Q?", "=?", "?=", "Чай =? чай", "=?utf-8*ru?Q?a?=", "=?utf-8?X?a?=", "=??Q?a?=", "=?utf-8?Q? a b ?=",
    "=?utf-8?Q?" + "a" * 2000 + "?=", "=?utf-8?Q?a?= =?utf-8?Q?b?=", "(=?utf-8?Q?a?=)", "=?utf-8?q?a?=x", "= ?utf-8?q?a?=",
]  # fmt: skip


@pytest.mark.parametrize("word", ENCODED)
@pytest.mark.parametrize("place", ["subject", "sender", "to", "reply_to", "attachment"])
@pytest.mark.parametrize("wire", [True, False])
def test_an_encoded_word_leaves_as_it_stands_or_not_at_all(
    word: str, place: str, wire: bool
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "subject": {"subject": word},
        "sender": {"sender": f"{word} <a@b.ru>"},
        "to": {"to": (f"{word} <a@b.ru>",)},
        "reply_to": {"reply_to": f"{word} <a@b.ru>"},
        "attachment": {"attachments": (AttachedFile(word, "text/plain", b""),)},
    }
    try:
        data = to_bytes(replace(LETTER, **changes[place]), wire=wire)
    except UnsafeHeader:
        assert "=?" in word
        assert "?=" in word
        return
    got = message_from_bytes(data, policy=policy.default)
    old = message_from_bytes(data)
    seen = {
        "subject": lambda: (got["Subject"], decoded(old["Subject"])),
        "sender": lambda: (got["From"].addresses[0].display_name, name_in(old["From"])),
        "to": lambda: (got["To"].addresses[0].display_name, name_in(old["To"])),
        "reply_to": lambda: (got["Reply-To"].addresses[0].display_name, name_in(old["Reply-To"])),
        "attachment": lambda: tuple(
            decoded(part.get_filename() or "") for part in old.walk() if part.get_filename()
        )[-1:] * 2,
    }  # fmt: skip
    assert seen[place]() == (word, word)


def name_in(header: str) -> str:
    return decoded(parseaddr(header)[0])


def decoded(header: str) -> str:
    return str(make_header(decode_header(header)))
