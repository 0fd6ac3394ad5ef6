"""A recipe: rules that are ready to be added to pipelines.yaml, with the templates and fields they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcli.dataclass import dataclass
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.values import Raw

Rule = dict[str, Raw]


@dataclass(frozen=True, slots=True)
class Block:
    """Rules for one place: `stage` is a stage's id, or initial, won, or open for each open one."""

    stage: str
    robots: Sequence[Rule]
    triggers: Sequence[Rule]

    def stages(self, pipeline: Pipeline) -> list[Stage]:
        """The stages of a pipeline that are meant; none where it has no such stage."""
        if self.stage == "initial":
            return [pipeline.initial]
        kind = [one for one in pipeline.stages if one.kind == self.stage]
        return kind or [one for one in pipeline.stages if one.id == self.stage]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Rules with what they need, in one language. `example` brings them to act: commands, and lengths of
    time that pass; {stage} stands for the stage of the rules."""

    name: str
    about: str
    entity: str
    blocks: Sequence[Block]
    fields: Mapping[str, Mapping[str, Raw]]
    templates: Mapping[str, str]
    example: Sequence[str]

    @property
    def robots(self) -> list[Rule]:
        """All its robots."""
        return [robot for block in self.blocks for robot in block.robots]
