"""Pipelines of deals by command, with the records that stand in them and what names them."""

from __future__ import annotations

from copy import deepcopy
from typing import cast

from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.conditions.tree import And, Condition
from crmcli.model.event import STAGE_RENAMED
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.values import Raw, fold
from crmcli.sales.records.stage_lookup import find_pipeline, find_stage
from crmcli.sales.settings.fields import Reshaped
from crmcli.sales.settings.reshape import (
    Reshaping,
    SettingsEdit,
    StillNamed,
    Tree,
    reshape,
    reshaping,
)
from crmcli.sales.settings.stage_words import NewWords, at, pipeline_place, put
from crmcli.sales.settings.stages import StageInUse, bring, id_from, told_of, within
from crmcli.store.layout import PIPELINES, VIEWS
from crmcli.store.yaml.codec import load_marked
from crmcli.workspace import Workspace

_COPIED = ("id", "name", "kind", "color", "probability", "max_days", "requires", "initial")


def add(ws: Workspace, name: str, *, new_id: str = "", like: str = "") -> tuple[str, Reshaped]:
    """Add a pipeline of deals: with the stages of another, without their rules, or with three; its id."""
    name = " ".join(name.split())
    new_id = new_id or id_from(name)
    _check_new(ws, new_id, name)
    model = find_pipeline(ws, like) if like else None

    def edit(tree: Tree) -> None:
        stages: list[Raw] = [
            {"id": "new", "name": tr("New")},
            {"id": "won", "name": tr("Won"), "kind": "won"},
            {"id": "lost", "name": tr("Lost"), "kind": "lost"},
        ]
        if model is not None:
            theirs = at(tree, (*pipeline_place(tree, model), "stages"))
            stages = [
                {key: deepcopy(raw[key]) for key in _COPIED if key in raw}
                for raw in cast("list[Tree]", theirs)
            ]
        cast("list[Raw]", tree["deals"]).append({"id": new_id, "name": name, "stages": stages})

    return new_id, Reshaped(0, reshape(ws, "pipeline add", SettingsEdit(pipelines=edit)).rewritten)


def rename(ws: Workspace, pipeline: Pipeline, name: str = "", new_id: str = "") -> Reshaped:
    """Give a pipeline another name, another id or both; records, conditions and views that name it follow,
    in one transaction."""
    if new_id and not pipeline.key:
        raise BadUsage("'leads' is the pipeline of leads", "rename it without --id")
    name, new_id = " ".join(name.split()) or pipeline.name, new_id or pipeline.id
    if (name, new_id) == (pipeline.name, pipeline.id):
        raise BadUsage("nothing to change", "pass a new name, --id or both")
    _check_new(ws, new_id, name, pipeline)
    new = _words(ws, pipeline, new_id, name)

    def edit(tree: Tree) -> None:
        raw = cast("Tree", at(tree, pipeline_place(tree, pipeline)))
        if pipeline.key:
            put(tree, new.in_all_rules(tree, ws.pipelines))
            raw["id"] = new_id
        raw["name"] = name

    def views(tree: Tree) -> None:
        put(tree, new.in_views(tree) if pipeline.key else iter(()))

    with reshaping(ws, "pipeline rename", SettingsEdit(pipelines=edit, views=views)) as done:
        ids = _standing(done, pipeline) if pipeline.key else []
        for record_id in ids:
            record = done.change.get(record_id)
            if record.get("pipeline") == new_id:
                continue
            place = {"stage": record.get("stage"), "pipeline": new_id}
            facts = {**place, "from": record.get("stage")}
            done.change.save(record.with_values({"pipeline": new_id}), STAGE_RENAMED, facts)
    return Reshaped(len(ids) if new_id != pipeline.id else 0, done.rewritten)


def remove(ws: Workspace, pipeline: Pipeline, move_to: str = "") -> Reshaped:
    """Take a pipeline away with its stages and rules; refused while records stand there or something names
    it, unless these go to `PIPELINE/STAGE` instead; those that have ended, to the like end there."""
    if not pipeline.key:
        raise BadUsage("'leads' is the pipeline of leads", "every workspace has it")
    target_id, _, stage_ref = move_to.partition("/")
    target = find_pipeline(ws, target_id) if move_to else None
    if target is not None and target.id == pipeline.id:
        raise BadUsage(tr("{} cannot replace itself", pipeline.id), "use another pipeline")
    stage = find_stage(target, stage_ref) if target is not None else None
    if len(ws.pipelines.deals) == 1:
        raise Refused(tr("{} is the only pipeline of deals", pipeline.id), "add another first")
    heir = target.id if target else ""
    new = _words(ws, pipeline, heir, heir)

    def edit(tree: Tree) -> None:
        place = pipeline_place(tree, pipeline)
        cast("list[Raw]", tree["deals"]).pop(cast("int", place[1]))
        if heir:
            put(tree, new.in_all_rules(tree, _others(ws, pipeline)))

    def views(tree: Tree) -> None:
        put(tree, new.in_views(tree) if heir else iter(()))

    if not heir:
        _check_unnamed(ws, pipeline, new)
    with reshaping(ws, "pipeline rm", SettingsEdit(pipelines=edit, views=views)) as done:
        ids = _standing(done, pipeline)
        if ids and (target is None or stage is None):
            way = f"crm pipeline rm {pipeline.id} --move-to PIPELINE/STAGE"
            raise StageInUse(told_of(ids, pipeline.name), tr("say where they go: {}", way))
        for record_id in ids:
            assert target is not None
            assert stage is not None
            was = pipeline.stage(str(done.change.get(record_id).get("stage")))
            to = stage if was is None or was.is_open else _end_like(was, target)
            bring(ws, done, [record_id], target, to.id)
    return Reshaped(len(ids), done.rewritten)


def _end_like(stage: Stage, pipeline: Pipeline) -> Stage:
    """Where in another pipeline those go that have ended in a stage: they are not reopened."""
    same = pipeline.stage(stage.id)
    if same is not None and same.kind == stage.kind:
        return same
    return pipeline.won if stage.kind == "won" else pipeline.lost


def _standing(done: Reshaping, pipeline: Pipeline) -> list[str]:
    """The records of a pipeline as it was; of the first also those that name none."""
    tree = And(tuple(within(pipeline, is_first=done.first == pipeline.id)))
    return done.select(pipeline.entity, Condition(str(tree), tree))


def _words(ws: Workspace, pipeline: Pipeline, new_id: str, name: str) -> NewWords:
    words = {fold(pipeline.name): name, fold(pipeline.id): new_id}
    same = {word: new for word, new in words.items() if fold(new) != word}
    return NewWords(ws.schema, pipeline.entity, "pipeline", same)


def _others(ws: Workspace, pipeline: Pipeline) -> list[Pipeline]:
    return [other for other in ws.pipelines if other.id != pipeline.id]


def _check_unnamed(ws: Workspace, pipeline: Pipeline, new: NewWords) -> None:
    marked = load_marked(ws.file(PIPELINES) or b"", PIPELINES)
    named = new.in_all_rules(marked.value, _others(ws, pipeline))
    lines = [(PIPELINES, marked.lines.get(p, 0)) for p, _ in named]
    if data := ws.file(VIEWS):
        views = load_marked(data, VIEWS)
        lines += [(VIEWS, views.lines.get(p, 0)) for p, _ in new.in_views(views.value)]
    if lines:
        path, line = lines[0]
        told = tr("{} mentions {!r} in line {}", path, pipeline.id, line)
        hint = tr("change {} first, or --move-to PIPELINE/STAGE", path)
        raise StillNamed(told, hint, ())


def _check_new(ws: Workspace, new_id: str, name: str, besides: Pipeline | None = None) -> None:
    for word in (new_id, name):
        for other in ws.pipelines:
            is_other = besides is None or other.id != besides.id
            if is_other and fold(word) in (fold(other.id), fold(other.name)):
                raise BadUsage(
                    tr("there is a pipeline {!r} already", word),
                    tr("it is {} ({})", other.id, other.name),
                )
