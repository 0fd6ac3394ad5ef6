"""The workspace that is damaged: a small company with two months of timeline, and the program run on it."""

from __future__ import annotations

import os
import pty
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from crmcli.sales import activities, leads
from crmcli.sales.init import create
from crmcli.store import layout
from crmcli.workspace import Workspace
from tests import kit
from tests.forks import forks
from tests.kit import NOW, Run
from torture.copies import shorten_pages

BEFORE = NOW - timedelta(days=40)
USERS = "users:\n  anna: {name: Анна Орлова, email: anna@example.ru}\n"


@dataclass(frozen=True)
class Base:
    """A workspace in a folder, and the ids of what stands in it; `sha` is that of an attachment."""

    root: Path
    company: str
    contact: str
    whole: str
    lead: str
    converted: str
    deal: str
    task: str
    sha: str

    def at(self, root: Path) -> Base:
        """The same workspace in another folder."""
        return replace(self, root=root)

    def path(self, name: str) -> str:
        """The path of something from the root: of a record by its word, of the timeline or a file."""
        if name in ("now", "before"):
            clone = (self.root / layout.CLONE_ID).read_text().split()[0]
            return layout.timeline_path(NOW if name == "now" else BEFORE, clone)
        if name == "letter":
            return layout.file_path(self.sha)
        record = self.__dict__.get(name)
        return layout.record_path(record) if record else name

    def file(self, name: str) -> Path:
        """As `path`, in full."""
        return self.root / self.path(name)

    def contents(self) -> dict[str, bytes]:
        """Every file of the workspace but the machine's own state."""
        state = self.root / layout.STATE
        found = [p for p in self.root.rglob("*") if p.is_file() and not p.is_symlink()]
        return {
            str(p.relative_to(self.root)): p.read_bytes() for p in found if state not in p.parents
        }


def build(root: Path) -> Base:
    """Make the workspace with the verbs."""
    create.create_workspace(root, language="ru", use_git=False)
    shorten_pages(root)
    settings = root / layout.SETTINGS
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("users:\n", USERS), encoding="utf-8")
    ws = Workspace.open(root, now=BEFORE)
    company = kit.company(ws, name="ООО «Ромашка»", inn="7707083893")
    contact = kit.contact(
        ws,
        name="Анна Петрова",
        phones="8 916 123-45-67",
        emails="anna@romashka.ru",
        companies=company.id,
        comment="Звонить после обеда.\nПросила договор.",
    )
    whole = kit.contact(ws, name="Борис Целый", phones="8 903 765-43-21")
    ws = Workspace.open(root, now=NOW)
    phone = {"phones": "8 912 345-67-89", "amount": "250000"}
    lead = kit.lead(ws, name="Кровля для склада", **phone)
    old = kit.lead(ws, name="Забор", phones="8 912 111-22-33")
    use = {"contact": contact.id, "company": company.id}
    deal = leads.convert(ws, old.id, leads.ConvertOptions(("deal",), use)).ids["deal"]
    task = kit.task(ws, name="Позвонить", about=deal)
    with ws.change("letter") as change:
        sha = change.attach("Договор № 7 подписан.\n".encode() * 20)
        activities.log_in(change, contact.id, "mail.in", "Договор во вложении", {"file": sha})
    base = Base(root, company.id, contact.id, whole.id, lead.id, old.id, deal, task.id, sha)
    assert run(root, "check") == Run(0, "", "no problems found\n")
    return base


def run(root: Path, *args: str, answer: str = "") -> Run:
    """Run the real program.

    With an `answer` it finds a terminal to ask at, where somebody types that.
    """
    terminal, stdin = pty.openpty() if answer else (-1, os.open(os.devnull, os.O_RDONLY))
    if answer:
        os.write(terminal, answer.encode())
    environ = {**os.environ, "CRM_NOW": NOW.isoformat(), "CRM_LANG": "en", "PYTHONUTF8": "1"}
    done = forks().run(args, stdin=stdin, cwd=root, environ=environ)
    for file in (terminal, stdin):
        if file >= 0:
            os.close(file)
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
