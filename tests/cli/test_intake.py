"""crm intake: bring something in, see what waits, try it again, throw it away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.kit import Run

Crm = Callable[..., Run]
CALL = '{"direction": "in", "from": "8 916 123-45-67", "duration": 0}'


def test_a_call_comes_in_and_triggers_hear_of_it(crm: Crm) -> None:
    done = crm("intake", "receive", "call", stdin=CALL)
    assert done.code == 0, done.err
    assert crm("intake", "receive", "call", stdin=CALL).code == 0
    [lead] = json.loads(crm("lead", "list", "--json").out)
    [came] = json.loads(crm("intake", "list", "--state", "all", "--json").out)
    assert (came["state"], came["record"]) == ("taken", lead["id"])
    shown = crm("intake", "show", came["id"], CRM_LANG="en").out
    assert "missed call" in shown
    assert crm("intake", "show", came["id"], "--raw").out == CALL
    assert "call.missed" in crm("activity", "list", "--json").out


def test_what_cannot_be_read_waits_until_it_is_dropped(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("{", encoding="utf-8")
    assert "JSON" in crm("intake", "receive", "call", str(tmp_path / "odd.json"), CRM_LANG="en").out
    [waits] = json.loads(crm("intake", "list", "--json").out)
    assert waits["state"] == "unreadable"
    assert crm("tick").code == 0
    assert "JSON" in crm("intake", "retry", waits["id"][:14], CRM_LANG="en").out
    assert crm("intake", "drop", waits["id"]).code == 0
    assert json.loads(crm("intake", "list", "--json").out) == []
    assert crm("intake", "drop", waits["id"]).code == 1


def test_what_was_kept_alone_is_taken_up_by_the_tick(crm: Crm, folder: Path) -> None:
    from crmcli.channels.incoming import Arrived
    from crmcli.sales.intake import kept
    from crmcli.workspace import Workspace

    kept.keep(
        Workspace.open(folder), "call", [Arrived(CALL.encode())]
    )  # as a killed command leaves it
    assert crm("tick").code == 0
    assert len(json.loads(crm("lead", "list", "--json").out)) == 1


def test_bad_usage_is_told(crm: Crm) -> None:
    assert crm("intake", "receive", "cal", stdin=CALL).code == 2
    assert crm("intake", "list", "--state", "gone").code == 2
    assert crm("intake", "show", "e0000").code == 3
