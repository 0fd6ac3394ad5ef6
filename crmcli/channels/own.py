"""Robots of one's own: a program under robots.d/, which gets JSON and answers with JSON.

The contract is in `crm help own`. The key of the job is the same each time it is tried, so that a program can
tell that it has done this already.
"""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from crmcli.channels import program
from crmcli.channels.base import Prepared, Queued, Sender, Unsound
from crmcli.channels.outcome import Failed, Outcome, Sent, Skipped, Unknown, one_line
from crmcli.language import tr
from crmcli.model.event import actor_of
from crmcli.model.settings import Settings
from crmcli.store import layout

SECONDS = 60.0
"""How long a program may take."""
SKIP, RETRY = 3, 75
"""Exit codes: nothing to do; not now (EX_TEMPFAIL of sysexits.h). All others but 0 are failures."""
MOST_VALUES = 50
_LONGEST_VALUE = 1000


class BadProgram(Unsound):
    """A program that cannot be run as it stands there."""


class Own(Sender):
    """The programs of one's own that robots name."""

    noun = "a program"
    knows_again = True
    parted_by = "to"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Look at the program, before it is run."""
        path = executable(self.root, str(message.facts.get("to", "")))
        return Prepared(partial(run, path, message, self.root))

    @classmethod
    def shown(cls, message: Queued) -> dict[str, Any]:
        """The program, and the JSON that it gets."""
        path = layout.program_path(str(message.facts["to"]))
        return {"program": path, "given": json.loads(message.content)}

    @classmethod
    def places(cls, facts: Mapping[str, Any], settings: Settings) -> list[str]:
        """A program may have changed since it was queued."""
        return [layout.program_path(str(facts.get("to", "")))]


SENDER = Own


def executable(root: Path, name: str) -> Path:
    """A program under robots.d/ by its name; BadProgram if it is none that could be run."""
    if not re.fullmatch(layout.PROGRAM, name):
        raise BadProgram(tr("{!r} is not the name of a program", name), "a file under robots.d/")
    return checked(root, layout.program_path(name))


def checked(root: Path, place: str) -> Path:
    """A program by its path from the root; BadProgram if it is none that could be run."""
    path = root / place
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        told = tr("{} cannot be run: {}", place, error.strerror)
        raise BadProgram(told, "put an executable file there") from None
    if stat.S_ISLNK(mode):
        raise BadProgram(tr("{} is a link", place), "put the program itself there")
    if not stat.S_ISREG(mode) or not os.access(path, os.X_OK):
        raise BadProgram(tr("{} is not an executable file", place), tr("chmod +x {}", place))
    return path


def run(path: Path, message: Queued, root: Path, *, at_most_once: bool = False) -> Outcome:
    """Run a program with a message; Unknown where it may act `at_most_once` and nobody knows what it did."""
    outcome, is_doubtful = _ran(path, message, root)
    if at_most_once and is_doubtful and isinstance(outcome, Failed):
        return Unknown(outcome.reason)
    return outcome


def _ran(path: Path, message: Queued, root: Path) -> tuple[Outcome, bool]:
    environ = program.plain_environ(
        {"CRM_KEY": message.key, "CRM_USER": _actor(path, message), "CRM_WORKSPACE": str(root)}
    )
    until = time.monotonic() + SECONDS
    try:
        ended = program.run([str(path)], until, given=message.content, folder=root, environ=environ)
    except TimeoutError:
        return Failed(tr("{} did not finish in {:g} s", path.name, SECONDS)), True
    except OSError as error:
        return Failed(tr("{} cannot be run: {}", path.name, error.strerror), again=False), False
    return _outcome(path.name, ended), ended.code <= 0


def _actor(path: Path, message: Queued) -> str:
    """As whom a program calls crm: the robot or person on whose behalf it runs."""
    return actor_of(str(json.loads(message.content).get("robot") or path.name))


def _outcome(name: str, ended: program.Ended) -> Outcome:
    said = one_line(ended.complained) or one_line(ended.said)
    if len(ended.said) > program.LONGEST:
        told = tr("{} prints more than {} KB", name, program.LONGEST // 1024)
        return Failed(told, again=False)
    if ended.code == SKIP:
        return Skipped(said or tr("{} had nothing to do", name))
    if ended.code:
        told = tr("{} exited with {}", name, ended.code)
        return Failed(f"{told}: {said}" if said else told, again=ended.code == RETRY)
    try:
        return Sent(name, tuple(values_of(ended.said).items()))
    except ValueError as error:
        return Failed(tr("{} did not answer with JSON: {}", name, error), again=False)


def values_of(said: bytes) -> dict[str, str]:
    """The `values` of an answer, texts or numbers by name; no output is an answer without any. ValueError."""
    if not said.strip():
        return {}
    try:
        answer = json.loads(said)
    except RecursionError:
        raise ValueError(tr("is nested too deeply")) from None
    values = answer.get("values", {}) if isinstance(answer, dict) else None
    if not isinstance(values, dict) or len(values) > MOST_VALUES:
        raise ValueError(tr("it must be an object, with at most {} values", MOST_VALUES))
    if any(isinstance(value, dict | list) for value in values.values()):
        raise ValueError(tr("a value is a text, a number, true, false or null"))
    texts = {str(name)[:100]: _text(value) for name, value in values.items() if value is not None}
    if any("\ud800" <= char <= "\udfff" for pair in texts.items() for char in "".join(pair)):
        raise ValueError(tr("data has half a character"))
    return texts


def _text(value: object) -> str:
    told = json.dumps(value) if isinstance(value, bool | int | float) else str(value)
    return told[:_LONGEST_VALUE]
