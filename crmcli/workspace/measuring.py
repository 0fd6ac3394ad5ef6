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
        if self._snapshot is None:
            settle_stays(ws)

    def groups(self, asked: Asked) -> list[Group]:
        """The measures of each group of rows with the same keys; of all, without dimensions."""
        return self._ws.groups(asked, self._snapshot or self._frame)

    def behind(self, asked: Asked, keys: Sequence[str | float | None]) -> list[Behind]:
        """What the first measure counts in the group of those keys, by record."""
        return self._ws.behind(asked, self._snapshot or self._frame, keys)

    def past(self, entity: str, moments: Sequence[datetime]) -> Past:
        """How records stood at moments of the past, the last of which only ends what was won."""
        return self._ws.past(entity, moments, self._frame)
