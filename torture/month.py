"""A month simulated, then lived through: what `crm tick --dry-run` foresees is what ticks then do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from croniter import croniter

from crmcli.automation.simulate import MOST_COUNTED, rehearse
from crmcli.automation.tick import tick
from crmcli.model.event import Event
from crmcli.workspace import Workspace
from tests import kit
from torture.score import Score

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
START = BEGIN + timedelta(days=3)
CRON = "*/5 * * * *"
SETTINGS = """
language: en
time_zone: Europe/Moscow
company: {name: Tea House, email: sales@tea.example}
users: {anna: {name: Anna, email: anna@tea.example}, boris: {name: Boris}}
automation: {quiet_hours: '21:00-09:00', quiet_days: [sun], most_messages: 2 per week}
"""
RULES = """
    stages:
      - id: new
        name: New
        robots:
          - {id: call, do: task, with: {title: "Call about {{ deal.name }}", due: 2h}}
          - {id: hello, do: email, with: {template: mail/hi.j2, to: olga@cafe.example}, after: 8h}
          - {id: raise, do: set, with: {amount: "{{ deal.amount * 1.1 }}"}, after: 1d, split: 50%}
          - {id: small, do: comment, with: {text: Small}, wait: previous, after: 3h, when: amount < 600}
          - {id: weekly, do: comment, with: {text: Again}, after: 5d, again: 2d}
          - {id: on, do: move, with: {stage: talks}, after: 9d, goal: amount > 1000}
      - id: talks
        name: Talks
        triggers: [{on: mail.out, when: amount > 900}]
        robots:
          - {id: remind, do: task, with: {title: Remind}, after: 2d, workdays: yes}
          - {id: before, do: notify, with: {text: Soon}, before: {field: close_by, by: 3d, time: '10:00'}}
          - {id: after, do: email, with: {template: mail/hi.j2, to: ivan@cafe.example}, after: 3d}
          - {id: back, do: move, with: {stage: paper}, wait: previous, after: 1w}
      - id: paper
        name: Contract
        robots:
          - {id: owner, do: owner, with: {to: boris}, after: 30m}
          - {id: end, do: move, with: {stage: won}, after: 4d}
"""
Act: TypeAlias = "tuple[str, str, str, str]"


def month(folder: Path, *, deals: int = 20, days: int = 31, whole: bool = True) -> Score:
    """Deals that come within three days; then nobody does anything, and a tick comes each five minutes, or
    where not the `whole` month is lived, at those of them before which something may be due."""
    score = Score("month")
    begin(folder, deals, timedelta(minutes=215))
    end = BEGIN + timedelta(days=days)
    foreseen, known = foresee(folder, end), known_events(folder)
    moments = {moment for moment, *_ in foreseen}
    for moment in _cron(START, end):
        if whole or f"{moment:%d %H:%M}" in moments or moment.minute == 0:
            score.ran()
            tick(Workspace.open(folder, "anna", moment))
    compare(score, folder, foreseen, known, end)
    score.remark(f"{len(foreseen)} acts of {deals} deals in {days} days")
    return score.stop()


def foresee(folder: Path, end: datetime) -> set[Act]:
    """What a rehearsal says will be done."""
    lines = rehearse(Workspace.open(folder, "anna", START), end, MOST_COUNTED)
    return {
        (f"{line.at:%d %H:%M}", line.record, line.who.replace(" ", ":"), line.action)
        for line in lines
        if line.record
    }


def known_events(folder: Path) -> set[str]:
    """The ids of all events so far."""
    return {event.id for event in Workspace.open(folder, "anna", START).events()}


def compare(score: Score, folder: Path, foreseen: set[Act], known: set[str], end: datetime) -> None:
    """What came since the known events is what was foreseen."""
    events = Workspace.open(folder, "anna", end).events()
    notices = {event.data.get("key") for event in events if event.data.get("notice")}
    new = [e for e in events if e.id not in known and e.data.get("key", "") not in notices]
    came = {act for event in new for act in _acts(event)}
    for act in sorted(foreseen - came):
        score.fault("lost", f"foreseen, and did not come: {act}")
    for act in sorted(came - foreseen):
        score.fault("other", f"came, and was not foreseen: {act}")


def begin(folder: Path, deals: int, apart: timedelta) -> None:
    """A workspace to which deals come until START, one after the other."""
    (folder / "templates/mail").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "templates/mail/hi.j2").write_text("Subject: Tea\n\nHello!\n", "utf-8")
    (folder / "settings.yaml").write_text(SETTINGS, "utf-8")
    (folder / "pipelines.yaml").write_text(kit.pipelines(RULES), "utf-8")
    faults = Workspace.open(folder, "anna", BEGIN).faults_of_rules()
    assert not faults, faults
    moments = {BEGIN + number * apart: number for number in range(deals)}
    for moment in _cron(BEGIN - timedelta(minutes=5), START):
        if moment in moments:
            number = moments[moment]
            close_by = (moment + timedelta(days=number)).date().isoformat()
            given = {"name": [f"Tea {number}"], "amount": [str(500 + number * 30)]}
            ws = Workspace.open(folder, "anna", moment)
            kit.add(ws, "deal", **given, close_by=[close_by], owner=["anna"])
        if moment in moments or moment.minute == 0:
            tick(Workspace.open(folder, "anna", moment))


def _cron(start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments at which cron calls it."""
    for moment in croniter(CRON, start, ret_type=datetime):
        if moment > end:
            return
        yield moment


def _acts(event: Event) -> Iterator[Act]:
    """What an event says was done, as the rehearsal tells it."""
    at, data = f"{event.at:%d %H:%M}", event.data
    if event.kind in ("job.done", "job.queued", "job.skipped", "job.missed", "job.dead"):
        yield at, event.record, f"robot:{data['robot']}", str(data["action"])
    elif event.actor.startswith("trigger:") and event.kind == "stage.entered":
        yield at, event.record, event.actor, "move"
