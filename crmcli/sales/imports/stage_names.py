"""The stages that a file names, found in pipelines.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import allowed_hint
from crmcli.model.values import fold
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline, Stage


class UnknownPipeline(ValueError):
    """No pipeline of ours has that id or name."""


class StageNames:
    """Finds stages of one entity by id, by name, or by what another CRM calls them.

    `mapped` is --stage-map (BadUsage if wrong); `unknown` and `unknown_pipelines` count those that do not
    exist here, `unused` are names of `mapped` that no row had.
    """

    def __init__(
        self,
        ws: Workspace,
        entity: str,
        aliases: Mapping[str, Sequence[str]],
        mapped: Mapping[str, str],
    ) -> None:
        self._ws = ws
        self._entity = entity
        self._aliases = aliases
        self._mapped: dict[str, str] = {}
        self.unknown: Counter[str] = Counter()
        self.unknown_pipelines: Counter[str] = Counter()
        self.unused: dict[str, str] = {}
        for name, ref in mapped.items():
            key = fold(name)
            if self._mapped.setdefault(key, ref) != ref:
                raise BadUsage(tr("--stage-map names {!r} twice", name), "name it once")
            self.unused[key] = name
            try:
                self._named(*self._parts(ref), theirs_too=False)
            except ValueError as error:
                said = tr("--stage-map {}={}: {}", name, ref, error)
                raise BadUsage(said, "STAGE or PIPELINE/STAGE") from None

    def find(self, pipeline: str, stage: str) -> tuple[str, str]:
        """The ids of pipeline and stage, "" if not given; without a pipeline all are searched. ValueError."""
        ref = self._mapped.get(fold(stage))
        self.unused.pop(fold(stage), None)
        try:
            if ref is not None:
                said, name = self._parts(ref)
                return self._named(said or pipeline, name, theirs_too=False)
            if not stage:
                return self._places(pipeline)[0].id if pipeline else "", ""
            return self._named(pipeline, stage)
        except ValueError as error:
            self.unknown_pipelines[pipeline] += isinstance(error, UnknownPipeline)
            self.unknown[stage] += bool(stage)
            raise

    def knows(self, pipeline: str) -> bool:
        """Whether a pipeline of that id or name is one of ours; counted if not."""
        found = self._ws.pipelines.find(pipeline)
        is_ours = found is not None and found.entity == self._entity
        self.unknown_pipelines[pipeline] += not is_ours
        return is_ours

    def dated(self, pipeline: str, text: str) -> str:
        """The stage that a column of dates names, `Negotiation (Sales)` too; "" if that pipeline has none.

        Without a pipeline all are searched.
        """
        match = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", text)
        tries = [("", text), *([(match[2], match[1]), ("", match[1])] if match else [])]
        for said, name in tries:
            with suppress(ValueError):
                found = self._named(said or pipeline, name)
                return found[1] if pipeline in ("", found[0]) else ""
        return ""

    def ends(self, status: str) -> bool:
        """Whether a status beside the stage says that it is over: won or lost."""
        return not {"won", "lost"}.isdisjoint(self._aliases.get(fold(status), ()))

    def _parts(self, ref: str) -> tuple[str, str]:
        """Pipeline and stage of a mapping; the pipeline is "" where it names none."""
        pipeline, _, stage = ref.rpartition("/")
        if any(place.named(ref) for place in self._places("")):
            return "", ref  # the slash is a letter of its name
        return pipeline, stage

    def _named(self, pipeline: str, stage: str, *, theirs_too: bool = True) -> tuple[str, str]:
        """The ids of a stage by our own names, or by those of other programs as well."""
        places = self._places(pipeline)
        for place in places:
            found = place.named(stage)
            if found is None and theirs_too:
                found = self._by_other_name(place, stage)
            if found is not None:
                return place.key, found.id
        names = [name for place in places for s in place.stages for name in (s.id, s.name)]
        shown = [s.name for place in places for s in place.stages]
        hint = allowed_hint(stage, names, tr("stages"), shown)
        raise ValueError(tr("{!r} is not a stage; {}", stage, hint))

    def _places(self, pipeline: str) -> tuple[Pipeline, ...]:
        ours = self._ws.pipelines
        all_ = ours.of(self._entity)
        if not pipeline:
            return all_
        found = ours.find(pipeline)
        if found is None or found.entity != self._entity:
            known = ", ".join(p.name for p in all_)
            whose = tr(ENTITIES[self._entity].plural)
            raise UnknownPipeline(
                tr("{!r} is not a pipeline of {}; pipelines: {}", pipeline, whose, known)
            )
        return (found,)

    def _by_other_name(self, pipeline: Pipeline, name: str) -> Stage | None:
        words = self._aliases.get(fold(name), ())
        by_id = {stage.id: stage for stage in pipeline.stages}
        by_kind = {"initial": pipeline.initial, "won": pipeline.won, "lost": pipeline.lost}
        found = [stages[word] for stages in (by_id, by_kind) for word in words if word in stages]
        return found[0] if found else None
