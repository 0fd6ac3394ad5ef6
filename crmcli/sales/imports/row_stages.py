"""The stage that an import row names, and when its record came to that and to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time
from functools import cached_property

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.local_times import to_utc
from crmcli.model.values import format_instant, parse_date
from crmcli.sales.imports.column_habits import ColumnHabits
from crmcli.sales.imports.draft import Doubt, Draft
from crmcli.sales.imports.mapping import Column, Vocabulary, is_stage_date
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.stage_names import StageNames, UnknownPipeline
from crmcli.workspace import Workspace


class RowStages:
    """Finds the stages of rows by `names`; `label_of` names a field's column."""

    def __init__(
        self,
        ws: Workspace,
        vocabulary: Vocabulary,
        wanted: ImportOptions,
        label_of: Callable[[str], str],
        habits: ColumnHabits,
    ) -> None:
        self._ws = ws
        self._entity = vocabulary.entity
        self._has_end = "closed_at" in vocabulary.fields
        self._mapped = wanted.columns
        self._label_of = label_of
        self._habits = habits
        self.names = StageNames(ws, vocabulary.entity, vocabulary.stages, wanted.stages)

    def known(self, columns: Sequence[Column]) -> Sequence[Column]:
        """The columns, of which those with dates of a stage that is not here go nowhere."""
        return [self._known(column) for column in columns]

    def _known(self, column: Column) -> Column:
        target = column.target
        stage = target.part.partition(".")[2] if target and is_stage_date(target) else ""
        if not stage or self.names.dated("", stage):
            return column
        if column.label in self._mapped:
            raise BadUsage(tr("{!r} is not a stage", stage), "stage_at.STAGE or stage_at")
        return replace(column, target=None)

    def finish(self, draft: Draft) -> None:
        """Put the ids of a row's stage in place of what its columns say, with its dates."""
        if "staged" not in ENTITIES[self._entity].traits:
            return
        pipeline = str(draft.values.pop("pipeline", ""))
        stage = str(draft.values.pop("stage", ""))
        if draft.status and self.names.ends(draft.status):
            stage = draft.status
        try:
            found = self._find(pipeline, stage)
        except ValueError as error:
            column = "pipeline" if isinstance(error, UnknownPipeline) else "stage"
            draft.faults.append((self._label_of(column), str(error)))
            return
        draft.values.update((n, v) for n, v in zip(("pipeline", "stage"), found, strict=True) if v)
        if draft.stage_dates:
            self._finish_dates(draft, *found)
        elif self._has_end and not draft.id:
            self._close(draft, *found)
            self._doubt_end(draft, *found)

    def _find(self, pipeline: str, stage: str) -> tuple[str, str]:
        """The ids of a row's pipeline and stage."""
        if pipeline and self.has_one_pipeline and not self.names.knows(pipeline):
            pipeline = ""
        return self.names.find(pipeline, stage)

    @cached_property
    def has_one_pipeline(self) -> bool:
        """Whether there is one pipeline here and one in the file, which then need not have its name."""
        label = self._label_of("pipeline")
        is_one = len(self._ws.pipelines.of(self._entity)) == 1
        return is_one and label not in self._mapped and self._habits.is_uniform(label)

    def _close(self, draft: Draft, pipeline: str, stage: str) -> None:
        """A record that came in as over was closed on the day by which it was to be, if that is past."""
        place = next((p for p in self._ws.pipelines.of(self._entity) if p.key == pipeline), None)
        here = place.stage(stage) if place else None
        day = draft.values.get("close_by")
        if here is None or here.is_open or "closed_at" in draft.values or not isinstance(day, str):
            return
        closed = format_instant(to_utc(parse_date(day), time(), self._ws.inputs.zone))
        if str(draft.values.get("created_at", "")) <= closed <= format_instant(self._ws.now):
            draft.values["closed_at"] = closed

    def _doubt_end(self, draft: Draft, pipeline: str, stage: str) -> None:
        """Tell of an end that a record cannot have had: it is open, or was created later."""
        closed, created = (str(draft.values.get(n, "")) for n in ("closed_at", "created_at"))
        place = next((p for p in self._ws.pipelines.of(self._entity) if p.key == pipeline), None)
        here = place.stage(stage) if place and stage else place.initial if place else None
        if closed and here and here.is_open:
            why = tr("was closed, and is in an open stage all the same")
        elif closed and created > closed:
            why = tr("was closed before it was created")
        else:
            return
        draft.doubts.append(Doubt(self._label_of("closed_at"), why, closed, is_kept=True))

    def _finish_dates(self, draft: Draft, pipeline: str, stage: str) -> None:
        """When a row's record came to its stages; it was created with the first at the latest."""
        ours = self._ws.pipelines.of(self._entity)
        place = next((p for p in ours if p.key == pipeline), ours[0])
        here = place.stage(stage) if stage else place.initial
        for name, at in draft.stage_dates:
            entered = self.names.dated(place.key, name) if name else here.id if here else ""
            if entered and at:
                draft.stood[entered] = min(draft.stood.get(entered, at), at)
        if not draft.stood:
            return
        draft.values.setdefault("created_at", min(draft.stood.values()))
        closed = draft.stood.get(here.id) if here and here.kind != "open" else None
        if closed and self._has_end:
            draft.values.setdefault("closed_at", closed)
