"""What is secret in an address is never shown, however the address is written and wherever it stands."""

from __future__ import annotations

import string
import time
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.model.redaction import redacted, secrets_of, without

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("smtp://sales:hunter2@host:587", "smtp://sales:***@host:587"),
        ("smtp://sales@skat.ru:hunt@er2@mail.ru", "smtp://sales@skat.ru:***@mail.ru"),
        ("smtp://sales:hun/ter2@host", "smtp://sales:***@host"),
        ("smtp://sales:hunter2", "smtp://sales:***"),
        ("smtp://sales%3Ahunter2@host", "smtp://***@host"),
        ("HTTPS://U:hunter2@H/x", "HTTPS://***@H/x"),
        ("https://hunter2@github.com/a/b", "https://***@github.com/a/b"),
        ("https://u:hunter2@[::1]:8080/x", "https://***@[::1]:8080/x"),
        ("(see https://u:hunter2@h/x?a=1).", "(see https://***@h/x?a=1)."),
        ("https://u:hunter2@a,https://v:hunter2@b", "https://***@a,https://***@b"),
        ("https://h/?a=1&access_token=hunter2&b=2", "https://h/?a=1&access_token=***&b=2"),
        ("https://h/#id_token=hunter2", "https://h/#id_token=***"),
        ("https://h/?X-Amz-Signature=hunter2", "https://h/?X-Amz-Signature=***"),
        ("https://h/?apiKey=hunter2&sig=hunter2", "https://h/?apiKey=***&sig=***"),
        ("https://h/?%70assword=hunter2", "https://h/?%70assword=***"),
        ("https://h/?next=https%3A%2F%2Fu%3Ahunter2%40i", "https://h/?next=***"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/services/***/***/***"),
        ("https://api.telegram.org/bot12:hunter2/sendMessage", "https://api.telegram.org/***/***"),
        ("https://skat.bitrix24.ru/rest/1/hunter2/x", "https://skat.bitrix24.ru/rest/***/***/***"),
        ("https://discord.com/api/webhooks/1/hunter2", "https://discord.com/api/webhooks/***/***"),
        ("https://chat.skat.ru/hooks/hunter2", "https://chat.skat.ru/hooks/***"),
        ("https://h/x/8f3hunter2b6e1d0c4a7", "https://h/x/***"),
    ],
)  # fmt: skip
def test_what_is_hidden(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "no address", "10:20@noon", "anna@example.ru", "smtp://sales@host:587", "https://example.com/hook?a=1&page=2",
        "http://127.0.0.1:8080/hook", "https://[::1]:8080/", "https://h:8080.", "https://medium.com/@user/story",
        "https://example.com/page/how-to-write-long-headings-2024", "smtps://mail.example.ru/", "maildir:/home/x",
    ],
)  # fmt: skip
def test_what_stays(text: str) -> None:
    assert redacted(text) == text


words = st.text("abcdefghij0123456789", min_size=1, max_size=8)
secrets = st.text(
    string.ascii_letters + string.digits + string.punctuation + "пароль", min_size=1, max_size=20
).map(lambda text: f"{SECRET}{text}{SECRET}")
hosts = st.sampled_from(["host", "mail.example.ru:587", "[2001:db8::1]", "[::1]:25", "почта.рф"])
schemes = st.sampled_from(["smtp", "SMTPS", "https", "HTTP", "git+ssh", "ftp", "postgres"])
around = st.sampled_from(["", "see ", "(", "'", '"', "<", "a, ", "\n", "{'url': '"])


@given(schemes, words, secrets, hosts, around, around)
def test_a_password_never_shows(
    scheme: str, user: str, secret: str, host: str, before: str, behind: str
) -> None:
    for written in (quote(secret, safe=""), secret.replace("/", "%2F").replace(":", "%3A")):
        shown = redacted(f"{before}{scheme}://{user}:{written}@{host}/x?y=1{behind}")
        assert SECRET not in shown
        assert host in shown


@given(schemes, st.sampled_from(["token", "api_key", "Secret", "x-signature", "пароль"]), secrets)
def test_a_secret_parameter_never_shows(scheme: str, name: str, secret: str) -> None:
    for mark in "?#":
        for written in (quote(name), name, name.upper()):
            url = f"{scheme}://host/a{mark}x=1&{written}={quote(secret, safe='')}&y=2"
            assert SECRET not in redacted(f"one {url}, two {url}; three")


@given(st.text(st.sampled_from("a1:/@?&=#%.,;'\" \n[]\\-") | st.characters(), max_size=60))
@example(":²")
def test_any_text_is_read_and_what_is_shown_is_shown_again(text: str) -> None:
    assert isinstance(redacted(f"https://{text}"), str)
    assert redacted(text) == text or "//" in text or "\\" in text


@pytest.mark.parametrize(
    "text",
    ["a" * 10**6, "https://h/" + "a1" * 10**6, "https://" + "@" * 10**6, "https://h/?" + "a=b&" * 10**5, "a:" * 10**5 + "//",
     "https://h/?x=" + "%25" * 10**5 + "3A//", "https://h/" + "1a-" * 10**5, "a://u:" * 10**4],
)  # fmt: skip
def test_long_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    redacted(text)
    assert time.process_time() - started < 5


def test_what_the_other_side_repeats() -> None:
    url = "https://hooks.slack.com/services/T0AAAA/B0BBBB/hunter2?token=%61bcde"
    said = "no such hook: /services/T0AAAA/B0BBBB/hunter2 with abcde"
    assert without(said, secrets_of(url)) == "no such hook: /services/***/***/*** with ***"
    assert without("a b", {"", "a"}) == "a b"
