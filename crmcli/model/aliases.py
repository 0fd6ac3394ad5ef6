"""Names that conditions may use instead of ids: of users, directory entries, pipelines, stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from crmcli.model.conditions.where import IN_PIPELINE
from crmcli.model.pipeline import Pipeline, Pipelines
from crmcli.model.settings import Settings
from crmcli.model.user import names_of
from crmcli.model.values import fold
from crmcli.words import rows


def aliases(settings: Settings, pipelines: Pipelines, user: str) -> dict[str, dict[str, list[str]]]:
    """Ids by folded name, by kind or directory; `me` is the acting user.

    Stages stand under `lead.stage` and `deal.stage`, since both may have one of the same name, and by the
    words for their kinds under `lead.stage.kind` and `deal.stage.kind`.
    """
    found: dict[str, dict[str, list[str]]] = {}

    def name(kind: str, record_id: str, label: str) -> None:
        ids = found.setdefault(kind, {}).setdefault(fold(label), [])
        if record_id not in ids:
            ids.append(record_id)

    found["user"] = {word: [*ids] for word, ids in names_of(settings.users).items()}
    if user and (user in settings.users or not settings.users):
        name("user", user, "me")
    for directory, entries in settings.directories.items():
        for key, label in entries.items():
            name(directory, key, label)
    for pipeline in pipelines:
        for label, meant in _stages(pipelines.of(pipeline.entity), pipeline):
            name(f"{pipeline.entity}.stage", meant, label)
    for pipeline in pipelines.deals:
        name("pipeline", pipeline.id, pipeline.name)
    return found | {
        f"{entity}.stage.kind": by_kind(
            (stage.kind, stage.id) for one in several for stage in one.stages
        )
        for entity, several in (("lead", [pipelines.leads]), ("deal", pipelines.deals))
    }


def by_kind(stages: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The ids of stages by the words for their kinds, of pairs of kind and id."""
    found: dict[str, list[str]] = {}
    for kind, stage in stages:
        for word in _words_of(kind):
            found.setdefault(word, []).append(stage)
    return found


@cache
def _words_of(kind: str) -> tuple[str, ...]:
    """What stages of a kind are called: won, lost, open, closed, and the like in other languages."""
    of_kind = (words for kinds, words in rows("stage_kinds") if kind in kinds.split())
    return tuple(word for words in of_kind for word in words.split("|"))


def _stages(own: Sequence[Pipeline], pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """What stages are called, with what that means: the id or, of a name where a stage of another name has
    that id too, the id in its pipeline alone; in the first also of records that name none."""
    places = [pipeline.id, ""] if pipeline == own[0] else [pipeline.id]
    for stage in pipeline.stages:
        yield stage.id, stage.id
        alike = [other for p in own for other in p.stages if other.id == stage.id]
        if all(fold(other.name) == fold(stage.name) for other in alike):
            yield stage.name, stage.id
        else:
            yield from ((stage.name, f"{place}{IN_PIPELINE}{stage.id}") for place in places)
