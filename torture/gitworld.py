"""Three clones of a hub with the commands, ticks and letters in them, and what must hold after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from crmcli.automation.approval import gate
from crmcli.automation.tick import tick
from crmcli.automation.unrecorded_sends import accept, unrecorded
from crmcli.errors import CrmError, NotFound, Refused
from crmcli.model.values import format_instant
from crmcli.sales import activities, add, stages
from crmcli.sales.checks import check
from crmcli.sales.history import undo
from crmcli.sales.init.create import create_workspace
from crmcli.sales.records import edit, remove
from crmcli.store.index import Index
from crmcli.workspace import Workspace
from crmcli.workspace.storage import own_state
from torture import gitmoves
from torture.hearings import Hearings
from torture.indexes import differences
from torture.score import Score
from torture.tracing import Program, run

START = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
NAMES = ("anna", "boris", "vera")
"""Only the first one ticks, as README says."""
SETTINGS = """
company: {name: "Чайный дом", email: sales@chai.example}
users: {anna: {name: Анна}, boris: {name: Борис}, vera: {name: Вера}}
channels: {mail: {deliver: 'maildir:%s', from: sales@chai.example}}
"""
RULES = """
leads:
  stages:
    - id: new
      name: Новый
      robots:
        - {id: hello, do: email, with: {template: mail/hello.j2}}
    - id: called
      name: Позвонил
      triggers: [{on: call.in}]
      robots:
        - {id: thanks, do: email, with: {template: mail/hello.j2}, after: 10m}
        - {id: call, do: task, with: {title: Позвонить}}
    - id: working
      name: В работе
      triggers: [{on: ping}, {on: note}, {on: field.changed, fields: [comment]}]
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Брак, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - {id: new, name: Новая}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
"""
ACTS = ("add", "add", "call", "call", "note", "ping", "edit", "move", "undo", "rm")
BY_GIT = (
    "the line above was changed, or a line was taken out or put in",
    " is here again",
    "the file is missing: the record was never removed",
    "this month but not on the timeline",
    "no lead lead-",
    "the file that the event names is missing",
    "but no file and no creation",
    "which does not exist",
    "it was removed on one side and changed on the other",
)
"""What crm check may find: git has put lines and files together that were never so."""


@dataclass
class Clone:
    """The folder of one person. `branches` are those that were begun there."""

    name: str
    root: Path
    branches: int = 0

    def git(self, *args: str) -> bool:
        """Run git; whether it did what it was told."""
        return not gitmoves.git(self.root, *args).returncode


@dataclass
class World:
    """The clones, the time, and what is known of the letters."""

    folder: Path
    random: Random
    score: Score
    program: Program
    now: datetime = START
    step: str = ""
    clones: list[Clone] = field(default_factory=list)
    letters: Counter[str] = field(default_factory=Counter)
    hearings: Hearings = field(default_factory=Hearings)
    told: Counter[str] = field(default_factory=Counter)
    by_git: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def fault(self, kind: str, words: str) -> None:
        """Something went wrong."""
        self.score.fault(kind, f"{self.folder.name}, {self.step}: {words}")

    def ws(self, clone: Clone) -> Workspace:
        """The workspace of a clone, opened as a command would."""
        return Workspace.open(clone.root, user=clone.name, now=self.now)

    @property
    def outbox(self) -> Path:
        """Where letters arrive: inside the clone or outside, as the seed says."""
        inside = self.clones[0].root / "outbox"
        return inside if self.folder.name[-1] in "02468" else self.folder / "outbox"

    # --- the beginning -------------------------------------------------------------------------

    def found(self) -> None:
        """One founds the workspace, the others clone it."""
        hub = self.folder / "hub.git"
        self.folder.mkdir(parents=True)
        gitmoves.git(self.folder, "init", "-q", "--bare", "-b", "main", str(hub))
        self.clones = [Clone(name, self.folder / name) for name in NAMES]
        first = self.clones[0]
        create_workspace(first.root, language="ru", use_git=False)
        (first.root / "settings.yaml").write_text(SETTINGS % self.outbox, "utf-8")
        (first.root / "pipelines.yaml").write_text(RULES, "utf-8")
        (first.root / "templates/mail/hello.j2").write_text("Subject: Чай\n\nЧай!\n", "utf-8")
        gitmoves.git(first.root, "init", "-q", "-b", "main")
        for clone in self.clones:
            if clone is not first:
                gitmoves.git(self.folder, "clone", "-q", str(hub), clone.name)
            clone.git("config", "user.name", clone.name)
            clone.git("config", "user.email", f"{clone.name}@chai.example")
            if clone is first:
                clone.git("remote", "add", "origin", str(hub))
                for _ in range(3):
                    self._add(clone)
                clone.git("add", "-A")
                clone.git("commit", "-qm", "begin")
                clone.git("push", "-q", "-u", "origin", "main")
        ws = self.ws(first)
        gate.approve(ws, gate.approval(ws).acts)

    # --- what people do ------------------------------------------------------------------------

    def work(self, clone: Clone) -> None:
        """A command on some lead, committed or not."""
        ws = self.ws(clone)
        leads = [record.id for record in ws.select("lead")]
        act = self.random.choice(ACTS)
        self.step = f"{clone.name}: {act}"
        if act == "add" or not leads:
            self._add(clone)
        else:
            self._act(ws, act, self.random.choice(leads))
        if self.random.random() < 0.6:
            clone.git("add", "-A" if self.random.random() < 0.8 else "data/timeline")
            clone.git("commit", "-qm", act)

    def _act(self, ws: Workspace, act: str, lead: str) -> None:
        words = str(self.random.random())
        try:
            if act == "call":
                activities.log(ws, lead, "call.in", words)
            elif act == "note":
                activities.log(ws, lead, "note", words)
            elif act == "ping":
                activities.fire(ws, lead, "ping")
            elif act == "edit":
                edit.edit(ws, lead, edit.Edit({"comment": [words]}, {}, {}))
            elif act == "move":
                stages.move(ws, lead, self.random.choice(("new", "called", "working")))
            elif act == "undo":
                undo.undo(ws)
            elif self.random.random() < 0.2:
                remove.remove(ws, lead)
        except (NotFound, Refused):
            pass  # git has taken away what there was, or a task hangs on it
        except CrmError as error:
            self.fault("other", f"{type(error).__name__}: {error.message}")

    def _add(self, clone: Clone) -> None:
        mail = f"{self.random.randrange(1 << 30)}@kafe.example"
        add.add(self.ws(clone), "lead", {"name": ["Лид"], "emails": [mail]})

    # --- ticks ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let the tick come, look at what it heard, take the letters out of the outbox."""
        first = self.clones[0]
        self.step = "tick"
        if self.random.random() < 0.3:
            self._accept()
        before = self.fresh(first)
        waiting = self.hearings.waiting(before)
        self._run("tick")
        known = len(self.hearings.heard)
        for kind, words in self.hearings.judge(before, self.fresh(first), waiting, first.root):
            self.fault(kind, words)
        self.told["readings"] += len(self.hearings.heard) - known
        for letter in self._collected():
            self.letters[letter] += 1
            self.told["letters"] += 1
            if self.letters[letter] > 1:
                self.fault("doubled", f"the letter {letter} left {self.letters[letter]} times")

    def _accept(self) -> None:
        gone = unrecorded(self.ws(self.clones[0]))
        if gone:
            self.told["pauses"] += 1
            if self.program:
                self._run("tick", "--accept-history")
            else:
                accept(self.ws(self.clones[0]))

    def _run(self, *args: str) -> None:
        first = self.clones[0]
        if self.program or len(args) > 1:
            done = run((*self.program, *args), first.root, CRM_NOW=format_instant(self.now))
            if done.code:
                self.fault("other", f"{args}: {done.code}: {done.err}")
            return
        result = tick(self.ws(first))
        for bug in result.bugs.values():
            self.fault("other", f"tick: {bug.error!r}")

    def _collected(self) -> Iterator[str]:
        for path in sorted((self.outbox / "new").glob("*")):
            head = path.read_text("utf-8", "replace").split("\n\n")[0]
            path.unlink()
            yield next(line for line in head.splitlines() if line.lower().startswith("message-id"))

    # --- after each step -----------------------------------------------------------------------

    def fresh(self, clone: Clone) -> Index:
        """An index that is built out of the files alone."""
        ws = self.ws(clone)
        index = Index(ws.root, ws.schema, ws.settings.phone_country, in_memory=True)
        index.refresh()
        return index

    def look(self, clone: Clone, *, after_git: bool = False) -> None:
        """The index is what one made anew would be, and crm check finds nothing but git's own.

        What git alone can cause, git must have caused: after a command or a tick none of it is new.
        """
        ws = self.ws(clone)
        for words in differences(ws._index, self.fresh(clone)):
            self.fault("torn", f"the index of {clone.name}: {words}")
        known = self.by_git.setdefault(clone.name, set())
        found = set()
        for problem in [*own_state(ws), *check.problems(ws)]:
            words = next((words for words in BY_GIT if words in problem.message), "")
            found.add((str(problem.path), words))
            if not words or not (after_git or (str(problem.path), words) in known):
                self.fault("torn", f"crm check in {clone.name}: {problem.path}: {problem.message}")
        self.by_git[clone.name] = found

    def end(self) -> None:
        """Let all come to rest in the clone that ticks: what is due was done, what left arrived."""
        first = self.clones[0]
        self.step = "the end"
        for _ in range(4):
            self._accept()
            self.tick()
            self.now += timedelta(minutes=20)
        ws = self.ws(first)
        for event in ws.events(kinds=("job.done",)):
            letter = event.data.get("message_id")
            if letter and not any(str(letter) in line for line in self.letters):
                self.fault("lost", f"{event.data['key']} is done, and its letter never came")
        for job in gate.jobs_of(ws.in_right_time(ws.events())).values():
            if job.is_outgoing and job.state not in ("done", "cancelled", "skipped"):
                self.fault("lost", f"the letter {job.key} of {job.robot} is {job.state}")
