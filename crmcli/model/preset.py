"""How another program calls columns, stages and sources: what an import preset says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, InvalidData, Problem
from crmcli.language import tr
from crmcli.model.listed import allowed_hint

NONE = "none"
"""No preset, whatever the headers are."""

PLAIN = "words"
"""The preset that is understood without being asked for."""

ENOUGH = 2
"""Headers of one program alone by which a file is taken for its."""


@dataclass(frozen=True)
class Preset:
    """One program's words. `columns` is, by entity, header -> what it means in `--map`.

    `stages` are, by entity, and `sources` what a word may mean here, the best first; among those of a
    stage `initial`, `won` and `lost` mean the stage of that kind. `marks` are headers that no other
    program writes so, `Deal - *` any that begins so. `path` is the file of a workspace's own.
    """

    name: str = NONE
    about: str = ""
    path: str = ""
    marks: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def marks_among(self, labels: Sequence[str]) -> int:
        """How many of the labels only this program writes so."""
        whole = {mark for mark in self.marks if not mark.endswith("*")}
        starts = tuple(mark[:-1] for mark in self.marks if mark.endswith("*"))
        names = {label.strip().rstrip("*").strip() for label in labels}
        return sum(name in whole or bool(starts and name.startswith(starts)) for name in names)


@dataclass(frozen=True)
class KnownNames:
    """What presets may name: columns by entity, ids of stages by entity and of sources, if there are any.

    Stages and sources are asked for only where a workspace has presets of its own.
    """

    columns: Mapping[str, Collection[str]]
    stages: Callable[[], Mapping[str, Collection[str]]] = dict
    sources: Collection[str] = ()


@dataclass(frozen=True)
class Presets:
    """All presets by name, a workspace's own first; `plain` is understood whoever wrote the file.

    `problems` are what is wrong with those of the workspace that could not be read.
    """

    by_name: Mapping[str, Preset]
    plain: Preset
    problems: Sequence[Problem] = ()

    def chosen(self, name: str, labels: Sequence[str] = ()) -> Preset:
        """The preset of that name, for "" the one whose headers these are; Preset() where it is none."""
        if not name:
            return self._recognised(labels)
        return Preset() if name.lower() == NONE else self.named(name)

    def named(self, name: str) -> Preset:
        """The preset of that name; BadUsage lists them, InvalidData tells why one cannot be read."""
        wanted = name.lower()
        if wanted == self.plain.name:
            return self.plain
        if wanted in self.by_name:
            return self.by_name[wanted]
        faults = [p for p in self.problems if p.path == f"presets/{wanted}.yaml"]
        if faults:
            raise InvalidData(
                tr("{} has faults", faults[0].path),
                "look at it with: crm import preset check",
                faults,
            )
        names = (*self.by_name, NONE)
        raise BadUsage(tr("no preset {!r}", name), allowed_hint(wanted, names, tr("presets")))

    def _recognised(self, labels: Sequence[str]) -> Preset:
        """The one of which the file has most marks, of two alike the workspace's own."""
        counts = [(p.marks_among(labels), bool(p.path), p) for p in self.by_name.values()]
        most = max((count, is_own) for count, is_own, _ in counts)
        best = [preset for count, is_own, preset in counts if (count, is_own) == most]
        return best[0] if most[0] >= ENOUGH and len(best) == 1 else Preset()
