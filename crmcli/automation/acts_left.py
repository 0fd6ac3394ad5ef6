"""How many acts a tick may still take, and the word of it when it has to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.automation import breaker
from crmcli.language import tr
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.automation.tick_result import TickResult


class ActsLeft:
    """What the settings allow to one tick and to one hour, less what `result` counts."""

    def __init__(self, ws: Workspace, result: TickResult) -> None:
        self._ws = ws
        self._result = result
        self._hourly = breaker.left(ws)

    def count(self) -> int:
        """How many are left."""
        most = min(self._ws.settings.max_effects, self._hourly)
        return max(most - self._result.effects, 0)

    def stop(self) -> None:
        """Say that the rest waits: for the next tick, or for a person where it was too much for an hour."""
        self._result.limited = True
        most = self._ws.settings.max_effects
        words = tr("stopped after {} actions; the next tick continues", most)
        is_over = self._result.effects >= self._hourly
        self._result.failures.append(breaker.pause(self._ws) if is_over else words)
