"""The base that the bench measures on is a workspace like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_a_generated_base_has_no_faults(tmp_path: Path) -> None:
    base = tmp_path / "base"
    made = subprocess.run(
        [sys.executable, str(BENCH / "generate.py"), str(base), "40"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "72 records" in made.stdout

    def crm(*args: str) -> str:
        environ = {**os.environ, "CRM_USER": "anna"}
        command = [sys.executable, "-m", "crmcli", "-C", str(base), *args]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    crm("check")
    assert len(crm("contact", "list", "--ids").split()) == 40
    rows = json.loads(crm("board", "--json"))
    assert sum(row["count"] for row in rows) == 20
    funnel = json.loads(crm("report", "funnel", "--json"))
    assert funnel[0]["reached"] == 20
    assert crm("tick") == ""
    assert "task" not in crm("timeline", crm("deal", "list", "--ids", "--limit", "1").strip())
