"""crm tick killed at every system call that changes the workspace, or that talks to the mail server."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.ledger import jobs_of
from crmcli.automation.tick import tick
from crmcli.present.report_letters import made
from crmcli.sales.checks.check import problems
from tests import kit
from tests.automation.conftest import UNTOLD
from torture.copies import copied

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
]

# A kill at an fsync leaves what a kill at the next of these leaves.
CHANGING = ("pwrite64", "ftruncate", "rename", "link", "unlink")
IDLE = (".crm/lock", ".crm/tick.lock", ".crm/index")
RULES = kit.robots(
    "{id: call, do: task, with: {title: Позвонить}}",
    "{id: hello, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}}",
)


@pytest.fixture
def ready(house: Any) -> Any:
    """A deal for which a task and a letter are due."""
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(RULES)
    house.add("deal", name="Чай")
    ws = house.ws
    assert ws.agenda.dirty() != []
    ws._index.close()
    gc.collect()  # an index that is closed later would take its files away while they are copied
    return house


def run_tick(root: Path, now: str, *tracing: str) -> int:
    """The real program under strace; its exit code, negative or 137 for one that was killed."""
    done = subprocess.run(
        ["strace", "-f", "-qq", *tracing, sys.executable, "-m", "crmcli", "-C", str(root), "tick"],
        env={**os.environ, "CRM_NOW": now},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def points(ready: Any, folder: Path, calls: tuple[str, ...], where: str) -> list[tuple[str, int]]:
    """Each call of a whole tick on a copy of the workspace that matters: its name and its number."""
    copy, log = folder / "whole", folder / "log"
    copied(ready.root, copy)
    traced = ",".join(calls)
    assert (
        run_tick(copy, ready.now.isoformat(), "-yy", "-o", str(log), "-e", f"trace={traced}") == 0
    )
    seen = dict.fromkeys(calls, 0)
    found = []
    for line in log.read_text("utf-8", "replace").splitlines():
        match = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if match and match[1] in seen:
            seen[match[1]] += 1
            if (where or str(copy)) in line and not any(path in line for path in IDLE):
                found.append((match[1], seen[match[1]]))
    return found


def kill_at(root: Path, now: str, call: str, number: int) -> int:
    inject = f"inject={call}:signal=KILL:when={number}"
    return run_tick(root, now, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)


def events(house: Any, root: Path) -> Any:

    ws = kit.opened(root, now=house.now)
    assert problems(ws) == []
    return ws


def again(house: Any, root: Path) -> Any:
    """Two more ticks, and the workspace as they leave it."""
    for _ in range(2):
        tick(events(house, root))
    return events(house, root)


def each_killed(
    house: Any, folder: Path, calls: Iterable[tuple[str, int]], check: Callable[..., None]
) -> None:
    """For each call a copy of the workspace whose tick is killed there, and what must hold of it then."""
    now = house.now.isoformat()

    def killed(at: tuple[str, int]) -> None:
        root = folder / f"{at[0]}{at[1]}"
        copied(house.root, root)
        assert kill_at(root, now, *at) != 0, (at, "was not killed")
        check(at, root)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(killed, calls))


def test_the_task_is_there_once_and_the_letter_once(ready: Any, tmp_path: Path) -> None:
    calls = points(ready, tmp_path, CHANGING, "")
    assert {"rename", "pwrite64", "unlink", "link"} <= {call for call, _ in calls}

    def check(at: tuple[str, int], root: Path) -> None:
        ws = again(ready, root)
        ledger = ws.events()
        assert sorted(job.state for job in jobs_of(ledger).values()) == ["done", "done"], at
        counted = [event.kind for event in ledger if event.kind in ("task.created", "mail.out")]
        assert sorted(counted) == ["mail.out", "task.created"], at
        assert len([e for e in ledger if e.kind == "job.done"]) == 2, at
        assert len(ws.select("task")) == 1, at
        assert len(list((root / "outbox/new").iterdir())) == 1, at

    each_killed(ready, tmp_path, kit.some(calls, 4), check)


def test_acts_that_share_a_transaction_are_done_once_each(house: Any, tmp_path: Path) -> None:
    house.rules(kit.robots("{id: call, do: task, with: {title: '{{ deal.name }}'}}"))
    for name in ("Чай", "Кофе", "Мёд"):
        house.add("deal", name=name)
    house.ws._index.close()
    gc.collect()

    def check(at: tuple[str, int], root: Path) -> None:
        assert len(list(root.glob("data/tasks/*/*.yaml"))) in (0, 1, 2, 3), at
        ws = again(house, root)
        assert [job.state for job in jobs_of(ws.events()).values()] == ["done"] * 3, at
        assert sorted(task.name for task in ws.select("task")) == ["Кофе", "Мёд", "Чай"], at

    each_killed(house, tmp_path, kit.some(points(house, tmp_path, CHANGING, ""), 3), check)


def test_a_time_is_booked_once_for_each(house: Any, tmp_path: Path) -> None:
    meet = "{title: Встреча, due: '2026-11-24 10:00', length: 1h, if_busy: next}"
    house.rules(kit.robots(f"{{id: meet, do: plan, with: {meet}}}"))
    for name in ("Чай", "Кофе"):
        house.add("deal", name=name)
    house.ws._index.close()
    gc.collect()

    def check(at: tuple[str, int], root: Path) -> None:
        ws = again(house, root)
        assert [job.state for job in jobs_of(ws.events()).values()] == ["done"] * 2, at
        booked = [f"{task.get('due'):%H}" for task in ws.select("task", order=["due"])]
        assert booked == ["07", "08"], at
        assert len(ws.events(kinds=["booking.made"])) == 2, at

    each_killed(house, tmp_path, kit.some(points(house, tmp_path, CHANGING, ""), 5), check)


def test_a_report_by_schedule_leaves_once(house: Any, tmp_path: Path) -> None:
    """Also when killed between what is made of it and the queue, and between the queue and the outbox."""
    asked = "{report: won, to: [olga@kafe.example, ivan@kafe.example], picture: no}"
    house.rules(
        "stages:\n  - {id: new, name: New}\n"
        f"schedules:\n  - {{id: monday, cron: '0 8 * * 1', do: report, with: {asked}}}\n"
    )
    house.add("deal", name="Чай")
    house.tick()
    house.wait("7d")
    house.ws._index.close()
    gc.collect()

    def check(at: tuple[str, int], root: Path) -> None:
        for _ in range(2):
            ws = events(house, root)
            ws.reporter = made
            tick(ws)
        ws = events(house, root)
        assert [job.state for job in jobs_of(ws.events()).values()] == ["done"] * 3, at
        letters = [path.read_bytes() for path in (root / "outbox/new").iterdir()]
        to = [message_from_bytes(one)["To"] for one in letters]
        assert sorted(to) == ["ivan@kafe.example", "olga@kafe.example"], at
        assert len(ws.events(kinds=["schedule.ran"])) == 1, at

    calls = points(house, tmp_path, CHANGING, "")
    assert len(calls) > 20
    each_killed(house, tmp_path, kit.some(calls, 6), check)


def test_by_smtp_the_letter_is_there_at_most_once(ready: Any, post: Any, tmp_path: Path) -> None:
    calls = points(ready, tmp_path, ("sendto", "recvfrom"), "127.0.0.1")
    post.letters.clear()
    now, outcomes = ready.now.isoformat(), []
    for at in kit.some(calls, 2):
        root = tmp_path / f"{at[0]}{at[1]}"
        copied(ready.root, root)
        assert kill_at(root, now, *at) != 0, (at, "was not killed")
        ws = again(ready, root)
        states = {job.robot: job.state for job in jobs_of(ws.events()).values()}
        assert states == {"call": "done", "hello": "unknown"}, at
        assert len(post.letters) <= 1, at
        outcomes.append(len(post.letters))
        post.letters.clear()
    assert set(outcomes) == {0, 1}  # some were killed before the dot, some after it


def test_ticks_at_the_same_time_do_the_work_once(ready: Any) -> None:
    command = [sys.executable, "-m", "crmcli", "-C", str(ready.root), "tick"]
    environ = {**os.environ, "CRM_NOW": ready.now.isoformat()}
    running = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(4)
    ]
    assert [(tick.communicate()[0], tick.returncode) for tick in running] == [(b"", 0)] * 4
    assert len(ready.tasks()) == 1
    assert len(ready.letters()) == 1
    assert len(ready.events("job.started")) == 1


def test_nothing_due_opens_no_record(ready: Any, tmp_path: Path) -> None:
    for n in range(20):
        ready.add("deal", name=f"Сделка {n}")
    for _ in range(3):
        ready.tick()
    log, now = tmp_path / "log", ready.now.isoformat()
    assert run_tick(ready.root, now, "-o", str(log), "-e", "trace=openat") == 0
    opened = [line for line in log.read_text("utf-8", "replace").splitlines() if ".yaml" in line]
    assert opened != []  # the rules
    assert [line for line in opened if "deal-" in line] == []


def test_an_sms_is_handed_over_once_or_is_unknown(house: Any, tmp_path: Path) -> None:
    program = house.root / "robots.d/send"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncat >> "$PWD/taken"\necho >> "$PWD/taken"\n')
    program.chmod(0o755)
    house.write("settings.yaml", UNTOLD + "channels: {sms: {run: send}}\n")
    house.rules(kit.robots("{id: hello, do: sms, with: {text: Привет, to: '+79161234567'}}"))
    house.add("deal", name="Чай")
    gc.collect()

    def check(at: tuple[str, int], root: Path) -> None:
        ws = again(house, root)
        taken = (root / "taken").read_text().splitlines() if (root / "taken").exists() else []
        [job] = jobs_of(ws.events()).values()
        assert len(taken) <= 1, at
        assert job.state == "unknown" or (job.state == "done" and len(taken) == 1), at
        sent = [event for event in ws.events() if event.kind == "sms.out"]
        assert len(sent) == (job.state == "done"), at

    each_killed(house, tmp_path, kit.some(points(house, tmp_path, CHANGING, ""), 3), check)
