"""What people read in a Russian workspace: no English words, and times by its own clock."""

from __future__ import annotations

import errno
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crmcli import language
from crmcli.cli.asking import agrees
from crmcli.cli.helping import OPTIONS, TOPICS, topic
from crmcli.model.actions import ACTIONS
from crmcli.model.alerts import HEARD
from crmcli.model.kinds.lines import LINES
from crmcli.model.kinds.payments import ACCOUNTS, PAYMENTS
from crmcli.present.cells import Locale
from crmcli.present.text_width import width
from crmcli.render.template_head import TemplateFailed
from crmcli.store.disk.files import DiskFull, os_errors
from tests.kit import Run
from tests.test_house import ALL

Crm = Callable[..., Run]
LATER = "2026-11-24T09:00:00+00:00"
IDS = re.compile(r"\b[a-z]+-[0-9a-z]{8}\b|\be[0-9a-z]{16}\b|\b(?=[a-f]*[0-9])[0-9a-f]{8,}\b")
TYPED = [*ALL, *(f"crm help {name}" for name in TOPICS)]
COMMAND = "|".join(path.replace(" ", r"\s+") for path in sorted(TYPED, key=len, reverse=True))
"""A command as texts name it, maybe broken by the end of a line."""
NAMES = re.compile(
    r"\b[a-z_.]+ (?:=|<|>|>=|is|in) .*"  # conditions
    r"|\w+: \{.*\}"  # what to write in settings.yaml
    rf"|\b(?:{COMMAND})\b(?:\s+(?:[A-Z]+\b|--?[a-z]\S*(?: [a-z]+)?))*(?: lead \w+)?|отменяется: [a-z]+(?: [a-z]+)?|\([a-z]+(?: [a-z]+)+\)"  # commands
    r"|--?[a-z][\w-]*(?:[ =](?:[A-Z]+|yes))?|можно: [\w.-]+(?:, (?:[\w.-]+|…))*"  # options, values
    r"|\b\d+ per [a-z]+"  # a limit, as settings.yaml has it
    r"|[\w@+/.-]+\.[a-z]+\b|\w+/[\w/]+"  # files, addresses, kinds of events, places in files
    r"|«[^»]*»|'[^']*'|(?:одно из|есть|стадии|например): .*|\{[^}]*\}|\b\w+=\S+|\b[a-z]+_[a-z_]+\b|\w+\|\w+"
)
"""Names that people type, and what they typed themselves."""
KEYS = """
crm cron git csv utf RUB SMS mon fri tester nobody mobile work email notify set move webhook open won lost
REF MAP COLUMN FIELD STAGE comment name last first phones emails amount owner stage currency leads sales new working
processed converted junk request invoice paid shipped cancelled call hello overdue needs chase decide draft
UCS large ask bill remind ship thanks care late task note template text title due fields spam batch
offers offer signal domain area number robot SSH USER KEYFILE USD
"""
"""Programs, forms and codes; actions of robots; fields, stages and robots of files."""
COMMANDS = """
lead list
lead show {lead}
deal show {deal}
task list
task edit {task} --due 2026-11-30T10:00
task edit {task} --due today+3d
task done {task}
task reopen {task}
lead edit {lead} --name Навес --amount 300000 --birthday 1990-01-02
lead edit {lead} --name Навес
lead edit {lead} --amount сто
lead edit {lead} --set нет=1
lead bulk --where "name = Крыша" --set amount=500 --dry-run
lead bulk --where "name = Крыша" --set amount=500 --yes
lead move {lead} working
lead move {lead} junk --reason spam
lead move {lead} new
lead move {lead} nowhere
log call {deal} Поговорили --in
timeline {deal}
timeline {lead}
board
board --pipeline sales
today
lead list --where "amount >"
contact list --where "name = нет"
lead add
deal add
dupes leads
dupes contacts
dupes apart {anna} {hanna}
dupes apart {anna} {hanna} --back
contact merge {anna} {hanna} --dry-run
contact merge {anna} {hanna} --yes
timeline {anna}
undo --dry-run
undo
undo --redo
contact unmerge {hanna}
import leads in.csv --dry-run
import leads in.csv
import leads in.csv
import list
check
tick --dry-run
tick -v
robots list
robots waiting
robots explain {roof}
robots explain {deal}
jobs list
jobs list --state all
pipeline list
pipeline show leads
pipeline check
trigger fire nobody --on {deal}
lead convert {roof}
lead show {roof} --at 2020-01-01
report leads
report leads --by owner
report funnel
trust --list
offer draft --deal {deal} --line Лист;2;500
offer list
log mail {deal} Отправил
log note {deal} Перезвонить
file add {deal} in.csv
file list {deal}
block add spam.ru
block list
field add deal area --type number --label Площадь
field list
search кров
import undo {deal}
lead bulk --where "stage = new" --set amount=1 --yes
lead convert {lead}
lead edit {lead} --add phones=+79160000000
contact show {anna}
company list
task list --where "due < today"
deal move {deal} lost
deal move {deal} lost --reason price
deal show {deal}
jobs list
jobs cancel {deal}
robots explain nobody
mail list
mail fetch
mail show {roof}
mail save {roof}
mail reply {roof} Завтра --yes
sms list
sms send {roof} Приедем --dry-run
sms send {roof} Приедем --to abc
sms send {roof} --template нет
chat list
chat show {roof}
chat send {roof} Да --yes
chat take {roof}
call {roof}
call {roof} --number 5
log call 89160000009 --missed --new
activity list
intake list
intake list --state all
intake show 1
intake retry 1
intake receive fax
intake receive call --provider нет
form list
form show нет
form quarantine list
form quarantine accept нет
block rm spam.ru
block list
block add нет
contact sync
calendar feed nobody
calendar holidays XX
serve --port 70000
today --silence x
lead consent {roof}
lead consent {roof} --mail yes
lead rm {lead} --yes
undo
gate list --keys keys
user list
team list
rate list
rate add USD 95.5
report won --where "amount >"
plan set 2026-11 -5
score list
privacy list
sql "select nope from deals"
deal list --limit -3
""".strip().splitlines()


@pytest.fixture
def told(crm: Crm, folder: Path) -> dict[str, str]:
    """What each of the commands printed, one after the other."""

    def run(*args: str) -> Run:
        late = {"CRM_NOW": LATER} if args[0] in ("tick", "robots", "jobs") else {}
        late |= {"COLUMNS": "300"} if args == ("robots", "list") else {}  # conditions in one line
        return crm(*args, CRM_LANG="", **late)

    rows = ["Имя,Телефон,Сумма,Лишнее", "Иван,89120000001,100,x", "Пётр,8912,сто,y", ",,,"]
    (folder / "in.csv").write_text("\n".join([*rows, "Кровля,89123456789,5,z", "Итого,,105,"]))
    ids = {
        "lead": ("lead", "add", "--name", "Кровля", "--phone", "89123456789", "--amount", "250,5"),
        "roof": ("lead", "add", "--name", "Крыша", "--phone", "89123456780"),
        "anna": ("contact", "add", "--last-name", "Ковалёва", "--first-name", "Анна"),
        "hanna": ("contact", "add", "--last-name", "Ковалева", "--first-name", "Анна", "--anyway"),
        "deal": ("deal", "add", "--name", "Склад", "--amount", "100000"),
    }
    made = {name: run(*args).out.strip() for name, args in ids.items()}
    task = run("task", "add", "Позвонить", "--about", made["deal"], "--due", "tomorrow")
    made["task"] = task.out.strip()
    done = {line: run(*shlex.split(line.format(**made))) for line in COMMANDS}
    return {
        f"{number}: {line}": run.out + run.err for number, (line, run) in enumerate(done.items())
    }


def english(text: str) -> list[str]:
    """The lines with English words that are not the name of something."""
    lines = text.splitlines()
    words = [re.findall(r"[A-Za-z]{3,}", NAMES.sub(" ", IDS.sub("X", line))) for line in lines]
    return [
        line for line, found in zip(lines, words, strict=True) if set(found) - set(KEYS.split())
    ]


def test_a_russian_team_reads_russian_and_its_own_time(told: dict[str, str]) -> None:
    assert {line: english(text) for line, text in told.items() if english(text)} == {}
    assert [text for text in told.values() if re.search(r"\dZ\b", text)] == []
    assert [line for line, text in told.items() if "Traceback" in text or not text.strip()] == []


def test_programs_read_states_as_files_have_them(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Склад").out.strip()
    crm("offer", "draft", "--deal", deal, "--line", "Лист;2;500")
    assert "черновик" in crm("offer", "list", CRM_LANG="ru").out
    for form in ("--json", "--csv"):
        listed = crm("offer", "list", form, CRM_LANG="ru").out
        assert "draft" in listed
        assert "черновик" not in listed


LABEL = re.compile(r"^  \S+(?: [A-Z]\S*)*(?:  +|$)|^Использование:.*(?:\n    .*)*", re.MULTILINE)
"""How a command or an option is called, and how it is used."""
PARAMS = {param.name for action in ACTIONS.values() for param in action.params}
GIVEN = re.compile(rf"\[?\b(?:{'|'.join(sorted(PARAMS))})\b\]?")
"""What an action of robots is given, as their guide lists it."""
ENGLISH = re.compile(r"\b[a-z]{2,},? [a-z]{2,}\b|(?<!: )\[[a-z]+\]|^[A-Z][a-z ]+:$", re.MULTILINE)
"""Words that make a sentence; a remark of click's; a heading."""
LISTED = re.compile(
    r"(?:[Оо]дно из|по умолчанию|вида): [^.\]]*|\bwords?\b|\w+(?:, \w+)+|\([a-z]+\)"
)
"""Words to choose from."""


@pytest.fixture
def russian(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """People are spoken to in Russian, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("CRM_LANG", "ru")
    language.prefer("")
    yield
    monkeypatch.undo()
    language.prefer("")


@pytest.mark.usefixtures("russian")
def test_every_page_of_help_is_in_russian() -> None:
    pages = {path: page_of(path) for path in ALL}
    pages |= {name: topic(name) for name in TOPICS if name != OPTIONS}
    assert {path: found for path, page in pages.items() if (found := sentences(page))} == {}
    assert [path for path, page in pages.items() if re.search("OPTIONS]|ARGS]|<=x", page)] == []
    lines = ((p, line) for p, page in pages.items() for line in page.split("\n"))
    wide = {
        p: line
        for p, line in lines
        if width(line) > 80 and "*/5 * *" not in line and max(map(width, line.split())) < 70
    }  # an address is in one piece
    assert wide == {}


def page_of(path: str) -> str:
    """The help of a command."""
    context: click.Context | None = None
    for name in path.split():
        group = context and context.command
        command = group.get_command(context, name) if isinstance(group, click.Group) else ALL["crm"]
        assert command is not None
        context = click.Context(command, info_name=name, parent=context)
    assert context is not None
    return context.get_help()


def sentences(page: str) -> list[str]:
    """What of a page of help is said in English; examples are no sentences."""
    told = re.sub(r"\nПример.*:\n(?:  .*\n)+|(?m:^  [a-z_.]+ (?:[=<>~]|has|in|is) .*$)", "\n", page)
    told = re.sub(r"(?m)^  # \w+\.yaml\n(?:  .*\n)+", "\n", told)  # a file as a guide shows it
    told = re.sub(
        r"(?m)^  crm .*\\\n      .*$|^  crm .*$|^  #!/bin/sh\n(?:  .*\n)+|\b(?:git|sudo)(?: [a-z]+)+|^  (?:sudo|python3|venv/bin/\w+) .*$|\[holidays\]|pip\s+install\s+'crmcli\[[a-z]+\]'",
        "",
        told,
    )  # what a guide lets people type
    told = re.sub(r"(?m)^ {6,}(?!\w+: ).*$", lambda line: GIVEN.sub(";", line[0]), told)
    for names in (LABEL, NAMES, LISTED):
        told = names.sub(" ; ", told)
    return ENGLISH.findall(told)


@pytest.mark.usefixtures("russian")
def test_what_could_not_be_done_and_what_ails_a_template_are_told_in_russian(
    tmp_path: Path,
) -> None:
    assert str(TemplateFailed("mail/a.j2", 3, "is not UTF-8")).endswith("строка 3: не в UTF-8")
    with pytest.raises(DiskFull, match=r"записать .*: диск полон"), os_errors("write {}", tmp_path):
        raise OSError(errno.ENOSPC, "")


@pytest.mark.usefixtures("russian")
def test_what_our_people_are_alerted_of_is_told_in_russian() -> None:
    assert [text for text in HEARD.values() if language.tr(text) == text] == ["SMS"]
    assert language.counted(6, "alert") == "6 уведомлений"


@pytest.mark.parametrize(
    ("answers", "agreed"),
    [
        ("д\n", True),
        ("Yes\n", True),
        ("ну\nда\n", True),
        ("н\n", False),
        ("\n", False),
        ("no\n", False),
    ],
)
def test_a_question_is_answered_in_either_language(answers: str, *, agreed: bool) -> None:
    with CliRunner().isolation(input=answers) as (_, told, _both):
        assert agrees("Удалить?") is agreed
    assert told.getvalue().decode().startswith(f"Удалить? [{language.tr('y/N')}]: ")


@pytest.mark.usefixtures("russian")
def test_lists_of_maps_are_read_in_the_language_of_people() -> None:
    locale = Locale("ru", currency="RUB")
    account = {"account": "40702810638000000000", "bank": "ПАО Сбербанк", "bic": "044525225"}
    paid = {"at": "2026-11-23", "amount": "1200.5", "reference": "ПП 17"}
    lines = [{"name": "Забор, 3D", "quantity": "120.5"}, {"name": "Монтаж"}]
    assert ACCOUNTS.show([account], locale).endswith("(ПАО Сбербанк, БИК 044525225)")
    assert PAYMENTS.show([paid], locale) == "2026-11-23: 1\u00a0200,50 (ПП 17)"
    assert LINES.show(lines, locale) == "Забор, 3D × 120,5; Монтаж × 1"
