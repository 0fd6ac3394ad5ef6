"""What happened, a line of JSON each: no address, no names, nothing of what was sent."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from flask import Response, g, request

from crmcli.errors import kind_of_bug

_LONGEST = 100


def log_request(response: Response) -> Response:
    """Note an answer on stderr."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": _path() if response.status_code != 404 else "",
        "status": response.status_code,
        "ms": round((time.monotonic() - g.get("began", time.monotonic())) * 1000, 1),
    }
    if why := g.get("why"):
        line["why"] = why
    if fault := g.get("fault"):
        line["fault"] = kind_of_bug(fault)
    sys.stderr.write(json.dumps(line) + "\n")
    return response


def _path() -> str:
    """The path with the form or channel that it names; what else varies in it may be a secret."""
    path = request.url_rule.rule if request.url_rule else ""
    for name in ("name", "channel"):
        path = path.replace(f"<{name}>", str((request.view_args or {}).get(name, ""))[:_LONGEST])
    return path
