"""What robots and schedules may have under `with:`, by the declaration of their action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.action import Action
from crmcli.model.actions import ACTIONS
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.fields_to_set import check_set, fields_schema
from crmcli.store.config.frame import Frame
from crmcli.store.config.param_kinds import shape_of


def read_params(place: Cursor, action: str, frame: Frame) -> Mapping[str, Any]:
    """What stands under `with`, checked for the action."""
    params = place.at("with")
    if not action:
        return {}
    known = ACTIONS[action]
    if known.of and known.of != frame.entity:
        told = tr("{!r} acts on a {}, and this is for a {}", action, tr(known.of), tr(frame.entity))
        place.at("do").fault(told)
    if known.of_kind("stage"):
        frame = frame.within(params.at("pipeline").text())
    if known.of_kind("word") == ["entity"]:
        frame = replace(frame, entity=params.at("entity").text())
    if isinstance(params.value, dict):
        _check_either(params, known)
        (check_set if known.sets_fields else params_of(known).read)(params, frame)
        return params.value
    must = [*(p.name for p in known.params if p.required), " | ".join(known.either)]
    needs = "a field" if known.sets_fields else ", ".join(filter(None, must))
    if params.is_present:
        params.fault("'with' must have keys with values", "write with: {key: value}")
    elif needs:
        place.fault(tr("'with' is missing: {} needs {}", action, needs), "write with: {key: value}")
    return {}


def _check_either(params: Cursor, action: Action) -> None:
    given = [name for name in action.either if params.at(name).is_present]
    if action.either and len(given) != 1:
        hint = tr("one of {}", ", ".join(action.either))
        params.fault("both say the same thing" if given else "it says nothing", hint)


def check_once(place: Cursor, action: str) -> None:
    """What a schedule can do once for a whole selection; the others act on one record."""
    if not ACTIONS[action].once:
        able = ", ".join(name for name, known in ACTIONS.items() if known.once)
        place.at("do").fault(
            tr("{!r} acts on one record and cannot run once for all", action),
            tr("remove once:, or do one of {}", able),
        )
    for param in ACTIONS[action].params:
        if param.required_once and not place.at("with").at(param.name).is_present:
            place.at("with").fault(
                tr("{} once for the whole selection needs {!r}", action, param.name),
                tr("write {}: …", param.name),
            )


def params_of(action: Action) -> shapes.Shape:
    """What may stand under `with:` for an action."""
    of_param = {p.name: shape_of(p) for p in action.params}
    if action.sets_fields:
        more = {"properties": {name: shape.schema() for name, shape in of_param.items()}}
        return shapes.needed(
            shapes.Shape(action.doc, check_set, lambda: {**fields_schema(), **more})
        )
    must = {p.name: shapes.needed(of_param[p.name]) for p in action.params if p.required}
    one_of = {"oneOf": [{"required": [name]} for name in action.either]}
    also = (lambda: [one_of]) if action.either else None
    found = shapes.keys(action.doc, {**of_param, **must}, also)
    return shapes.needed(found) if must or action.either else found


def actions_schema() -> dict[str, Any]:
    """What each action needs under `with`, and with `once: yes`, as a JSON Schema."""
    rules = [
        {"if": {"required": ["do"], "properties": {"do": {"const": name}}}, "then": _needs(action)}
        for name, action in ACTIONS.items()
    ]
    return {"description": "What each action needs under with.", "allOf": rules}


def _needs(action: Action) -> dict[str, Any]:
    params = params_of(action)
    properties = {"with": params.schema()}
    if not action.once:
        properties["once"] = {"enum": [False, "no", None]}
    found: dict[str, Any] = {"required": ["with"]} if params.required else {}
    must = [param.name for param in action.params if param.required_once]
    if must:
        found["if"] = {"required": ["once"], "properties": {"once": {"enum": [True, "yes"]}}}
        found["then"] = {"properties": {"with": {"type": "object", "required": must}}}
    return {**found, "properties": properties}
