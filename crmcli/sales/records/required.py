"""Which fields a record must have: to be at all, and to stand in a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Stage


class MissingFields(Refused):
    """A record lacks fields that it must have; `fields` names them."""

    def __init__(self, message: str, hint: str, fields: Sequence[str]) -> None:
        super().__init__(message, hint)
        self.fields = tuple(fields)


def lacking(ws: Workspace, record: Record) -> list[str]:
    """What a record lacks to be at all, and to stand where it stands; alternatives as `phones or emails`."""
    named = _empty(ws, record, [f.name for f in ws.schema.fields(record.entity) if f.required])
    staged = "staged" in ENTITIES[record.entity].traits
    return [*named, *(_lacking_in(ws, record, ws.stage_of(record)) if staged else ())]


def _empty(ws: Workspace, record: Record, names: Sequence[str]) -> list[str]:
    return [n for n in names if record.get(n) == ws.schema.field(record.entity, n).kind.empty]


def _lacking_in(ws: Workspace, record: Record, stage: Stage) -> list[str]:
    return [
        " or ".join(alternatives)
        for alternatives in stage.requires
        if len(_empty(ws, record, alternatives)) == len(alternatives)
    ]


def _in_words(ws: Workspace, entity: str, alternatives: str) -> str:
    return tr(" or ").join(
        ws.schema.field(entity, name).word for name in alternatives.split(" or ")
    )


def require(ws: Workspace, record: Record, names: Sequence[str]) -> None:
    """Refuse a record in which one of these fields is empty."""
    missing = _empty(ws, record, names)
    if missing:
        raise MissingFields(
            tr(
                "{} {} needs {}", record.entity, record.get("name") or record.id, ", ".join(missing)
            ),
            "give " + " ".join(f"--set {name}=…" for name in missing),
            missing,
        )


def check_stage(ws: Workspace, record: Record, stage: Stage, *, is_new: bool = False) -> None:
    """Refuse a record that lacks a field which its stage requires; MissingFields lists them all."""
    missing = _lacking_in(ws, record, stage)
    if missing:
        words = ", ".join(_in_words(ws, record.entity, names) for names in missing)
        what = tr("a new {}", tr(record.entity)) if is_new else f"{tr(record.entity)} {record.id}"
        give = " ".join(f"--set {names.split(' or ')[0]}=…" for names in missing)
        raise MissingFields(
            tr("{} cannot be in {!r} without {}", what, stage.name, words),
            tr("add {}", give)
            if is_new
            else tr("crm {} edit {} {}", record.entity, record.id, give),
            missing,
        )
