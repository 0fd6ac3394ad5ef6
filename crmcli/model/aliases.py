"""Names that conditions may use instead of ids: of users, directory entries, pipelines, stages."""

from __future__ import annotations

from crmcli.model.pipeline import Pipelines
from crmcli.model.settings import Settings
from crmcli.model.values import fold


def aliases(settings: Settings, pipelines: Pipelines, user: str) -> dict[str, dict[str, list[str]]]:
    """Ids by folded name, by kind or directory; `me` is the acting user.

    Stages stand under `lead.stage` and `deal.stage`, since both may have one of the same name.
    """
    found: dict[str, dict[str, list[str]]] = {}

    def name(kind: str, record_id: str, label: str) -> None:
        ids = found.setdefault(kind, {}).setdefault(fold(label), [])
        if record_id not in ids:
            ids.append(record_id)

    for one in settings.users.values():
        name("user", one.id, one.name or one.id)
    if user and (user in settings.users or not settings.users):
        name("user", user, "me")
    for directory, entries in settings.directories.items():
        for key, label in entries.items():
            name(directory, key, label)
    for pipeline in pipelines:
        for stage in pipeline.stages:
            name(f"{pipeline.entity}.stage", stage.id, stage.name)
        if pipeline.key:
            name("pipeline", pipeline.id, pipeline.name)
    return found
