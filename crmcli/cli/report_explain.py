"""crm report explain: how a figure that was shown is made, and the records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from crmcli.cli import terminal
from crmcli.cli.params import Verb
from crmcli.cli.report_dashboard import found
from crmcli.cli.report_questions import ASKED, answered
from crmcli.cli.session import Session
from crmcli.errors import Ambiguous, BadUsage, NotFound
from crmcli.language import counted, tr
from crmcli.model.figures import Figures
from crmcli.model.reports import DASHBOARD
from crmcli.present.cells import Listing
from crmcli.present.report_cells import (
    Spot,
    behind,
    explained,
    is_written_number,
    number_named,
    rows_of,
    spot_at,
    spots_of,
)
from crmcli.reports.engine import Reading
from crmcli.workspace import Workspace
from crmcli.workspace.last_report import LastReport, cannot_keep, last, mark_of
from crmcli.workspace.own_reports import report_named

MOST_NAMED = 8
Answers = Sequence[tuple[Reading, Figures]]


def show(session: Session, words: Sequence[str]) -> Listing:
    """Say how a figure is made and list the records behind it: of the report that was shown last.

    A figure as it was printed, or its row and column, by name or number; after the name of a report, of
    that one.

    Example: crm report explain funnel 3,4
    """
    ws, out = session.workspace, session.out
    asked, answers, text, mark = _answers(ws, words)
    spots = _spots(answers, text)
    is_changed = asked.mark and asked.mark != mark
    changed = out.locale.instant(datetime.fromisoformat(asked.at)) if is_changed else ""
    if not spots:
        raise _none(asked, text, changed=changed)
    if len(spots) > 1:
        raise _several(spots, text, is_named=len(answers) > 1)
    if changed:
        out.note(tr("the figures have changed since {}", changed))
    if out.is_table:
        for line in explained(spots[0], out.locale):
            out.note(line)
    return behind(ws, spots[0])


def _answers(ws: Workspace, words: Sequence[str]) -> tuple[LastReport, Answers, str, str]:
    """What was shown last, or the report that is named, as it is now; the figure that is meant, and what
    tells whether the whole has changed."""
    kept, head, rest = last(ws, terminal.name()), words[0], " ".join(words[1:])
    is_named = bool(rest) and _is_report(ws, head)
    if kept is not None and (kept.report in (head, DASHBOARD) or not is_named):
        answers = _asked(ws, kept)
        mark = mark_of([rows_of(one) for _, one in answers])
        some = answers if head == kept.report else [a for a in answers if a[1].name == head]
        if rest and some:
            return kept, some, rest, mark
        if not is_named:
            return kept, answers, " ".join(words), mark
    if not is_named:
        why = cannot_keep()
        said = tr("no report is kept: {} cannot be written", why) if why else ""
        hint = "name it: crm report explain won ROW,COLUMN"
        raise NotFound(said or "no report was shown here yet", hint)
    fresh = LastReport(head, {}, "", "")
    return fresh, _asked(ws, fresh), rest, ""


def _is_report(ws: Workspace, name: str) -> bool:
    try:
        return name == DASHBOARD or bool(report_named(ws, name))
    except NotFound:
        return False


def _asked(ws: Workspace, kept: LastReport) -> Answers:
    """A report, or those of the dashboard, asked again."""
    asked = kept.asked
    if kept.report == DASHBOARD:
        words = ("owner", "period", "compare", "pipeline")
        return found(ws, **{word: asked.get(word, "") for word in words})
    given = {name: asked.get(name, "") for name in ASKED}
    return [answered(ws, report_named(ws, kept.report), given)]


def _spots(answers: Answers, text: str) -> Sequence[Spot]:
    """The cells that show a number, or that of a row and a column; BadUsage where there is none of those."""
    spots = [spot for one in answers for spot in spots_of(*one, text)]
    if "," not in text:
        return spots or [spot for one in answers if (spot := number_named(*one, text))]
    refused: list[BadUsage] = []
    for one in answers:
        try:
            spots.append(spot_at(*one, text))
        except BadUsage as error:
            refused.append(error)
    if refused and not spots and not is_written_number(text):
        raise refused[0]
    return spots


def _several(spots: Sequence[Spot], text: str, *, is_named: bool) -> Ambiguous:
    """The refusal that says which cells there are."""
    names = [f"{one.figures.name} " * is_named + f"'{one.name}'" for one in spots]
    more = ", …" if len(names) > MOST_NAMED else ""
    some = ", ".join(names[:MOST_NAMED])
    return Ambiguous(
        tr("{} stands in {}", text, counted(len(spots), "cell")), tr("say which: {}", some + more)
    )


def _none(asked: LastReport, text: str, *, changed: str) -> NotFound:
    """The refusal where no cell shows a number, or none does any more."""
    hint = "name its row and column: crm report explain ROW,COLUMN"
    if changed:
        said = tr(
            "{} is no longer in {}: the figures have changed since {}", text, asked.report, changed
        )
        return NotFound(said, hint)
    return NotFound(tr("no cell of {} shows {}", asked.report, text), hint)


explain = Verb(
    "explain",
    callback=show,
    help=show.__doc__,
    params=[click.Argument(("words",), metavar="NUMBER|ROW,COLUMN", nargs=-1, required=True)],
)
