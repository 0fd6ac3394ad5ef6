"""A week in which the clock jumps: seconds to ten years, both ways, with reboots and killed ticks."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from crmcli.automation.ledger import jobs_of
from crmcli.automation.robots import key_of
from crmcli.automation.tick import tick
from crmcli.automation.visits import visits
from crmcli.errors import CrmError
from crmcli.model.event import Event
from crmcli.model.values import format_instant
from crmcli.sales import add, stages
from crmcli.workspace import Workspace
from torture.post import Post, posting
from torture.score import Score
from torture.tracing import Program, run

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
FARTHEST = timedelta(days=3653)
SURE = timedelta(hours=12)
"""From here on a clock that comes back is told from one that went on."""
SETTINGS = """
company: {name: "Чайный дом", email: sales@chai.example}
users: {anna: {name: Анна, email: anna@chai.example}}
channels: {mail: {deliver: '%s', from: sales@chai.example}}
"""
RULES = """
leads:
  stages:
    - id: new
      name: Новый
      robots:
        - {id: hello, do: email, with: {template: mail/hello.j2}}
        - {id: call, do: task, with: {title: Позвонить}, after: 6h, max_late: 5h}
        - {id: chase, do: email, with: {template: mail/chase.j2}, after: 1h, wait: previous}
    - id: working
      name: В работе
      robots:
        - {id: remind, do: task, with: {title: Напомнить}, after: 3h}
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Брак, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - id: new
        name: Новая
        robots:
          - {id: visit, do: task, with: {title: Встреча}, at: {field: close_by, time: '12:00'}, max_late: 1d}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
    schedules:
      - {id: hourly, cron: '0 * * * *', do: notify, with: {text: Час, to: anna}}
      - {id: daily, cron: '0 12 * * *', do: email, once: true,
         with: {template: mail/day.j2, to: anna@chai.example}}
"""
LETTERS = {"hello": "Здравствуйте", "chase": "Ещё раз", "day": "День"}
AFTER = {"hello": timedelta(), "call": timedelta(hours=6), "remind": timedelta(hours=3)}
"""The robots that count from the entry, by the time that they wait."""


@dataclass(frozen=True)
class Wrong:
    """A while in which the clock was wrong, or the machine was off, by the right time."""

    begin: datetime
    end: datetime
    by: timedelta = timedelta()


@dataclass
class Week:
    """The workspace, the right time and how far the clock is from it, and what was found so far."""

    root: Path
    post: Post
    random: Random
    score: Score
    program: Program = ()
    right: datetime = START
    offset: timedelta = timedelta()
    spells: list[Wrong] = field(default_factory=list)
    entered: dict[tuple[str, str], datetime] = field(default_factory=dict)
    jumps: int = 0

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.right + self.offset

    @property
    def ws(self) -> Workspace:
        """The workspace, opened as a command would."""
        return Workspace.open(self.root, user="anna", now=self.now)

    def found(self) -> None:
        """Write the rules down, and begin."""
        for folder in ("data", "templates/mail"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "settings.yaml").write_text(SETTINGS % self.post.url, "utf-8")
        (self.root / "pipelines.yaml").write_text(RULES, "utf-8")
        for name, subject in LETTERS.items():
            text = f"Subject: {subject}\n\n{subject}!\n"
            (self.root / f"templates/mail/{name}.j2").write_text(text, "utf-8")
        for close_by in ("2026-11-24", "2026-11-26", "2026-12-20"):
            add.add(self.ws, "deal", {"name": ["Сделка"], "close_by": [close_by]})

    def fault(self, kind: str, words: str) -> None:
        """Something went wrong."""
        self.score.fault(kind, f"{self.root.name}, {self.right:%d %H:%M}: {words}")

    def tick(self) -> None:
        """Let five minutes go, and a tick come."""
        self.right += STEP
        self.score.ran()
        if self.program:
            done = run((*self.program, "tick"), self.root, CRM_NOW=format_instant(self.now))
            if done.code:
                self.fault("other", f"tick at {self.now}: {done.code}: {done.err}")
            return
        try:
            tick(self.ws)
        except CrmError as error:
            self.fault("other", f"tick at {self.now}: {error}")

    def kill(self) -> None:
        """Let a tick of the real program be killed somewhere."""
        self.right += STEP
        limit, now = self.random.uniform(0.25, 0.7), format_instant(self.now)
        program = self.program or (sys.executable, "-m", "crmcli")
        try:
            run((*program, "tick"), self.root, limit=limit, CRM_NOW=now)
        except subprocess.TimeoutExpired:
            self.score.ran()

    def work(self) -> None:
        """What people do between ticks: a lead comes, another moves."""
        if self.random.random() < 0.06:
            fields = {"name": ["Лид"], "emails": [f"{len(self.entered)}@kafe.example"]}
            self.entered[add.add(self.ws, "lead", fields).record.id, "new"] = self.right
        standing = [record.id for record in self.ws.select("lead") if record.get("stage") == "new"]
        if standing and self.random.random() < 0.02:
            moved = self.random.choice(standing)
            stages.move(self.ws, moved, "working")
            self.entered[moved, "working"] = self.right

    def jump(self) -> None:
        """Set the clock wrong, at times twice, at times with the machine off for a while, and right."""
        begin = self.right
        for _ in range(self.random.choice((1, 1, 1, 2))):
            seconds = 10 ** self.random.uniform(0.5, 8.5)
            by = min(timedelta(seconds=int(seconds)), FARTHEST)
            self.offset = self.random.choice((by, -by))
            self.jumps += 1
            self._reboot()
            for _ in range(self.random.randint(0, 8)):
                self.work()
                self.tick()
            self.spells.append(Wrong(begin, self.right, abs(self.offset)))
        self.offset = timedelta()
        self.jumps += 1
        self._reboot()

    def _reboot(self) -> None:
        if self.random.random() < 0.3:
            begin = self.right
            if self.random.random() < 0.5:
                self.kill()
            self.right += self.random.randint(0, 20) * STEP
            self.spells.append(Wrong(begin, self.right))

    def look(self) -> None:
        """Whether all that is due by the right time was done, and nothing that is not."""
        told: dict[str, list[Event]] = {}
        for event in self.ws.events():
            told.setdefault(event.record, []).append(event)
        for (lead, stage), at in self.entered.items():
            record = self.ws.get(lead)
            if record.get("stage") != stage:
                continue
            visit = visits(told[lead])[-1]
            for robot in self.ws.stage_of(record).robots:
                if robot.id in AFTER:
                    job = visit.jobs.get(key_of(robot, record, visit))
                    is_done = job is not None and job.state != "missed"
                    self._judge(f"{lead}, {robot.id}", at + AFTER[robot.id], at, is_done=is_done)

    def _judge(self, who: str, due: datetime, since: datetime, *, is_done: bool) -> None:
        spells = [spell for spell in self.spells if spell.end >= since]
        # What passed while nobody ticked, or by a clock that was a little wrong, is not known to all.
        late = sum((spell.end - spell.begin + 2 * STEP for spell in spells), 2 * STEP)
        late += sum((spell.by for spell in spells if spell.by < SURE), timedelta())
        early = sum((spell.by + late for spell in spells), timedelta())
        if not is_done and self.right > due + late:
            self.fault("lost", f"{who}: due at {due:%d %H:%M} and not done")
        if is_done and self.right < due - early:
            self.fault("other", f"{who}: due at {due:%d %H:%M} and done")

    def end(self) -> None:
        """Let everything come to rest by the right clock, and count."""
        for _ in range(30 * 12 // 5):
            self.right += 4 * STEP
            self.tick()
        self.look()
        self.right += timedelta(minutes=67 - self.right.minute)
        self.tick()
        before = len(self.ws.events())
        self.tick()
        if len(self.ws.events()) > before:
            self.fault("other", "nothing happens, and the timeline grows")
        self.count()

    def count(self) -> None:
        """Each key once, and no more steps than jumps."""
        events = self.ws.events()
        acts = Counter(e.data["key"] for e in events if e.kind in ("job.done", "job.queued"))
        letters = {e.data["key"] for e in events if e.kind == "job.queued"}
        for key, times in acts.items():
            if times > 1 + (key in letters):
                self.fault("doubled", f"{key} acted {times} times")
        for letter, times in self.post.taken.items():
            if times > 1:
                self.fault("doubled", f"{letter} came {times} times")
        jobs = jobs_of(self.ws.in_right_time(events))
        for job in jobs.values():
            if job.is_outgoing and job.state not in ("done", "unknown"):
                self.fault("lost", f"the letter {job.key} of {job.robot} is {job.state}")
        ran = {event.data.get("slot") for event in events if event.kind == "schedule.ran"}
        hour = self.right.replace(minute=0, second=0)
        for slot in (format_instant(hour - timedelta(hours=n)) for n in range(5)):
            if slot not in ran:
                self.fault("lost", f"the slot of {slot}")
        steps = sum(event.kind == "clock.stepped" for event in events)
        if steps > self.jumps:
            self.fault("other", f"{steps} steps are told of {self.jumps} jumps")


def clocks(
    folder: Path,
    *,
    weeks: int = 1,
    days: float = 7,
    seed: int = 0,
    names: tuple[str, ...] = (),
    program: Program = (),
) -> Score:
    """Weeks, or so many days, each by its seed, or the scenes that are named; with a `program` each
    tick is a run of it."""
    score = Score("clocks")
    jumps = steps = 0
    for name in names:
        with posting() as post:
            SCENES[name](Week(folder / name, post, Random(seed), score, program))
    for n in range(0 if names else weeks):
        with posting() as post:
            week = Week(folder / f"week-{seed + n}", post, Random(seed + n), score, program)
            _play(week, days)
            jumps += week.jumps
            steps += sum(event.kind == "clock.stepped" for event in week.ws.events())
    if not names:
        score.remark(f"{jumps} jumps of the clock, {steps} of them noticed")
    return score.stop()


def _play(week: Week, days: float) -> None:
    week.found()
    while week.right < START + timedelta(days=days):
        week.work()
        week.post.is_closed = week.random.random() < 0.15
        if week.random.random() < 0.03:
            week.jump()
        else:
            week.tick()
    week.post.is_closed = False
    week.end()


def ahead(week: Week) -> None:
    """A year ahead for two ticks, then two hours for one."""
    week.found()
    week.tick()
    fields = {"name": ["Лид"], "emails": ["one@kafe.example"]}
    week.entered[add.add(week.ws, "lead", fields).record.id, "new"] = week.right
    for by, ticks in ((timedelta(days=365), 2), (timedelta(hours=2), 1)):
        week.jumps += 2
        begin, week.offset = week.right, by
        for _ in range(ticks):
            week.tick()
        week.spells.append(Wrong(begin, week.right))
        week.offset = timedelta()
        week.tick()
    for _ in range(16):
        week.right += 5 * STEP
        week.tick()
    week.look()
    week.count()


SCENES: dict[str, Callable[[Week], None]] = {"ahead": ahead}
