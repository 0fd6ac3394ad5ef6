"""What reports ask: measures of records, stays and events, as the acting user may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcli.model.report import Asked, Behind, Group
from crmcli.workspace import Workspace
from crmcli.workspace.frames import frame_of
from crmcli.workspace.stays import settle_stays

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.forecast import Past
    from crmcli.store.index.snapshots import Snapshot


class Measuring:
    """The figures of one moment: what it takes is made ready once for all questions of a report. `snapshot`
    is `any` or `fresh` where a snapshot is to be asked; who does not see all asks the index as ever."""

    def __init__(self, ws: Workspace, snapshot: str = "") -> None:
        self._ws = ws
        self._frame = frame_of(ws)
        self._snapshot: Snapshot | None = None
        if snapshot:
            from crmcli.workspace import snapshots

            self._snapshot = snapshots.opened(ws, self._frame, fresh=snapshot == "fresh")
        self._settled: set[str] = set()

    def groups(self, asked: Asked) -> list[Group]:
        """The measures of each group of rows with the same keys; of all, without dimensions."""
        self._settle(asked)
        return self._ws.groups(asked, self._snapshot or self._frame)

    def behind(self, asked: Asked, keys: Sequence[str | float | None]) -> list[Behind]:
        """What the first measure counts in the group of those keys, by record."""
        self._settle(asked)
        return self._ws.behind(asked, self._snapshot or self._frame, keys)

    def past(self, entity: str, moments: Sequence[datetime]) -> Past:
        """How records stood at moments of the past, the last of which only ends what was won."""
        self._settle_of(entity)
        return self._ws.past(entity, moments, self._frame)

    def _settle(self, asked: Asked) -> None:
        """See to the stays of which a question of the index speaks."""
        is_open = self._snapshot is None and asked.entity not in self._settled
        if is_open and self._ws.asks_stays(asked, self._frame):
            self._settle_of(asked.entity)

    def _settle_of(self, entity: str) -> None:
        if entity not in self._settled:
            settle_stays(self._ws, entities=[entity])
            self._settled.add(entity)
