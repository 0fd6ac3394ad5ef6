"""What the gate refused, and to whom: a line each, outside of every workspace."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime

from crmcli.store.safety import trust

FILE = "gate.log"
_MOST = 4 << 20
_SHOWN = 500
"""Letters of a refused command that are kept."""


def keep(user: str, key: str, why: str, command: str) -> None:
    """Keep a refusal. Where that cannot be written it is refused all the same."""
    line = {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "door": "gate", "user": user, "key": key,
        "why": why, "command": command[:_SHOWN],
    }  # fmt: skip
    path = trust.home() / FILE
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > _MOST:
            path.replace(path.with_name(f"{FILE}.1"))
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            os.write(fd, json.dumps(line, ensure_ascii=True).encode() + b"\n")
        finally:
            os.close(fd)
