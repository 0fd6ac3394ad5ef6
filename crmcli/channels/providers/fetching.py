"""A provider that calls nobody: what has come lies ready there, and is fetched at each tick."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crmcli.channels.incoming import Arrived
from crmcli.channels.providers import Provider
from crmcli.model.settings import Settings


class Fetching(Provider, ABC):
    """Such a provider; `troubles` says, one line each, what could not be fetched and stays there."""

    def __init__(self, channel: str, settings: Settings, declared: Mapping[str, Any]) -> None:
        super().__init__(channel, settings, declared)
        self.troubles: list[str] = []

    @abstractmethod
    def fetch(self) -> Iterator[Arrived]:
        """What has come, the oldest first."""

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """These are kept, durably: they need not be fetched again."""

    def close(self) -> None:
        """Nothing more is asked of it now."""
