"""What programs bring from outside: files, a folder of messages, or stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.cli import terminal
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present import intake as present
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

LARGEST = 32 * 1024 * 1024
"""Bytes of one thing that comes in."""
MAILDIR = ("cur", "new")


FEW = 20
"""So many are told one by one."""


def brought(
    ws: Workspace, channel: str, paths: Sequence[str], key: str = "", provider: str = ""
) -> list[Told]:
    """Keep and take up what came by a channel; what became of each, or of many how many there were."""
    from crmcli.channels.incoming import Arrived
    from crmcli.channels.providers import Posted, provider_named
    from crmcli.sales.intake.taking import bring

    brings = provider_named(provider, channel, ws.settings).arrived if provider else None
    done = bring(
        ws,
        channel,
        (
            one
            for content in _contents(paths)
            for one in (brings(Posted(content)) if brings else [Arrived(content, key)])
        ),
    )
    if len(done) > FEW:
        return present.counted_up(done)
    return [present.taken(ws, one) if one else present.came_before() for one in done]


def _contents(paths: Sequence[str]) -> Iterator[bytes]:
    from crmcli.sales.records.input_files import read_file, read_stream

    for path in paths or ["-"]:
        if path == "-":
            terminal.say_that_it_reads()
            content = read_stream(sys.stdin.buffer, tr("what comes in on stdin"), LARGEST)
            if not content.strip():
                raise BadUsage("nothing came on stdin", "give a file, or pipe it in")
            yield content
            continue
        for name in _files(path):
            yield read_file(name, LARGEST)[1]


def _files(path: str) -> list[str]:
    """A file, or the messages of a Maildir in the order of their names."""
    if not all((Path(path) / name).is_dir() for name in MAILDIR):
        if Path(path).is_dir():
            raise BadUsage(
                tr("{} is a folder, but no Maildir", path), tr("give its files: {}/*", path)
            )
        return [path]
    found = [one for name in MAILDIR for one in (Path(path) / name).iterdir()]
    return [str(one) for one in sorted(found, key=lambda one: one.name) if one.is_file()]
