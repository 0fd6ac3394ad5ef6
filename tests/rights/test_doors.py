"""Whatever way a text takes out of the program, phones and e-mails beyond the day's number are masked in it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.store.disk import files
from tests import kit
from tests.rights.conftest import ACCESS, Base

Crm = Callable[..., kit.Run]
PHONE, EMAIL = "79263843119", "secret61@x.example"
TEXT = f"\u2014secret61@x.example и +7\u00a0926\u00a0384\u201131\u201119, \ufeff{EMAIL}\u200e8\t926\t384 31 19\u2028"
"""How a name may have them, with what an encoding or a terminal does not take beside them."""


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Olga was shown her two clients of today, and has another one."""
    root = kit.workspace(tmp_path_factory.mktemp("doors") / "team", kit.pipelines(), SETTINGS)
    ws = kit.opened(root, user="root")
    records = {
        f"c{n}": kit.add(ws, "contact", name=f"Покупатель {n}", owner="olga", anyway=True,
                         phones=f"+7 916 555-44-3{n}", tags="мой")
        for n in range(2)
    }  # fmt: skip
    client = kit.add(ws, "contact", name="Тайна", owner="olga", phones=PHONE, emails=EMAIL)
    records["client"] = client
    records["deal"] = kit.deal(ws, name=TEXT, owner="olga", contacts=client.id, comment=TEXT)
    records["lead"] = kit.lead(ws, name=f"Лид {PHONE}", owner="olga", phones=PHONE, anyway=True)
    mail = "Subject: Звонок\n\n{{ contact.name }}, {{ contact.email }}, {{ contact.phone }}\n"
    kit.write(root, "templates/mail/after_call.j2", mail)
    kit.write(root, "access.yaml", ACCESS + "budget: 2\n")
    return Base(root, records)


SETTINGS = """
company: {name: "ООО «Чайный дом»", email: sales@chai.example}
channels: {mail: {deliver: "maildir:out", from: sales@chai.example}}
users: {anna: {name: Анна}, boris: {name: Борис}, olga: {name: Ольга}, ivan: {name: Иван}, root: {name: Хозяйка}}
"""


def full(said: str) -> list[str]:
    """What stands there of the client in full, escaped or broken into lines or not."""
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said)
    said = re.sub(r"\\u([0-9a-f]{4})|\\x([0-9a-f]{2})", lambda m: chr(int(m[1] or m[2], 16)), said)
    digits = "".join(letter for letter in said if letter.isdecimal() or letter == "*")
    return [one for one in ("9263843119", "secret61") if one in said + digits]


@pytest.fixture
def olga(crm: Crm, spent: Base) -> Crm:
    """The program as Olga calls it, after today's two clients."""

    def run(*args: str, **given: str) -> kit.Run:
        return crm(*args, cwd=spent.root, CRM_USER="olga", **given)

    assert run("contact", "list", "--where", "tags has мой", "--json").code == 0
    return run


@pytest.mark.parametrize(
    ("form", "encoding"),
    kit.some([("table", "utf-8"), ("json", "utf-8"), ("yaml", "utf-8"), ("tsv", "utf-8"), ("table", "ascii"),
              ("json", "ascii"), ("csv", "ascii"), ("tsv", "ascii")], 3),
)  # fmt: skip
def test_no_format_and_no_encoding_shows_them(
    olga: Crm, spent: Base, form: str, encoding: str
) -> None:
    deal = spent.records["deal"].id
    for args in (
        ("deal", "show", deal), ("deal", "list"), ("deal", "edit", deal, "--comment", TEXT + form),
    ):  # fmt: skip
        done = olga(*args, "--format", form, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert not full(done.out + done.err), (args, done)
        assert done.code == 0 or encoding != "utf-8", (args, done)
    assert olga("deal", "edit", deal, "--comment", TEXT).code == 0


def told_on(root: Path, args: list[str], wide: int, answer: str) -> str:
    """All that a command writes to a terminal of that width, where its questions get that answer."""
    pid, fd = pty.fork()
    if not pid:
        os.chdir(root)
        environ = {"CRM_USER": "olga", "CRM_NOW": kit.NOW.isoformat(), "PAGER": "cat", "TERM": "xterm",
                   "PYTHONUTF8": "1", "COLUMNS": str(wide)}  # fmt: skip
        os.execvpe(
            sys.executable, [sys.executable, "-m", "crmcli", *args], {**os.environ, **environ}
        )
    said, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([fd], [], [], 4)[0]:
            os.write(fd, b"\x03")  # it waits, and does not end as other questions do
            continue
        try:
            said += os.read(fd, 65536)
        except OSError:
            break
        if said.rstrip().endswith(b":"):
            os.write(fd, answer.encode())
            answer = "\x03"
    os.close(fd)
    os.waitpid(pid, 0)
    return said.decode("utf-8", "replace")


def test_a_digest_does_not_tell_what_is_masked(olga: Crm, spent: Base) -> None:
    client = spent.records["client"].id
    file = files.read_bytes(kit.file_of(spent.open("root"), client))
    text = olga("contact", "edit", client, "--print").out
    assert text.startswith("# version: ")
    for args in (("contact", "edit", client, "--print"), ("timeline", client, "--json"),
                 ("activity", "list", "--json")):  # fmt: skip
        assert files.digest(file)[:8] not in olga(*args).out, args
    changed = text.replace("owner: olga", "owner: olga\ncomment: да")
    assert olga("contact", "edit", client, "--from", "-", stdin=changed).code == 0
    late = changed.replace("comment: да", "comment: нет")
    assert olga("contact", "edit", client, "--from", "-", stdin=late).code == 5


def test_a_file_of_a_record_survives_an_edit_as_text(crm: Crm, olga: Crm, spent: Base) -> None:
    client = spent.records["client"].id
    assert crm("file", "add", client, "-", "--name", "план.txt", stdin="план", cwd=spent.root,
               CRM_USER="root").code == 0  # fmt: skip
    before = kit.raw(spent.open("root"), client)
    text = olga("contact", "edit", client, "--print").out
    assert files.digest("план".encode()) not in text
    changed = text.replace("name: Тайна", "name: Тайна Первая")
    done = olga("contact", "edit", client, "--from", "-", stdin=changed)
    assert done.code == 0, done
    after = kit.raw(spent.open("root"), client)
    assert after == {**before, "name": "Тайна Первая"}
    assert olga("contact", "edit", client, "--name", "Тайна").code == 0


@pytest.mark.parametrize("wide", [30, 48])
def test_a_line_that_is_broken_shows_none(olga: Crm, spent: Base, wide: int) -> None:
    deal, client = spent.records["deal"].id, spent.records["client"].id
    [masked] = [
        one["value"] for one in json.loads(olga("contact", "show", client, "--json").out)["phones"]
    ]
    for args in (
        ["deal", "move", deal, "talks", "-n"], ["log", "note", deal, "привет", "-n"],
        ["contact", "edit", client, "--phone", masked, "--phone", f"+791611122{wide}", "-n"],
    ):  # fmt: skip
        said = told_on(spent.root, args, wide, "n")
        assert said.strip()
        assert not full(said), (args, said)


def test_a_question_shows_none(olga: Crm, spent: Base) -> None:
    kit.edit(spent.open("root"), spent.records["client"].id, name=f"Тайна {PHONE}")
    client, lead = spent.records["client"].id, spent.records["lead"].id
    for args, asked in (
        (["mail", "send", client, "--template", "after_call"], "s…@x.example"),
        (["lead", "convert", lead], "***-**-19"),
        (["contact", "merge", client, "Покупатель 0"], "926"),
    ):
        said = told_on(spent.root, args, 60, "n\n")
        assert asked in said, args
        assert not full(said), (args, said)
    kit.edit(spent.open("root"), client, name="Тайна")


def test_nothing_asks_beside_the_masks() -> None:
    asks = re.compile(r"\bclick\.(echo|prompt|confirm|secho|getchar)\b|\binput\(")
    found = {path.name for path in Path("crmcli/cli").glob("*.py") if asks.search(path.read_text())}
    assert found <= {"asking.py", "terminal.py", "remote.py"}, "ask by cli/asking.py"


LETTER = f"""From: =?utf-8?b?0KLQsNC50L3QsA==?= <{EMAIL}>
To: sales@chai.example
Subject: =?utf-8?q?Re=3A_=2B7_926_384-31-19?=
Message-ID: <m1@x.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

0J/QvtC30LLQvtC90LjRgtC1ICs3IDkyNiAzODQtMzEtMTkK
"""
PAGE = "<p>{{ contact.phone }} {{ contact.email }}</p>\n"


def test_what_leaves_as_a_file_is_counted_or_refused(crm: Crm, olga: Crm, spent: Base) -> None:
    root, client, deal = spent.root, spent.records["client"].id, spent.records["deal"].id
    kit.write(root, "templates/offers/offer.html.j2", PAGE)
    kit.write(root, "templates/offers/offer.txt.j2", "{{ contact.phone }}, {{ contact.email }}\n")
    by_root = {"cwd": root, "CRM_USER": "root"}
    assert crm("mail", "receive", stdin=LETTER, **by_root).code == 0
    offer = crm("offer", "draft", deal, "--line", "Чай;1;100", "--ids", **by_root).out.split()[0]
    table = "имя;телефон\nТайна;8 926 384 31 19\n".encode("utf-16")
    assert crm("file", "add", client, "-", "--name", "a.csv", stdin=table, **by_root).code == 0
    doors = (
        ("mail", "show", client, "--raw"), ("offer", "render", offer, "-o", "-.html"),
        ("offer", "render", offer, "-o", "-.txt"), ("offer", "render", offer, "-o", "-.pdf"),
        ("file", "get", client, "a.csv", "-o", "-"),
        ("mail", "send", client, "--template", "after_call", "--to", "me@evil.example", "--yes"),
        ("offer", "send", offer, "--template", "after_call", "--to", "me@evil.example", "--yes"),
    )  # fmt: skip
    sent = [*root.rglob("out/*")]
    masked = olga("offer", "render", offer)
    assert (masked.code, full(masked.out)) == (0, [])
    for args in doors:
        refused = olga(*args)
        assert refused.code == 1, (args, refused)
        assert "crm reveal REF" in refused.err
        assert not full(refused.out + refused.err), (args, refused)
    assert [*root.rglob("out/*")] == sent
    assert olga("mail", "send", client, "--template", "after_call", "--yes").code == 0
    tomorrow = kit.NOW.replace(day=kit.NOW.day + 1).isoformat()
    for args in doors[:2]:
        assert olga(*args, CRM_NOW=tomorrow).code == 0
    kept = crm("contact", "list", "--where", "tags has мой", "--columns", "phones", "--csv",
               cwd=root, CRM_USER="olga", CRM_NOW=tomorrow)  # fmt: skip
    assert kept.out.count("*****") == 1, "the client of the letter was counted"


def test_what_is_masked_is_not_taken_out_to_be_read(crm: Crm, olga: Crm, spent: Base) -> None:
    client, by_root = spent.records["client"].id, {"cwd": spent.root, "CRM_USER": "root"}
    assert crm("log", "note", client, "звонить 8 (926) 384-31-19", **by_root).code == 0
    before = kit.raw(spent.open("root"), client)
    for args in (
        ("contact", "edit", client, "--unset", "phones"), ("contact", "edit", client, "--unset", "emails"),
        ("contact", "edit", client, "--phone", "+79161112233"),
        ("contact", "bulk", "--where", f"id = {client}", "--set", "phones=", "--yes"),
    ):  # fmt: skip
        refused = olga(*args)
        assert (refused.code, full(refused.out + refused.err)) == (1, []), (args, refused)
        assert f"crm reveal {client}" in refused.err
    assert kit.raw(spent.open("root"), client) == before
    assert olga("contact", "edit", client, "--set", "source=web").code == 0
    gone = crm("contact", "edit", client, "--unset", "phones", "--unset", "emails", **by_root)
    assert gone.code == 0, gone
    for args in (("timeline", client, "--json"), ("timeline", client),
                 ("show", client, "--at", "2026-11-23T10:00")):  # fmt: skip
        said = olga(*args)
        assert not full(said.out + said.err), (args, said)
    assert crm("undo", **by_root).code == 0
    assert kit.raw(spent.open("root"), client)["phones"] == before["phones"]


def test_what_one_took_away_is_masked_when_it_is_put_back(crm: Crm, olga: Crm, spent: Base) -> None:
    client = spent.records["client"].id
    tomorrow = {"CRM_NOW": kit.NOW.replace(day=kit.NOW.day + 2).isoformat()}
    done = olga("contact", "edit", client, "--unset", "phones", "-q", **tomorrow)
    assert done.code == 0, done
    later = {"CRM_NOW": kit.NOW.replace(day=kit.NOW.day + 3).isoformat()}
    assert olga("contact", "list", "--where", "tags has мой", "--csv", **later).code == 0
    for args in (("undo", "-n"), ("undo",)):
        said = olga(*args, **later)
        assert (said.code, full(said.out + said.err)) == (0, []), said
    assert PHONE in str(kit.raw(spent.open("root"), client)["phones"])
