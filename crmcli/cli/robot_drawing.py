"""The robots of a pipeline drawn below its stages, one line each, chains hanging from where they begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crmcli.cli.output import Output
from crmcli.language import counted, tr
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.present.cells import Locale
from crmcli.present.cells import shown as cell
from crmcli.present.robot_list import NEXT, RobotRows
from crmcli.present.text_width import clean, cut, fold, one_line, pad, width

WIDEST_NAME = 16
"""Cells for the names of robots, at most; a longer one pushes its line aside."""
KEPT = "\ue000"
"""In place of a space at which no line may be broken."""
MARKS = {"trigger": "→", "schedule": "@"}


class RobotDrawing:
    """Draws for one terminal that is `room` cells wide."""

    def __init__(self, rows: RobotRows, room: int, out: Output) -> None:
        self._rows = rows
        self._room = room
        self._out = out

    def lines(self, pipeline: Pipeline, only: str = "") -> Iterator[str]:
        """A pipeline, or one stage of it."""
        stages = [stage for stage in pipeline.stages if only in ("", stage.id)]
        listed = {stage.id: self._rows.of_stage(pipeline, stage) for stage in stages}
        timed = self._rows.of_schedules(pipeline) if not only else []
        named = [width(_named(row)) for rows in (*listed.values(), timed) for row in rows]
        names = min(max(named, default=0), WIDEST_NAME)
        title = self._out.paint(clean(pipeline.name), bold=True)
        yield title if pipeline.name == pipeline.id else f"{title} ({pipeline.id})"
        for stage in stages:
            yield ""
            yield self._head(stage)
            for row in listed[stage.id]:
                yield from self._line(row, names)
        if timed:
            yield from ("", self._out.paint(tr("Schedules"), bold=True))
        for row in timed:
            yield from self._line(row, names)

    def _head(self, stage: Stage) -> str:
        paint, name = self._out.paint, cut(one_line(stage.name), self._room - 2)
        named = f"{paint('●', stage.color)} {paint(name, stage.color, bold=True)}"
        spare = self._room - width(name) - width(stage.id) - 4
        return (
            named
            if stage.name == stage.id or spare < 0
            else f"{named}  {paint(stage.id, dim=True)}"
        )

    def _line(self, row: Mapping[str, Any], names: int) -> Iterator[str]:
        """The lines of one row: the name, what it says, and to the right how many wait."""
        paint, state = self._out.paint, one_line(str(row["state"]))
        waits = counted(row["waits"], "waits here", "wait here") if row["waits"] else ""
        name = one_line(_named(row))
        indent = 2 + names + 2
        told = fold(
            one_line(_words(row, self._out.locale)), max(self._room - indent - len(waits) - 2, 16)
        )
        is_off = bool(state)
        for number, text in enumerate(told):
            shown = paint(text.replace(KEPT, " "), dim=is_off)
            if number:
                yield " " * indent + shown
                continue
            head = paint(pad(name, names), bold=not is_off, dim=is_off)
            spare = self._room - max(indent, width(name) + 4) - width(text) - width(waits)
            right = " " * max(spare, 2) + paint(waits, bold=True) if waits else ""
            yield f"  {head}  {shown}{right}"
        for text in fold(state, self._room - indent) if state else ():
            yield " " * indent + paint(text, "yellow")


_PLACE = re.compile(r"\{\{ *(.*?) *\}\}")


def _in_one(place: re.Match[str]) -> str:
    """What a template fills in, a little shorter, and not broken in two."""
    return "{{" + place[1].replace(" ", KEPT) + "}}"


def _named(row: Mapping[str, Any]) -> str:
    mark = MARKS.get(str(row["kind"]), "└" if row["above"] else "")
    return f"{mark} {row['robot']}".strip()


def _words(row: Mapping[str, Any], locale: Locale) -> str:
    when, condition = str(row["acts"]), str(row["condition"])
    when += tr(", next {}", cell(NEXT, row, locale)) if row["next"] else ""
    what = _PLACE.sub(_in_one, str(row["what"]))
    told = f"{when}: {what}" if when else what
    return f"{told}; {tr('if {}', condition)}" if condition else told
