"""Messages as they are found in the wild: every broken one is read, and nothing in one is run."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.channels.incoming_mail import Person, read
from crmcli.channels.incoming_mail.facts import NoMessage

HEAD = b"From: a@b.ru\nTo: c@d.ru\nSubject: x\n"


def typed(kind: str, body: bytes, more: str = "") -> bytes:
    return HEAD + f"Content-Type: {kind}\n{more}\n".encode() + body


@pytest.mark.parametrize("data", [b"", b"\n\n \r\n", b"\0\0\0"])
def test_only_where_nothing_is_there_is_there_no_message(data: bytes) -> None:
    with pytest.raises(NoMessage):
        read(data)


def test_the_head_is_read_into_facts() -> None:
    mail = read(
        b"Return-Path: <anna@firm.ru>\r\nDelivered-To: crm+k7@our.ru\r\n"
        b"Received: from x by y for <crm+k7@our.ru>; Mon, 23 Nov 2026 10:00:00 +0300\r\n"
        b"Message-ID: <1@firm.ru>\r\nIn-Reply-To: <c@our.ru>\r\nReferences: <a@our.ru>\r\n <b@our.ru> <c@our.ru>\r\n"
        b"From: =?UTF-8?B?0JDQvdC90LA=?= <Anna@Firm.RU>\r\nReply-To: other@firm.ru\r\n"
        b'To: "Smith, John" <js@our.ru>, crm@our.ru\r\nDate: Mon, 23 Nov 2026 10:00:00 +0300 (MSK)\r\n'
        b"Subject: =?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=\r\n\r\nhello\r\n"
    )
    assert mail.sender == Person("Анна", "Anna@firm.ru")
    assert mail.answers == ("<c@our.ru>", "<b@our.ru>", "<a@our.ru>")
    assert mail.to == (Person("Smith, John", "js@our.ru"), Person("", "crm@our.ru"))
    assert mail.date == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert (mail.message_id, mail.subject, mail.text) == ("<1@firm.ru>", "Привет", "hello")
    assert mail.envelope_to == ("crm+k7@our.ru",)
    assert [one.address for one in mail.reply_to] == ["other@firm.ru"]


@pytest.mark.parametrize(
    ("raw", "read_as"),
    [
        (b"=?utf-8?B?0J/RgNC40LI=?= =?utf-8?B?0LXRgg==?=", "Привет"),
        (b"=?utf-8?B?0J/RgNC40LLQ?=\n =?utf-8?B?tdGC?=", "Привет"),  # a letter cut in two
        (b"=?utf-8?B?0J/RgNC40LLQtdGC", "Привет"),  # never ended
        (b"=?utf-8?B?0J/RgNC40LLQtdGC0?=", "Привет"),  # one letter too many
        (b"=?utf-8?Q?=D0=9F=D1=80 =D0=B8?=", "Пр и"),  # a space within
        (b"=?no-such?Q?abc?=", "abc"),
        (b"Re: =?windows-1251?B?z/Do4uXy?= ok", "Re: Привет ok"),
        ("Заявка с сайта".encode("cp1251"), "Заявка с сайта"),
        ("Заявка с сайта".encode(), "Заявка с сайта"),
        ("Заявка на расчёт балкона".encode("koi8-r"), "Заявка на расчёт балкона"),
        (b"a\n b\n\tc", "a b c"),
        (b"a\x1b[31mred\x00\x07", "a[31mred"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        (b"torn\nby a broken program\nX-Next: 1", "torn by a broken program"),
        (b"x" * 5000, "x" * 1000),
    ],
)
def test_subjects_are_read_as_they_were_meant(raw: bytes, read_as: str) -> None:
    assert read(b"From: a@b.ru\nSubject: " + raw + b"\n\ntext").subject == read_as


@pytest.mark.parametrize(
    ("raw", "person"),
    [
        ("anna@firm.ru", Person("", "anna@firm.ru")),
        ("anna@firm.ru (Анна)", Person("Анна", "anna@firm.ru")),
        ("Анна Белова <anna@firm.ru>", Person("Анна Белова", "anna@firm.ru")),
        ('"anna@firm.ru" <anna@firm.ru>', Person("anna@firm.ru", "anna@firm.ru")),
        ('"=?utf-8?B?0JDQvdC90LA=?=" <anna@firm.ru>', Person("Анна", "anna@firm.ru")),
        ("Белова Анна anna@firm.ru", Person("Белова Анна", "anna@firm.ru")),
        ("<<anna@firm.ru>>", Person("", "anna@firm.ru")),
        ("anna@почта.рф", Person("", "anna@почта.рф")),
        ("undisclosed-recipients:;", Person("", "")),
        ("Анна <not an address>", Person("Анна", "")),
    ],
)  # fmt: skip
def test_senders_are_read_as_they_are_written(raw: str, person: Person) -> None:
    assert read(f"From: {raw}\nSubject: x\n\ntext".encode()).sender == person


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Nov 2026 10:00:00", "1", "Thu, 1 Jan 1900 00:00:00 +0000"]
)
def test_a_date_that_is_none_is_none(date: str) -> None:
    assert read(f"From: a@b.ru\nDate: {date}\n\ntext".encode()).date is None


RUSSIAN = "Добрый день! Подскажите, пожалуйста, когда будет готов расчёт по балкону?"
GERMAN = "Guten Tag, könnten Sie uns bitte die Preise für die größeren Stühle schicken?"


@pytest.mark.parametrize(
    ("text", "encoding", "announced"),
    [
        (RUSSIAN, "cp1251", ""), (RUSSIAN, "koi8-r", ""), (RUSSIAN, "utf-8", ""), (RUSSIAN, "cp1251", "utf-8"),
        (RUSSIAN, "koi8-r", "utf-8"), (RUSSIAN, "utf-8", "koi8-r"), (RUSSIAN, "utf-8", "windows-1251"),
        (RUSSIAN, "cp1251", "koi8-r"), (RUSSIAN, "koi8-r", "windows-1251"), (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "utf-8", "us-ascii"), (RUSSIAN, "cp1251", "no-such-thing"), (RUSSIAN, "cp1251", "win-1251"),
        (RUSSIAN, "utf-16", "utf-16"), (GERMAN, "cp1252", ""), (GERMAN, "iso8859-1", "iso-8859-1"),
        (GERMAN, "utf-8", "iso-8859-15"), (GERMAN, "cp1252", "utf-8"),
    ],
)  # fmt: skip
def test_a_text_is_read_whatever_its_encoding_is_said_to_be(
    text: str, encoding: str, announced: str
) -> None:
    kind = f"text/plain; charset={announced}" if announced else "text/plain"
    assert (
        read(typed(kind, text.encode(encoding), "Content-Transfer-Encoding: 8bit\n")).text == text
    )


def test_html_is_read_as_text_and_links_stay() -> None:
    html = (
        "<html><head><title>no</title><style>p {color: red}</style></head><body onload='evil()'>"
        "<script>alert(1)</script><p>Добрый&nbsp;день,<br>нужен <b>балкон</b></p>"
        "<p><a href='https://firm.ru/x'>наш сайт</a> <a href='https://firm.ru'>firm.ru</a> <a href='javascript:1'>j</a>"
        " <a href='mailto:a@firm.ru'>a@firm.ru</a></p>"
        "<table><tr><td>Имя</td><td>Анна</td></tr><tr><td>Город</td><td>Тула</td></tr></table>"
        "<img src='https://track.ru/1.gif'><div style='display:none'>hidden</div><ul><li>раз<li>два</ul></body></html>"
    )
    assert read(typed("text/html; charset=utf-8", html.encode())).text == (
        "Добрый\xa0день,\nнужен балкон\n\nнаш сайт (https://firm.ru/x) firm.ru j a@firm.ru\n\n"
        "Имя\tАнна\nГород\tТула\n\n- раз\n- два"
    )


def test_of_two_readings_the_plain_one_is_read_unless_it_says_nothing() -> None:
    def both(plain: str) -> str:
        message = EmailMessage()
        message.set_content(plain)
        message.add_alternative("<p>rich</p>", subtype="html")
        return read(message.as_bytes()).text

    assert both("plain") == "plain"
    assert both(" \n") == "rich"
    assert both("Your mail program does not show HTML.") == "rich"


def test_files_keep_their_names_and_are_safe() -> None:
    message = EmailMessage()
    message.set_content("<img src='cid:logo'>see below", subtype="html")
    message.add_related(b"gif", maintype="image", subtype="gif", cid="<logo>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Счёт № 5.pdf")
    message.add_attachment(
        b"x", maintype="application", subtype="x-y", filename="../../etc/pass\twd:1"
    )
    data = message.as_bytes()
    assert read(data).text == "see below"
    assert [(one.name, one.is_inline) for one in read(data).attachments if one.type != "image/gif"] == [
        ("Счёт № 5.pdf", False), ("pass wd_1", False),
    ]  # fmt: skip
    (logo,) = (one for one in read(data).attachments if one.type == "image/gif")
    assert (logo.name, logo.content, logo.is_inline) == ("image-1.gif", b"gif", True)


def test_a_name_as_most_programs_write_it_is_read() -> None:
    head = 'Content-Disposition: attachment;\n filename="=?windows-1251?B?0fft8i5wZGY=?="\n'
    (file,) = read(typed("application/pdf", b"x", head)).attachments
    assert file.name == "Счнт.pdf"
    head = "Content-Disposition: attachment;\n filename*0*=utf-8''%D0%A1%D1%87;\n filename*1*=%D1%91%D1%82.pdf\n"
    (file,) = read(typed("application/pdf", b"x", head)).attachments
    assert file.name == "Счёт.pdf"


def test_flowed_lines_are_whole_again() -> None:
    flowed = b"one \ntwo\n> quoted \n> on\n-- \nme"
    assert read(typed("text/plain; format=flowed", flowed)).text == "one two\n> quoted on\n-- \nme"


def nested(depth: int) -> bytes:
    opened = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return HEAD + opened.encode() + b"Content-Type: text/plain\n\ndeep\n"


def test_what_is_nested_or_many_beyond_measure_is_cut() -> None:
    assert (read(nested(5)).text, read(nested(5)).is_cut) == ("deep", False)
    assert read(nested(3000)).is_cut
    many = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 20_000
    assert read(many).is_cut


def test_a_large_message_is_read_in_seconds() -> None:
    body = b"QUJD" * 18 + b"\r\n"
    data = typed("multipart/mixed; boundary=q", b"--q\n\nhello\n--q\nContent-Type: image/png\n"
                 b"Content-Transfer-Encoding: base64\n\n" + body * 410_000 + b"\n--q--\n")  # fmt: skip
    start = time.process_time()
    mail = read(data)
    assert (mail.text, mail.is_cut, len(mail.attachments[0].content)) == (
        "hello",
        False,
        54 * 410_000,
    )
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"no headers at all\nsecond line", "no headers at all\nsecond line"),
        (b"\nbody only", "body only"),
        (b"Subject: only a head", ""),
        (b"From bob@x.ru Mon Nov 23 10:00:00 2026\nSubject: x\n\ntext", "text"),
        (HEAD.replace(b"\n", b"\r") + b"\rold\rMac", "old\nMac"),
        (HEAD + b"\na\0b\x1b[2Jc\x07", "ab[2Jc"),
        (typed("multipart/mixed", b"no boundary"), "no boundary"),
        (typed("multipart/mixed; boundary=zz", b"not found"), "not found"),
        (typed("multipart/mixed; boundary=q", b"--q\n\nnever ended"), "never ended"),
        (typed("text/plain", b"!!!not base64", "Content-Transfer-Encoding: base64\n"), "!!!not base64"),
        (typed("text/plain", b"a=ZZb=", "Content-Transfer-Encoding: quoted-printable\n"), "a=ZZb"),
        (typed("garbage", b"text"), "text"),
        (HEAD + b"\n<html><body><p>no type</p></body></html>", "no type"),
    ],
)  # fmt: skip
def test_broken_messages_are_read(data: bytes, text: str) -> None:
    assert read(data).text == text


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b" y\n" * 300_000, b"From: " + b'(<"' * 300_000, HEAD + b"\n" + b"--\n" * 20_000 + b"?\n" * 20_000,
        HEAD + b"\n" + b"> a\nb\n" * 10_000, b"From: MAILER-DAEMON@x.ru\nSubject: undelivered\n\n" + b"user" * 250_000,
        typed("text/html", b"<!--" * 200_000), typed("text/html", b"<b><i>" * 1000 + b"</q>" * 100_000),
        typed("text/html", b"</a" * 300_000), typed("text/html", b"<blockquote>a" * 50_000),
        typed("text/plain; format=flowed", b"yyyyyyyy \n" * 400_000),
    ],
    ids=["lines", "brackets", "signs", "arrows", "letters", "comments", "tags", "ends", "quotes", "flowed"],
)  # fmt: skip
def test_what_is_made_to_take_long_does_not(data: bytes) -> None:
    start = time.process_time()
    read(data)
    assert time.process_time() - start < 5


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    for data in (
        noise,
        HEAD + noise,
        typed("multipart/mixed; boundary=q", b"--q\n" + noise + b"\n--q\n" + noise),
    ):
        if data.strip(b" \t\r\n\0"):
            read(data)


@settings(deadline=None)
@given(st.text("<>/=\"'ab! -&;#x\n[CDATA]p?", max_size=200))
def test_no_html_breaks_the_reader(noise: str) -> None:
    read(typed("text/html; charset=utf-8", noise.encode()))
