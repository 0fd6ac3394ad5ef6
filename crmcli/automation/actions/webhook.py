"""do: webhook, a call to an address; it is queued, and made after the change is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.redaction import redacted


def run(work: Work) -> Effect:
    """Queue the call: by default it tells the record."""
    body = work.params.get("body")
    headers = work.params.get("headers") or {}
    call = {
        "url": work.text("url"),
        "body": filled(work, body, "body") if body else {"event": work.who, **told(work)},
        "headers": {name: work.fill(text, f"headers.{name}") for name, text in headers.items()},
    }
    sha = work.change.attach(json.dumps(call, ensure_ascii=False, sort_keys=True).encode())
    facts = {"to": call["url"], "file": sha, "secret": work.params.get("secret")}
    facts["wait"] = waits(work)
    return Effect("queued", facts, tr("to {}", redacted(str(call["url"]))))


def announced(params: Mapping[str, Any]) -> str:
    """The address that it calls."""
    return tr("calls {}", redacted(str(params.get("url", "?"))))


def waits(work: Work) -> str:
    """ "yes" where the robots below wait for an answer."""
    return "yes" if str(work.params.get("wait", "")).lower() in ("yes", "true") else ""


def told(work: Work) -> dict[str, Any]:
    """The record, or the ids of a whole selection."""
    if work.record is None:
        rows = cast("list[dict[str, Any]]", work.names["records"])
        return {"records": [row["id"] for row in rows]}
    return {work.record.entity: work.ws.schema.write(work.record)}


def filled(work: Work, value: Any, param: str) -> Any:
    """A parameter of maps and lists with every text in it filled in."""
    if isinstance(value, Mapping):
        return {name: filled(work, part, param) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [filled(work, part, param) for part in value]
    return None if value is None else work.fill(value, param)
