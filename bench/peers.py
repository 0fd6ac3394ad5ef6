"""Other programs that keep records in plain files, doing the same work beside crm."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """Something a peer does: `work` is the name of crm's counterpart; at most at size `most`."""

    work: str
    title: str
    command: Sequence[str]
    most: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, and how to put a base of so many records before it."""

    name: str
    prepare: Callable[[Path, int], list[Task]]


def todo_program(folder: Path) -> Path | None:
    """todoman in a virtual environment of its own, or as it is installed; None if there is neither."""
    program = folder / "todoman" / "bin" / "todo"
    if not program.exists():
        venv = folder / "todoman"
        try:
            subprocess.run(
                [sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True
            )
            subprocess.run(
                [str(venv / "bin" / "pip"), "install", "--quiet", "todoman"],
                check=True,
                capture_output=True,
                timeout=300,
            )
        except (OSError, subprocess.SubprocessError):
            shutil.rmtree(venv, ignore_errors=True)
    found = str(program) if program.exists() else shutil.which("todo")
    return Path(found) if found else None


def _todoman(program: Path) -> Callable[[Path, int], list[Task]]:
    def prepare(folder: Path, size: int) -> list[Task]:
        lists = folder / "lists" / "leads"
        lists.mkdir(parents=True)
        for number in range(size):
            category = "won" if number % 4 == 0 else "new"
            (lists / f"{number}.ics").write_text(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\nBEGIN:VTODO\r\n"
                f"UID:{number}\r\nSUMMARY:Позвонить Анне {number}\r\nCATEGORIES:{category}\r\n"
                "DTSTAMP:20261101T090000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
                encoding="utf-8",
            )
        config = folder / "config.py"
        config.write_text(
            f"path = {str(folder / 'lists' / '*')!r}\ncache_path = {str(folder / 'cache.sqlite3')!r}\n"
            "default_list = 'leads'\n"
        )
        todo = [str(program), "-c", str(config)]
        return [
            Task("list", "list --category", [*todo, "list", "--category", "won"]),
            Task("add", "new", [*todo, "new", "-l", "leads", "Тестовая запись"]),
        ]

    return prepare


def _taskwarrior(folder: Path, size: int) -> list[Task]:
    folder.mkdir(parents=True)
    (folder / "rc").write_text(
        f"data.location={folder}\nconfirmation=off\nhooks=off\nverbose=nothing\n"
    )
    records = [
        {
            "description": f"Позвонить Анне {number}",
            "status": "pending",
            "project": "won" if number % 4 == 0 else "new",
            "uuid": f"00000000-0000-4000-8000-{number:012}",
        }
        for number in range(size)
    ]
    (folder / "task.json").write_text(json.dumps(records, ensure_ascii=False))
    task = ["task", f"rc:{folder / 'rc'}"]
    subprocess.run([*task, "import", str(folder / "task.json")], check=True, capture_output=True)
    return [
        Task("list", "project:won list", [*task, "project:won", "list"]),
        Task("add", "add", [*task, "add", "project:new", "Тестовая запись"]),
    ]


def _khard(folder: Path, size: int) -> list[Task]:
    cards = folder / "cards"
    cards.mkdir(parents=True)
    for number in range(size if size <= 10_000 else 0):
        (cards / f"{number}.vcf").write_text(
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{number}\r\nFN:Анна Ким {number}\r\nN:Ким;Анна;;;\r\n"
            f"TEL;TYPE=cell:+79{number:09}\r\nEMAIL:user{number}@example.ru\r\nEND:VCARD\r\n",
            encoding="utf-8",
        )
    config = folder / "khard.conf"
    config.write_text(
        f"[addressbooks]\n[[main]]\npath = {cards}\n[general]\ndefault_action = list\n"
    )
    return [Task("list", "list", ["khard", "-c", str(config), "list", "Анна"], most=10_000)]


def _recutils(folder: Path, size: int) -> list[Task]:
    folder.mkdir(parents=True)
    base = folder / "leads.rec"
    blocks = [
        f"Id: {number}\nName: Анна Ким {number}\nStatus: {'won' if number % 4 == 0 else 'new'}\n"
        for number in range(size)
    ]
    base.write_text("%rec: Lead\n\n" + "\n".join(blocks), encoding="utf-8")
    fields = ["-f", "Id", "-v", "new", "-f", "Name", "-v", "Тест", "-f", "Status", "-v", "new"]
    return [
        Task("list", "recsel", ["recsel", "-t", "Lead", "-e", "Status = 'won'", str(base)]),
        Task("add", "recins (no key)", ["recins", "-t", "Lead", *fields, str(base)]),
    ]


def installed(folder: Path) -> tuple[list[Peer], list[str]]:
    """The peers that are here, and a line for each that is not."""
    peers: list[Peer] = []
    missing: list[str] = []
    todo = todo_program(folder)
    if todo:
        peers.append(Peer("todoman", _todoman(todo)))
    else:
        missing.append("todoman: pip could not install it; apt-get install todoman")
    for name, program, prepare in (
        ("taskwarrior", "task", _taskwarrior),
        ("khard", "khard", _khard),
        ("recutils", "recsel", _recutils),
    ):
        if shutil.which(program):
            peers.append(Peer(name, prepare))
        else:
            missing.append(f"{name}: apt-get install {name}")
    return peers, missing
