"""do: own, a program under robots.d/; it is queued, and run after the change is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmcli.automation.actions.webhook import filled, told, waits
from crmcli.automation.actions.work import Effect, Work
from crmcli.channels.own import executable
from crmcli.language import tr
from crmcli.store import layout


def run(work: Work) -> Effect:
    """Queue the run: the program gets the record, and what the robot gives it besides."""
    name = work.text("run")
    executable(work.ws.root, name)
    given = {
        "key": work.key,
        "robot": work.who.removeprefix("robot:"),
        **told(work),
        "data": filled(work, work.params.get("data"), "data"),
    }
    sha = work.change.attach(json.dumps(given, ensure_ascii=False, sort_keys=True).encode())
    facts = {"to": name, "file": sha, "wait": waits(work)}
    return Effect("queued", facts, layout.program_path(name))


def announced(params: Mapping[str, Any]) -> str:
    """Which program it runs."""
    return tr("runs {}", layout.program_path(str(params.get("run", "?"))))
