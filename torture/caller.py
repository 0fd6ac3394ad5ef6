"""Calls servers as crm does, one after the other: `python -m torture.caller` reads what to call by lines.

A process of its own, so that its memory can be looked at and a fault can be seeded into it.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from crmcli.channels import smtp, webhook
from crmcli.channels.outcome import Outcome
from crmcli.channels.webhook import Hook

SENDER, RECEIVER, USER, PASSWORD = "a@b.example", "c@d.example", "mailer", "hunter2-secret"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def letter(size: int) -> bytes:
    """A letter with lines that begin with a dot, and so many bytes more."""
    head = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\n.a\r\n..\r\n"
    return head + (b"x" * 78 + b"\r\n") * (size // 80) + b"end\r\n"


def call(what: dict[str, Any]) -> Outcome:
    """One delivery or call."""
    seconds, port, size = what["seconds"], what["port"], what["size"]
    if what["kind"] in ("smtp", "smtps"):
        user, password = (USER, PASSWORD) if what["login"] else ("", "")
        server = smtp.Server("127.0.0.1", port, user, what["kind"] == "smtps")
        total = seconds * 3
        return smtp.send(letter(size), SENDER, (RECEIVER,), server, password, seconds, total)
    place = f"127.0.0.1:{port}"
    url = f"{what['kind']}://{place}/hook?token={PASSWORD}"
    return webhook.post(Hook(url, {"text": "x" * size}, "key"), AT, [place], seconds)


def main() -> None:
    """Answer each line by one: the outcome, the seconds it took and the largest memory so far."""
    with contextlib.suppress(OSError):
        call({"kind": "http", "port": 9, "size": 0, "seconds": 1.0})  # everything is imported now
    print(json.dumps({"kilobytes": _memory()}), flush=True)
    for line in sys.stdin:
        started = time.monotonic()
        try:
            outcome = call(json.loads(line))
            said = {"word": type(outcome).__name__, **asdict(outcome)}
        except Exception as error:
            said = {"word": type(error).__name__, "reason": str(error)}
        said |= {"seconds": time.monotonic() - started, "kilobytes": _memory()}
        print(json.dumps(said, default=repr), flush=True)  # an answer has bytes


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
