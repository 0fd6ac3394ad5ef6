"""Forms posted to `crm serve`: many a second, a flood, beside many writers, and while it is killed."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from crmcli.workspace.spool import FOLDER
from torture.crowd import Crowd
from torture.scenes import new
from torture.score import Score
from torture.tracing import capped, crm, environ, run

FORMS = """
site: {{per_address: {limit}, per_minute: {limit}}}
forms:
  callback:
    title: Обратный звонок
    fields:
      - {{name: name, label: Имя}}
      - {{name: phone, label: Телефон, required: true}}
    consent: {{text: Согласен, required: true}}
"""
NO_LIMIT = 1_000_000
WIRES = 64
MOST_TICKS = 30
"""Each takes up a thousand."""
SETTLES = 600.0
"""Seconds within which what was kept has to be leads."""


class Server:
    """A program that shows a form and takes it in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def _command(self) -> tuple[str, ...]:
        raise NotImplementedError

    def start(self) -> None:
        """Serve; RuntimeError if it does not begin in time."""
        said = self.root / ".serve.log"
        with said.open("wb") as out:
            self.process = subprocess.Popen(
                self._command(), cwd=self.root, stderr=out, stdout=out, env=environ(CRM_NOW=""),
                preexec_fn=capped,
            )  # fmt: skip
        for _ in range(600):
            if found := re.search(r"127\.0\.0\.1:(\d+)/", said.read_text("utf-8")):
                self.port = int(found[1])
                return
            time.sleep(0.05)
        raise RuntimeError(f"it does not serve: {said.read_text('utf-8')}")

    def end(self, number: int = signal.SIGTERM) -> float:
        """Stop it by that signal; the seconds of processor that it took."""
        assert self.process is not None  # started before
        self.process.send_signal(number)
        return _reap(self.process)

    def worked(self) -> float:
        """The seconds of processor that it took so far."""
        assert self.process is not None  # started before
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Floor(Server):
    """The least that does so: Flask on waitress, a file and a sync a post, and no more."""

    def _command(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "torture.floor", str(self.root))


class Site(Server):
    """A workspace with a form, and `crm serve` before it."""

    def __init__(self, root: Path, limit: int = NO_LIMIT, language: str = "ru") -> None:
        super().__init__(root)
        new(root, language)
        (root / "forms.yaml").write_text(FORMS.format(limit=limit), "utf-8")

    def _command(self) -> tuple[str, ...]:
        return (*crm(), "serve", "--port", str(self.port))

    def waits(self) -> bool:
        """Whether something that was accepted is no lead yet."""
        accepted = self.root / FOLDER
        return (accepted.is_dir() and any(accepted.iterdir())) or bool(self.rows("intake", "list"))

    def rows(self, *args: str) -> list[dict[str, Any]]:
        """What a list of crm says, as JSON."""
        done = run((*crm(), "--json", *args), self.root, limit=SETTLES, CRM_NOW="")
        found: list[dict[str, Any]] = json.loads(done.out)
        return found


@dataclass
class Answers:
    """What came back: the status of each post by its phone number, and the times."""

    status: dict[str, int] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    own: float = 0.0
    """The seconds of processor that the posting itself took, with the pages loaded before."""

    @property
    def accepted(self) -> list[str]:
        """The numbers of those of which was said that they came."""
        return [phone for phone, status in self.status.items() if status in (200, 201)]

    def __str__(self) -> str:
        counted = Counter(self.status.values())
        said = ", ".join(
            f"{count} × {status or 'none'}" for status, count in sorted(counted.items())
        )
        cuts = quantiles(self.took, n=100) if len(self.took) > 1 else [0.0] * 99
        return (
            f"{said} in {self.ended - self.began:.1f} s;"
            f" half within {cuts[49]:.0f} ms, 99 % within {cuts[98]:.0f} ms"
        )


def post(
    site: Server, count: int, rate: float, first: int = 0, begins: Callable[[], None] | None = None
) -> Answers:
    """Post so many, so many a second; `begins` is called as they begin."""
    wanted = {"port": site.port, "form": "callback", "rate": rate, "count": count, "first": first,
              "wires": WIRES}  # fmt: skip
    answers = Answers()
    with subprocess.Popen(
        (sys.executable, "-m", "torture.posting"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=environ(),
    ) as process:  # fmt: skip
        assert process.stdin is not None  # PIPE was asked for
        assert process.stdout is not None  # likewise
        process.stdin.write(json.dumps(wanted))
        process.stdin.close()
        for line in process.stdout:
            said = json.loads(line)
            if "begins" in said:
                answers.began = said["begins"]
                if begins:
                    begins()
                continue
            answers.status[said["phone"]] = said["status"]
            answers.took.append(said["ms"])
        answers.own = _reap(process)
    answers.ended = time.time()
    return answers


def _reap(process: subprocess.Popen[Any]) -> float:
    """Wait for its end; the seconds of processor that it took."""
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def judge(site: Site, score: Score, answers: Answers, name: str, *, held: bool = False) -> int:
    """Each that was accepted is a lead, or with `held` in quarantine, and there once; how many are leads."""
    for _ in range(MOST_TICKS):
        ticked = run((*crm(), "tick"), site.root, limit=SETTLES, CRM_NOW="")
        if ticked.code:
            score.fault("other", f"{name}: tick: {ticked.err}")
        if not site.rows("intake", "list", "--state", "waiting"):
            break
    leads = Counter(
        row["phones"][0]["value"] for row in site.rows("lead", "list", "--columns", "phones")
    )
    waiting = len(site.rows("form", "quarantine", "list")) if held else 0
    lost = [phone for phone in answers.accepted if not leads[phone]]
    if len(lost) != waiting:
        score.fault(
            "lost", f"{name}: {len(lost)} accepted are no leads, {waiting} are in quarantine"
        )
    for phone in (phone for phone, count in leads.items() if count > 1):
        score.fault("doubled", f"{name}: {phone} is {leads[phone]} leads")
    checked = run((*crm(), "check"), site.root, limit=SETTLES, CRM_NOW="")
    if checked.finds_harm:
        score.fault("torn", f"{name}: crm check: {checked.out[:500]}{checked.err[:500]}")
    score.ran(len(answers.status))
    return sum(leads.values())


def least(folder: Path, score: Score, seconds: float, rate: float) -> None:
    """The same posts to the least that takes them in."""
    folder.mkdir()
    floor, used = Floor(folder), [0.0]
    floor.start()

    def begins() -> None:
        used[0] = floor.worked()

    answers = post(floor, int(seconds * rate), rate, begins=begins)
    count = len(answers.status) or 1
    during = floor.end() - used[0]
    score.remark(
        f"floor, {rate:.0f} a second for {seconds:.0f} s: {answers};"
        f" processor: {during / count * 1000:.2f} ms a post"
    )


def minute(
    folder: Path, score: Score, seconds: float, rate: float, *, crowd: Crowd | None = None
) -> None:
    """So many posts a second for so long, perhaps beside writers; none is refused, each is a lead."""
    site, used = Site(folder), [0.0]
    site.start()

    def begins() -> None:
        used[0] = site.worked()
        if crowd:
            crowd.start(site.root)

    answers = post(site, int(seconds * rate), rate, begins=begins)
    during = site.worked() - used[0]
    if crowd:
        crowd.stop(answers.own)
    name = f"{rate:.0f} a second" + (f" beside {crowd.name}" if crowd else "")
    ended = time.time()
    while site.waits() and time.time() - ended < SETTLES:
        time.sleep(3)
    settled = time.time() - ended
    whole = site.end() - used[0]
    leads = judge(site, score, answers, name) - (crowd.leads if crowd else 0)
    count = len(answers.status) or 1
    score.remark(
        f"{name} for {seconds:.0f} s: {answers}; {leads} leads {settled:.0f} s after that;"
        f" processor: {during / count * 1000:.2f} ms a post until the last answer,"
        f" {whole / count * 1000:.2f} with its lead; posting itself {answers.own / count * 1000:.2f}"
        + (f"; {crowd}" if crowd else "")
    )
    if refused := count - len(answers.accepted):
        score.fault("other", f"{name}: {refused} of {count} were not accepted")
    for fault in crowd.faults if crowd else ():
        score.fault("other", f"{name}: {fault}")


def flood(folder: Path, score: Score, count: int) -> None:
    """Far more than are welcome, as fast as they can: so many leads, the rest in quarantine or refused."""
    limit = count // 20
    site = Site(folder, limit)
    site.start()
    answers = post(site, count, 1_000_000)
    site.end()
    leads = judge(site, score, answers, "flood", held=True)
    spans = int(answers.ended // 60) - int(answers.began // 60) + 1
    if not limit <= leads <= limit * spans:
        score.fault("other", f"flood: {leads} leads where {limit} a minute are welcome")
    if strange := {*answers.status.values()} - {200, 429}:
        score.fault("other", f"flood: answered by {strange}")
    score.remark(f"flood of {count} where {limit} a minute are welcome: {answers}; {leads} leads")


def killed(folder: Path, score: Score, times: int, rate: float) -> None:
    """Killed in the middle, again and again: what was accepted is there, and there once."""
    site, dice = Site(folder), random.Random("killed")
    everything = Answers()
    for turn in range(times):
        site.start()
        after = dice.uniform(0.2, 2.0)

        def begins(after: float = after) -> None:
            threading.Timer(after, site.end, (signal.SIGKILL,)).start()

        answers = post(site, int(rate * 2.5), rate, first=turn * 10_000, begins=begins)
        everything.status |= answers.status
    leads = judge(site, score, everything, "killed")
    score.remark(f"killed {times} times: {len(everything.accepted)} accepted, {leads} leads")


def posts(folder: Path, *, seconds: float = 60, rate: float = 200, kills: int = 20) -> Score:
    """All of it."""
    score = Score("posts")
    folder.mkdir(parents=True, exist_ok=True)
    least(folder / "floor", score, seconds, rate)
    minute(folder / "alone", score, seconds, rate)
    minute(folder / "people", score, seconds, rate, crowd=Crowd(every=10))
    minute(folder / "loops", score, seconds, rate, crowd=Crowd(nice=10))
    flood(folder / "flood", score, int(seconds * 50))
    killed(folder / "killed", score, kills, rate)
    return score.stop()
