"""The names of pipelines and stages in pipelines.yaml, for who only shows them: no rule is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crmcli.model.pipeline import LEADS, STAGE_KINDS, Pipeline, Pipelines, Stage
from crmcli.store.config.cursor import read_marked
from crmcli.store.layout import PIPELINES


def load_outline(root: Path) -> Pipelines | None:
    """The pipelines without robots, triggers and schedules; None where they are not all well formed."""
    top = read_marked(root, PIPELINES)
    whole = top.value if top else None
    deals = whole.get("deals") if isinstance(whole, dict) else None
    if not isinstance(whole, dict) or not isinstance(deals, list):
        return None
    leads = _pipeline({"id": LEADS, "name": LEADS, **_map(whole.get("leads"))}, "lead")
    known = tuple(filter(None, (_pipeline(_map(deal), "deal") for deal in deals)))
    return Pipelines(leads, known) if leads and known and len(known) == len(deals) else None


def _map(raw: object) -> Mapping[str, object]:
    return raw if isinstance(raw, dict) else {}


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _pipeline(raw: Mapping[str, object], entity: str) -> Pipeline | None:
    given = raw.get("stages")
    if not isinstance(given, list):
        return None
    stages = tuple(filter(None, (_stage(_map(one)) for one in given)))
    found = Pipeline(_text(raw, "id"), _text(raw, "name"), entity, stages)
    return found if found.id and found.name and stages and len(stages) == len(given) else None


def _stage(raw: Mapping[str, object]) -> Stage | None:
    kind = _text(raw, "kind") or "open"
    numbers = [raw.get(name) for name in ("max_days", "probability")]
    if not all(one is None or (isinstance(one, str) and one.isdecimal()) for one in numbers):
        return None
    max_days, probability = (None if one is None else int(str(one)) for one in numbers)
    stage = Stage(
        _text(raw, "id"), _text(raw, "name"), kind, _text(raw, "color"),
        max_days=max_days, probability=probability,
    )  # fmt: skip
    return stage if stage.id and stage.name and kind in STAGE_KINDS else None
