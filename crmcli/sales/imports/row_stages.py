"""The stage that an import row names, and when its record came to that and to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.sales.imports.draft import Draft
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
    ) -> None:
        self._ws = ws
        self._entity = vocabulary.entity
        self._has_end = "closed_at" in vocabulary.fields
        self._mapped = wanted.columns
        self._label_of = label_of
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
            found = self.names.find(pipeline, stage)
        except ValueError as error:
            column = "pipeline" if isinstance(error, UnknownPipeline) else "stage"
            draft.faults.append((self._label_of(column), str(error)))
            return
        draft.values.update((n, v) for n, v in zip(("pipeline", "stage"), found, strict=True) if v)
        if draft.stage_dates:
            self._finish_dates(draft, *found)

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
