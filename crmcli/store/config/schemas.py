"""The JSON Schemas of the configuration files, for editors, made from what the loaders check."""

from __future__ import annotations

import json
from typing import Any

from crmcli.store.config import (
    access,
    declared,
    forms,
    pipelines,
    plans,
    reports,
    robots,
    scores,
    settings_keys,
    stages,
    triggers,
    views,
)
from crmcli.store.config.action_params import actions_schema
from crmcli.store.config.shapes import Shape


def schema_files() -> dict[str, bytes]:
    """The content of every schema by its path in a workspace."""
    rules = {
        "stages": stages.STAGES,
        "stage": stages.STAGE,
        "robot": robots.ROBOT,
        "sequence": pipelines.SEQUENCE,
        "trigger": triggers.TRIGGER,
        "schedule": robots.SCHEDULE,
    }
    defined = {"actions": actions_schema(), **_defined(rules)}
    return {
        **_file("pipelines", pipelines.SHAPE, defined),
        **_file("settings", settings_keys.SHAPE, _defined({"field": declared.FIELD})),
        **_file("views", views.SHAPE, {}),
        **_file("forms", forms.SHAPE, {}),
        **_file("access", access.SHAPE, {}),
        **_file("scores", scores.SHAPE, {}),
        **_file("reports", reports.SHAPE, {}),
        **_file("plans", plans.SHAPE, {}),
    }


def _defined(shapes: dict[str, Shape]) -> dict[str, Any]:
    return {name: shape.schema(required=True) for name, shape in shapes.items()}


def _file(name: str, shape: Shape, definitions: dict[str, Any]) -> dict[str, bytes]:
    path = f"schema/{name}.schema.json"
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"https://crmcli.example/{path}",
        "title": f"{name}.yaml",
        **shape.schema(required=True),
        **({"definitions": definitions} if definitions else {}),
    }
    return {path: f"{json.dumps(schema, ensure_ascii=False, indent=2)}\n".encode()}
