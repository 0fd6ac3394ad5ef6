"""One run of the program: what the global options said, the workspace and the output."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli import language
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr

if TYPE_CHECKING:  # a light command must not pay for what it does not use
    from crmcli.cli.gate_door import Door
    from crmcli.cli.output import Output
    from crmcli.workspace import Workspace
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids")
YEARS = range(1900, 2200)
"""The years in which the clock may stand: far enough from the ends of the calendar to reckon in."""


class Session:
    """One run of the program: what the global options said, the workspace and the output.

    Both are made on first use, so that `crm --help` opens no folder.
    """

    def __init__(self) -> None:
        self.folder: str = os.environ.get("CRM_WORKSPACE", "")
        self.user = ""
        """Whom --as names."""
        self.remote = ""
        """The address of another machine, for help: it was heeded before."""
        self.format: str = ""
        self.color: bool | None = None
        self.quiet = False
        self.verbose = False
        self.yes = False
        self.dry_run = False
        self.tick = False
        self.has_ticked = False
        self.exit_code = 0
        """That of a command which came to its end, and met an error on its way."""
        self.inspecting = False
        self.is_of_house = False
        """Whether the house itself may do it, where nobody says who acts."""
        self.door = "cli"
        """By which door the command came, as the audit has it."""
        self.command = ""
        """The words of the command, without what was given to it."""
        self.is_refusal_kept = False
        """Whether the audit has it already that the command was refused."""
        self.gate: Door | None = None
        """The line by which somebody came to `crm gate`; None for whoever sits at this machine."""

    def begin_anew(self) -> None:
        """Forget what was said so far, by options or by the environment as it was."""
        vars(self).update(vars(Session()))

    def speak(self) -> None:
        """Speak the language of the workspace in which we stand, for words that open none."""
        if "workspace" not in self.__dict__:
            language.prefer(language.of_folder(Path(self.folder)))

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, found by `-C`, CRM_WORKSPACE or by walking up from here."""
        from crmcli.present.cells import Locale
        from crmcli.store import layout
        from crmcli.workspace import Workspace

        workspace = Workspace.open(
            Path(self.folder) if self.folder else None,
            user=self.user,
            otherwise=self.gate.user if self.gate else os.environ.get("CRM_USER", ""),
            asks_who=True,
            gate=self.gate.words if self.gate else (),
            of_house=self.is_of_house,
            now=self.now,
            dry_run=self.dry_run,
            inspecting=self.inspecting,
        )
        self.out.locale = Locale.of(workspace)
        if workspace.rights is not None:
            from crmcli.workspace.trail import Trail

            workspace.trail = Trail(workspace, self.command, self.door, workspace.acting.really)
            self.out.before = workspace.trail.give_out
            if workspace.trail.is_limited:
                self.out.masked = workspace.trail.masked
                self.out.check_shown = workspace.trail.check_shown
        if workspace.settings.commit != "never":
            from crmcli.cli.calling import command_line

            workspace.call = command_line(sys.argv[1:])
        if workspace.has_file(layout.HOOKS_FOLDER):
            from crmcli.automation.hooks import Hooks

            workspace.hooks = Hooks(workspace)
        return workspace

    @cached_property
    def out(self) -> Output:
        """Where and how this run prints."""
        from crmcli.cli.output import Output

        return Output(
            format=self.format or _known_format(os.environ.get("CRM_FORMAT", "")),
            color=self.color,
            quiet=self.quiet,
            verbose=self.verbose,
        )

    @property
    def now(self) -> datetime | None:
        """The fixed clock of CRM_NOW, or None for the real one."""
        text = os.environ.get("CRM_NOW", "")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise BadUsage(
                tr("CRM_NOW={!r} is not an instant", text), "write it as 2026-11-23T09:00:00+03:00"
            ) from None
        if moment.year not in YEARS:
            raise BadUsage(
                tr("CRM_NOW={!r} is out of range", text), tr("years {} to {}", YEARS[0], YEARS[-1])
            )
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def confirm(self, question: str) -> None:
        """Ask on a terminal before something is lost; `--yes` answers; elsewhere refuse."""
        if self.yes or self.dry_run:
            return
        self.out.clear_the_way()
        if not sys.stdin.isatty():
            raise BadUsage(
                tr("this needs an answer, and there is no terminal: {}", tr(question)),
                "add --yes",
            )
        from crmcli.cli import asking

        if not asking.agrees(tr(question)):
            raise Refused("nothing changed")


def _known_format(text: str) -> str:
    if text and text not in FORMATS:
        raise BadUsage(
            tr("CRM_FORMAT={!r} is not a format", text), tr("one of {}", ", ".join(FORMATS))
        )
    return text
