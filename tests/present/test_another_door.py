"""What people see can be had without the command line: a second door needs nothing of cli."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from crmcli.sales.add import add
from crmcli.sales.stages import move
from crmcli.workspace import Workspace
from tests.kit import NOW

DOOR = """
import json, sys
from datetime import datetime
from pathlib import Path
from crmcli.present.board import read_lanes
from crmcli.present.cells import Locale, Listing, shown
from crmcli.present.columns import columns_of, named
from crmcli.present.events import event_table
from crmcli.present.records import card_columns, last_events, raw_row
from crmcli.workspace import Workspace

ws = Workspace.open(Path(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2]))
locale = Locale.of(ws)

def texts(rows, columns):
    return [{c.head: shown(c, row, locale) for c in columns if shown(c, row, locale)} for row in rows]

[lead] = ws.select("lead")
rows = [raw_row(ws, lead)]
columns = [named(ws, "lead", column, rows) for column in columns_of(ws, "lead", [])]
card = [named(ws, "lead", column, rows) for column in card_columns(ws, lead)]
lanes = read_lanes(ws, ws.pipelines.leads, None, 5)
print(json.dumps({
    "list": texts(rows, columns),
    "card": texts(rows, card),
    "timeline": texts(*event_table(ws, last_events(ws, lead))[:2]),
    "board": {lane.stage.name: [[c.name, c.amount, c.age] for c in lane.cards] for lane in lanes},
    "strangers": [m for m in sys.modules if m == "click" or m.startswith(("click.", "crmcli.cli"))],
}))
"""


def test_a_list_a_card_a_timeline_and_a_board_without_the_command_line(
    ws: Workspace, folder: Path
) -> None:
    given = {
        "name": ["Кровля склада"],
        "amount": ["1250000"],
        "source": ["web"],
        "emails": ["a@example.ru"],
    }
    lead = add(ws, "lead", given).record
    move(ws, lead.id, "working")
    done = subprocess.run(
        [sys.executable, "-c", DOOR, str(folder), NOW.isoformat()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.replace("\\u00a0", " "))
    assert seen["strangers"] == []
    [listed] = seen["list"]
    assert (listed["Stage"], listed["Amount"], listed["Source"]) == (
        "В работе",
        "1 250 000 ₽",
        "Веб-сайт",
    )
    [card] = seen["card"]
    assert card["Created at"] == "2026-11-23 12:00"
    assert seen["timeline"][-1]["Details"] == "Не обработан → В работе"
    assert seen["board"]["В работе"] == [["Кровля склада", "1 250 000 ₽", "0h"]]
