"""Stages of pipelines.yaml by command, with the records, rules and views that stand in them or name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from crmcli.dataclass import replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import counted, tr
from crmcli.model.conditions.tree import And, Condition, Empty, In, Node, Or, Text
from crmcli.model.deal import Deal
from crmcli.model.event import STAGE_RENAMED
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.values import Raw, fold
from crmcli.sales.records.stage_lookup import find_stage
from crmcli.sales.settings.fields import Reshaped
from crmcli.sales.settings.reshape import (
    Reshaping,
    SettingsEdit,
    StillNamed,
    Tree,
    in_forms,
    reshape,
    reshaping,
)
from crmcli.sales.settings.stage_words import NewWords, Place, Shared, at, pipeline_place, put
from crmcli.sales.stages import move_in
from crmcli.store.layout import PIPELINES, VIEWS
from crmcli.store.yaml.codec import load_marked
from crmcli.workspace import Workspace

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_LATIN = "a,b,v,g,d,e,e,zh,z,i,y,k,l,m,n,o,p,r,s,t,u,f,h,c,ch,sh,sch,,y,,e,yu,ya"
_SOUNDS = {ord(c): latin for c, latin in zip(_CYRILLIC, _LATIN.split(","), strict=True)}
_LONGEST_ID = 40


class StageInUse(Refused):
    """Records stand in what is to go, and nobody said whither."""


def id_from(name: str) -> str:
    """An id for what people call by a name: `договор` is dogovor."""
    words = re.findall(r"[a-z0-9]+", name.lower().translate(_SOUNDS))
    found = "-".join(words).lstrip("0123456789-")[:_LONGEST_ID].rstrip("-")
    if not found:
        raise BadUsage(tr("no id can be made of {!r}", name), "pass --id, like contract")
    return found


def add(
    ws: Workspace,
    pipeline: Pipeline,
    name: str,
    facts: Mapping[str, Raw],
    *,
    stage_id: str = "",
    after: str = "",
    before: str = "",
) -> tuple[str, Reshaped]:
    """Add a stage, by default behind the last open one or, a lost one, at the end; its id."""
    name = " ".join(name.split())
    stage_id = stage_id or id_from(name)
    _check_new(pipeline, stage_id, name)
    place = _position(pipeline, after, before)
    if place is None:
        is_lost = facts.get("kind") == "lost"
        last = max(n for n, stage in enumerate(pipeline.stages) if is_lost or stage.is_open)
        place = last + 1

    def edit(tree: Tree) -> None:
        _stages(tree, pipeline).insert(place, {"id": stage_id, "name": name, **facts})

    return stage_id, Reshaped(0, reshape(ws, "stage add", SettingsEdit(pipelines=edit)).rewritten)


def change(
    ws: Workspace, pipeline: Pipeline, ref: str, facts: Mapping[str, Raw], unset: tuple[str, ...]
) -> Reshaped:
    """Give a stage other facts: its colour, days, probability, what it requires."""
    stage = find_stage(pipeline, ref)
    if not facts and not unset:
        raise BadUsage("nothing to change", "pass --color, --max-days, --probability or --requires")

    def edit(tree: Tree) -> None:
        raw = raw_stage(tree, pipeline, stage)
        raw.update(facts)
        for key in unset:
            raw.pop(key, None)

    return Reshaped(0, reshape(ws, "stage set", SettingsEdit(pipelines=edit)).rewritten)


def move(ws: Workspace, pipeline: Pipeline, ref: str, after: str, before: str) -> Reshaped:
    """Give a stage another place in the order."""
    stage = find_stage(pipeline, ref)
    place = _position(pipeline, after, before)
    if place is None:
        raise BadUsage("no new place is given", "pass --after STAGE or --before STAGE")

    def edit(tree: Tree) -> None:
        stages = _stages(tree, pipeline)
        raw = raw_stage(tree, pipeline, stage)
        was = stages.index(raw)
        stages.remove(raw)
        stages.insert(place - (place > was), raw)

    return Reshaped(0, reshape(ws, "stage move", SettingsEdit(pipelines=edit)).rewritten)


def rename(
    ws: Workspace, pipeline: Pipeline, ref: str, name: str = "", new_id: str = ""
) -> Reshaped:
    """Give a stage another name, another id or both; what names it follows, in one transaction: records,
    robots, triggers, conditions and views; of what is called like stages of other pipelines, these stay meant
    where they were. Templates are left."""
    stage = find_stage(pipeline, ref)
    name, new_id = " ".join(name.split()) or stage.name, new_id or stage.id
    if (name, new_id) == (stage.name, stage.id):
        raise BadUsage("nothing to change", "pass a new name, --id or both")
    _check_new(pipeline, new_id, name, stage)
    new = _new_words(ws, pipeline, stage, name, new_id)

    def edit(tree: Tree) -> None:
        raw = raw_stage(tree, pipeline, stage)
        raw["id"], raw["name"] = new_id, name
        put(tree, new.in_all_rules(tree, ws.pipelines))

    def views(tree: Tree) -> None:
        put(tree, new.in_views(tree))

    def forms(tree: Tree) -> None:
        _restage(tree, pipeline, stage.id, new_id)

    _tell_ambiguous(ws, pipeline, new)
    for path, line, _ in _naming(ws, replace(new, words={}, parts=(stage.name, name))):
        ws.notes.append(
            tr("{}:{} asks for a part of a name, and this stage is {!r} now", path, line, name)
        )
    renamed = ("stages", pipeline.id, stage.id, new_id) if new_id != stage.id else ()
    wanted = SettingsEdit(pipelines=edit, views=views, forms=forms, renamed=renamed)
    with reshaping(ws, "stage rename", wanted) as done:
        ids = standing(done, pipeline, stage, named=new_id == stage.id)
        for record_id in ids:
            record = done.change.get(record_id).with_values({"stage": new_id})
            place = {"stage": new_id, **({"pipeline": pipeline.id} if pipeline.key else {})}
            done.change.save(record, STAGE_RENAMED, {**place, "from": stage.id})
    left = () if new_id == stage.id else ws.mentions([f"'{stage.id}'", f'"{stage.id}"'])
    return Reshaped(len(ids), done.rewritten, [*left])


def remove(ws: Workspace, pipeline: Pipeline, ref: str, move_to: str = "") -> Reshaped:
    """Take a stage away with its robots and triggers; refused while records stand there or something names
    it, unless these go to another stage instead."""
    stage = find_stage(pipeline, ref)
    target = find_stage(pipeline, move_to) if move_to else None
    if target is stage:
        raise BadUsage(tr("{} cannot replace itself", stage.id), "use another stage")
    heir = target.id if target else ""
    new = _new_words(ws, pipeline, stage, heir, heir)

    def edit(tree: Tree) -> None:
        _stages(tree, pipeline).remove(raw_stage(tree, pipeline, stage))
        put(tree, new.in_all_rules(tree, ws.pipelines) if heir else iter(()))

    def views(tree: Tree) -> None:
        put(tree, new.in_views(tree) if heir else iter(()))

    def forms(tree: Tree) -> None:
        _restage(tree, pipeline, stage.id, heir or stage.id)

    if not heir:
        _check_unnamed(ws, pipeline, stage, new)
    wanted = SettingsEdit(pipelines=edit, views=views, forms=forms)
    with reshaping(ws, "stage rm", wanted) as done:
        ids = standing(done, pipeline, stage)
        if ids and not heir:
            way = f"crm stage rm {stage.id} --pipeline {pipeline.id} --move-to STAGE"
            raise StageInUse(told_of(ids, stage.name), tr("say where they go: {}", way))
        bring(ws, done, ids, pipeline, heir)
    return Reshaped(len(ids), done.rewritten)


def _restage(tree: Tree, pipeline: Pipeline, old: str, new: str) -> None:
    """Let forms put their leads into another stage."""
    for form in in_forms(tree) if not pipeline.key else ():
        if form.get("stage") == old:
            form["stage"] = new


def counts(ws: Workspace, pipeline: Pipeline) -> dict[str, int]:
    """How many records stand in each stage."""
    first = ws.pipelines.deals[0].id == pipeline.id
    tree = And(tuple(within(pipeline, is_first=first))) if pipeline.key else None
    condition = None if tree is None else Condition(str(tree), tree)
    return {
        stage.id: total.count
        for total in ws.sums(pipeline.entity, ("stage",), condition)
        if (stage := pipeline.stage(str(total.keys[0]))) is not None
    }


def bring(ws: Workspace, done: Reshaping, ids: list[str], pipeline: Pipeline, stage: str) -> None:
    """Move records into a stage, each by its rules; refused for all if one may not stand there."""
    for record_id in ids:
        record = done.change.get(record_id)
        closed = record.closed_at if isinstance(record, Deal) else None
        where = pipeline.id if pipeline.key else ""
        move_in(done.change, ws, record, stage, pipeline=where, reopen=True, closed_at=closed)


def standing(
    done: Reshaping, pipeline: Pipeline, stage: Stage, *, named: bool = False
) -> list[str]:
    """The records that stand in a stage as the pipelines were; `named` those only in whose files its name
    stands in the place of its id."""
    words = [stage.name] if named else [stage.id, stage.name]
    parts: list[Node] = [In(("stage",), tuple(map(Text, words)))]
    parts += within(pipeline, is_first=done.first == pipeline.id)
    tree = And(tuple(parts)) if len(parts) > 1 else parts[0]
    return done.select(pipeline.entity, Condition(str(tree), tree))


def within(pipeline: Pipeline, *, is_first: bool) -> list[Node]:
    """What holds of the records of a pipeline: those of the first may name none."""
    if not pipeline.key:
        return []
    named = In(("pipeline",), (Text(pipeline.id), Text(pipeline.name)))
    return [Or((named, Empty(("pipeline",))))] if is_first else [named]


def told_of(ids: list[str], place: str) -> str:
    """What is said where records stand in what is to go."""
    shown = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
    return tr("{} in {!r}: {}", counted(len(ids), "record is", "records are"), place, shown)


def _check_unnamed(ws: Workspace, pipeline: Pipeline, stage: Stage, new: NewWords) -> None:
    """Refuse to take away what rules of other stages or views name; StillNamed has the lines."""
    tree = load_marked(ws.file(PIPELINES) or b"", PIPELINES).value
    number = _stages(tree, pipeline).index(raw_stage(tree, pipeline, stage))
    own = (*pipeline_place(tree, pipeline), "stages", number)
    lines = [(path, line) for path, line, at in _naming(ws, new) if at[: len(own)] != own]
    if lines:
        path, line = lines[0]
        told = tr("{} mentions {!r} in line {}", path, stage.id, line)
        raise StillNamed(told, tr("change {} first, or --move-to STAGE", path), ())


def _naming(ws: Workspace, new: NewWords) -> Iterator[tuple[str, int, Place]]:
    """Where rules and views say something for which there are other words: file, line and place."""
    for path in (PIPELINES, VIEWS):
        marked = load_marked(ws.file(path) or b"", path)
        is_rules = path == PIPELINES
        tree = marked.value
        found = new.in_all_rules(tree, ws.pipelines) if is_rules else new.in_views(tree)
        yield from ((path, marked.lines.get(place, 0), place) for place, _ in found)


def _tell_ambiguous(ws: Workspace, pipeline: Pipeline, new: NewWords) -> None:
    """Tell of each line that means a stage of another pipeline by what ours is called too from now on."""
    assert new.shared is not None
    none: frozenset[str] = frozenset()
    shared = replace(new.shared, old=none, theirs=none, new=none)
    for word in sorted(new.shared.new):
        for path, line, _ in _naming(ws, replace(new, words={word: ""}, shared=shared)):
            said = tr("{}:{} means {!r} of {} too from now on", path, line, word, pipeline.id)
            ws.notes.append(said)


def _new_words(ws: Workspace, pipeline: Pipeline, stage: Stage, name: str, new_id: str) -> NewWords:
    """The words for a stage that is called otherwise from now on, and what other pipelines call theirs."""
    of_entity = ws.pipelines.of(pipeline.entity)
    others = [s for p in of_entity if p.id != pipeline.id for s in p.stages]
    ids, names = ({s.id for s in others}, {fold(s.name) for s in others})
    words = {fold(stage.name): name, stage.id: new_id}
    own = {s.id for s in pipeline.stages if s.id != stage.id}
    for word, new in list(words.items()):
        if fold(new) == word or word in own:
            del words[word]
        elif fold(new) in ids:
            words[word] = new_id
    old = {w for w in words if w in (ids if w == stage.id else names)}
    theirs = ids - {stage.id}
    taken = {fold(w) for w in words.values() if fold(w) in ids | names}
    is_first = of_entity[0] is pipeline
    shared = Shared(pipeline, is_first, *map(frozenset, (old, theirs, taken)))
    return NewWords(ws.schema, pipeline.entity, "stage", words, shared)


def _check_new(pipeline: Pipeline, stage_id: str, name: str, besides: Stage | None = None) -> None:
    for word in (stage_id, name):
        for other in pipeline.stages:
            if other is not besides and fold(word) in (fold(other.id), fold(other.name)):
                raise BadUsage(
                    tr("pipeline {!r} already has a stage {!r}", pipeline.id, word),
                    tr("it is {} ({})", other.id, other.name),
                )


def _position(pipeline: Pipeline, after: str, before: str) -> int | None:
    if after and before:
        raise BadUsage("--after and --before exclude each other", "pass one of them")
    if not after and not before:
        return None
    beside = find_stage(pipeline, after or before)
    return pipeline.position(beside.id) + bool(after)


def _stages(tree: Tree, pipeline: Pipeline) -> list[Raw]:
    return cast("list[Raw]", at(tree, (*pipeline_place(tree, pipeline), "stages")))


def raw_stage(tree: Tree, pipeline: Pipeline, stage: Stage) -> Tree:
    """What pipelines.yaml says of a stage, in its raw tree."""
    found = (raw for raw in _stages(tree, pipeline) if cast("Tree", raw).get("id") == stage.id)
    return cast("Tree", next(found))
