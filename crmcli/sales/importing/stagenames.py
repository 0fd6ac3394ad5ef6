"""From the stage that a file names to one that pipelines.yaml declares."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage
from crmcli.model.values import fold
from crmcli.sales.importing.presets import Preset, StageName, spoken
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline, Stage


class StageNames:
    """Finds stages of one entity by id, by name, or by what another CRM calls them.

    `mapped` says which of ours the file's stages are: an id or a name, or one after its pipeline
    and a slash. BadUsage if it names a stage that is not here.
    """

    def __init__(
        self,
        ws: Workspace,
        entity: str,
        preset: Preset | None = None,
        mapped: Mapping[str, str] | None = None,
    ) -> None:
        self._ws = ws
        self._presets = spoken(preset)
        self._entity = entity
        self._found: dict[tuple[str, str], tuple[str, str]] = {}
        self._mapped = {fold(name): self._target(ref) for name, ref in (mapped or {}).items()}

    def find(self, pipeline: str, stage: str) -> tuple[str, str]:
        """The ids of pipeline and stage; "" for what is not said. ValueError if there is none.

        A stage of a deal without a pipeline is looked for in all of them, the first one first.
        """
        key = (pipeline, stage)
        if key not in self._found:
            self._found[key] = self._of_file(pipeline, stage)
        return self._found[key]

    def ends(self, status: str) -> bool:
        """Whether a status beside the stage says that it is over: won or lost."""
        alias = self._aliases.get(fold(status))
        return alias is not None and alias.kind in ("won", "lost")

    def _target(self, ref: str) -> tuple[str, str]:
        """Pipeline and stage that a mapping names; the pipeline is "" if it names none."""
        pipeline, _, stage = ref.rpartition("/")
        if not pipeline or self._ws.pipelines.find(pipeline) is None:
            pipeline, stage = "", ref  # a slash is a letter of the stage's name then
        try:
            place, found = self._find(pipeline, stage)
        except ValueError as error:
            raise BadUsage(f"--stage-map: {error}", "say STAGE or PIPELINE/STAGE") from None
        return (place if pipeline else ""), found

    def _of_file(self, pipeline: str, stage: str) -> tuple[str, str]:
        mapped = self._mapped.get(fold(stage))
        if mapped is None:
            return self._find(pipeline, stage)
        place, target = mapped
        try:
            return self._find(place or pipeline, target)
        except ValueError:  # the file's pipeline is not here, or has no such stage
            return self._find("", target)

    def _find(self, pipeline: str, stage: str) -> tuple[str, str]:
        places = self._places(pipeline)
        said = places[0].id if pipeline else ""
        if not stage:
            return said, ""
        for place in places:
            found = place.stage(stage) or self._by_other_name(place, stage)
            if found is not None:
                return place.id if self._entity == "deal" else "", found.id
        from difflib import get_close_matches

        names = [name for place in places for s in place.stages for name in (s.id, s.name)]
        near = get_close_matches(stage, names, 1)
        raise ValueError(
            f"{stage!r} is no stage; "
            + (f"did you mean {near[0]!r}? " if near else "")
            + f"stages: {', '.join(s.name for place in places for s in place.stages)}"
        )

    def _places(self, pipeline: str) -> tuple[Pipeline, ...]:
        if self._entity == "lead":
            return (self._ws.pipelines.leads,)
        if not pipeline:
            return self._ws.pipelines.deals
        found = self._ws.pipelines.find(pipeline)
        if found is None or found.entity != "deal":
            known = ", ".join(p.name for p in self._ws.pipelines.deals)
            raise ValueError(f"{pipeline!r} is no pipeline of deals; pipelines: {known}")
        return (found,)

    def _by_other_name(self, pipeline: Pipeline, name: str) -> Stage | None:
        alias = self._aliases.get(fold(name))
        if alias is None:
            return None
        for stage_id in alias.ids:
            found = next((s for s in pipeline.stages if s.id == stage_id), None)
            if found is not None:
                return found
        ends = {"initial": pipeline.initial, "won": pipeline.won, "lost": pipeline.lost}
        return ends.get(alias.kind)

    @cached_property
    def _aliases(self) -> Mapping[str, StageName]:
        aliases: dict[str, StageName] = {}
        for preset in self._presets:
            for name, stage in preset.stages.get(self._entity, {}).items():
                aliases.setdefault(fold(name), stage)
        return aliases
