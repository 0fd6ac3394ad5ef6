"""What was accepted and answered, kept without waiting for anybody: written down on the timeline later."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from crmcli.channels.incoming import Arrived
from crmcli.errors import Conflict, CrmError, InvalidData
from crmcli.language import tr
from crmcli.sales.intake import kept
from crmcli.sales.intake.kept import Kept
from crmcli.workspace import Workspace, spool

AT_ONCE = 200
"""So many are written down in one transaction."""


def line(channel: str, arrived: Arrived) -> bytes:
    """One that arrived, as a line of the spool."""
    told = {"channel": channel, "key": kept.whole(arrived.key), "facts": kept.whole(arrived.facts),
            "content": base64.b64encode(arrived.content).decode()}  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


def arrived(text: bytes) -> tuple[str, Arrived]:
    """The same, read again."""
    told = json.loads(text)
    content = base64.b64decode(told["content"])
    return told["channel"], Arrived(content, told["key"], told["facts"])


def write_down(ws: Workspace, file: spool.SpoolFile) -> tuple[list[Kept], CrmError | None]:
    """Keep what stands in a file, which goes then; those that are new. Where something cannot be kept, as a
    busy workspace or a hook is against it, the file stays, and the reason is told."""
    new: list[Kept] = []
    failed: CrmError | None = None
    for some in _portions([arrived(text) for text in file.lines()]):
        try:
            new += kept.keep_all(ws, some)
        except Conflict as error:  # the workspace is busy, or the disk full
            return new, error
        except Exception:  # whatever it is, it costs itself alone
            fresh, why = _each(ws, some)
            new, failed = new + fresh, failed or why
    if failed is None:
        file.remove()
    return new, failed


def _each(ws: Workspace, some: list[tuple[str, Arrived]]) -> tuple[list[Kept], CrmError | None]:
    """Each alone, so that one that is refused is in nobody's way."""
    new: list[Kept] = []
    failed: CrmError | None = None
    for one in some:
        try:
            new += kept.keep_all(ws, [one])
        except CrmError as error:
            failed = failed or error
        except Exception as error:
            failed = failed or InvalidData(kept.bug_told(error), tr("look into {}", spool.FOLDER))
    return new, failed


def write_down_left(ws: Workspace) -> list[CrmError]:
    """Keep what `crm serve` accepted before it was killed; what was in the way."""
    troubles: list[CrmError] = []
    if ws.dry_run or ws.only_reads:
        return troubles
    for file in spool.left(ws):
        _, failed = write_down(ws, file)
        if failed:
            file.close()
            troubles.append(failed)
    return troubles


def _portions(waiting: list[tuple[str, Arrived]]) -> Iterator[list[tuple[str, Arrived]]]:
    for start in range(0, len(waiting), AT_ONCE):
        yield waiting[start : start + AT_ONCE]
