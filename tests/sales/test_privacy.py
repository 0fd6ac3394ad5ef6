"""Personal data of a client: all of it handed out, or erased."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from crmcli.channels.incoming import Arrived
from crmcli.sales.intake import kept
from crmcli.sales.intake.taking import take
from crmcli.sales.privacy.spelled import Identity, Spelled
from crmcli.store.layout import record_path
from tests.kit import Run, append, begin, git, opened, records_of, save, write


@pytest.fixture
def crm(crm: Callable[..., Run]) -> Callable[..., Run]:
    """The program as Anna runs it."""
    return partial(crm, CRM_USER="anna")


LETTER = """\
From: Пётр <petr@vyaz.example>
To: sales@chai.example
Message-ID: <1@vyaz.example>
Subject: =?utf-8?b?0JrRgNC+0LLQu9GP?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Сколько стоит кровля?
--x
Content-Type: text/plain; name=plan.txt
Content-Disposition: attachment; filename=plan.txt

Дом 10 на 12
--x--
"""


def test_an_archive_has_all_that_is_kept_of_a_person_and_of_others_only_the_mention(
    folder: Path, crm: Callable[..., Run]
) -> None:
    name = ("--last-name", "Вяземский", "--first-name", "Пётр")
    petr = crm("contact", "add", *name, "--email", "petr@vyaz.example").out.strip()
    olga = crm("contact", "add", "--last-name", "Орлова", "--phone", "+7 912 345-67-89").out.strip()
    crm("deal", "add", "--name", "Кровля", "--contact", petr)
    crm("log", "note", olga, "Нас посоветовал Вяземский П. С. А ещё: её собака болеет." + " и" * 60)
    assert crm("mail", "receive", "-", stdin=LETTER).code == 0
    crm("block", "add", "petr@vyaz.example", "--reason", "просил")

    done = crm("privacy", "export", "petr@vyaz.example", "-o", "petr.zip", CRM_LANG="ru")
    assert done.code == 0, done.err
    with zipfile.ZipFile(folder / "petr.zip") as packed:
        told = json.loads(packed.read("data.json"))
        page = packed.read("index.html").decode()
        names = packed.namelist()
    assert sorted(raw["id"].split("-")[0] for raw in told["records"]) == ["contact", "deal"]
    assert "mail.in" in [event["kind"] for event in told["timeline"]]
    assert [name for name in names if name.endswith("plan.txt")]
    assert any(name.endswith(".eml") for name in names)
    assert [m["record"] for m in told["mentions"]] == [olga]
    assert told["block_list"][0]["what"] == "petr@vyaz.example"
    assert "Вяземский" in page
    assert "Персональные данные" in page
    assert " и и и и и и и и и и и и и и и и и и и и и и и и и и и и и" not in page
    assert crm("privacy", "export", petr, "-o", "petr.zip").code != 0  # not over another

    as_files = crm("privacy", "export", petr, "-o", "out/")
    assert as_files.code == 0, as_files.err
    assert (folder / f"out/privacy-{petr}/index.html").is_file()
    piped = crm("--json", "privacy", "export", "Орлова", "-o", "o.zip")
    assert json.loads(piped.out)["mentions"] == 0


def test_an_archive_in_the_workspace_is_told_and_named_by_an_erasure(
    folder: Path, crm: Callable[..., Run]
) -> None:
    name = ("--last-name", "Вяземский", "--first-name", "Пётр")
    petr = crm("contact", "add", *name, "--email", "petr@vyaz.example").out.strip()
    other = crm("contact", "add", "--last-name", "Орлова", "--email", "o@x.example").out.strip()
    inside = crm("privacy", "export", petr)
    assert inside.code == 0
    assert "remove it" in inside.err
    assert crm("privacy", "export", petr, "-o", "moved.zip").code == 0
    assert crm("privacy", "export", other, "-o", "other.zip").code == 0
    write(folder, "torn.zip", "PK")
    outside = crm("privacy", "export", petr, "-o", f"{folder.parent}/out.zip")
    assert "remove it" not in outside.err
    for more in (("--dry-run",), ("--yes",)):
        done = crm("privacy", "erase", petr, *more)
        said = done.out + done.err
        assert [one for one in ("moved.zip", f"privacy-{petr}.zip") if one not in said] == [], done
        assert not [one for one in ("other.zip", "torn.zip") if one in said]


def test_an_erasure_does_not_stand_before_the_undo_of_other_things(
    folder: Path, crm: Callable[..., Run]
) -> None:
    petr = crm(
        "contact", "add", "--last-name", "Вяземский", "--email", "p@vyaz.example"
    ).out.strip()
    first = crm("deal", "add", "--name", "Крыша").out.strip()
    assert crm("privacy", "erase", petr, "--yes").code == 0
    second = crm("deal", "add", "--name", "Стена").out.strip()
    for gone in (second, first):
        done = crm("undo", "--yes")
        assert done.code == 0, done
        assert gone in done.out
        assert crm("deal", "show", gone).code == 3
    assert "erased personal data: that stays" in done.err
    assert crm("undo", "--redo", "--yes").code == 0
    assert crm("deal", "show", first).code == 0
    erased = opened(folder).events(kinds=("privacy.erased",))[-1].id
    assert crm("undo", "--event", erased, "--yes").code == 1
    assert crm("contact", "show", petr).code == 3


def test_an_archive_is_of_people(crm: Callable[..., Run]) -> None:
    firm = crm("company", "add", "--name", "Ромашка").out.strip()
    refused = crm("privacy", "export", firm)
    assert refused.code == 3
    assert len(refused.err.splitlines()) <= 2


# -- erasing --------------------------------------------------------------------------------------


LASTS = ("Вяземский", "Кузьмина", "Щёголев", "Бондаренко", "Лебедь", "Цой")
FIRSTS = (("Пётр", "Сергеевич"), ("Алёна", "Игоревна"), ("Фёдор", ""), ("Юлия", "Андреевна"))


WIDE = {ord("0") + n: chr(ord("０") + n) for n in range(10)}


class Known(NamedTuple):
    """A made-up person: the parts of the name, a phone, an address, and how these are spelled."""

    first: str
    middle: str
    last: str
    digits: str
    email: str

    def spelled(self, chance: random.Random) -> str:
        """A sentence that names the person in one way or another."""
        d, first, last = self.digits, self.first, self.last
        phone = chance.choice(
            (f"+7 {d[:3]} {d[3:6]}-{d[6:8]}-{d[8:]}", f"8({d[:3]}){d[3:6]} {d[6:8]} {d[8:]}", f"8{d}",
             f"+7{d}", f"7 {d[:3]} {d[3:6]} {d[6:]}", f"{d[:3]}-{d[3:6]}-{d[6:]}",
             f"8/{d[:3]}/{d[3:6]}_{d[6:]}", f"８{d}".translate(WIDE), f"[{d[:3]}]{d[3:6]}|{d[6:]}")
        )  # fmt: skip
        email = chance.choice((self.email, self.email.upper(), f"b@x.example++{self.email}"))
        name = chance.choice(
            (f"{last} {first}", f"{first} {last}", f"{last.upper()} {first[0]}.", f"{first[0]}. {last}",
             last, f"{last}, {first} {self.middle}".strip())
        )  # fmt: skip
        return f"{name}, тел. {phone}, почта {email}"

    def traces_in(self, text: str) -> list[str]:
        """Each line of a text that holds the name, the phone in whatever spelling, or the address."""
        stem = self.last[:-2] if len(self.last) > 5 else self.last
        found = []
        for line in text.splitlines():
            bare = "".join(str(int(one)) for one in line if one.isdecimal())
            is_named = stem.lower().replace("ё", "е") in line.lower().replace("ё", "е")
            if is_named or self.digits in bare or self.email in line.lower():
                found.append(line[:200])
        return found


def made_up(chance: random.Random, number: int) -> Known:
    first, middle = chance.choice(FIRSTS)
    digits = "9" + "".join(chance.choices("0123456789", k=9))
    return Known(
        first, middle, chance.choice(LASTS), digits, f"klient{number}@pochta{number}.example"
    )


def letter(who: Known, number: int, text: str) -> str:
    body = base64.b64encode(text.encode()).decode()
    return (
        f"From: =?utf-8?b?{base64.b64encode(who.last.encode()).decode()}?= <{who.email}>\n"
        f"To: sales@chai.example\nMessage-ID: <{number}@x.example>\nSubject: Заказ\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{body}\n"
    )


def grepped(root: Path, who: Known) -> dict[str, list[str]]:
    """Where a person stands in the folder, git's own part aside; what is packed is looked into."""
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file() and ".git" not in p.parts):
        text = path.read_bytes().decode("utf-8", "replace")
        words = [text, *(_decoded(part) for part in re.findall(r"[A-Za-z0-9+/=]{16,}", text))]
        if lines := [line for word in words for line in who.traces_in(word)]:
            found[path.relative_to(root).as_posix()] = lines
    return found


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def papers(crm: Callable[..., Run], folder: Path, deal: str, who: Known) -> list[Run]:
    """An accepted offer and a paid invoice, which the law keeps, and drafts of both, which it does not."""
    for path in ("offers/offer.html.j2", "invoices/invoice.html.j2"):
        write(folder, f"templates/{path}", "<p>{{ contact.name }}</p>")
    write(
        folder,
        "templates/mail/hi.j2",
        "Subject: {{ contact.last_name }}\n\n{{ contact.name }}, да!\n",
    )
    line = ("--line", f"Монтаж у {who.last} {who.first};2;15000;шт")
    made = [crm("offer", "draft", "--deal", deal, *line) for _ in range(2)]
    made += [crm("invoice", "add", "--deal", deal, *line) for _ in range(2)]
    offer, _, invoice, _ = (done.out.split()[0] if done.out else "" for done in made)
    return [
        *made,
        crm("offer", "accept", offer),
        crm("invoice", "pay", invoice, "30000", "--reference", f"от {who.last}"),
    ]


def arrive(folder: Path, who: Known, chance: random.Random) -> None:
    """An SMS, a call, a message of a chat, a link that was followed; what nobody can read, what waits."""
    ws = opened(folder)
    chat = {
        "network": "telegram",
        "chat": f"77{who.digits}",
        "user": "@klient_77",
        "phone": f"8{who.digits}",
    }
    letters = ws.events(kinds=("mail.out",))
    link = Arrived(
        f"https://chai.example/?who={who.email}".encode(),
        facts={"letter": letters[-1].data["message_id"]},
    )
    for channel, one in (
        ("sms", {"from": f"+7{who.digits}", "text": who.spelled(chance)}),
        ("call", {"direction": "in", "from": f"8{who.digits}", "duration": 35}),
        ("chat", {**chat, "name": f"{who.first} {who.last}", "text": who.spelled(chance)}),
        ("click", link),
    ):  # fmt: skip
        arrived = (
            one
            if isinstance(one, Arrived)
            else Arrived(json.dumps(one, ensure_ascii=False).encode())
        )
        [came] = kept.keep(ws, channel, [arrived])
        assert take(ws, came).failed == ""
    [bad] = kept.keep(ws, "sms", [Arrived(f"{{ {who.spelled(chance)}".encode())])
    assert take(ws, bad).failed
    kept.keep(ws, "sms", [Arrived(json.dumps({"from": f"+7{who.digits}", "text": "да"}).encode())])
    assert (
        len(
            [
                e
                for e in ws.events()
                if e.kind in ("sms.in", "call.in", "message.in", "mail.clicked")
            ]
        )
        == 4
    )


def live(
    crm: Callable[..., Run], folder: Path, who: Known, chance: random.Random
) -> tuple[str, str]:
    """A life of a client over all channels; the ids of the client and of the deal that is shared."""
    name = ("--last-name", who.last, "--first-name", who.first, "--middle-name", who.middle)
    lead = crm("lead", "add", *name, "--phone", f"8{who.digits}", "--email", who.email,
               "--comment", who.spelled(chance)).out.strip()  # fmt: skip
    firm = crm("company", "add", "--name", "Ромашка").out.strip()
    other = crm("contact", "add", "--last-name", "Орлова", "--company", firm).out.strip()
    crm("lead", "convert", lead, "--contact", "--deal", CRM_LANG="ru")
    client = crm("contact", "list", "--where", f"last_name = {who.last}", "--ids").out.strip()
    deal = crm("deal", "list", "--ids").out.strip()
    shared = crm("deal", "add", "--name", "Общая", "--contact", other, "--contact", client,
                 "--amount", "5000").out.strip()  # fmt: skip
    said = [crm("mail", "receive", "-", stdin=letter(who, n, who.spelled(chance))) for n in (1, 2)]
    said += [
        crm("log", kind, chance.choice((client, deal, shared, other)), who.spelled(chance))
        for kind in ("note", "call", "meeting", "mail", "note", "sms")
    ]
    (folder / "x.txt").write_text(who.spelled(chance), "utf-8")
    said += [
        crm("file", "add", client, "x.txt"),
        crm("task", "add", f"Позвонить: {who.spelled(chance)}", "--about", deal),
        crm("task", "add", f"Спросить: {who.spelled(chance)}", "--about", other),
        crm("contact", "edit", client, "--comment", f"Стало: {who.spelled(chance)}"),
        crm("contact", "edit", client, "--comment", ""),
        crm("contact", "edit", other, "--comment", f"Знает {who.spelled(chance)}"),
        crm("block", "add", who.email, "--reason", "просил"),
        *papers(crm, folder, deal, who),
        crm("mail", "send", deal, "--template", "hi", "--anyway", "--yes"),
        crm("undo"),
    ]
    (folder / "x.txt").unlink()
    assert [done.err for done in said if done.code] == []
    arrive(folder, who, chance)
    return client, shared


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_after_an_erasure_a_search_of_the_whole_folder_finds_only_what_is_said_to_stay(
    folder: Path, crm: Callable[..., Run], seed: int
) -> None:
    chance = random.Random(seed)
    who = made_up(chance, seed)
    client, shared = live(crm, folder, who, chance)
    amounts = crm("deal", "list", "--columns", "id,amount,stage", "--csv").out
    assert len(grepped(folder, who)) > 5

    before = records_of(folder)
    shown = crm("privacy", "erase", client, "--dry-run", CRM_LANG="en")
    assert shown.code == 0, shown.err
    assert records_of(folder) == before
    done = crm("privacy", "erase", client, "--yes", CRM_LANG="en")
    assert done.code == 0, done.err

    crm("contact", "list")  # and an index built anew has nothing either
    left = grepped(folder, who)
    locked = {path for path in left if path.startswith("data/locked/2031-12-31/")}
    assert sorted(Path(path).stem.split("-")[0] for path in locked) == ["invoice", "offer"]
    assert set(left) - locked <= {"data/blocklist.csv"}, left
    assert not any(who.digits in "".join(left[path]) for path in locked)
    assert all(path in done.err for path in left)
    checked = crm("check")
    assert checked.code == 0, checked.out + checked.err
    assert crm("deal", "list", "--columns", "id,amount,stage", "--csv").out == amounts
    for command in (("timeline", shared), ("timeline",), ("tick",), ("report", "activity"), ("today",),
                    ("mail", "list"), ("jobs", "list")):  # fmt: skip
        ran = crm(*command)
        assert "Traceback" not in ran.err, (command, ran.err)
        assert who.traces_in(ran.out + ran.err) == []
    erased = opened(folder).events(kinds=("privacy.erased",))[-1].id
    undone = crm("undo", "--event", erased, CRM_LANG="en")
    assert undone.code == 1
    assert "cannot be undone" in undone.err
    assert crm("privacy", "proof", client).code == 0
    assert who.traces_in(crm("privacy", "proof", client).out) == []
    again = crm("privacy", "erase", client, "--yes")
    assert again.code == 0, again.err


def one_client(crm: Callable[..., Run]) -> str:
    """A client with a deal of his own, and a note on somebody else that names him; his id."""
    name = ("--last-name", "Вяземский", "--first-name", "Пётр", "--email", "petr@vyaz.example")
    petr = crm("contact", "add", *name).out.strip()
    olga = crm("contact", "add", "--last-name", "Орлова").out.strip()
    crm("log", "note", petr, "Вяземский просил скидку")
    crm("log", "note", olga, "Посоветовал Вяземский")
    return petr


PETR = Known("Пётр", "", "Вяземский", "9037415286", "petr@vyaz.example")


@pytest.mark.parametrize("how", ["merge", "rebase", "copy"])
def test_what_another_clone_brings_back_is_told_and_erased_again(
    folder: Path, crm: Callable[..., Run], tmp_path: Path, how: str
) -> None:
    petr = one_client(crm)
    begin(folder)
    (folder / ".gitattributes").write_text("data/timeline/** merge=union\n")
    save(folder, "all")
    old = tmp_path / "old"
    shutil.copytree(folder / "data", old)
    git(folder, "checkout", "-q", "-b", "other")
    crm("log", "note", petr, "Вяземский перезвонил")
    save(folder, "other")
    git(folder, "checkout", "-q", "main")
    assert crm("privacy", "erase", petr, "--yes").code == 0
    save(folder, "erased")
    if how == "merge":
        subprocess.run(("git", "-c", "user.name=a", "-c", "user.email=a@b.example", "merge", "-q",
                        "--no-edit", "-X", "theirs", "other"), cwd=folder, check=False,
                       capture_output=True)  # fmt: skip
        git(folder, "checkout", "-q", "other", "--", "data/contacts")
    elif how == "rebase":
        journal = next(folder.glob("data/timeline/*/*.csv"))
        inner = journal.relative_to(folder).as_posix()
        theirs = git(folder, "show", f"other:{inner}") + "\n"
        ours = journal.read_text("utf-8").splitlines(keepends=True)
        known = set(theirs.splitlines(keepends=True))
        journal.write_text(theirs + "".join(line for line in ours if line not in known), "utf-8")
    else:
        for path in (old / "contacts").rglob("*.yaml"):
            shutil.copy(path, folder / "data" / path.relative_to(old))
    assert "data/timeline" in "".join(grepped(folder, PETR)) or how == "copy"
    assert crm("check").code == 6
    fixed = crm("check", "--fix", "--yes") if how == "rebase" else crm("tick")
    assert "Traceback" not in fixed.err
    assert grepped(folder, PETR) == {}, fixed.out + fixed.err
    checked = crm("check")
    assert checked.code == 0, checked.out
    assert crm("tick").err == ""


def test_only_lines_that_an_erasure_lists_may_be_without_their_data(
    folder: Path, crm: Callable[..., Run]
) -> None:
    petr = one_client(crm)
    assert crm("privacy", "erase", petr, "--yes").code == 0
    assert crm("check").code == 0
    [journal] = folder.glob("data/timeline/*/*.csv")
    whole = journal.read_text("utf-8")
    line = next(text for text in whole.splitlines() if "Посоветовал" in text)
    for forged in (
        line.replace("Посоветовал", "Ругал"),
        re.sub(r"[0-9a-f]{16}\"\"", '0" * 16""', line),
    ):
        journal.write_text(whole.replace(line, forged), "utf-8")
        assert crm("check").code == 6, forged
    last = whole.splitlines()[-1]
    other = next(
        text for text in whole.splitlines() if ",contact.created," in text and "sum" in text
    )
    sha = hashlib.sha256(other.encode()).hexdigest()[:16]
    forged = re.sub(r'"\{.*\}"', f'"{{""erased"":""{sha}"",""whole"":true}}"', other)
    journal.write_text(whole.replace(other, forged), "utf-8")
    told = crm("check", CRM_LANG="en")
    assert told.code == 6
    assert "no event says that crm did it" in told.out
    assert last
    journal.write_text(whole, "utf-8")
    assert crm("check").code == 0


def test_what_belongs_to_others_too_stays_theirs(folder: Path, crm: Callable[..., Run]) -> None:
    firm = crm("company", "add", "--name", "Ромашка", "--phone", "+7 495 123-45-67").out.strip()
    petr = crm("contact", "add", "--last-name", "Вяземский", "--first-name", "Пётр", "--company", firm,
               "--phone", "+7 495 123-45-67", "--email", "petr@vyaz.example").out.strip()  # fmt: skip
    wife = crm("contact", "add", "--last-name", "Вяземская", "--first-name", "Анна").out.strip()
    deal = crm("deal", "add", "--name", "Кровля", "--contact", petr, "--company", firm).out.strip()
    crm("log", "note", wife, "Вяземская Анна: муж — Вяземский Пётр")
    crm("log", "mail", deal, "Договор подписан", "--in")
    done = crm("privacy", "erase", petr, "--yes", CRM_LANG="en")
    assert done.code == 0, done.err
    assert "+74951234567: others have it too" in done.err
    assert "+74951234567" in (folder / record_path(firm)).read_text("utf-8")
    assert "Вяземская" in (folder / record_path(wife)).read_text("utf-8")
    assert "contacts" not in (folder / record_path(deal)).read_text("utf-8")
    assert f"company: {firm}" in (folder / record_path(deal)).read_text("utf-8")
    told = crm("timeline", wife).out
    assert "Вяземская Анна: муж" in told
    assert "Вяземский Пётр" not in told
    assert "Договор подписан" in crm("timeline", deal).out
    assert crm("check").code == 0


def test_nothing_is_erased_without_an_answer_and_nothing_is_kept_if_that_is_asked(
    folder: Path, crm: Callable[..., Run]
) -> None:
    petr = one_client(crm)
    crm("consent", petr, "--mail", "yes", "--text", "v1", "--source", "сайт")
    crm("contact", "consent", petr, "--mail", "yes", "--text", "v1", "--source", "сайт")
    before = records_of(folder)
    refused = crm("privacy", "erase", petr)
    assert refused.code == 2
    assert records_of(folder) == before
    shown = [
        json.loads(line) for line in crm("privacy", "erase", petr, "-n", "--json").out.splitlines()
    ]
    assert {"erased", "changed", "stays"} >= {row["fate"] for row in shown}
    assert crm("privacy", "erase", petr, "--keep", "nothing", "--yes").code == 0
    assert grepped(folder, PETR) == {}
    assert crm("privacy", "kept", "--json").out.strip() == "[]"
    missing = crm("privacy", "erase", "contact-00000000", "--yes")
    assert missing.code == 3


def test_consents_are_kept_for_their_years_and_then_dropped(
    folder: Path, crm: Callable[..., Run]
) -> None:
    petr = one_client(crm)
    append(folder, "settings.yaml", "privacy: {keep: {consents: 1}}\n")
    assert crm("contact", "consent", petr, "--mail", "yes", "--text", "v1").code == 0
    assert crm("privacy", "erase", petr, "--yes").code == 0
    [paper] = json.loads(crm("privacy", "kept", "--json").out)
    assert paper["until"] == "2027-12-31"
    assert crm("privacy", "kept", "--drop").code == 0
    assert (folder / paper["path"]).is_file()
    assert crm("privacy", "kept", "--drop", CRM_NOW="2028-01-01T09:00:00Z").code == 0
    assert not (folder / paper["path"]).exists()
    assert grepped(folder, PETR) == {}


ACCESS = "users:\n  anna: [administrator]\n  boris: [manager]\n"


def test_only_an_administrator_hands_out_or_erases(folder: Path, crm: Callable[..., Run]) -> None:
    petr = one_client(crm)
    crm("contact", "edit", petr, "--owner", "boris")
    write(folder, "access.yaml", ACCESS)
    before = records_of(folder)
    for verb in (("export", petr, "-o", "x.zip"), ("erase", petr, "--yes"), ("kept", "--drop"), ("list",),
                 ("proof", petr)):  # fmt: skip
        refused = crm("privacy", *verb, CRM_USER="boris")
        assert refused.code == 4, refused.out + refused.err
    assert records_of(folder) == before
    assert not (folder / "x.zip").exists()
    done = crm("privacy", "erase", petr, "--yes")
    assert done.code == 0, done.err
    assert grepped(folder, PETR) == {}


def test_two_people_of_one_note_are_erased_one_after_the_other(
    folder: Path, crm: Callable[..., Run]
) -> None:
    petr = one_client(crm)
    ivan = crm("contact", "add", "--last-name", "Щёголев", "--first-name", "Иван").out.strip()
    olga = crm("contact", "list", "--where", "last_name = Орлова", "--ids").out.strip()
    crm("log", "note", olga, "Были Вяземский Пётр и Щеголев И., потом Орлова")
    crm("contact", "edit", olga, "--comment", "Знает Вяземского")
    ivan_known = Known("Иван", "", "Щёголев", "9164738205", "nobody@nowhere.example")
    for gone in (petr, ivan):
        assert crm("privacy", "erase", gone, "--yes").code == 0
        assert crm("check").code == 0
    assert grepped(folder, PETR) == grepped(folder, ivan_known) == {}
    assert "потом Орлова" in crm("timeline", olga).out
    edits = json.loads(crm("timeline", olga, "--json").out)
    edit = next(event["id"] for event in edits if event["kind"] == "field.changed")
    undone = crm("undo", "--event", edit, CRM_LANG="ru")
    assert "его данные удалены" in undone.err
    assert grepped(folder, PETR) == {}
    assert crm("check").code == 0


def test_a_namesake_keeps_his_name(folder: Path, crm: Callable[..., Run]) -> None:
    petr = one_client(crm)
    other = crm("contact", "add", "--last-name", "Вяземский", "--first-name", "Пётр", "--phone",
                "+7 912 000-00-01", "--on-duplicate", "create").out.strip()  # fmt: skip
    crm("log", "note", other, "Вяземский Пётр хочет скидку")
    done = crm("privacy", "erase", petr, "--yes", "--json", CRM_LANG="en")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == [petr, petr]
    assert "Пётр Вяземский: others have it too" in done.err
    assert "Вяземский" in (folder / record_path(other)).read_text("utf-8")
    assert "Вяземский Пётр хочет скидку" in crm("timeline", other).out
    assert "petr@vyaz.example" not in "".join(map(str, grepped(folder, PETR)))
    assert crm("check").code == 0


def test_an_erasure_knows_all_spellings_that_the_masks_know() -> None:
    who = Identity(emails={"buyer2@x.example": None}, phones={"+79165554432": None})
    spelled = Spelled(who)
    for text in (
        "８９１６５５５４４３２", "٨٩١٦٥٥٥٤٤٣٢", "8/916/555_44_32", "8·916·555·44·32", "[916]555|44|32", "+7 (916) 555‑44‑32",
        "+7\u202f916\u2009555 44 32", "_buyer2@x.example_", "b@x.example+buyer2@x.example", "b@x.example++buyer2@x.example",
        "BUYER2@x.example.Потом", "/buyer2@x.example", "8916555443289165554433"[:11],
    ):  # fmt: skip
        said = f"до {text}, после"
        assert spelled.is_in(said), text
        assert spelled.count(said) == 1
        out = spelled.taken_out(said, "…")
        assert not re.search(r"\d{3}|buyer2", out), out
        assert not spelled.is_in(out)
        assert out.startswith("до ")
        assert out.endswith(", после")
    for text in ("40702810916555443200", "в 2026 году", "9165554433", "x-buyer2@x.example"):
        assert not spelled.is_in(text), text
        assert spelled.taken_out(text, "…") == text
    assert spelled.taken_out("2026 9165554432", "…") == "2026 …"
