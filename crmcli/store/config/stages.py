"""The stages of a pipeline in pipelines.yaml, each with its robots and triggers."""

from __future__ import annotations

import re
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.pipeline import STAGE_KINDS, Stage
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor, unique
from crmcli.store.config.frame import Frame
from crmcli.store.config.rule_lists import ROBOTS, TRIGGERS
from crmcli.store.yaml.codec import quoted_color


def _stages(place: Cursor, frame: Frame) -> tuple[Stage, ...]:
    places = list(place.at_most(limits.STAGES, "a list of stages").items())
    stages = tuple(Stage(**STAGE.read(entry, frame), line=entry.line) for entry in places)
    unique(zip((stage.id for stage in stages), places, strict=True), "stage")
    _check_kinds(place, stages, places)
    return stages


def _alternatives(place: Cursor, frame: Frame) -> tuple[str, ...]:
    words = [part.strip() for part in place.text().split("|")]
    names = tuple(frame.field_name(word) or word for word in words)
    for name in names:
        if frame.field(name) is None:
            frame.refuse_field(place, name)
    return names


def _check_kinds(place: Cursor, stages: tuple[Stage, ...], places: list[Cursor]) -> None:
    if not stages:
        if isinstance(place.value, list):
            place.fault("no stages", "write at least an open, a won and a lost stage")
        return
    won = [at for stage, at in zip(stages, places, strict=True) if stage.kind == "won"]
    if not won:
        place.fault("no stage is of kind won", "add kind: won to one stage")
    for extra in won[1:]:
        extra.fault(
            "a pipeline has one won stage only",
            tr("the first is in line {}; use lost", won[0].line),
        )
    if not any(stage.kind == "lost" for stage in stages):
        place.fault("no stage is of kind lost", "add kind: lost to at least one stage")
    marked = [at for stage, at in zip(stages, places, strict=True) if stage.initial]
    for extra in marked[1:]:
        extra.at("initial").fault(
            "a pipeline has one initial stage only", tr("the first is in line {}", marked[0].line)
        )
    initial = marked[0] if marked else places[0]
    if not stages[places.index(initial)].is_open:
        initial.fault(
            "the initial stage must be open", "put an open stage first, or mark one initial: true"
        )


def _color(place: Cursor, frame: Frame) -> str:
    """A colour; one without quotes is told as what it is, and keeps nobody from working."""
    row = place.findings.row(place.line) if place.value == "" else ""
    if written := re.search(r"color:\s+(#[0-9a-fA-F]{3,8})\b", row):
        told = tr("{} without quotes is a comment, not a colour", written[1])
        place.fault(told, f"color: {quoted_color(written[1])}", of_rule=True)
    return str(COLOR.read(place, frame))


COLOR = shapes.matching(
    "The colour of the column, like '#39a8ef' in quotes.",
    "#[0-9a-fA-F]{6}", "a colour", "like '#39a8ef', in quotes",
)  # fmt: skip
STAGE = shapes.keys(
    "One stage of a pipeline.",
    {
        "id": shapes.identifier("How records and commands name the stage; rename `name` freely, never this."),
        "name": shapes.needed(shapes.text("Label for people.")),
        "kind": shapes.word(
            "open is work in progress; exactly one stage is won, at least one lost.",
            STAGE_KINDS, "open",
        ),
        "color": replace(COLOR, read=_color),
        "initial": shapes.yes_no("Marks the stage of new records; the first stage if none is marked."),
        "max_days": shapes.whole("Overdue after so many days in this stage.", 1, 3650),
        "probability": shapes.whole("How likely it ends won, per cent.", 0, 100),
        "requires": shapes.listed(
            "Fields a record must have to stand here; phone|email means one of the two.",
            shapes.Shape("", _alternatives, lambda: {"type": shapes.SCALAR}),
        ),
        "robots": replace(ROBOTS, doc="What is done for a record in this stage, in order."),
        "triggers": TRIGGERS,
    },
)  # fmt: skip


def _stages_schema() -> dict[str, Any]:
    must = {"type": "object", "required": ["kind"]}
    kinds = [{**must, "properties": {"kind": {"const": kind}}} for kind in ("won", "lost")]
    items = {"$ref": "#/definitions/stage"}
    return {
        "type": "array",
        "minItems": 3,
        "items": items,
        "allOf": [{"contains": one} for one in kinds],
    }


STAGES = shapes.needed(shapes.Shape("The stages in order.", _stages, _stages_schema, ()))
