"""The workspaces in which commands are tortured, and the commands."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from itertools import combinations
from pathlib import Path

from crmcli.model.entities import plurals
from crmcli.model.values import ID_LETTERS
from crmcli.sales.init.create import create_workspace
from crmcli.store.disk.commit_record import TXN
from crmcli.store.layout import CLONE_ID, STATE
from torture.copies import copied, shorten_pages
from torture.post_office import OURS, SECRET, PostOffice
from torture.tracing import crm, environ

TICK_RULES = """
leads:
  stages:
    - {id: new, name: Новый}
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Брак, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - id: new
        name: Новая
        robots:
ROBOTS
      - {id: talks, name: Переговоры}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
sequences:
  warm:
    robots:
      - {id: say, do: comment, with: {text: Раз}}
      - {id: call, do: task, with: {title: Позвонить}, wait: previous}
      - {id: later, do: comment, with: {text: Потом}, after: 2d, wait: previous}
  brief:
    robots:
      - {id: much, do: comment, with: {text: Никогда}, after: 1d}
"""
ROBOTS = {
    "task": "          - {id: call, do: task, with: {title: Позвонить}}\n",
    "mail": (
        "          - {id: hello, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}}\n"
    ),
    "move": "          - {id: on, do: move, with: {stage: talks}}\n",
    "alone": """\
          - {id: mark, do: set, with: {append: {tags: чай}, close_by: today+7d, amount: 100}}
          - {id: say, do: comment, with: {text: "{{ deal.name }}"}}
          - {id: tell, do: notify, with: {text: "{{ deal.name }}", to: torture}}
          - {id: call, do: task, with: {title: Позвонить}}
""",
    "others": """\
          - {id: line, do: add_line, with: {product: Чай, price: 10, quantity: 2}}
          - {id: new, do: create, with: {entity: deal, set: {name: Ещё чай, stage: talks}}}
          - {id: turn, do: owner, with: {to: round_robin, among: [anna, boris]}}
          - {id: call, do: task, with: {title: Позвонить}}
          - {id: end, do: complete_tasks}
          - {id: stop, do: block, with: {reason: просил}}
          - {id: none, do: remove_lines}
""",
    "sequence": """\
          - {id: begin, do: start_sequence, with: {sequence: warm}}
          - {id: twice, do: start_sequence, with: {sequence: warm}}
          - {id: next, do: start_sequence, with: {sequence: brief}}
          - {id: end, do: stop_sequence, with: {sequence: brief}}
""",
    "document": """\
          - {id: line, do: add_line, with: {product: Чай, price: 10, quantity: 2}}
          - {id: page, do: document, with: {kind: offer, format: html, name: page}}
          - {id: sheet, do: document, with: {kind: offer, name: sheet}, wait: previous}
          - {id: path, do: comment, with: {text: "{{ robots.sheet.name }}"}, wait: previous}
""",
}
"""What robots do in one tick: one act, several of one change, and such as read and write other records."""
BATCH = re.compile(r"batch-\w+")
ROWS = "Имя;Телефон;E-mail\n"


@dataclass(frozen=True)
class Scene:
    """A command and the workspace on which it runs. `again` commands must be able to follow it."""

    name: str
    args: tuple[str, ...]
    base: Path
    ticks: bool = False

    @property
    def reference(self) -> tuple[str, ...]:
        """The command line of the installed program."""
        return (*crm(), *self.args)

    def stand(self, root: Path) -> Path:
        """A fresh copy of the workspace."""
        shutil.rmtree(root, ignore_errors=True)
        copied(self.base, root)
        return root


def say(root: Path, *args: str) -> str:
    """Run crm, to make what a scene begins with; its answer. RuntimeError if it refuses."""
    from tests.forks import forks

    started = {n: v for n, v in os.environ.items() if n.startswith("PYTHON")}
    plain = {n: v for n, v in environ().items() if not n.startswith("PYTHON")}
    done = forks().run(args, stdin=b"", cwd=root, environ={**plain, **started, "PYTHONUTF8": "1"})
    if done.returncode:
        raise RuntimeError(f"crm {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


def new(root: Path, language: str = "ru") -> Path:
    """An empty workspace."""
    create_workspace(root, language=language, use_git=False)
    return shorten_pages(root)


def with_folders(root: Path) -> None:
    """Make every folder that a new record may need, so that chance makes no difference of calls."""
    for plural in plurals():
        for letter in ID_LETTERS:
            (root / "data" / plural / letter).mkdir(parents=True, exist_ok=True)


def _rows(count: int) -> str:
    return ROWS + "".join(
        f"Гость {n};+7 912 000-{n // 100:02}-{n % 100:02};g{n}@kafe.example\n" for n in range(count)
    )


def _full(root: Path) -> dict[str, str]:
    """A workspace with some of everything; the ids by name."""
    new(root)
    ids = {}
    for name in ("edit", "move", "convert", "rm", "junk"):
        ids[name] = say(
            root, "lead", "add", "--name", f"Кровля {name}", "--phone", "+7 912 345-67-89",
            "--email", f"{name}@kafe.example", "--company-name", "ООО «Чай»", "--comment", "раз\nдва",
            "--last-name", "Орлова",
        )  # fmt: skip
    for n in range(5):
        say(root, "contact", "add", "--last-name", f"Гость {n}", "--tag", "пять")
    ids["deal"] = say(root, "deal", "add", "--name", "Чай", "--amount", "1000")
    ids["task"] = say(root, "task", "add", "Позвонить", "--about", ids["edit"])
    ids["task2"] = say(root, "task", "add", "Написать", "--about", ids["edit"])
    (root / "rows.csv").write_text(_rows(30), "utf-8")
    (root / "many.csv").write_text(_rows(60), "utf-8")
    with_folders(root)
    say(root, "lead", "list")
    return ids


def _first(root: Path) -> str:
    """A workspace with one lead only, and no folder for what it will become; the lead's id."""
    new(root)
    lead = say(
        root, "lead", "add", "--name", "Первый", "--last-name", "Орлова", "--company-name",
        "ООО «Чай»", "--email", "a@kafe.example",
    )  # fmt: skip
    say(root, "lead", "list")
    return lead


def ticking(root: Path, robots: str) -> Path:
    """A workspace with a deal for which these robots wait."""
    new(root)
    (root / "pipelines.yaml").write_text(TICK_RULES.replace("ROBOTS\n", robots).lstrip(), "utf-8")
    (root / "templates/mail/hi.j2").write_text("Subject: О чае\n\nДобрый день!\n", "utf-8")
    settings = (root / "settings.yaml").read_text("utf-8")
    settings = settings.replace("  email:\n", "  email: sales@chai.example\n", 1)
    (root / "settings.yaml").write_text(settings, "utf-8")
    client = say(root, "contact", "add", "--last-name", "Орлова", "--phone", "+7 912 345-67-89")
    say(root, "deal", "add", "--name", "Чай", "--contact", client)
    with_folders(root)
    say(root, "deal", "list")
    return root


def _converted(root: Path) -> tuple[str, ...]:
    lead = _first(root)
    with_folders(root)
    say(root, "lead", "convert", lead)
    return ("undo",)


def _undone(root: Path) -> tuple[str, ...]:
    _converted(root)
    say(root, "undo")
    return ("undo", "--redo")


def _imported(root: Path) -> tuple[str, ...]:
    """An import of which one row was edited since."""
    new(root)
    with_folders(root)
    (root / "rows.csv").write_text(_rows(10), "utf-8")
    say(root, "import", "contacts", "rows.csv")
    first = say(root, "contact", "list", "--ids").split()[0]
    say(root, "contact", "edit", first, "--comment", "уже наша")
    timeline = "".join(path.read_text("utf-8") for path in root.glob("data/timeline/*/*.csv"))
    return ("undo", "--batch", BATCH.findall(timeline)[0])


def _twins(root: Path) -> tuple[str, ...]:
    """Two contacts that are one, both with a deal, a task and a note."""
    new(root)
    with_folders(root)
    pair = []
    for n, name in enumerate(("Анна", "Аня")):
        pair.append(say(root, "contact", "add", "--first-name", name, "--last-name", "Орлова",
                         "--phone", f"+7 912 345-67-8{n}", "--tag", name))  # fmt: skip
        say(root, "deal", "add", "--name", f"Чай {n}", "--contact", pair[-1])
        say(root, "task", "add", "Позвонить", "--about", pair[-1])
        say(root, "log", "note", pair[-1], f"Заметка {n}")
    say(root, "contact", "list")
    return ("--yes", "contact", "merge", *pair)


def _merged(root: Path) -> tuple[str, ...]:
    merge = _twins(root)
    say(root, *merge)
    return ("--yes", "contact", "unmerge", merge[-2])


def _drafted(root: Path) -> tuple[str, ...]:
    """An offer of one page, ready to be sent."""
    new(root)
    olga = say(root, "contact", "add", "--last-name", "Гость", "--email", "olga@kafe.example")
    deal = say(root, "deal", "add", "--name", "Чай", "--contact", olga)
    offer = say(root, "offer", "draft", "--deal", deal, "--line", "Монтаж;2;15000;шт")
    with_folders(root)
    say(root, "offer", "list")
    return ("offer", "send", offer, "--yes")


def _known(root: Path) -> tuple[str, ...]:
    """A client with letters, papers and a note on somebody else's record, about to be erased."""
    new(root)
    olga = say(root, "contact", "add", "--last-name", "Вяземская", "--email", "olga@kafe.example")
    other = say(
        root, "contact", "add", "--last-name", "Гость", "--comment", "знает Ольгу Вяземскую"
    )
    deal = say(root, "deal", "add", "--name", "Чай Вяземская", "--contact", olga)
    say(root, "log", "note", other, "пришла от Вяземской, olga@kafe.example")
    say(root, "task", "add", "Позвонить", "--about", olga)
    say(root, "offer", "draft", "--deal", deal, "--line", "Монтаж;2;15000;шт")
    head = "From: olga@kafe.example\nMessage-ID: <1@kafe.example>\nSubject: Tea\n"
    (root / "letter.eml").write_text(f"{head}\nHow much?\n", "utf-8")
    say(root, "mail", "receive", "letter.eml")
    (root / "letter.eml").unlink()
    with_folders(root)
    say(root, "lead", "list")
    return ("privacy", "erase", olga, "--yes")


def _stateless(root: Path) -> tuple[str, ...]:
    """A workspace in use whose .crm somebody has deleted."""
    lead = _first(root)
    shutil.rmtree(root / STATE)
    return ("lead", "edit", lead, "--comment", "другое")


def _cloned(root: Path) -> tuple[str, ...]:
    """A clone by git in which nobody has worked yet."""
    origin = root.with_name(f"{root.name}-origin")
    edit = _stateless(origin)
    for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one"),
                 ("clone", "-q", str(origin), str(root))):  # fmt: skip
        words = ("git", "-c", "user.name=t", "-c", "user.email=t@kafe.example", *args)
        subprocess.run(words, cwd=origin, env=environ(), check=True)
    return edit


def _unbound(root: Path) -> tuple[str, ...]:
    """The state of an earlier crm, that only says its letters."""
    edit = _stateless(root)
    (root / TXN).mkdir(parents=True)
    (root / CLONE_ID).write_text("7k3qf2m9\n", "ascii")
    return edit


def _conversion(root: Path, make: tuple[str, ...], way: str) -> tuple[str, ...]:
    """A lead, and who it may become: nobody, those to whom it is linked, or those that are named."""
    lead = _first(root)
    firm = say(root, "company", "add", "--name", "ООО «Чай»", "--on-duplicate", "create")
    there = {
        "contact": say(root, "contact", "add", "--last-name", "Орлова", "--company", firm),
        "company": firm,
        "deal": say(root, "deal", "add", "--name", "Чай"),
    }
    if way == "linked":
        say(root, "lead", "edit", lead, "--contact", there["contact"], "--company", firm)
    say(root, "task", "add", "Позвонить", "--about", lead)
    with_folders(root)
    say(root, "lead", "list")
    asked = [(f"--use-{e}", there[e]) if way == "existing" else (f"--{e}",) for e in make]
    return ("lead", "convert", lead, *(word for words in asked for word in words))


CONVERSIONS = {
    f"convert {'+'.join(make)} {way}": partial(_conversion, make=make, way=way)
    for count in (1, 2, 3)
    for make in combinations(("contact", "company", "deal"), count)
    for way in ("new", "linked", "existing")
}
"""The seven combinations of what a lead becomes, each new, linked already, and named."""


def _at_once(root: Path, args: tuple[str, ...]) -> tuple[str, ...]:
    """A workspace that keeps no leads, one client, and who comes in: that client again, and others."""
    new(root)
    with (root / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("leads: off\n")
    say(root, "contact", "add", "--last-name", "Орлова", "--phone", "+7 912 345-67-89")
    rows = "".join(
        f"Чай {n};Орлова;+7 912 345-67-{89 + n % 3};ООО «Чай {n % 2}»\n" for n in range(6)
    )
    (root / "leads.csv").write_text(f"Название;Фамилия;Телефон;Компания\n{rows}", "utf-8")
    with_folders(root)
    say(root, "deal", "list")
    return args


def _leaving(root: Path) -> tuple[str, ...]:
    """Somebody leaves who has clients, deals, tasks, robots, a form and a team."""
    new(root)
    for user in ("anna", "olga", "boris"):
        say(root, "user", "add", user, "--email", f"{user}@kafe.example")
    say(root, "--yes", "user", "role", "olga", "manager")
    say(root, "user", "role", "boris", "manager")
    say(root, "team", "add", "sales", "--head", "olga", "--add", "boris")
    form = "forms: {site: {title: A, owner: olga, fields: [{name: phone}]}}\n"
    (root / "forms.yaml").write_text(form, "utf-8")
    rules = (root / "pipelines.yaml").read_text("utf-8").replace("owner: anna", "owner: olga")
    (root / "pipelines.yaml").write_text(rules, "utf-8")
    with (root / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("assignment: [{to: [olga, boris]}]\n")
    for number in range(4):
        say(root, "contact", "add", "--last-name", f"Гость {number}", "--owner", "olga")
    deal = say(root, "deal", "add", "--name", "Чай", "--owner", "olga")
    say(root, "task", "add", "Позвонить", "--about", deal, "--owner", "olga")
    with_folders(root)
    say(root, "deal", "list")
    return ("--yes", "user", "off", "olga", "--give-to", "boris")


def _written_to(root: Path) -> tuple[str, ...]:
    """A letter of a stranger, which becomes a lead."""
    new(root)
    head = "From: Anna <anna@chai.example>\nMessage-ID: <1@chai.example>\nSubject: Tea\n"
    (root / "letter.eml").write_text(f"{head}\nHow much?\n", "utf-8")
    with_folders(root)
    say(root, "lead", "list")
    return ("mail", "receive", "letter.eml")


def _fetching(root: Path) -> tuple[str, ...]:
    """Two letters lie in a mailbox behind the last one that was fetched, whoever has read them since."""
    office = PostOffice(Path(tempfile.mkdtemp(prefix="crm-post-")), takes=False)
    office.start()
    atexit.register(office.stop)
    new(root)
    secret = office.folder / "secret"
    secret.touch(0o600)
    secret.write_text(SECRET)
    file, deliver = root / "settings.yaml", "    deliver: maildir:outbox\n"
    more = f"    fetch: ['{office.url(OURS)}']\n    fetch_password: 'file:{secret}'\n"
    file.write_text(file.read_text("utf-8").replace(deliver, deliver + more), "utf-8")
    for number in range(3):
        head = f"From: a{number}@chai.example\nMessage-ID: <{number}@chai.example>\nSubject: Tea\n"
        office.put(f"{head}\nHow much?\n".encode(), OURS)
        if not number:
            say(root, "mail", "fetch")
    with_folders(root)
    say(root, "lead", "list")
    return ("mail", "fetch")


AT_ONCE = {
    "convert at once": partial(
        _at_once, args=("lead", "add", "--name", "Чай", "--last-name", "Орлова", "--phone",
                        "+7 912 345-67-89", "--company-name", "ООО «Чай»"),
    ),
    "convert at once from a file": partial(_at_once, args=("import", "leads", "leads.csv")),
}  # fmt: skip
"""Who comes in where no leads are kept."""


def _in_stages(root: Path, args: str) -> tuple[str, ...]:
    """Deals of two pipelines in several stages, and a view that names one."""
    new(root)
    say(root, "pipeline", "add", "Сервис", "--id", "service")
    firm = say(root, "company", "add", "--name", "Чай")
    for name, stage in (("А", "request"), ("Б", "invoice"), ("В", "paid")):
        say(root, "deal", "add", "--name", name, "--stage", stage, "--amount=5", "--company", firm)
    say(root, "deal", "add", "--name", "Г", "--pipeline", "service")
    say(root, "view", "save", "ours", "deals", "--where", "stage = invoice")
    with_folders(root)
    say(root, "deal", "list")
    return tuple(args.split())


STAGES = {
    args: partial(_in_stages, args=args)
    for args in (
        "stage rename invoice Bill --id bill", "stage rm invoice --move-to request",
        "pipeline rename sales Big --id big", "pipeline rm service --move-to sales/request",
        "deal move --where amount=5 paid",
    )
}  # fmt: skip
"""Commands that change pipelines.yaml with records."""

PAST = {
    "mail receive": _written_to, "mail fetch": _fetching,
    "undo": _converted, "redo": _undone, "undo batch": _imported, "merge": _twins,
    "unmerge": _merged, "offer send": _drafted, "erase": _known, "user off": _leaving,
    "first after rm": _stateless, "first after clone": _cloned,
    "first in an old state": _unbound, **CONVERSIONS, **AT_ONCE, **STAGES,
}  # fmt: skip
"""Commands that need some past, each with what makes it and gives the command line."""


PLAIN = (
    "add", "edit", "move", "convert", "bulk", "import", "import many", "rm", "junk", "win",
    "done", "call", "offer",
)  # fmt: skip
"""Commands on a workspace with some of everything."""


def named(pattern: str) -> tuple[str, ...]:
    """The commands whose name fits a pattern like `convert *`; none for all of them."""
    firsts, ticks = ("first add", "first convert"), [f"tick {robot}" for robot in ROBOTS]
    found = tuple(n for n in (*firsts, *PLAIN, *PAST, *ticks) if fnmatchcase(n, pattern))
    if pattern and not found:
        raise SystemExit(f"no command is called like {pattern!r}")
    return found


def scenes(folder: Path, names: tuple[str, ...] = ()) -> list[Scene]:
    """All commands that are tortured, or those named, each with its workspace below `folder`."""
    made: list[Scene] = []
    folder.mkdir(parents=True, exist_ok=True)

    def wants(*of: str) -> bool:
        return not names or any(name in names for name in of)

    if wants("first add"):
        made.append(Scene("first add", ("lead", "add", "--name", "Анна"), new(folder / "empty")))
    if wants("first convert"):
        lead = _first(folder / "first")
        made.append(Scene("first convert", ("lead", "convert", lead), folder / "first"))
    if wants(*PLAIN):
        full = folder / "full"
        ids = _full(full)
        add = ("lead", "add", "--name", "Анна", "--phone", "8 912 345-00-00", "--tag", "чай")
        commands: dict[str, tuple[str, ...]] = {
            "add": add,
            "edit": ("lead", "edit", ids["edit"], "--comment", "другое\nслово", "--tag", "vip"),
            "move": ("lead", "move", ids["move"], "working"),
            "convert": ("lead", "convert", ids["convert"]),
            "bulk": (
                "--yes",
                "contact",
                "bulk",
                "--where",
                "tags has пять",
                "--set",
                "comment=все",
            ),
            "import": ("import", "contacts", "rows.csv"),
            "import many": ("import", "contacts", "many.csv"),
            "rm": ("--yes", "lead", "rm", ids["rm"]),
            "junk": ("lead", "junk", ids["junk"], "--reason", "wrong_number"),
            "win": ("deal", "win", ids["deal"]),
            "done": ("task", "done", ids["task"], ids["task2"]),
            "call": ("log", "call", ids["edit"], "Просил перезвонить", "--in"),
            "offer": ("offer", "draft", "--deal", ids["deal"], "--line", "Монтаж;2;15000;шт"),
        }
        made += [Scene(name, args, full) for name, args in commands.items()]
    for name, prepare in PAST.items():
        if wants(name):
            base = folder / name.replace(" ", "-")
            made.append(Scene(name, prepare(base), base))
    for robot, text in ROBOTS.items():
        if wants(f"tick {robot}"):
            base = ticking(folder / f"tick-{robot}", text)
            made.append(Scene(f"tick {robot}", ("tick",), base, ticks=True))
    return [scene for scene in made if not names or scene.name in names]
