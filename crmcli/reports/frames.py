"""Events of the timeline as tables of pandas: where each record stood, from when and until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crmcli.model.event import Event

if TYPE_CHECKING:  # pandas costs half a second, so functions import it themselves
    import pandas as pd

DAY = 86_400.0
LEADS = "leads"
"""What stands for the pipeline of leads, which have no pipeline in their events."""


def stage_kinds(entity: str) -> tuple[str, ...]:
    """The events that say where the records of an entity stand, or that they are gone."""
    merges = (f"{entity}.merged", f"{entity}.unmerged")
    return (f"{entity}.created", f"{entity}.removed", *merges, "stage.entered")


def entries(events: Iterable[Event], entity: str, pipeline: str = LEADS) -> pd.DataFrame:
    """One row per entry into a stage, oldest first: record, at (seconds), pipeline, stage, removed.

    An event without a pipeline belongs to the record's last one, or to `pipeline`.
    """
    import pandas as pd

    start, removals = f"{entity}-", (f"{entity}.removed", f"{entity}.merged")
    kinds = stage_kinds(entity)
    told = (e for e in events if e.kind in kinds and e.record.startswith(start) and not _stays(e))
    ordered = sorted(told, key=lambda event: event.id)
    rows = [
        (
            event.record,
            event.at.timestamp(),
            str(event.data.get("pipeline") or "") or None,
            "" if event.kind in removals else str(event.data.get("stage") or ""),
            event.kind in removals,
        )
        for event in ordered
    ]
    frame = pd.DataFrame(rows, columns=["record", "at", "pipeline", "stage", "removed"])
    known = frame.groupby("record", sort=False)["pipeline"].ffill()
    return frame.assign(pipeline=known.fillna(pipeline).astype("object"))


def _stays(event: Event) -> bool:
    """Whether it tells of a merge in which this record is not the one that goes or comes back."""
    return "merged" in event.data and event.data["merged"] != event.record


def visits(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per stay in a stage: record, pipeline, stage, entered, left, last.

    `left` is NaN for the current stay. Removed records are left out.
    """
    records = frame.groupby("record", sort=False)
    again = (
        (frame["stage"] == records["stage"].shift())
        & (frame["pipeline"] == records["pipeline"].shift())
        & ~frame["removed"]
    )
    stays = frame[~again]
    gone = frame[records.cumcount(ascending=False) == 0].query("removed")["record"]
    stays = stays.assign(left=stays.groupby("record", sort=False)["at"].shift(-1))
    stays = stays[~stays["record"].isin(gone) & ~stays["removed"]]
    return stays.assign(last=stays["left"].isna()).rename(columns={"at": "entered"})[
        ["record", "pipeline", "stage", "entered", "left", "last"]
    ]
