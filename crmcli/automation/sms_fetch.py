"""SMS are fetched from a provider that calls nobody: spool folders, an SMPP server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from crmcli.automation.receive import Fetched, fetch, fetched
from crmcli.channels.incoming import Arrived, Receiver
from crmcli.channels.providers import provider_of
from crmcli.channels.providers.fetching import Fetching
from crmcli.errors import CrmError
from crmcli.workspace import Workspace

SMS = "sms"


class Ready(Receiver):
    """What lies ready at a provider."""

    def __init__(self, ws: Workspace, provider: Fetching) -> None:
        super().__init__(SMS, ws.root, ws.settings)
        self.provider = provider

    def fetch(self) -> Iterable[Arrived]:
        """What has come."""
        return self.provider.fetch()

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """Let it go there."""
        self.provider.acknowledge(arrived)


def fetch_sms(ws: Workspace) -> list[Fetched]:
    """Fetch what lies ready; what is wrong there is told, and is news once."""
    try:
        provider = provider_of(SMS, ws.settings)
    except CrmError:  # only a newer crm knows it
        return []
    if not isinstance(provider, Fetching):
        return []
    return fetched(ws, SMS, partial(_taken, ws, provider), provider.troubles)


def _taken(ws: Workspace, provider: Fetching, _place: object) -> int:
    try:
        return fetch(ws, [Ready(ws, provider)])
    finally:
        provider.close()
