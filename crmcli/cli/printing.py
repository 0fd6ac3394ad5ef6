"""How commands print: what they answer, problems, and what the workspace has to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from crmcli.cli.session import Session
from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.model.values import entity_of
from crmcli.present.cells import Listing, Locale
from crmcli.present.told import Told, left_out, problem_table
from crmcli.store.layout import id_of_path

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.sales.many import Chosen, Many
    from crmcli.workspace import Workspace

T = TypeVar("T")
_REFUSED = 50
"""Records that are refused and told of one by one."""
MOST_ALIKE = 3
"""Records with the same fault that are told of one by one."""
_TOLD = 3
"""Mistyped keys that a list tells of one by one."""
Answer: TypeAlias = Told | Listing | Iterable[Told | Listing] | int | None
"""What a command gives back to be printed, or its exit code."""


def answer(session: Session, given: Answer) -> int:
    """Print what a command gives back; the exit code."""
    if isinstance(given, Told | Listing):
        given = [given]
    is_below = False
    for each in given if isinstance(given, Iterable) else ():
        if isinstance(each, Told):
            say(session, each)
            continue
        if is_below and session.out.format == "table":
            session.out.lines([""])
        session.out.records(*each)
        is_below = True
    return given if isinstance(given, int) else 0


def say(session: Session, told: Told) -> None:
    """Print the one line of what changed, or would change, and its remarks."""
    text = tr("dry run: {}", told.text) if session.dry_run else told.text
    session.out.changed(text, told.row)
    for text in told.details:
        session.out.detail(text)
    for text in told.notes:
        session.out.note(text)


def changes(session: Session, pairs: Iterable[tuple[Record, Record]]) -> list[Told]:
    """What became of each record: which field went from what to what."""
    from crmcli.present.changes import changed

    return [changed(session.workspace, before, after) for before, after in pairs]


def each_told(
    session: Session,
    chosen: Chosen,
    many: Many[T],
    told: Callable[[Workspace, T], Told],
    total: str = "",
) -> list[Told]:
    """What became of each of many records; who was refused is told on stderr, and makes the exit code 1.
    `total` says what was done, if no record changed."""
    ws = session.workspace
    lines = [str(refusal) for refusal in many.refused[:_REFUSED]]
    if len(many.refused) > _REFUSED:
        lines.append(tr("and {} more", len(many.refused) - _REFUSED))
    if not chosen.is_one:
        moved = sum(getattr(one, "moved", True) for one in many.done)
        counts = chosen.counted(moved)
        more = tr(", {} refused", len(many.refused)) if many.refused else ""
        changed = tr("would change {}", counts) if ws.dry_run else tr("changed {}", counts)
        ws.notes.insert(0, (total or changed) + more)
    for line in lines:
        session.out.warn(line)
    session.exit_code = 1 if many.refused else session.exit_code
    return [told(ws, one) for one in many.done]


def notes(session: Session) -> None:
    """Pass on what the workspace has to say: recovered changes, a change saved but not finished."""
    for text in session.workspace.notes:
        session.out.note(text)
    session.workspace.notes.clear()


def unreadable(session: Session, *, of_all: bool = True) -> None:
    """Note how many files a list could not show, and in which a key is no field; of all, or of those that
    were looked at for it."""
    found = session.workspace.problems(of_all=of_all)
    mistyped = [problem for problem in found if problem.readable]
    told = [str(problem) for problem in mistyped[:_TOLD]]
    if mistyped[_TOLD:]:
        more = counted(len(mistyped) - _TOLD, "file")
        told.append(tr("{} more with a key that is no field: see crm check", more))
    session.workspace.notes[:0] = [*left_out([p for p in found if not p.readable]), *told]


def _alike_once(found: Sequence[Problem], locale: Locale) -> Iterator[Problem]:
    """The problems, of many records with the same one the first and how many there are: programs get all."""
    alike: dict[tuple[str, str, str], list[Problem]] = {}
    for one in found:
        noun = entity_of(id_of_path(one.path))
        alike.setdefault((noun or str(one), one.message, one.hint), []).append(one)
    for some in alike.values():
        if len(some) <= MOST_ALIKE:
            yield from some
            continue
        every = locale.number(Decimal(len(some)))
        yield some[0]._replace(
            message=tr("{}; {} records like this, --json has them all", tr(some[0].message), every)
        )


def print_problems(
    session: Session, found: Sequence[Problem], warnings: Sequence[Problem], fine: str
) -> int:
    """Print problems, or that all is `fine`; the exit code, 6 if there are any."""
    out = session.out
    if out.is_table:
        if found:
            out.prose("\n".join(map(str, _alike_once(found, out.locale))))
        for warning in warnings:
            out.note(tr("warning: {}", str(warning).removeprefix(": ")))
        if fine and not found:
            out.note(fine)
    else:
        out.records(*problem_table(found, warnings))
    return 6 if found else 0
