"""What can go wrong: refusals are raised, problems found in files are collected."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from crmcli.language import tr


class Problem(NamedTuple):
    """Something wrong in a file that people edit: where it is, what it is, how to mend it.

    `line` counts from 1; 0 means the whole file. What the next command mends by itself, or may be
    meant, is `passing`; a file that is read all the same is `readable`.
    """

    path: str
    line: int
    message: str
    hint: str = ""
    passing: bool = False
    readable: bool = False

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {tr(self.message)}" + (f" ({tr(self.hint)})" if self.hint else "")


class CrmError(Exception):
    """A refusal with one clear sentence, a hint how to mend it and an exit code (DESIGN section 8)."""

    exit_code = 1
    told_as = ""
    """Its name for scripts, where that is not that of the class."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = tr(message)
        self.hint = tr(hint)

    @property
    def name(self) -> str:
        """The error's stable name for scripts, e.g. `UnknownStage`."""
        return self.told_as or type(self).__name__


class Refused(CrmError):
    """A rule of sales says no: already converted, a field is missing, the record is closed."""


class BadUsage(CrmError):
    """The call itself is wrong: an unknown option value, a malformed date."""

    exit_code = 2


class NotFound(CrmError):
    """No record answers to that reference."""

    exit_code = 3


class NoRecord(NotFound):
    """No record answers; it knows what was sought, since whoever is told may want to hear what is near."""

    told_as = "NotFound"

    def __init__(self, message: str, ref: str, entities: Sequence[str]) -> None:
        super().__init__(message, tr("try crm search {}", shlex.quote(ref)))
        self.ref, self.entities = ref, entities


class Ambiguous(CrmError):
    """Several records answer to that reference."""

    exit_code = 3


class Forbidden(CrmError):
    """The acting user, or the file system, does not allow it."""

    exit_code = 4


class Conflict(CrmError):
    """Somebody else changed or holds it: try again."""

    exit_code = 5


class OutputFailed(Conflict):
    """The output could not be written: a full disk, most often."""


class InvalidData(CrmError):
    """A record, file or configuration is wrong; `problems` names each place."""

    exit_code = 6

    def __init__(self, message: str, hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class ServiceFailed(CrmError):
    """A service outside this machine's files failed: the mail server, a web hook."""

    exit_code = 7


def kind_of_bug(error: BaseException) -> str:
    """What is one kind of error of crm's own: its type, and the line where it arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__} {place}"
