"""do: report, through the real program and a real mail server: the letter as it arrives, whose figures it has."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from crmcli.automation.tick import tick
from crmcli.present.report_letters import made
from tests import kit
from tests.automation.conftest import House, Post
from tests.kit import Run
from tests.present.pictures.test_files import sheets as read_sheets
from tests.rights.conftest import ACCESS

USERS = """
company: {name: "ООО «Чайный дом»", email: sales@chai.example}
users:
  anna: {name: Анна Петрова, email: anna@chai.example, alerts: {by: [none]}}
  boris: {name: Борис Белов, email: boris@chai.example, alerts: {by: [none]}}
  olga: {name: Ольга Чайкина, email: olga@chai.example, alerts: {by: [none]}}
  ivan: {name: Иван Гора}
  root: {name: Хозяйка, email: root@chai.example, alerts: {by: [none]}}
"""
RULES = """
    stages:
      - {id: new, name: Новая}
      - {id: talks, name: Переговоры}
    schedules:
      - {id: monday, cron: '0 8 * * 1', do: report, with: {%s}}
"""
WEEK = "2026-11-23 – 2026-11-29"


class Office:
    """The house, run by the real program, and the letters that its mail server got."""

    def __init__(self, house: House, post: Post, run: Callable[..., Run]) -> None:
        self.house, self.post, self._run = house, post, run
        self.settings()
        house.user = "root"
        for owner, amount in (("anna", "1000"), ("boris", "2000"), ("olga", "4000")):
            deal = house.add("deal", name=f"Чай {owner}", owner=owner, amount=amount)
            self.crm("deal", "move", deal.id, "won")

    def settings(self, language: str = "ru") -> None:
        mail = f"channels: {{mail: {{deliver: 'smtp://127.0.0.1:{self.post.port}'}}}}\n"
        self.house.write("settings.yaml", f"language: {language}\n{USERS}{mail}")

    def crm(self, *args: str, **environ: str) -> Run:
        usual = {"CRM_NOW": self.house.now.isoformat(), "CRM_USER": "root"}
        return self._run(*args, **{**usual, **environ})

    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=policy.default) for one in self.post.letters]

    def monday(self, params: str) -> list[EmailMessage]:
        """The letters of next Monday, and how the tick ended."""
        self.house.rules(RULES % params)
        assert self.crm("tick").code == 0
        self.house.now = (self.house.now + timedelta(days=6, hours=20)).replace(minute=5)
        self.ticked = self.crm("tick")
        return self.letters()


@pytest.fixture
def folder(house: House) -> Path:
    return house.root


@pytest.fixture
def office(house: House, post: Post, crm: Callable[..., Run]) -> Office:
    return Office(house, post, crm)


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def won(letter: EmailMessage) -> set[str]:
    """Whose deals a letter counts as won."""
    return set(re.findall(r"^(\w+ \w+|Хозяйка): Выиграно [1-9]", words(letter), re.MULTILINE))


def test_the_letter_has_pictures_tables_words_and_a_sheet(office: Office) -> None:
    [letter] = office.monday("report: [won, funnel], to: boss@out.example, period: last week")
    assert (office.ticked.code, office.ticked.out, office.ticked.err) == (0, "", "")
    assert letter["To"] == "boss@out.example"
    assert letter["Subject"] == f"Выиграно и Воронка, {WEEK}"
    assert letter["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in letter.walk()]
    assert kinds[:5] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
    ]  # fmt: skip
    html = letter.get_body(("html",))
    assert html is not None
    page = html.get_content()
    pictures = {str(p["Content-ID"]).strip("<>"): p for p in letter.walk() if p["Content-ID"]}
    assert set(re.findall(r'src="cid:([^"]+)"', page)) == set(pictures)
    assert len(pictures) == 2
    for part in pictures.values():
        png = part.get_content()
        assert png.startswith(b"\x89PNG")
        assert struct.unpack(">I", png[16:20]) == (960,)
    assert "<style" not in page
    assert not re.search(r'(?:src|href)="(?!cid:)', page)
    assert "7 000 ₽" in page.replace("\xa0", " ").replace("\u202f", " ")
    [sheet] = [p for p in letter.iter_attachments() if str(p.get_filename()).endswith(".xlsx")]
    assert sheet.get_filename() == f"Выиграно и Воронка, {WEEK}.xlsx"
    sheets = read_sheets(sheet.get_content())
    assert list(sheets) == ["Выиграно", "Воронка"]
    rows = {str(row[0]): row[1:3] for row in sheets["Выиграно"]}
    assert rows["Анна Петрова"] == [1.0, 1000.0]
    assert won(letter) == {"Анна Петрова", "Борис Белов", "Ольга Чайкина"}
    office.crm("tick")
    assert len(office.post.letters) == 1


def test_an_english_workspace_writes_english_whoever_runs_it(office: Office) -> None:
    office.settings("en")
    letter, other = office.monday(
        "report: dashboard, to: [root, anna], period: last week, picture: no, sheet: csv"
    )
    assert [str(one["To"]).partition(" <")[0] for one in (letter, other)] == [
        "Хозяйка",
        "Анна Петрова",
    ]
    assert words(letter) == words(other)  # to each by itself: who refuses it keeps it from nobody
    assert letter["Subject"] == f"How sales stand, {WEEK}"
    assert not any(part["Content-ID"] for part in letter.walk())
    names = [str(p.get_filename()) for p in letter.iter_attachments()]
    assert all(name.endswith(".csv") for name in names)
    assert len(names) == 10
    assert "Win rate: 100%" in words(letter) or "Win rate 100%" in words(letter)


def test_no_name_is_a_formula_to_who_opens_the_sheet(office: Office) -> None:
    deal = office.crm("deal", "list", "--ids", "--limit", "1").out.split()[0]
    assert office.crm("deal", "edit", deal, "--name", "=HYPERLINK(1)").code == 0
    [letter] = office.monday(
        "report: won, by: name, period: month, picture: no, sheet: csv, to: root"
    )
    [sheet] = letter.iter_attachments()
    assert "=HYPERLINK" in words(letter)
    assert "\n'=HYPERLINK(1)" in sheet.get_content()


def test_each_gets_what_he_may_see_and_the_audit_keeps_it(office: Office) -> None:
    kit.write(office.house.root, "access.yaml", ACCESS)
    ask = "report: won, by: owner, period: last week, picture: no, to: [anna, sales, root, x@out.example], as: root"
    found = {str(one["To"]): one for one in office.monday(ask)}
    assert {to: won(letter) for to, letter in found.items()} == {
        "Анна Петрова <anna@chai.example>": {"Анна Петрова"},
        "Борис Белов <boris@chai.example>": {"Анна Петрова", "Борис Белов"},
        "Хозяйка <root@chai.example>": {"Анна Петрова", "Борис Белов", "Ольга Чайкина"},
        "x@out.example": {"Анна Петрова", "Борис Белов", "Ольга Чайкина"},
    }
    kept = office.crm("audit", "list", "--json").out
    assert '"door": "mail"' in kept
    assert "x@out.example" in kept
    for user in ("anna", "boris", "root"):
        assert re.search(rf'"user": "[^"]*{user}', kept) or user in kept


@pytest.mark.parametrize(
    ("params", "who", "why"),
    [
        ("to: [root, x@out.example]", "x@out.example", "as who is the report made"),
        ("to: [root, x@out.example], as: anna", "x@out.example", "may not export all"),
        ("to: [root, ivan]", "ivan", "no e-mail address"),
        ("to: [root, anna], where: 'amont > 3'", "anna", "amont"),
    ],
)
def test_what_keeps_one_letter_keeps_no_other(
    office: Office, params: str, who: str, why: str
) -> None:
    kit.write(office.house.root, "access.yaml", ACCESS)
    found = office.monday(f"report: won, picture: no, {params}")
    assert [str(one["To"]) for one in found] == (
        [] if "amont" in params else ["Хозяйка <root@chai.example>"]
    )
    assert who in office.ticked.err
    assert why in office.ticked.err
    assert office.ticked.err.count("\n") == 1


def test_an_own_report_that_was_renamed_is_told(office: Office) -> None:
    trades = "reports: {trades: {title: Отрасли, of: deals, by: owner, measures: [count won]}}\n"
    kit.write(office.house.root, "reports.yaml", trades)
    office.house.rules(RULES % "report: trades, to: root, picture: no")
    assert office.crm("check").code == 0
    kit.write(office.house.root, "reports.yaml", trades.replace("trades", "trade"))
    said = office.crm("check", CRM_LANG="en")
    assert said.code == 6
    assert re.search(r"pipelines\.yaml:\d+: .*'monday': no report 'trades' .*'trade'", said.out)
    office.crm("tick")
    office.house.wait("7d")
    assert "trades" in office.crm("tick").err
    assert office.post.letters == []


FAULTS = {
    "report: funel, to: root": "no report 'funel' (did you mean 'funnel'?)",
    "report: won, to: rot": "no user, team or role 'rot' (did you mean 'root'?",
    "report: won, to: root, by: ownr": "'by': rows of deals have no 'ownr' (did you mean 'owner'?",
    "report: won, to: root, where: 'amont > 3'": "unknown field 'amont' for deals",
    "report: won, to: root, period: lst week": "'lst week' is no period",
    "report: won, to: root, currency: XXZ": "'XXZ' is not a currency",
    "report: won, to: root, pipeline: saels": "no pipeline 'saels' (did you mean 'sales'?",
    "report: won, to: root, sheet: xls": "'xls' is not allowed for 'sheet' (did you mean 'xlsx'?",
    "to: root": "'report' is missing",
    "report: won, to: root, compare: year": "only a period with a beginning and an end",
    "report: [won, plan], to: root, where: amount > 3": "the report plan takes no 'where'",
    "report: 'won, plan', to: root, period: month, compare: year": "plan takes no 'compare'",
    "report: won, to: root, by: ','": "names no field",
    "report: won, to: root, period: last 3m": "'last 30d', 'last 3mo'",
    "report: [], to: root": "which report?",
    "report: won, to: []": "nobody is there to get it",
    "report: dashboard, to: root, by: owner": "dashboard takes no 'by'",
    "report: dashboard, to: root, limit: 5": "dashboard takes no 'limit'",
    "report: won, to: root, limit: few": "'few' is not a whole number from 1 to",
    "report: won, to: ivan": "ivan has no e-mail address",
}


def test_crm_check_tells_of_each_fault_with_its_line(office: Office) -> None:
    head, _, line = RULES.rstrip().rpartition("\n")
    lines = [
        line.replace("monday", f"r{n}").replace("%s", params) for n, params in enumerate(FAULTS)
    ]
    office.house.rules("\n".join([head, *lines]))
    said = office.crm("check", CRM_LANG="en")
    assert said.code == 6
    told = said.out.splitlines()
    assert len(told) == len(FAULTS)
    text = (office.house.root / "pipelines.yaml").read_text("utf-8").splitlines()
    for params, fault in FAULTS.items():
        [number] = [n for n, row in enumerate(text, 1) if f"{{{params}}}" in row]
        [one] = [row for row in told if row.startswith(f"pipelines.yaml:{number}: ")]
        assert fault in one


def test_a_report_is_mailed_now_by_who_may(office: Office) -> None:
    kit.write(office.house.root, "access.yaml", ACCESS)
    assert office.crm("report", "won", "--mail", "root,x@out.example").code == 0
    sent = office.crm("report", "won", "--mail", "me,sales", CRM_USER="anna", CRM_LANG="en")
    assert sent.err == ""
    assert sent.out.splitlines() == [
        "Sent 'Выиграно, за всё время' to Анна Петрова <anna@chai.example>.",
        "Sent 'Выиграно, за всё время' to Борис Белов <boris@chai.example>.",
    ]
    assert [won(letter) for letter in office.letters()] == [
        {"Анна Петрова", "Борис Белов", "Ольга Чайкина"},
        {"Анна Петрова", "Борис Белов", "Ольга Чайкина"},
        {"Анна Петрова"},
        {"Анна Петрова", "Борис Белов"},
    ]
    refused = office.crm("report", "won", "--mail", "me,x@out.example", CRM_USER="anna")
    assert refused.code == 1
    assert "anna" in refused.err
    assert "name another user with as:" not in refused.err
    assert office.crm("report", "won", "--mail", "me", "--html").code == 2
    assert office.crm("report", "dashboard", "--mail", "me", "--owner", "anna").code == 2
    assert len(office.letters()) == 4


def test_a_mailed_report_has_no_more_rows_than_asked_for(office: Office) -> None:
    assert office.crm("report", "won", "--mail", "root", "--limit", "1").code == 0
    office.monday("report: won, to: root, limit: 2")
    assert [len(won(letter)) for letter in office.letters()] == [1, 2]
    told = [words(letter) for letter in office.letters()]
    assert [("3 rows" in one or "из 3" in one, "--limit" in one) for one in told] == [
        (True, False)
    ] * 2


def test_a_robot_of_a_stage_mails_no_report(office: Office) -> None:
    office.house.rules(kit.robots("{id: x, do: report, with: {report: won, to: root}}"))
    assert (
        "'report' is for schedules alone (put it under schedules:)"
        in office.crm("check", CRM_LANG="en").out
    )


def test_the_dry_run_tells_what_goes_to_whom_and_sends_nothing(office: Office) -> None:
    office.house.rules(RULES % "report: [won, funnel], to: [root, anna], period: last week")
    office.crm("tick")
    told = office.crm("tick", "--dry-run", "--until", "+8d", CRM_LANG="en").out
    mondays = [one for one in told.splitlines() if "mails reports: Won; Funnel, " in one]
    days = [re.findall(r"\d{4}-\d\d-\d\d", one) for one in mondays]
    assert all(line.rstrip().endswith(", to root and anna") for line in mondays)
    for at, first, last in days:  # the week before each time
        assert date.fromisoformat(at) - date.fromisoformat(last) == timedelta(days=1)
        assert date.fromisoformat(last) - date.fromisoformat(first) == timedelta(days=6)
    assert days
    assert "Выиграно; Воронка, " in office.crm("tick", "-n", "--until", "+8d", CRM_LANG="ru").out
    assert office.post.letters == []


def test_without_the_extra_it_goes_without_pictures_and_says_so_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office.house
    house.rules(RULES % "report: won, to: root, period: last week")

    def ticked() -> list[str]:
        ws = house.ws
        ws.reporter = made
        return tick(ws).failures

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    [told] = ticked()
    assert told.endswith("reports are mailed without pictures (pip install 'crmcli[plots]')")
    house.wait("7d")
    assert ticked() == []
    [letter] = office.letters()
    assert not any(part["Content-ID"] for part in letter.walk())
    assert won(letter)
    assert len([*letter.iter_attachments()]) == 1
