"""Workspaces with a made-up past, and the moment at which they stand."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from crmcli.workspace import Workspace
from tests import kit

BENCH = Path(__file__).parents[2] / "bench"
NOW = "2026-11-27T09:00:00Z"


def made(root: Path, deals: int, seed: int, by_hand: float = 0) -> Path:
    """Write a base of so many deals; of a share of them no event tells that they were added."""
    command = [sys.executable, str(BENCH / "history.py"), str(root), str(deals), "--seed", str(seed),
               "--now", NOW, "--by-hand", str(by_hand)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return root


def opened(root: Path) -> Workspace:
    return kit.opened(root, now=datetime.fromisoformat(NOW))
