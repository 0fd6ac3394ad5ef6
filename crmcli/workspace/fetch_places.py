"""Up to where each place was fetched, and what went wrong there last: it stands in .crm/ alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from crmcli.errors import CrmError
from crmcli.store.disk import files
from crmcli.workspace import Workspace

RECORD = ".crm/mail-places"
"""Without it, the timeline tells nearly as much; what is fetched twice is known by its Message-ID."""


def place_of(ws: Workspace, name: str) -> dict[str, Any]:
    """What is known of a mailbox, a chat, a spool or an address book, by its name, as `keep` keeps it."""
    return dict(_known(ws).get(name, {}))


def keep(
    ws: Workspace, name: str, place: Mapping[str, Any], troubles: Sequence[str] = ()
) -> list[str]:
    """Keep what is known of a place and what is wrong there; what was wrong before, of which all was said."""
    known = _known(ws)
    before = known.get(name, {})
    place = {**place, "troubles": list(troubles)}
    if place != before:
        _write(ws, {**known, name: place})
    return list(before.get("troubles", ()))


def _known(ws: Workspace) -> dict[str, Mapping[str, Any]]:
    if ws.only_reads:
        return {}
    try:
        known = json.loads(ws.file(RECORD) or b"{}")
    except ValueError:
        known = {}
    return (
        {k: v for k, v in known.items() if isinstance(v, dict)} if isinstance(known, dict) else {}
    )


def _write(ws: Workspace, known: Mapping[str, Mapping[str, Any]]) -> None:
    if not ws.dry_run:  # a full disk takes no more than this note
        with contextlib.suppress(OSError, CrmError):
            files.write_own(ws.root / RECORD, json.dumps(known, ensure_ascii=False).encode())
