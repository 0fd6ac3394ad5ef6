"""The run of the program, and the one place that catches errors."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from crmcli.cli import elsewhere
from crmcli.cli.root import crm
from crmcli.cli.session import Session
from crmcli.errors import (
    BadUsage,
    Conflict,
    CrmError,
    Forbidden,
    InvalidData,
    NoRecord,
    NotFound,
    OutputFailed,
)
from crmcli.language import tr

GARBAGE = 100_000
"""Objects after which Python looks for garbage: what a light command makes lives until its end."""
_OF_PATHS = (
    errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ENXIO, errno.EILSEQ,
)  # fmt: skip
"""What is wrong with a path itself: it will be wrong the next time too."""
MOST_NEAR = 3
"""Records that are named to whoever names one that is not there."""
_SHOWN = 80
"""Letters of a path that are shown."""
_OF_OURS = ("CRM_USER", "CRM_FORMAT", "CRM_NOW", "CRM_LANG", "LOGNAME", "USER")


def main() -> NoReturn:
    """Run the command line; every way out goes through here and has its exit code."""
    gc.set_threshold(GARBAGE)
    with contextlib.suppress(MemoryError):  # what fills the memory hangs on it: let go of it first
        try:
            _main()
        except (ImportError, SystemError) as error:  # of the command, or of what a way out needs
            _leave_after_import(error)
    _leave_without_memory()


def _main() -> NoReturn:
    _open_closed_streams()
    session = Session()
    session.speak()
    try:
        code = _run(session)
        _flush(session)
        _leave(session.exit_code or (code if isinstance(code, int) else 0))
    except CrmError as error:
        _keep_refusal(session, error)
        _complain(session, _weighed(session, error))
        if isinstance(error, OutputFailed):
            os._exit(error.exit_code)  # stderr was written at once; stdout cannot be
        _leave(error.exit_code)
    except click.ClickException as error:
        _complain_of_usage(session, error)
        _leave(2)
    except (click.Abort, KeyboardInterrupt):
        _say(tr("crm: stopped"))
        _leave(130)
    except BrokenPipeError:
        os._exit(0 if _is_settled(session) else 141)  # as other programs whose reader is gone
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from None
        told = _weighed(session, _in_plain_words(error))
        _complain(session, told)
        _leave(told.exit_code)
    except (ImportError, MemoryError, SystemError):
        raise
    except Exception as error:
        _report_bug(error)


def _run(session: Session) -> object:
    """The command, and what follows a change, even one that could not be told; the exit code."""
    _look_at_environment()
    try:
        code = _call(session)
    except Exception:
        if _is_settled(session):
            _follow_up(session)
        raise
    _follow_up(session)
    return code


def _call(session: Session) -> object:
    """As click's own `main`, which would end with 1 where the reader of stdout is gone."""
    if "_CRM_COMPLETE" in os.environ:
        return crm.main(prog_name="crm", obj=session)
    address, words = elsewhere.wanted(sys.argv[1:])
    if address:
        from crmcli.cli import remote

        return remote.run(session, address, words)
    try:
        with crm.make_context("crm", sys.argv[1:], obj=session) as context:
            return _answered(session, crm.invoke(context))
    except click.exceptions.Exit as end:
        return end.exit_code
    except EOFError:
        raise click.Abort from None


def _answered(session: Session, given: Any) -> int:
    """Print what the command gives back; the exit code."""
    if given is None:
        return 0
    from crmcli.cli.printing import answer

    return answer(session, given)


def _flush(session: Session) -> None:
    """Bring everything out, and what the command showed onto the audit."""
    if (
        "out" not in session.__dict__
    ):  # `--version` is printed without, which need not be imported for it
        sys.stdout.flush()
        return
    session.out.flush()


def _keep_refusal(session: Session, error: CrmError) -> None:
    """Keep on the audit that the rights refused it."""
    if isinstance(error, Forbidden):
        from crmcli.cli import refusals

        refusals.keep(session, error.message)


def _look_at_environment() -> None:
    try:
        "".join(os.environ.get(name, "") for name in _OF_OURS).encode()
    except UnicodeEncodeError:
        from crmcli.cli import strangewords

        strangewords.refuse_environment(_OF_OURS)


def _follow_up(session: Session) -> None:
    ws = session.__dict__.get("workspace")
    if ws is not None and ws.notes:
        from crmcli.cli.printing import notes

        notes(session)
    if ws is None or not (ws.has_changed or session.tick or session.has_ticked):
        return
    from crmcli.sales import after_change

    tick = None
    if session.tick:
        from crmcli.cli.tick import run_once

        tick = partial(run_once, session)
    after_change.follow(ws, _say, tick, has_ticked=session.has_ticked)


def _has_saved(session: Session) -> bool:
    """Whether something was changed: where only the telling failed, trying again would do it twice."""
    workspace = session.__dict__.get("workspace")
    return workspace is not None and workspace.has_changed


def _is_settled(session: Session) -> bool:
    """Whether everything that was to be changed is saved."""
    return _has_saved(session) and session.workspace.is_settled


def _weighed(session: Session, error: CrmError) -> CrmError:
    """An error that came after everything was saved is no reason to do it again: it has code 0."""
    said = ""
    if isinstance(error, NoRecord):
        _name_the_near(session, error)
    if _is_settled(session):
        error.exit_code, said = 0, "the change itself is saved"
    elif _has_saved(session) and (session.tick or isinstance(error, OutputFailed)):
        said = "changes made before that are saved"
    error.hint = "; ".join(filter(None, [said, error.hint]))
    return error


def _name_the_near(session: Session, error: NoRecord) -> None:
    """Say which records have the words somewhere."""
    from crmcli.present.columns import name_of

    ws = session.workspace
    hits = ws.search(error.ref, error.entities, MOST_NEAR)
    if hits:
        near = "; ".join(f"{hit.id} {name_of(ws, hit.id)}" for hit in hits)
        error.hint = tr("perhaps {}", near)


def _open_closed_streams() -> None:
    """Let nothing stand in for a stream that was closed (`>&-`), least of all a record's file.

    A file opened later would get the free number, and what is printed would go into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.close(number)
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115  # till the end


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody is left who could be told
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _leave(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # the output's own flush came before, and was heeded
            stream.flush()
    # Nothing is left to be done: the interpreter's own tidying up would cost a few milliseconds.
    os._exit(code)


def _in_plain_words(error: OSError) -> CrmError:
    """What the system refused where nobody had thought of it; trying again helps in few cases."""
    words = error.strerror or str(error)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    where = f"{name if len(name) <= _SHOWN else '…' + name[-_SHOWN:]}: " if name else ""
    if isinstance(error, PermissionError):
        return Forbidden(f"{where}{words}", "check who owns the file and its folder")
    if isinstance(error, FileNotFoundError):
        if not _stands_somewhere():
            return NotFound("the current folder was deleted", "cd to an existing one")
        return NotFound(f"{where}{words}", "check the path")
    if error.errno in _OF_PATHS:
        return InvalidData(f"{where}{words}", "check the path")
    return Conflict(f"{where}{words}", "see crm check")


def _stands_somewhere() -> bool:
    try:
        return Path.cwd().exists()
    except OSError:
        return False


_OF_MEMORY = ("map segment", "allocate memory", "without setting an exception")


def _leave_after_import(error: ImportError | SystemError) -> NoReturn:
    """A library that cannot be mapped into memory is an ImportError, a module that cannot be read a
    SystemError of Python's; all else is a bug."""
    cause: BaseException | None = error
    while cause is not None:
        if any(words in str(cause) for words in _OF_MEMORY):
            raise MemoryError from None
        cause = cause.__cause__ or cause.__context__
    _report_bug(error)


def _leave_without_memory() -> NoReturn:
    """As little as can be done; what was saved is saved, what was begun is finished by the next command."""
    with contextlib.suppress(OSError):
        os.write(
            2, b"crm: error: not enough memory\nhint: raise the limit (ulimit -v), or free some\n"
        )
    os._exit(5)


def _complain(session: Session, error: CrmError) -> None:
    ws = session.__dict__.get("workspace")
    if ws is not None and ws.trail is not None and ws.trail.is_limited:
        from crmcli.workspace.withheld import but_for

        typed = [*sys.argv[1:], getattr(error, "ref", "")]
        session.out.masked = but_for(ws.trail.masked, typed)
    try:
        session.out.error(error)
    except (CrmError, OSError):  # even what prints may be a file that cannot be opened now
        hint = tr("\nhint: {}", error.hint) if error.hint else ""
        _say(tr("crm: error: {}", error.message) + hint)


def _complain_of_usage(session: Session, error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message())
        return
    if session.gate:  # who comes by the gate and asks for what is not there may be trying doors
        from crmcli.cli import refusals

        refusals.keep(session, error.format_message())
    context = getattr(error, "ctx", None)
    hint = tr("see {} --help", context.command_path) if context is not None else ""
    _complain(session, BadUsage(error.format_message(), hint))


def _report_bug(error: BaseException) -> NoReturn:
    from crmcli.cli import bugs

    try:
        said, hint = bugs.told(error, bugs.write_report(error))
    except OSError as failure:
        said = tr("this is a bug in crm: {}", type(error).__name__)
        hint = tr("the report cannot be written ({}): set TMPDIR and try again", failure.strerror)
    _say(tr("crm: error: {}\nhint: {}", said, hint))
    _leave(bugs.EXIT)
