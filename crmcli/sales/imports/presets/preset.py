"""What a table of another CRM's words is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StageName:
    """A stage of another CRM: the ids that it may have here, or else what kind of stage it is."""

    ids: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Preset:
    """One CRM's words: by entity ("" is all of them) header -> a name of mapping.Vocabulary.

    `stages` and `sources` map a caption to the ids that it may have here.

    `asked` are headers that mean something else elsewhere (`NAME` is a first name in Bitrix24), so
    that they count only where the preset is chosen; all other words are always understood. `marks`
    are headers that no other CRM writes so, `Deal - *` any that begins so: by them a file is recognised.
    """

    name: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, StageName]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def marks_among(self, labels: Sequence[str]) -> int:
        """How many of the labels only this CRM writes so."""
        whole = {mark for mark in self.marks if not mark.endswith("*")}
        starts = tuple(mark[:-1] for mark in self.marks if mark.endswith("*"))
        names = {label.strip().rstrip("*").strip() for label in labels}
        return sum(name in whole or bool(starts and name.startswith(starts)) for name in names)


def headers(by_name: Mapping[str, str]) -> Mapping[str, str]:
    """Turn name -> `Header | Header` into header -> name."""
    return {header: name for name, many in by_name.items() for header in many.split(" | ")}
